/** Cross-origin resource sharing (the Fetch standard): what pages of other origins may do. */

/** Headers of answers that pages may read. Others than these are hidden from them. */
const EXPOSED = [
  "Accept-Encoding",
  "Accept-Patch",
  "Accept-Query",
  "Accept-Ranges",
  "Content-Encoding",
  "Content-Length",
  "Content-Range",
  "ETag",
  "Repr-Digest",
  "Retry-After",
].join(", ");
/** How long browsers remember what they may do, in seconds. */
const MAX_AGE_S = 3600;

/** Says that pages of other origins may read an answer. */
export function shareWith(origin: string, headers: Headers): void {
  headers.set("Access-Control-Allow-Origin", origin);
  headers.set("Access-Control-Expose-Headers", EXPOSED);
}

/** Headers of the answer to a preflight. A page may send whatever headers it asks for: it knows what is in them. */
export function preflightHeaders(request: Request, origin: string, methods: readonly string[]): Headers {
  const headers = new Headers({
    "Access-Control-Allow-Origin": origin,
    "Access-Control-Allow-Methods": methods.join(", "),
    "Access-Control-Max-Age": String(MAX_AGE_S),
    "Vary": "Access-Control-Request-Headers",
  });
  const asked = request.headers.get("Access-Control-Request-Headers");
  if (asked !== null) headers.set("Access-Control-Allow-Headers", asked);
  return headers;
}

/** Whether a request is a preflight. */
export function isPreflight({ method, headers }: Request): boolean {
  return method === "OPTIONS" && headers.has("Origin") && headers.has("Access-Control-Request-Method");
}
