import { changedLengthError, isArrayBuffer, isBlob, kindOf, toUint8Array } from "../common/bytes.ts";
import { giveWay } from "../common/give_way.ts";
import type { BlobLike, ByteBody, ByteChunk, ByteReadable, ByteReader } from "../common/platform_types.ts";
import { watchSignal } from "../common/watch_signal.ts";

/** Bytes of a chunk handed on at a time unless less is asked for, so that timers can run between. */
const PIECE_LENGTH = 2 ** 20;

/**
 * Anything that bytes can be read from, from its start to its end: a `ReadableStream`, a `Response` or `Request`, a
 * `Blob`, a buffer or a view of one, chunks in an iterable or an async iterable, and so Node's `Readable` too.
 *
 * @example A signature in four forms
 * ```ts
 * import { type ByteSource, loadSigs, sigStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const sig = await new Response(new Blob(["a basis"]).stream().pipeThrough(sigStream())).blob();
 * const sources: ByteSource[] = [sig, sig.stream(), new Response(sig), await sig.arrayBuffer()];
 * for (const source of sources) assert.equal((await loadSigs(source)).fileLength, 7);
 * ```
 */
export type ByteSource =
  | ByteReadable
  | ByteBody
  | BlobLike
  | ByteChunk
  | AsyncIterable<ByteChunk>
  | Iterable<ByteChunk>;

/**
 * Hands the bytes of a source to `take`, in pieces. If that throws, the source is cancelled with what it threw; the
 * lock is always released.
 *
 * @param options Bytes of a piece at most, and a signal, which cancels the source.
 * @throws {TypeError} If `source` cannot be read.
 */
export async function readChunks(
  source: ByteSource,
  take: (piece: Uint8Array) => void,
  options: { pieceLength?: number; signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const { pieceLength = PIECE_LENGTH, signal } = options;
  const reader = readerOf(source);
  const watch = watchSignal(signal);
  try {
    for (;;) {
      watch.check();
      const { done, value } = await watch.orAborted(reader.read());
      if (done) return;
      await takePieces(toUint8Array(value), take, pieceLength, watch.check);
    }
  } catch (error) {
    // Not waited for: a source that waits for input may never answer.
    const cancelled = reader.cancel(error).catch(() => {});
    if (!signal?.aborted) await cancelled;
    throw error;
  } finally {
    reader.releaseLock();
  }
}

/** A stream of the bytes of a source, of the platform's own class, with one chunk for each of the source. */
export function toReadable(source: ByteSource): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = readerOf(source);
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(toUint8Array(value));
        controller.close();
      } catch (error) {
        await reader.cancel(error).catch(() => {});
        controller.error(error);
      }
      reader.releaseLock();
    },
    async cancel(reason) {
      await reader.cancel(reason).finally(() => reader.releaseLock());
    },
  }, { highWaterMark: 0 });
}

/** Bytes that a source has, if it says so. */
export function lengthOf(source: ByteSource): number | undefined {
  if (ArrayBuffer.isView(source) || isArrayBuffer(source)) return source.byteLength;
  // 0 is also what the size of a file that is gone looks like.
  return isBlob(source) ? source.size || undefined : undefined;
}

/**
 * Starts to read a source.
 *
 * @throws {TypeError} If it is none, or was read already.
 */
export function readerOf(source: ByteSource): ByteReader {
  if (ArrayBuffer.isView(source) || isArrayBuffer(source)) return iteratorReader(asWritten(source, source.byteLength));
  if (isBlob(source)) return source.stream().getReader();
  if (isReadable(source)) {
    if (source.locked) throw sourceError("its stream is locked, one that nobody reads was expected");
    return source.getReader();
  }
  if (isIterable(source, Symbol.asyncIterator)) return iteratorReader(asyncIteratorOf(source), source);
  if (isIterable(source, Symbol.iterator)) return iteratorReader(source[Symbol.iterator]());
  if (isBody(source)) {
    if (source.bodyUsed) throw sourceError("its body was read already, one that nobody reads was expected");
    return source.body === null ? iteratorReader([].values()) : readerOf(source.body);
  }
  throw sourceError(
    `${kindOf(source)} was given, a ReadableStream, a Response, a Request, a Blob, bytes or chunks of bytes were ` +
      `expected${hintFor(source)}`,
  );
}

/** What to do with a file that was given in place of its bytes. */
function hintFor(file: unknown): string {
  if (typeof file === "string") return "; fileReadable() of rsync-streams/files opens a path";
  for (const name of ["createReadStream", "getFile"]) {
    if (typeof (file as Record<string, unknown> | null | undefined)?.[name] === "function") {
      return `; pass on what its ${name}() returns`;
    }
  }
  return "";
}

function sourceError(why: string): TypeError {
  return new TypeError(`Cannot read the source: ${why}`);
}

function isReadable(value: unknown): value is ByteReadable {
  return typeof (value as Partial<ByteReadable> | null | undefined)?.getReader === "function";
}

function isBody(value: unknown): value is ByteBody {
  return typeof (value as Partial<ByteBody> | null | undefined)?.bodyUsed === "boolean";
}

/** Strings are iterable too, and no chunks. */
function isIterable<Key extends symbol>(
  value: unknown,
  key: Key,
): value is Record<Key, () => AsyncIterator<ByteChunk> | Iterator<ByteChunk>> {
  const has = value as Partial<Record<Key, unknown>> | null | undefined;
  return typeof value === "object" && typeof has?.[key] === "function";
}

/** Node's own iterator destroys a socket once all of it was read, in Node 20, Bun and Deno, and an answer with it. */
function asyncIteratorOf(source: AsyncIterable<ByteChunk>): AsyncIterator<ByteChunk> {
  const { iterator, destroy } = source as Partial<NodeReadable>;
  if (typeof iterator !== "function" || typeof destroy !== "function") return source[Symbol.asyncIterator]();
  return iterator.call(source, { destroyOnReturn: false });
}

/** @param length Bytes that it had when it was given: its owner may take some away. */
function* asWritten(bytes: ByteChunk, length: number): Generator<ByteChunk> {
  const now = toUint8Array(bytes).length;
  if (now !== length) throw changedLengthError(length, now);
  yield bytes;
}

/** Reads an iterator as if it were a stream. */
function iteratorReader(iterator: AsyncIterator<ByteChunk> | Iterator<ByteChunk>, owner?: unknown): ByteReader {
  let isOver = false;
  return {
    async read() {
      if (isOver) return { done: true };
      try {
        const { done = false, value } = await iterator.next();
        isOver ||= done;
        return { done: isOver, value };
      } catch (error) {
        // It has ended. One that is asked to return now may never answer.
        isOver = true;
        throw error;
      }
    },
    async cancel() {
      if (isOver) return;
      isOver = true;
      // An iterator of Node's streams hears of its return only after the read under way.
      (owner as { destroy?: () => void } | undefined)?.destroy?.();
      await iterator.return?.();
    },
    releaseLock() {},
  };
}

/** What is used of Node's `Readable`. */
interface NodeReadable {
  iterator(options: { destroyOnReturn: boolean }): AsyncIterator<ByteChunk>;
  destroy(): void;
}

async function takePieces(
  bytes: Uint8Array,
  take: (piece: Uint8Array) => void,
  pieceLength: number,
  check: () => void,
): Promise<void> {
  const { length } = bytes;
  for (let at = 0; at < length; at += pieceLength) {
    const waiting = giveWay();
    if (waiting) {
      await waiting;
      check();
    }
    if (bytes.length !== length) throw changedLengthError(length, bytes.length);
    take(bytes.subarray(at, at + pieceLength));
  }
}
