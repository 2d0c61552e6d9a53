/** Serves the objects of an R2 bucket to clients that have older versions of them. */
import { syncHandler } from "rsync-streams/http";

let handler;

/** An object of the bucket, read in ranges of this very version. */
async function open(bucket, { pathname }) {
  const name = decodeURIComponent(pathname.slice(1));
  const found = await bucket.head(name);
  if (!found) return undefined;
  const { size, etag, httpEtag, uploaded } = found;
  const read = async (offset, length) => {
    const part = await bucket.get(name, { range: { offset, length }, onlyIf: { etagMatches: etag } });
    if (!part?.body) throw new Error(`${name} was replaced`);
    return new Uint8Array(await part.arrayBuffer());
  };
  return { basis: { size, read }, size, entityTag: httpEtag, modifiedMs: uploaded.getTime() };
}

export default {
  fetch(request, env) {
    // Made once, so that signatures are kept. With the secret all isolates make the same ones.
    handler ??= syncHandler({ open: (url) => open(env.TARGETS, url), secret: env.SECRET });
    return handler(request);
  },
};
