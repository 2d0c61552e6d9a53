import type { Basis } from "../../basis/basis_source.ts";
import { hex } from "../../common/bytes.ts";
import { RsyncError } from "../../common/rsync_error.ts";
import { createSha256 } from "../../digest/mod.ts";
import { assemble } from "./_assemble.ts";
import { fullDownload } from "./_full_download.ts";
import { fallbackFor, type Prepared, prepareUpdate, type Work } from "./_prepare.ts";
import type { UpdateOptions } from "./update_options.ts";
import type { UpdateFallback, UpdatePlan, UpdateStats } from "./update_plan.ts";

/** Missing bytes that are held in memory, so that the digest is compared before the first byte is given. */
const MAX_HELD_LENGTH = 2 ** 25;

/** An update under way. */
export interface Update {
  /** The target, from its start to its end. It errors at the end if the digest is wrong. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** What it will take. */
  readonly plan: UpdatePlan;
  /** What it has done so far. */
  readonly stats: Readonly<UpdateStats>;
}

/**
 * Updates a file over HTTP: finds what the local file has of the remote one, and fetches the rest.
 *
 * The server may be any host of files that knows `Range`, with `FILE.rsig` beside the file (`rsync-streams publish`,
 * or `layeredSigStream`), or one that runs `syncHandler`. If there is no basis or no signature, if it is of another
 * version, or if the server gives no ranges, the whole file is fetched, and `stats.fallback` says why.
 *
 * The SHA-256 of the result is compared with that of the signature. If at most 32 MiB are missing, this is done before
 * the first byte is given, and the whole file is fetched if it differs. Otherwise the stream errors at its end, so
 * write to a place that is kept only on success, such as `atomicWritable` of `rsync-streams/files`.
 *
 * Answers that break off are asked for again, from the missing byte on, up to five times without progress. Memory is
 * bounded: 32 MiB of missing bytes, and what `planSync` holds.
 *
 * @param url The file on the server.
 * @param basis The local file: a Blob, bytes, an open file, or another basis. Undefined if there is none. It must not
 * change before the stream has ended.
 * @param options How the server is asked.
 * @returns The target as a stream, the plan, and stats. Cancel the stream if it is not read to its end.
 * @throws {HttpError} If the server cannot be reached (`network`, `timeout`). The stream errors with one too.
 * @throws {TypeError} If the URL is none, or an option is of the wrong kind.
 *
 * @example From a host of files
 * ```ts
 * import { fetchUpdate } from "rsync-streams/http";
 * import { layeredSigStream } from "rsync-streams/sync";
 * import assert from "node:assert/strict";
 *
 * const basis = new Blob(["line\n".repeat(100_000), "the end"]);
 * const target = new Blob(["line\n".repeat(100_000), "another end"]);
 * const sig = await new Response(target.stream().pipeThrough(layeredSigStream())).blob();
 *
 * // Stands for a server.
 * const fetch = (url: string) => Promise.resolve(new Response(url.endsWith(".rsig") ? sig : target));
 * const { readable, stats } = await fetchUpdate("https://example.com/file", basis, { fetch });
 *
 * assert.equal(await new Response(readable).text(), await target.text());
 * assert.ok(stats.isVerified);
 * ```
 */
export async function fetchUpdate(
  url: string | URL,
  basis: Basis | null | undefined,
  options: UpdateOptions = {},
): Promise<Update> {
  const stop = new AbortController();
  const { signal } = options;
  const onAbort = () => stop.abort(signal!.reason);
  if (signal?.aborted) throw signal.reason;
  signal?.addEventListener("abort", onAbort);
  const onEnd = () => signal?.removeEventListener("abort", onAbort);
  try {
    const prepared = await prepareUpdate(url, basis, { ...options, signal: stop.signal });
    const readable = toStream(deliver(prepared), stop, onEnd);
    return { readable, plan: prepared.plan, stats: prepared.stats };
  } catch (error) {
    onEnd();
    throw error;
  }
}

