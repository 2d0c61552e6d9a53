/** What a well-behaved static host answers (RFC 9110): nginx, in short. The others do one thing differently. */
import { concat } from "../../_recipes.ts";
import type { Answer, Bytes, HostRequest, Version } from "./host.ts";

/** First and last offset, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** What stands between the parts of an answer. */
export const BOUNDARY = "00000000000000000042";
/** Parts of a multipart answer, and how they are put together. */
export interface Multipart {
  /** What the header says. */
  readonly told?: string;
  readonly boundary?: string;
  readonly newline?: string;
  readonly preamble?: string;
  readonly epilogue?: string;
}

const encoder = new TextEncoder();
const EMPTY: Bytes = new Uint8Array(0);

/** The ranges of a request that a file of that size has. Undefined if the header is missing or malformed. */
export function rangesOf({ headers }: HostRequest, size: number): ByteRange[] | undefined {
  const match = /^bytes=([\d\s,-]+)$/.exec(headers.get("range") ?? "");
  const ranges = match?.[1]?.split(",").map((text): ByteRange | undefined => {
    const [, first, last] = /^(\d*)-(\d*)$/.exec(text.trim()) ?? [];
    if (first === undefined || (first === "" && last === "")) return undefined;
    if (first === "") return { start: Math.max(0, size - Number(last)), end: Number(last) === 0 ? -1 : size - 1 };
    return { start: Number(first), end: last ? Math.min(Number(last), size - 1) : size - 1 };
  });
  if (!ranges || ranges.includes(undefined)) return undefined;
  return (ranges as ByteRange[]).filter(({ start, end }) => start <= end);
}

/** Whether a request asks for several ranges. */
export function isSeveral({ headers }: HostRequest): boolean {
  return headers.get("range")?.includes(",") ?? false;
}

/** Whether a request asks for the last bytes, however many there are. */
export function isSuffix({ headers }: HostRequest): boolean {
  return headers.get("range")?.includes("=-") ?? false;
}

/** The bytes of a range. */
export function bytesOf({ bytes }: Version, { start, end }: ByteRange): Bytes {
  return bytes.slice(start, end + 1);
}

/** What a version says of itself in each answer. */
export function headersOf({ entityTag, modifiedMs, type = "application/octet-stream" }: Version) {
  return {
    "accept-ranges": "bytes",
    "content-type": type,
    ...(entityTag !== undefined && { etag: entityTag }),
    ...(modifiedMs !== undefined && { "last-modified": new Date(modifiedMs).toUTCString() }),
  };
}

/** An answer that is no file. */
export function refuse(status: number, headers: Answer["headers"] = {}, text = `Status ${status}\n`): Answer {
  return { status, headers: { "content-type": "text/plain", ...headers }, body: encoder.encode(text) };
}

/** The file. */
export function whole(version: Version): Answer {
  return { status: 200, headers: headersOf(version), body: version.bytes };
}

/** One range. `told` is what `Content-Range` says where it lies. */
export function part(
  version: Version,
  range: ByteRange,
  told: string | undefined = contentRange(version, range),
): Answer {
  return {
    status: 206,
    headers: { ...headersOf(version), "content-range": told },
    body: bytesOf(version, range),
  };
}

/** The text of a right `Content-Range`. */
export function contentRange({ bytes }: Version, { start, end }: ByteRange): string {
  return `bytes ${start}-${end}/${bytes.length}`;
}

/** A body of several parts. Each has the text of its `Content-Range`, and bytes. */
export function multipartBody(
  parts: readonly (readonly [told: string | undefined, bytes: Bytes])[],
  { boundary = BOUNDARY, newline = "\r\n", preamble = "", epilogue = "" }: Multipart = {},
): Bytes {
  const pieces: Bytes[] = [encoder.encode(preamble)];
  for (const [told, bytes] of parts) {
    const lines = ["", `--${boundary}`, "Content-Type: application/octet-stream"];
    if (told !== undefined) lines.push(`Content-Range: ${told}`);
    pieces.push(encoder.encode([...lines, "", ""].join(newline)), bytes);
  }
  pieces.push(encoder.encode(`${newline}--${boundary}--${newline}${epilogue}`));
  return concat(pieces);
}

/** Several ranges in one answer. */
export function parts(version: Version, ranges: readonly ByteRange[], form: Multipart = {}): Answer {
  const told = form.told ?? form.boundary ?? BOUNDARY;
  const type = `multipart/byteranges; boundary=${told}`;
  const list = ranges.map((range) => [contentRange(version, range), bytesOf(version, range)] as const);
  return { status: 206, headers: { ...headersOf(version), "content-type": type }, body: multipartBody(list, form) };
}

/** The answer of a well-behaved host. Without a version: 404. */
export function answerWell(version: Version | undefined, request: HostRequest): Answer {
  if (!version) return refuse(404);
  const { method, headers } = request;
  if (method !== "GET" && method !== "HEAD") return refuse(405, { allow: "GET, HEAD" });
  const isStrong = version.entityTag !== undefined && !version.entityTag.startsWith("W/");
  const ifMatch = headers.get("if-match");
  if (ifMatch && ifMatch !== "*" && !(isStrong && ifMatch.includes(version.entityTag!))) return refuse(412);
  const ifNoneMatch = headers.get("if-none-match");
  if (ifNoneMatch && ifNoneMatch === version.entityTag) {
    return { status: 304, headers: headersOf(version), body: EMPTY };
  }
  const size = version.bytes.length;
  const ranges = method === "GET" && isSameVersion(version, headers.get("if-range"), isStrong)
    ? rangesOf(request, size)
    : undefined;
  if (!ranges) return whole(version);
  if (ranges.length === 0) return refuse(416, { "content-range": `bytes */${size}` });
  return ranges.length === 1 ? part(version, ranges[0]!) : parts(version, ranges);
}

function isSameVersion({ entityTag, modifiedMs }: Version, ifRange: string | null, isStrong: boolean): boolean {
  if (ifRange === null) return true;
  if (/^(W\/)?"/.test(ifRange)) return isStrong && ifRange === entityTag;
  return modifiedMs !== undefined && ifRange === new Date(modifiedMs).toUTCString();
}
