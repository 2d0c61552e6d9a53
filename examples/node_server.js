/** Serves the files of a folder to clients that have older versions of them. */
import { createServer } from "node:http";
import process from "node:process";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { syncHandler } from "rsync-streams/http";
import { servedFolder } from "./served_folder.js";

const handler = syncHandler(servedFolder(process.argv[2], process.env.TOKEN));

const server = createServer(async (incoming, outgoing) => {
  // From Node's request to a standard one. Once the client has gone, its signal ends the work.
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  const { method, url, headers } = incoming;
  const hasBody = method !== "GET" && method !== "HEAD";
  const body = hasBody ? { body: bodyOf(incoming), duplex: "half" } : {};
  const init = { method, headers, signal: gone.signal, ...body };
  const response = await handler(new Request(new URL(url, `http://${headers.host ?? "localhost"}`), init));
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (!response.body) return outgoing.end();
  // If the body fails, all that is left is to cut the answer off, which `pipeline` does.
  await pipeline(Readable.fromWeb(response.body), outgoing).catch(() => {});
});

/** The body of a request. `Readable.toWeb` fails in Node 20 to 24 if it is cancelled, as handlers do that refuse. */
function bodyOf(incoming) {
  const chunks = incoming.iterator({ destroyOnReturn: false });
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(new Uint8Array(value));
    },
    async cancel() {
      await chunks.return();
      incoming.resume(); // What still comes is dropped.
    },
  });
}

server.listen(process.env.PORT ?? 8000, "localhost", () => {
  console.log(`Listening on http://localhost:${server.address().port}/`);
});
