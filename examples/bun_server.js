/** Answers `POST /delta`, whose body is a signature, with the delta of a file. */
import { deltaStream } from "rsync-streams";
import { fileReadable } from "rsync-streams/files";
import { answerDelta } from "./answer_delta.ts";

const [target] = Bun.argv.slice(2);

const server = Bun.serve({
  hostname: "localhost",
  port: Bun.env.PORT ?? 8000,
  fetch(request) {
    return answerDelta(request, (sigs) => fileReadable(target).pipeThrough(deltaStream(sigs)));
  },
});
console.log(`Listening on ${server.url}`);
