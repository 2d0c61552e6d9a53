/** A worker over an R2 bucket: static files as Cloudflare's documentation serves them, and the handler. */
import { makeSite } from "./site.js";

/** A bucket as the store of a handler. */
function r2Store(bucket) {
  return {
    async open(path) {
      const head = await bucket.head(path);
      if (!head) return undefined;
      const { size, httpEtag } = head;
      return {
        basis: {
          size,
          async read(offset, length) {
            const part = await bucket.get(path, { range: { offset, length }, onlyIf: { etagMatches: head.etag } });
            if (!part?.body) throw new Error(`${path} has changed`);
            return new Uint8Array(await part.arrayBuffer());
          },
        },
        size,
        entityTag: path.startsWith("up/") ? httpEtag : '"published"',
      };
    },
    // A put needs to know the length. Here it is all gathered.
    commit: async (path, readable) => void await bucket.put(path, await new Response(readable).arrayBuffer()),
  };
}

async function serveStatic(request, bucket, path) {
  const object = await bucket.get(path, { range: request.headers });
  if (!object) return new Response("Not found\n", { status: 404 });
  const headers = new Headers({ ETag: object.httpEtag, "Accept-Ranges": "bytes" });
  object.writeHttpMetadata(headers);
  headers.set("Last-Modified", object.uploaded.toUTCString());
  const { offset = 0, length = object.size } = object.range ?? {};
  if (!request.headers.has("Range") || length === object.size) return new Response(object.body, { headers });
  headers.set("Content-Range", `bytes ${offset}-${offset + length - 1}/${object.size}`);
  return new Response(object.body, { status: 206, headers });
}

let site;

export default {
  fetch(request, { FILES }) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/static/")) return serveStatic(request, FILES, pathname.slice("/static/".length));
    site ??= makeSite(r2Store(FILES));
    return site(request);
  },
};
