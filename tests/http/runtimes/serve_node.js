/** Node's http, with `sirv` for the folder: `node serve_node.js ROOT`. */
import { createServer } from "node:http";
import process from "node:process";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import sirv from "sirv";
import { diskStore } from "./disk_store.js";
import { makeSite } from "./site.js";

const [root] = process.argv.slice(2);
const site = makeSite(diskStore(root));
const serveFolder = sirv(root, { dev: true });

/** What came, as a request that is aborted if the client goes away before the answer was sent. */
function toRequest(incoming, outgoing) {
  const aborter = new AbortController();
  outgoing.on("close", () => outgoing.writableFinished || aborter.abort());
  const { method, headers, url } = incoming;
  const hasBody = headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
  return new Request(new URL(url, `http://${headers.host}`), {
    method,
    headers: Object.entries(headers).filter(([, value]) => typeof value === "string"),
    body: hasBody ? Readable.toWeb(incoming) : null,
    duplex: "half",
    signal: aborter.signal,
  });
}

async function send(response, outgoing) {
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (!response.body) return outgoing.end();
  // A client that goes away is no error of the server.
  await pipeline(Readable.fromWeb(response.body), outgoing).catch(() => {});
}

const server = createServer(async (incoming, outgoing) => {
  if (incoming.url.startsWith("/static/")) {
    incoming.url = incoming.url.slice("/static".length);
    return serveFolder(incoming, outgoing);
  }
  await send(await site(toRequest(incoming, outgoing)), outgoing);
});
server.listen(0, "127.0.0.1", () => console.log(`Listening on http://127.0.0.1:${server.address().port}/`));
