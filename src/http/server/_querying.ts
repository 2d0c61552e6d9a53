/** Answers to `QUERY` and `POST`: bytes of runs, and deltas. */
import { RsyncError } from "../../common/rsync_error.ts";
import { deltaStream } from "../../delta_stream.ts";
import type { Backend } from "../../kernel/interface.ts";
import { loadSigs } from "../../load_sigs.ts";
import { encodeStream, supportedCodings } from "../protocol/content_coding.ts";
import { DELTA_TYPE, mediaTypeOf, RUNS_TYPE, SIG_TYPE } from "../protocol/media_types.ts";
import { decodeRuns, lengthOf } from "../protocol/run_list.ts";
import { chooseCoding } from "./_accept_encoding.ts";
import { failedCondition } from "./_conditions.ts";
import { Problem } from "./_problem.ts";
import { type Content, DEFAULT_CONTENT_TYPE, preconditionFailed } from "./_reading.ts";
import { streamOf } from "../../streams/stream_of.ts";
import { readRuns } from "./read_runs.ts";
import { type InputLimits, openRequestBody, readAll } from "./_request_body.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Bytes of the longest list of runs, and of the longest signature. Both are held in memory; the index of a signature
 * takes up to ten times its length. A layered one of a file of 1 GiB has some 4 MiB.
 */
const MAX_RUNS_LENGTH = 2 ** 20;
const MAX_SIG_LENGTH = 2 ** 24;
/** A delta holds up to six blocks at once. */
const MAX_BLOCK_LENGTH = 2 ** 22;
/** Shorter bodies are not encoded. */
const MIN_ENCODED_LENGTH = 32;

/** What can be asked for with `QUERY`. */
export const QUERY_TYPES = [RUNS_TYPE, SIG_TYPE] as const;

/** What an answer is made of. */
interface Result {
  readonly contentType: string;
  readonly readable: ReadableStream<Bytes>;
  /** Its bytes, if known. */
  readonly length?: number;
}

/** How a query is answered. */
export interface QueryOptions extends InputLimits {
  /** What searches for a delta. */
  readonly backend: Backend | undefined;
}

/** Wraps the stream of a body. */
export type OpenResultBody = (readable: ReadableStream<Bytes>, length?: number) => Promise<BodyInit>;

/** @throws {Problem} 415, if it is none of the types that can be asked for. */
export function checkQueryType({ headers }: Request, types: readonly string[]): void {
  const type = mediaTypeOf(headers);
  if (types.includes(type)) return;
  const seen = type === "" ? "no Content-Type" : `Content-Type ${type}`;
  const expected = types.join(" or ");
  throw new Problem(415, `Cannot answer the query: ${seen} was seen, ${expected} was expected`, {
    headers: { "Accept-Query": types.join(", ") },
  });
}

/**
 * Answers with the bytes of runs, or with a delta for a signature.
 *
 * @param openBody Called if there is a body.
 * @throws {Problem | RsyncError} If the request cannot be answered.
 */
export async function answerQuery(
  request: Request,
  content: Content,
  { backend, ...limits }: QueryOptions,
  openBody: OpenResultBody,
): Promise<Response> {
  if (failedCondition(request, content)) throw preconditionFailed(content.entityTag);
  const supported = supportedCodings();
  const coding = chooseCoding(request.headers.get("Accept-Encoding"), supported);
  if (!coding) {
    throw new Problem(406, `Cannot encode the answer: only identity and ${supported.join(", ")} are known`);
  }
  const isRuns = mediaTypeOf(request.headers) === RUNS_TYPE;
  const maxLength = Math.min(limits.maxLength, isRuns ? MAX_RUNS_LENGTH : MAX_SIG_LENGTH);
  const input = openRequestBody(request, { ...limits, maxLength });
  const result = isRuns ? await runsResult(input, content) : await deltaResult(input, content, backend);
  const headers = new Headers({
    "Cache-Control": "no-store, no-transform",
    "Content-Type": result.contentType,
    "ETag": content.entityTag,
    "Vary": "Accept-Encoding",
  });
  if (coding === "identity" || (result.length ?? Infinity) < MIN_ENCODED_LENGTH) {
    if (result.length !== undefined) headers.set("Content-Length", String(result.length));
    return new Response(await openBody(result.readable, result.length), { headers });
  }
  headers.set("Content-Encoding", coding);
  const body = await openBody(encodeStream(result.readable, coding, result.length));
  // Without it, workerd encodes the body once more.
  return new Response(body, { headers, encodeBody: "manual" } as ResponseInit);
}

async function runsResult(input: ReadableStream<Bytes>, { source, size, entityTag }: Content): Promise<Result> {
  const runs = decodeRuns(await readAll(input));
  if (!runs) throw new Problem(400, "Cannot read the list of runs: it is malformed, pairs of varints were expected");
  const last = runs.at(-1);
  if (last && last.offset + last.length > size) {
    const detail = `Cannot read ${last.length} bytes at offset ${last.offset}: there are ${size}`;
    throw new Problem(416, detail, { headers: { "Content-Range": `bytes */${size}`, ETag: entityTag } });
  }
  return {
    contentType: DEFAULT_CONTENT_TYPE,
    readable: streamOf(readRuns(source, runs)),
    length: lengthOf(runs),
  };
}

async function deltaResult(
  input: ReadableStream<Bytes>,
  { source, size }: Content,
  backend: Backend | undefined,
): Promise<Result> {
  const sigs = await loadSigs(input, { backend });
  if (sigs.blockLength > MAX_BLOCK_LENGTH) {
    const why = `its blocks have ${sigs.blockLength} bytes, up to ${MAX_BLOCK_LENGTH} are supported`;
    throw new RsyncError("limit", `Cannot use the signature: ${why}`);
  }
  const target = streamOf(readRuns(source, [{ offset: 0, length: size }]));
  return { contentType: DELTA_TYPE, readable: target.pipeThrough(deltaStream(sigs)) };
}
