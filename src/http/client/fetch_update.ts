/// <reference lib="esnext.disposable" preserve="true" />
import { checkOptions, checkSignal } from "../../common/checks.ts";
import type { Basis } from "../../basis/basis_source.ts";
import { Delivery } from "./_delivery.ts";
import { openSession, prepareUpdate } from "./_prepare.ts";
import { CLIENT_NAMES, type UpdateOptions } from "./update_options.ts";
import type { UpdatePlan, UpdateStats } from "./update_plan.ts";

/**
 * An update under way.
 *
 * @example What came, and what it became
 * ```ts
 * import { fetchUpdate, syncHandler, type Update } from "rsync-streams/http";
 * import assert from "node:assert/strict";
 *
 * const file = new TextEncoder().encode("a line of the file\n".repeat(1000));
 * const handler = syncHandler({
 *   open: ({ pathname }) => pathname === "/file" ? { basis: file, size: file.length, entityTag: '"1"' } : undefined,
 * });
 * const fetch = (url: string, init: RequestInit) => handler(new Request(url, init)); // stands for a server
 *
 * const update: Update = await fetchUpdate("http://localhost/file", new Blob([file, "an old end"]), { fetch });
 * assert.ok(update.plan.missingLength < 100);
 * assert.deepEqual(new Uint8Array(await new Response(update.readable).arrayBuffer()), file);
 * assert.equal(update.stats.bytesOut, file.length);
 * ```
 */
export interface Update extends AsyncDisposable {
  /** The target, from its start to its end. It errors at the end if the digest is wrong. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** What it will take. */
  readonly plan: UpdatePlan;
  /** What it has done so far. */
  readonly stats: Readonly<UpdateStats>;
  /** Ends requests that are under way, and lets go of the signal. Where `readable` has not ended, it errors. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Updates a file over HTTP: finds what the local file has of the remote one, and fetches the rest.
 *
 * The server may be any host of files that supports `Range`, with `FILE.rsig` beside the file (`rsync-streams publish`,
 * or `layeredSigStream`), or one that runs `syncHandler`. If there is no basis or no signature, if the signature is of
 * another version, or if the server does not support ranges, the whole file is fetched, and `stats.fallback` says why.
 *
 * The SHA-256 of the result is compared with that of the signature. If at most 32 MiB are missing, this is done before
 * `readable` yields its first byte. If the digest differs, the client tries a signature with longer sums, if the server
 * has one, and then the whole file. If more is missing, each block of the coarsest layer is checked before it is passed
 * on, and fetched again if it is wrong. If the digest is still wrong, the stream errors at its end, so write to a place
 * that is kept only on success, such as `atomicWritable` of `rsync-streams/files`.
 *
 * If a response breaks off, the client asks again from the missing byte on, up to five times without progress. Memory
 * is bounded: 32 MiB of missing bytes, a few blocks of the coarsest layer, and what `planSync` holds.
 *
 * @param url The file on the server. In a page it may be relative.
 * @param basis The local file: a Blob, bytes, an open file, or another basis. Undefined if there is none. It must not
 * change before the stream has ended.
 * @param options Headers, timeout, signal and progress.
 * @returns The target as a stream, the plan, and stats. Cancel the stream if you do not read it to its end, or declare
 * the update with `await using`.
 * @throws {HttpError} If the server cannot be reached (`network`, `timeout`). The stream errors with one too.
 * @throws {TypeError} If the URL is invalid or has a password, or an option is of the wrong kind.
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
  const signal = checkSignal(checkOptions(options, CLIENT_NAMES).signal);
  const onAbort = () => stop.abort(signal!.reason);
  if (signal?.aborted) throw signal.reason;
  signal?.addEventListener("abort", onAbort);
  const onEnd = () => signal?.removeEventListener("abort", onAbort);
  try {
    const session = openSession(url, basis, { ...options, signal: stop.signal });
    const prepared = await prepareUpdate(session, session.sigUrl);
    session.stats.fallback = prepared.plan.fallback;
    session.stats.total = prepared.plan.fileLength;
    const stream = toStream(new Delivery(session, prepared).chunks(), stop, onEnd);
    return { ...stream, plan: prepared.plan, stats: session.stats };
  } catch (error) {
    onEnd();
    throw error;
  }
}

/** A stream of what a generator makes, one chunk for each pull, and what ends both early. */
function toStream(
  chunks: AsyncGenerator<Uint8Array<ArrayBuffer>, void, void>,
  stop: AbortController,
  onEnd: () => void,
): Pick<Update, "readable" | typeof Symbol.asyncDispose> {
  let controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  const end = async (reason: unknown) => {
    onEnd();
    stop.abort(reason);
    await chunks.return().catch(() => {});
  };
  const readable = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (given) => void (controller = given),
    async pull() {
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
    cancel: end,
  }, { highWaterMark: 0 });
  return {
    readable,
    async [Symbol.asyncDispose]() {
      const reason = new DOMException("The update was disposed of", "AbortError");
      // Without effect on a stream that has ended.
      controller.error(reason);
      await end(reason);
    },
  };
}