/** A stream of what a generator makes, one chunk for each pull. */
function toStream(
  chunks: AsyncGenerator<Uint8Array<ArrayBuffer>, void, void>,
  stop: AbortController,
  onEnd: () => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await chunks.next();
        if (!done) return controller.enqueue(value);
        onEnd();
        controller.close();
      } catch (error) {
        onEnd();
        throw error;
      }
    },
    async cancel(reason) {
      onEnd();
      stop.abort(reason);
      await chunks.return().catch(() => {});
    },
  }, { highWaterMark: 0 });
}

/** Gives the target, and notes what it was. */
async function* deliver(update: Prepared): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const { stats, hooks } = update;
  const hash = createSha256();
  try {
    for await (const chunk of target(update)) {
      hash.update(chunk);
      stats.bytesOut += chunk.length;
      hooks.onStep?.();
      yield chunk;
    }
    stats.digest = hex(hash.digest());
    const expected = expectedDigest(update);
    if (expected !== undefined && stats.digest !== expected) throw digestError(stats.digest, expected);
    stats.isVerified = expected !== undefined;
    hooks.onEnd?.();
  } finally {
    hash.release();
  }
}

/** The SHA-256 that the target must have, unless its signature is of another version. */
function expectedDigest({ remote, stats }: Prepared): string | undefined {
  const isOther = stats.fallback === "stale-signature" || stats.fallback === "changed";
  return remote && !isOther ? hex(remote.sig.footer.digest) : undefined;
}

async function* target(update: Prepared): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const { work, stats } = update;
  if (!work) return yield* whole(update);
  const missing = work.reader.chunks(work.missing);
  let failed: UpdateFallback;
  try {
    const held = await hold(missing, work);
    if (!held) return yield* assemble(work.runs, work.basis, missing);
    if (await digestOf(work, held) === expectedDigest(update)) {
      return yield* assemble(work.runs, work.basis, held.values());
    }
    failed = "digest-mismatch";
  } catch (error) {
    // Once bytes were given, only the same version could go on.
    if (stats.bytesOut > 0) throw error;
    failed = fallbackFor(error);
    if (failed === "no-signature") failed = "no-ranges";
  } finally {
    await missing.return();
  }
  stats.fallback = failed;
  yield* whole(update);
}

/** Fetches the missing bytes into memory, if they are few. */
async function hold(missing: AsyncIterable<Uint8Array>, work: Work): Promise<Uint8Array[] | undefined> {
  if (work.missingLength > MAX_HELD_LENGTH) return undefined;
  const held: Uint8Array[] = [];
  for await (const bytes of missing) held.push(bytes);
  return held;
}

/** The SHA-256 of what will be given, in hexadecimal digits. */
async function digestOf({ runs, basis }: Work, held: readonly Uint8Array[]): Promise<string> {
  const hash = createSha256();
  try {
    for await (const chunk of assemble(runs, basis, held.values())) hash.update(chunk);
    return hex(hash.digest());
  } finally {
    hash.release();
  }
}

/** The whole file. The signature is of another version if the lengths differ, or the file was modified after it. */
async function* whole(update: Prepared): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const { connection, url, stats, remote } = update;
  yield* fullDownload(connection, { url, isVerified: expectedDigest(update) !== undefined }, (headers) => {
    if (!remote || stats.fallback === "changed") return;
    const length = headers.get("content-length");
    const isOther = length !== null && !headers.get("content-encoding") &&
      Number(length) !== remote.sig.footer.fileLength;
    const modified = Date.parse(headers.get("last-modified") ?? "");
    const isNewer = stats.fallback === "digest-mismatch" && modified > (remote.modifiedMs ?? Infinity);
    if (isOther || isNewer) stats.fallback = "stale-signature";
  });
}

function digestError(seen: string, expected: string): RsyncError {
  const why = `the result has SHA-256 ${seen}, ${expected} was expected`;
  return new RsyncError("digest-mismatch", `Cannot update the file: ${why}`);
}
