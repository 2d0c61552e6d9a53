/** `Deno.serve`, with a folder as hand-made servers have it: `deno run -A serve_deno.js ROOT`. */
import { diskStore } from "./disk_store.js";
import { makeSite } from "./site.js";

const [root] = Deno.args;
const site = makeSite(diskStore(root));
const TYPES = { html: "text/html", js: "text/javascript", txt: "text/plain" };

/** One range or the whole file, with a weak tag, as `serveDir` of the standard library answers. */
async function serveFolder({ url, method, headers }) {
  const path = new URL(url).pathname.slice("/static".length);
  const file = await Deno.open(root + path).catch(() => undefined);
  const answer = new Headers({ "access-control-allow-origin": "*", "accept-ranges": "bytes" });
  if (!file) return new Response("Not found\n", { status: 404, headers: answer });
  const { size, mtime } = await file.stat();
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(headers.get("range") ?? "") ?? [];
  const start = first ? Number(first) : last ? Math.max(0, size - Number(last)) : 0;
  const end = first && last ? Math.min(Number(last), size - 1) : size - 1;
  const isRange = first !== undefined && start <= end;
  answer.set("content-type", TYPES[path.split(".").at(-1)] ?? "application/octet-stream");
  answer.set("content-length", String(end - start + 1));
  answer.set("etag", `W/"${size}-${mtime.getTime()}"`);
  answer.set("last-modified", mtime.toUTCString());
  if (isRange) answer.set("content-range", `bytes ${start}-${end}/${size}`);
  const status = isRange ? 206 : 200;
  if (method === "HEAD") {
    file.close();
    return new Response(null, { status: 200, headers: answer });
  }
  await file.seek(start, Deno.SeekMode.Start);
  let left = end - start + 1;
  const cut = new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk.subarray(0, left));
      left -= Math.min(left, chunk.length);
      if (left === 0) controller.terminate();
    },
  });
  return new Response(file.readable.pipeThrough(cut), { status, headers: answer });
}

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.log(`Listening on http://127.0.0.1:${port}/`),
}, (request) => new URL(request.url).pathname.startsWith("/static/") ? serveFolder(request) : site(request));
