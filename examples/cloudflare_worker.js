/** Answers `POST /NAME`, whose body is a signature, with the delta of the object of that name in an R2 bucket. */
import { deltaStream } from "rsync-streams";
import { answerDelta } from "./answer_delta.ts";

/** A worker has 128 MiB of memory, so it takes shorter signatures than a server does. */
const MAX_SIG_LENGTH = 2 ** 25;

export default {
  async fetch(request, env) {
    const target = await env.TARGETS.get(new URL(request.url).pathname.slice(1));
    if (!target) return new Response("No such object\n", { status: 404 });
    return answerDelta(request, (sigs) => target.body.pipeThrough(deltaStream(sigs)), MAX_SIG_LENGTH);
  },
};
