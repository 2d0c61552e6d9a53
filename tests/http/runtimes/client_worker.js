/** Runs the cases in workerd, in a request. */
import { runCases } from "./cases.js";

export default {
  async fetch(request) {
    return Response.json(await runCases(await request.json()));
  },
};
