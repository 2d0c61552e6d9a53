/** Answers `POST /delta`, whose body is a signature, with the delta of a file. */
import { deltaStream, loadSigs, RsyncError } from "rsync-streams";
import { fileReadable } from "rsync-streams/files";

const [target] = Bun.argv.slice(2);

const server = Bun.serve({
  hostname: "localhost",
  port: Bun.env.PORT ?? 8000,
  async fetch(request) {
    if (request.method !== "POST" || !request.body) return new Response("POST a signature\n", { status: 405 });
    try {
      const sigs = await loadSigs(request.body, { maxInputLength: 2 ** 26 });
      return new Response(fileReadable(target).pipeThrough(deltaStream(sigs)));
    } catch (error) {
      if (!(error instanceof RsyncError)) throw error;
      return new Response(`${error.message}\n`, { status: 400 });
    }
  },
});
console.log(`Listening on ${server.url}`);
