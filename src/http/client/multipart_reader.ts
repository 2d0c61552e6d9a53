/** Reads `multipart/byteranges` (RFC 9110, section 14.6; RFC 2046, section 5.1.1). */
import { type ContentRange, parseContentRange } from "../protocol/byte_ranges.ts";

/** A part, with its bytes. */
export interface Part extends ContentRange {
  readonly bytes: Uint8Array;
}

const CR = 13, LF = 10;
/** Longest head of a part. */
const MAX_HEAD_LENGTH = 8192;

/** The boundary that a `Content-Type` names, or undefined if it is not `multipart/byteranges`. */
export function boundaryOf(contentType: string | null): string | undefined {
  if (!/^\s*multipart\/byteranges\s*(;|$)/i.test(contentType ?? "")) return undefined;
  const match = /;\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(contentType!);
  return match?.[1] ?? match?.[2];
}

/**
 * Reads the parts of a body. Each part is as long as its `Content-Range` says, and is followed by the next boundary.
 *
 * @param body The body, or its start: a part that is cut is left out.
 * @returns The parts, and whether the body was whole.
 * @throws {SyntaxError} If it is no such body.
 */
export function readParts(body: Uint8Array, boundary: string): { parts: Part[]; isWhole: boolean } {
  const marker = new TextEncoder().encode(`--${boundary}`);
  const parts: Part[] = [];
  let at = indexOf(body, marker, 0);
  for (;;) {
    if (at < 0 || at + marker.length + 2 > body.length) return { parts, isWhole: false };
    if (!startsAt(body, marker, at)) throw new SyntaxError("a part does not end where its range does");
    at += marker.length;
    if (body[at] === 0x2d && body[at + 1] === 0x2d) return { parts, isWhole: true };
    const head = readHead(body, at);
    if (!head) return { parts, isWhole: false };
    const range = parseContentRange(head.range);
    if (!range) throw new SyntaxError("a part has no Content-Range");
    const end = head.end + range.length;
    if (end > body.length) return { parts, isWhole: false };
    parts.push({ ...range, bytes: body.subarray(head.end, end) });
    at = end;
    if (body[at] === CR) at++;
    if (body[at] === LF) at++;
  }
}

/** The head of a part: the value of its `Content-Range`, and where its bytes start. Undefined if it is cut. */
function readHead(body: Uint8Array, from: number): { range: string | undefined; end: number } | undefined {
  const text = new TextDecoder("latin1").decode(body.subarray(from, from + MAX_HEAD_LENGTH));
  const blank = /\r?\n\r?\n/.exec(text);
  if (!blank) {
    if (text.length === MAX_HEAD_LENGTH) throw new SyntaxError("the head of a part is too long");
    return undefined;
  }
  const range = /^content-range:(.*)$/im.exec(text.slice(0, blank.index))?.[1];
  return { range, end: from + blank.index + blank[0].length };
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  for (let at = from; at + wanted.length <= bytes.length; at++) if (startsAt(bytes, wanted, at)) return at;
  return -1;
}

function startsAt(bytes: Uint8Array, wanted: Uint8Array, at: number): boolean {
  return wanted.every((byte, i) => bytes[at + i] === byte);
}
