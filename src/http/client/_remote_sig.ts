import { RsyncError } from "../../common/rsync_error.ts";
import { HttpError } from "../http_error.ts";
import { parseContentRange } from "../protocol/byte_ranges.ts";
import { strongTag } from "../protocol/entity_tag.ts";
import { RUNS_TYPE } from "../protocol/media_types.ts";
import type { Run } from "../protocol/run_list.ts";
import { LayeredSig, type RangesSource } from "../../sync/layered_sig.ts";
import { ChunkList } from "../../common/chunk_list.ts";
import { type Answer, type Connection, NOT_ENCODED } from "./connection.ts";
import { Retries } from "./_retries.ts";
import { statusError } from "./_status_error.ts";
import { type Host, RangeReader } from "./_range_reader.ts";
import { RunsReader } from "./_runs_reader.ts";

/** Bytes asked for first, from the end. `LayeredSig` reads as many. */
const TAIL_LENGTH = 2048;
/** The longest signature that is read whole, from a server without ranges, and the longest block: some are held. */
const MAX_LENGTH = 2 ** 26;
/** Statuses of servers that do not know a range from the end. */
const NO_SUFFIX = new Set([400, 405, 416, 501]);

/** A layered signature on a server. */
export interface RemoteSig {
  readonly sig: LayeredSig;
  /** Whether the server takes a list of runs. */
  readonly takesRuns: boolean;
  /** Whether the server gave all of it where a range was asked for. */
  readonly cameWhole: boolean;
  /** Headers of the first answer. */
  readonly headers: Headers;
  /** When the signature was modified, in milliseconds since 1970. NaN: it is not told. */
  readonly modifiedMs: number;
}

/**
 * Opens a layered signature: reads its end.
 *
 * @throws {HttpError} If there is none (`status`), or the server does not answer rightly.
 * @throws {RsyncError} If it is not a layered signature, is damaged, or has too long blocks.
 */
export async function openRemoteSig(connection: Connection, host: Host, url: URL): Promise<RemoteSig> {
  const retries = new Retries(connection);
  for (let isFirst = true;; isFirst = false) {
    try {
      const { answer, source } = await openSource(connection, host, url, isFirst);
      const sig = await LayeredSig.open(source);
      const { blockLength } = sig.footer.layers[0]!;
      if (blockLength > MAX_LENGTH) {
        throw new RsyncError(
          "limit",
          `Cannot use ${url}: its blocks have ${blockLength} bytes, not up to ${MAX_LENGTH}`,
        );
      }
      return {
        sig,
        cameWhole: answer.status === 200 && !answer.isHead,
        headers: answer.headers,
        takesRuns: takesRuns(answer.headers),
        modifiedMs: Date.parse(answer.headers.get("last-modified") ?? ""),
      };
    } catch (error) {
      await retries.waitOrThrow(error);
    }
  }
}

interface Opened {
  readonly answer: Answer;
  readonly source: RangesSource;
}

async function openSource(connection: Connection, host: Host, url: URL, isFirst: boolean): Promise<Opened> {
  if (connection.isForeign) return await openByLength(connection, host, url);
  let answer: Answer;
  try {
    answer = await connection.send(url, { headers: { Range: `bytes=-${TAIL_LENGTH}`, ...NOT_ENCODED } });
  } catch (error) {
    if (!isFirst || !(error instanceof HttpError && error.cause instanceof TypeError)) throw error;
    return await openAsForeign(connection, host, url, error);
  }
  if (answer.status === 200) return await openWhole(answer);
  const range = parseContentRange(answer.headers.get("content-range"));
  // sirv, which Vite and SvelteKit serve with, takes `bytes=-N` for the first N + 1 bytes, and says so.
  const isTail = range !== undefined && range.offset + range.length === range.total && range.length <= TAIL_LENGTH;
  if (answer.status === 206 && isTail && !answer.isEncoded) {
    const { length, total } = range;
    const tail = await answer.bytes(TAIL_LENGTH);
    if (tail.length !== length) {
      const code = tail.length < length ? "network" : "protocol";
      const why = `${tail.length} bytes were seen, the last ${length} of ${total} were expected`;
      throw new HttpError(code, url, `Cannot read ${url}: ${why}`, { status: 206 });
    }
    host.givesRanges = true;
    return { answer, source: rangesSource(connection, host, answer, total!, tail) };
  }
  if (answer.status !== 206 && !NO_SUFFIX.has(answer.status)) throw await statusError(answer);
  await answer.cancel();
  return await openByLength(connection, host, url);
}

