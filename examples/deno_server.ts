/** Answers `POST /delta`, whose body is a signature, with the delta of a file. */
import { deltaStream } from "rsync-streams";
import { fileReadable } from "rsync-streams/files";
import { answerDelta } from "./answer_delta.ts";

const [target] = Deno.args as [string];

Deno.serve({ hostname: "localhost", port: Number(Deno.env.get("PORT") ?? 8000) }, (request) => {
  return answerDelta(request, (sigs) => fileReadable(target).pipeThrough(deltaStream(sigs)));
});
