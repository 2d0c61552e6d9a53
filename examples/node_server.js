/** Answers `POST /delta`, whose body is a signature, with the delta of a file. */
import { createServer } from "node:http";
import process from "node:process";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { deltaStream, loadSigs, RsyncError } from "rsync-streams";
import { fileReadable } from "rsync-streams/files";

const [target] = process.argv.slice(2);

const server = createServer(async (request, response) => {
  try {
    if (request.method !== "POST") return response.writeHead(405).end("POST a signature\n");
    const sigs = await loadSigs(Readable.toWeb(request), { maxInputLength: 2 ** 26 });
    await pipeline(fileReadable(target).pipeThrough(deltaStream(sigs)), response);
  } catch (error) {
    // Once bytes are under way, all that can be told is that there are no more.
    if (response.headersSent) return response.destroy();
    const isTheirs = error instanceof RsyncError;
    if (!isTheirs) console.error(error);
    response.writeHead(isTheirs ? 400 : 500).end(isTheirs ? `${error.message}\n` : "");
  }
});
server.listen(process.env.PORT ?? 8000, "localhost", () => {
  console.log(`Listening on http://localhost:${server.address().port}/`);
});
