/** Answers to `GET` and `HEAD`. */
import type { PatchBasis } from "../../engine/interface.ts";
import { contentRange, parseRanges } from "./_byte_ranges.ts";
import { failedCondition, isRangeWanted, lastModified } from "./_conditions.ts";
import { multipartOf } from "./_multipart.ts";
import { Problem } from "./_problem.ts";
import { streamOf } from "../../streams/stream_of.ts";
import { readRuns } from "./read_runs.ts";

/** What can be read in whole or in ranges. */
export interface Content {
  readonly source: PatchBasis;
  readonly size: number;
  readonly entityTag: string;
  readonly modifiedMs?: number | undefined;
  readonly contentType?: string | undefined;
  /** SHA-256 in hexadecimal digits, if it is known. */
  readonly digest?: string | undefined;
}

/** Wraps the stream of a body. */
export type OpenBody = (
  readable: ReadableStream<Uint8Array<ArrayBuffer>>,
  length: number,
) => Promise<BodyInit>;

export const DEFAULT_CONTENT_TYPE = "application/octet-stream";

/**
 * Answers by the conditions and the ranges of the request.
 *
 * @param openBody Called if there is a body.
 * @throws {Problem} 412 or 416.
 */
export async function answerReading(request: Request, content: Content, openBody: OpenBody): Promise<Response> {
  const { source, size, entityTag, contentType = DEFAULT_CONTENT_TYPE } = content;
  const status = failedCondition(request, content);
  if (status === 412) throw preconditionFailed(entityTag);
  const headers = headersOf(content);
  if (status === 304) return new Response(null, { status, headers });
  headers.set("Accept-Ranges", "bytes");
  headers.set("Content-Type", contentType);
  headers.set("Content-Length", String(size));
  if (request.method === "HEAD") return new Response(null, { headers });
  const ranges = isRangeWanted(request.headers, content) ? parseRanges(request.headers.get("Range"), size) : undefined;
  if (!ranges) {
    const body = streamOf(readRuns(source, [{ offset: 0, length: size }]));
    return new Response(await openBody(body, size), { headers });
  }
  const [range, ...others] = ranges;
  if (!range) {
    const detail = `Cannot read bytes ${request.headers.get("Range")}: there are ${size}`;
    throw new Problem(416, detail, { headers: { "Content-Range": `bytes */${size}`, ETag: entityTag } });
  }
  if (others.length === 0) {
    headers.set("Content-Range", contentRange(range, size));
    headers.set("Content-Length", String(range.length));
    const body = streamOf(readRuns(source, [range]));
    return new Response(await openBody(body, range.length), { status: 206, headers });
  }
  const multipart = multipartOf(source, size, contentType, ranges);
  headers.set("Content-Type", multipart.contentType);
  headers.set("Content-Length", String(multipart.length));
  return new Response(await openBody(streamOf(multipart.pieces), multipart.length), { status: 206, headers });
}

/** The problem that another version is there, or none. */
export function preconditionFailed(entityTag: string | undefined): Problem {
  const seen = entityTag === undefined ? "there is no file" : `the file is ${entityTag}`;
  const headers: Record<string, string> = entityTag === undefined ? {} : { ETag: entityTag };
  return new Problem(412, `A precondition of the request is not met: ${seen}`, { headers });
}

/** Headers of an answer with the content, and of 304. */
function headersOf(content: Content): Headers {
  // Whoever transforms the body on its way breaks its ranges and its tag.
  const headers = new Headers({ "Cache-Control": "no-transform", "ETag": content.entityTag });
  const modified = lastModified(content);
  if (modified !== undefined) headers.set("Last-Modified", modified);
  const { digest } = content;
  if (digest !== undefined) headers.set("Repr-Digest", `sha-256=:${base64(digest)}:`);
  return headers;
}

/** From hexadecimal digits. */
function base64(digits: string): string {
  return btoa(digits.replace(/../g, (pair) => String.fromCharCode(parseInt(pair, 16))));
}
