/** Origins of pages (RFC 6454, section 6.2). */

/** A scheme and a host, and perhaps a port: as browsers send them, so without a path or capital letters. */
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/[^\s/?#@,A-Z]+$/;

/** Whether a text is one that `Access-Control-Allow-Origin` can have: an origin, `null`, or `*` for all. */
export function isAllowedOrigin(text: string): boolean {
  return text === "*" || text === "null" || ORIGIN.test(text);
}
