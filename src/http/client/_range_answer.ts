/** Checks an answer to a `Range` request, and takes the bytes that are wanted. */
import { HttpError } from "../http_error.ts";
import { parseContentRange } from "../protocol/byte_ranges.ts";
import { strongTag } from "../protocol/entity_tag.ts";
import { lengthOf, type Run } from "../protocol/run_list.ts";
import { ChunkList } from "../../common/chunk_list.ts";
import type { Answer } from "./connection.ts";
import { boundaryOf, readParts } from "./multipart_reader.ts";
import { statusError } from "./_status_error.ts";
import type { Picker } from "./runs.ts";

/** Bytes of a multipart body besides its ranges, for each of them and for the rest. */
const MAX_PART_COST = 1024;
const MAX_BODY_COST = 8192;

/** What is known of a file on a server. */
export interface FileFacts {
  readonly url: URL;
  /** Its length. */
  readonly total: number;
  /** Its strong entity tag, if it is known: that of the first answer which has one. */
  tag: string | undefined;
}

/** An answer to several ranges that is not the right one. The same ranges are asked for one by one then. */
export class DoubtError extends Error {}

/**
 * Checks that an answer is of the same version of the file. If it is not, it is cancelled.
 *
 * @throws {HttpError} If it is of another: `changed`.
 */
export async function checkVersion(answer: Answer, facts: FileFacts): Promise<void> {
  const tag = strongTag(answer.headers.get("etag"));
  const length = answer.status === 200 ? answer.length : parseContentRange(answer.headers.get("content-range"))?.total;
  const isChanged = tag !== undefined && facts.tag !== undefined && tag !== facts.tag ||
    length !== undefined && length !== facts.total;
  if (isChanged) {
    await answer.cancel();
    throw changedError(answer, facts, length);
  }
  facts.tag ??= tag;
}

/**
 * Takes what is wanted of an answer. What came before an error is taken too.
 *
 * @param ranges What was asked for.
 * @throws {DoubtError} If several ranges were asked for, and the answer is not right.
 * @throws {HttpError} If the answer is of no use (`status`, `protocol`, `changed`), or breaks off (`network` …).
 */
export async function takeRanges(
  answer: Answer,
  ranges: readonly Run[],
  facts: FileFacts,
  picker: Picker,
  pieces: ChunkList,
): Promise<void> {
  try {
    if (answer.status !== 206) throw await refusal(answer);
    await checkVersion(answer, facts);
    if (answer.isEncoded) throw protocolError(answer, "it is compressed");
    const boundary = boundaryOf(answer.headers.get("content-type"));
    if (boundary !== undefined) await takeParts(answer, boundary, ranges, facts, picker, pieces);
    else await takeBody(answer, ranges, picker, pieces);
    // A server may give less of a range than was asked for. The rest is asked for again.
    const isShort = boundary === undefined && ranges.length === 1 && picker.length > 0;
    if (!picker.isDone && !isShort) throw protocolError(answer, "ranges are missing in it");
  } catch (error) {
    await answer.cancel();
    const isDoubt = ranges.length > 1 && error instanceof HttpError &&
      (error.code === "status" || error.code === "protocol");
    throw isDoubt ? new DoubtError(error.message) : error;
  }
}

/** One range, which is the whole body. */
async function takeBody(
  answer: Answer,
  ranges: readonly Run[],
  picker: Picker,
  pieces: ChunkList,
): Promise<void> {
  const [asked] = ranges;
  const { offset, length } = asked!;
  // Across origins the header cannot be read. Then the length and the digest have to do.
  const told = parseContentRange(answer.headers.get("content-range")) ?? { offset, length };
  if (told.offset !== offset || told.length > length) {
    const seen = `the range ${told.offset}, ${told.length} bytes`;
    throw protocolError(answer, `${seen} was seen, ${offset}, ${length} bytes was expected`);
  }
  let at = offset;
  for await (const chunk of answer.chunks()) {
    if (at + chunk.length > offset + told.length) throw protocolError(answer, "it has more bytes than its range");
    for (const piece of picker.take(chunk, at)) pieces.push(piece);
    at += chunk.length;
  }
  if (at < offset + told.length) throw brokenError(answer, at);
}

/** Ranges as parts of the body. */
async function takeParts(
  answer: Answer,
  boundary: string,
  ranges: readonly Run[],
  facts: FileFacts,
  picker: Picker,
  pieces: ChunkList,
): Promise<void> {
  const limit = lengthOf(ranges) + ranges.length * MAX_PART_COST + MAX_BODY_COST;
  const chunks = new ChunkList();
  let failure: unknown;
  try {
    for await (const chunk of answer.chunks()) {
      chunks.push(chunk);
      if (chunks.length > limit) throw protocolError(answer, `it has more than ${limit} bytes`);
    }
  } catch (error) {
    failure = error;
  }
  try {
    const { parts, isWhole } = readParts(chunks.join(), boundary);
    for (const { offset, total, bytes } of parts) {
      if (total !== undefined && total !== facts.total) throw changedError(answer, facts, total);
      for (const piece of picker.take(bytes, offset)) pieces.push(piece);
    }
    if (!isWhole) failure ??= protocolError(answer, "its last part is missing");
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    failure ??= protocolError(answer, error.message);
  }
  if (failure !== undefined) throw failure;
}

async function refusal(answer: Answer): Promise<HttpError> {
  const error = await statusError(answer);
  return answer.status === 416 ? protocolError(answer, "the server says that it has no such range") : error;
}

function changedError({ url, status, headers }: Answer, facts: FileFacts, length: number | undefined): HttpError {
  const seen = `${length ?? "as many"} bytes and the tag ${headers.get("etag") ?? "none"}`;
  const why = `it changed: ${seen} were seen, ${facts.total} bytes and ${facts.tag ?? "no tag"} were expected`;
  return new HttpError("changed", url, `Cannot read ${url}: ${why}`, { status });
}

function protocolError({ url, status }: Answer, why: string): HttpError {
  return new HttpError("protocol", url, `Cannot use the answer of ${url}: ${why}`, { status });
}

function brokenError({ url, status }: Answer, at: number): HttpError {
  return new HttpError("network", url, `Cannot read ${url}: it broke off at byte ${at}`, { status });
}