/**
 * Tries whether the server answers requests that need no permission across origins. A `fetch` that follows the rules of
 * a page says no more than that it failed.
 *
 * @throws `error` itself if that fails too.
 */
async function openAsForeign(connection: Connection, host: Host, url: URL, error: unknown): Promise<Opened> {
  connection.isForeign = true;
  try {
    return await openByLength(connection, host, url);
  } catch (second) {
    if (second instanceof HttpError && second.code !== "network") throw second;
    connection.isForeign = false;
    throw error;
  }
}

/** Asks for the length first: a range from the end needs the permission of the server across origins. */
async function openByLength(connection: Connection, host: Host, url: URL): Promise<Opened> {
  const answer = await connection.send(url, { method: "HEAD", headers: NOT_ENCODED });
  await answer.cancel();
  if (answer.status === 200 && answer.length !== undefined) {
    return { answer, source: rangesSource(connection, host, answer, answer.length, new Uint8Array(0)) };
  }
  const whole = await connection.send(url, { headers: NOT_ENCODED });
  if (whole.status === 200) return await openWhole(whole);
  const error = await statusError(whole);
  if (whole.status !== 206) throw error;
  throw new HttpError("protocol", url, `Cannot read ${url}: a range came where none was asked for`, { status: 206 });
}

async function openWhole(answer: Answer): Promise<Opened> {
  const bytes = await answer.bytes(MAX_LENGTH);
  if (answer.length !== undefined && bytes.length < answer.length) {
    throw new HttpError("network", answer.url, `Cannot read ${answer.url}: it broke off at byte ${bytes.length}`);
  }
  const read = (offset: number, length: number) => bytes.subarray(offset, offset + length);
  const readRanges = async function* (ranges: readonly Run[]) {
    for (const { offset, length } of ranges) yield read(offset, length);
  };
  return { answer, source: { size: bytes.length, read, readRanges } };
}

function rangesSource(
  connection: Connection,
  host: Host,
  { url, headers }: Answer,
  size: number,
  tail: Uint8Array,
): RangesSource {
  const facts = { url, total: size, tag: strongTag(headers.get("etag")) };
  const ranged = new RangeReader(connection, host, facts);
  const reader = takesRuns(headers) ? new RunsReader(connection, host, facts, ranged) : ranged;
  const readRanges = (ranges: readonly Run[]) => cutTo(ranges, reader.chunks(ranges));
  return {
    size,
    readRanges,
    async read(offset, length) {
      const at = offset - (size - tail.length);
      if (at >= 0) return tail.subarray(at, at + length);
      for await (const bytes of readRanges([{ offset, length }])) return bytes;
      return new Uint8Array(0);
    },
  };
}

/** Whether a server says that it takes a list of runs (`Accept-Query`, RFC 10008). */
function takesRuns(headers: Headers): boolean {
  return (headers.get("accept-query") ?? "").toLowerCase().includes(RUNS_TYPE);
}

/** Puts chunks together to the bytes of each range. */
async function* cutTo(
  ranges: readonly Run[],
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  let next = 0;
  let pieces = new ChunkList();
  for await (let chunk of chunks) {
    while (chunk.length > 0) {
      const piece = chunk.subarray(0, ranges[next]!.length - pieces.length);
      chunk = chunk.subarray(piece.length);
      pieces.push(piece);
      if (pieces.length < ranges[next]!.length) continue;
      yield pieces.join();
      next++;
      pieces = new ChunkList();
    }
  }
}
