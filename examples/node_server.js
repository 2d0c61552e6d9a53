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
    // Once the response has begun, the only way to report a failure is to cut it off.
    if (response.headersSent) return response.destroy();
    if (error instanceof RsyncError) return response.writeHead(400).end(`${error.message}\n`);
    console.error(error);
    response.writeHead(500).end();
  }
});
server.listen(process.env.PORT ?? 8000, "localhost", () => {
  console.log(`Listening on http://localhost:${server.address().port}/`);
});
