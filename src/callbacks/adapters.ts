import { checkReadCount } from "../basis/basis_source.ts";
import { changedLengthError, toUint8Array } from "../common/bytes.ts";
import { checkFunction, checkInteger } from "../common/checks.ts";
import type { ByteChunk } from "../common/platform_types.ts";
import { type ByteSource, readerOf } from "../streams/byte_source.ts";
import { WrittenLengths } from "../streams/written_lengths.ts";
import type { ReadCallback, WriteCallback } from "./types.ts";

/** Bytes asked for in one read. */
const READ_LENGTH = 64 * 1024;

/**
 * Turns a read callback into a readable.
 *
 * Each chunk has a buffer of its own. The callback is called when the readable is read, never while another call is
 * under way, and not again after it has returned 0.
 *
 * @param read The callback.
 * @returns A readable that ends where the callback returns 0.
 * @throws {TypeError} If `read` is not a function.
 *
 * @example A readable of three bytes
 * ```ts
 * import { readableFromRead } from "rsync-streams/callbacks";
 * import assert from "node:assert/strict";
 *
 * const bytes = [1, 2, 3];
 * const readable = readableFromRead((buffer) => {
 *   const byte = bytes.shift();
 *   buffer[0] = byte ?? 0;
 *   return byte === undefined ? 0 : 1;
 * });
 *
 * assert.deepEqual(new Uint8Array(await new Response(readable).arrayBuffer()), Uint8Array.of(1, 2, 3));
 * ```
 */
export function readableFromRead(read: ReadCallback): ReadableStream<Uint8Array<ArrayBuffer>> {
  checkFunction("read", read);
  return new ReadableStream({
    async pull(controller) {
      const buffer = new Uint8Array(READ_LENGTH);
      const count = checkReadCount(await read(buffer, READ_LENGTH), READ_LENGTH);
      if (count === 0) controller.close();
      // A short read must not keep a long buffer alive.
      else controller.enqueue(count < READ_LENGTH / 2 ? buffer.slice(0, count) : buffer.subarray(0, count));
    },
  }, { highWaterMark: 0 });
}

/**
 * Turns a write callback into a writable.
 *
 * @param write The callback; it gets each chunk as bytes.
 * @returns A writable whose writes are done when the callback is.
 * @throws {TypeError} If `write` is not a function.
 *
 * @example A writable that counts
 * ```ts
 * import { writableFromWrite } from "rsync-streams/callbacks";
 * import assert from "node:assert/strict";
 *
 * let count = 0;
 * await new Blob(["12345"]).stream().pipeTo(writableFromWrite((_, length) => {
 *   count += length;
 * }));
 *
 * assert.equal(count, 5);
 * ```
 */
export function writableFromWrite(write: WriteCallback): WritableStream<ByteChunk> {
  checkFunction("write", write);
  const lengths = new WrittenLengths();
  return new WritableStream({
    async write(chunk) {
      lengths.check(chunk, lengths.take());
      const bytes = toUint8Array(chunk);
      await write(bytes, bytes.length);
    },
  }, lengths.watch<ByteChunk>({ highWaterMark: 1 }));
}

/**
 * A readable as a read callback.
 *
 * @example Stopping early
 * ```ts
 * import { type CallbackReader, readFromReadable } from "rsync-streams/callbacks";
 * import assert from "node:assert/strict";
 *
 * const readable = new Blob(["abc"]).stream();
 * const reader: CallbackReader = readFromReadable(readable);
 * assert.equal(await reader.read(new Uint8Array(2), 2), 2);
 * await reader.cancel("two are enough");
 * assert.ok(!readable.locked);
 * ```
 */
export interface CallbackReader {
  /**
   * Reads bytes; 0 is the end, which releases the lock, as a failure does. Never call it while another call is under
   * way.
   */
  read: (buffer: Uint8Array, length: number) => Promise<number>;
  /** Stops early: cancels the readable and releases the lock. */
  cancel: (reason?: unknown) => Promise<void>;
}

/**
 * Turns a readable, which it locks, or another source of bytes into a read callback.
 *
 * @param readable Where the bytes come from.
 * @returns The callback, and a way to stop early.
 * @throws {TypeError} If it is no source of bytes, or is locked.
 *
 * @example Two bytes at a time
 * ```ts
 * import { readFromReadable } from "rsync-streams/callbacks";
 * import assert from "node:assert/strict";
 *
 * const { read } = readFromReadable(new Blob(["abc"]).stream());
 * const buffer = new Uint8Array(2);
 *
 * assert.equal(await read(buffer, 2), 2);
 * assert.equal(await read(buffer, 2), 1);
 * assert.equal(await read(buffer, 2), 0);
 * ```
 */
export function readFromReadable(readable: ByteSource): CallbackReader {
  const reader = readerOf(readable);
  /** The chunk being read, how much of it was, and how long it was when it came: its owner may take its bytes away. */
  let chunk = new Uint8Array();
  let at = 0;
  let chunkLength = 0;
  let isEnded = false;
  let failure: { readonly error: unknown } | undefined;
  const cancel = async (reason: unknown) => {
    if (isEnded) return;
    isEnded = true;
    chunk = new Uint8Array();
    at = chunkLength = 0;
    await reader.cancel(reason).finally(() => reader.releaseLock());
  };
  return {
    async read(buffer, length) {
      checkInteger("length", length, 0, buffer.length);
      if (failure) throw failure.error;
      try {
        while (at === chunkLength && !isEnded) {
          const { done, value } = await reader.read();
          isEnded ||= done;
          chunk = done ? new Uint8Array() : toUint8Array(value);
          at = 0;
          chunkLength = chunk.length;
          if (done) reader.releaseLock();
        }
        if (chunk.length !== chunkLength) throw changedLengthError(chunkLength, chunk.length);
      } catch (error) {
        failure = { error };
        await cancel(error).catch(() => {});
        throw error;
      }
      const piece = chunk.subarray(at, at + length);
      buffer.set(piece);
      at += piece.length;
      return piece.length;
    },
    cancel,
  };
}

/**
 * A writable as a write callback.
 *
 * @example Giving up
 * ```ts
 * import { type CallbackWriter, writeToWritable } from "rsync-streams/callbacks";
 * import assert from "node:assert/strict";
 *
 * let seen: unknown;
 * const writable = new WritableStream<Uint8Array>({ abort: (reason) => void (seen = reason) });
 * const writer: CallbackWriter = writeToWritable(writable);
 * await writer.abort("no more");
 * assert.equal(seen, "no more");
 * ```
 */
export interface CallbackWriter {
  /** Writes bytes; done when the writable is ready for more. */
  write: (buffer: Uint8Array, length: number) => Promise<void>;
  /** Closes the writable and releases the lock. */
  close: () => Promise<void>;
  /** Gives up: aborts the writable and releases the lock. */
  abort: (reason?: unknown) => Promise<void>;
}

/**
 * Turns a writable, which it locks, into a write callback.
 *
 * @param writable Where the bytes go.
 * @returns The callback, and the two ways to end.
 * @throws {TypeError} If the writable is locked.
 *
 * @example Into a decoder
 * ```ts
 * import { writeToWritable } from "rsync-streams/callbacks";
 * import assert from "node:assert/strict";
 *
 * const { readable, writable } = new TransformStream<BufferSource, Uint8Array<ArrayBuffer>>();
 * const text = new Response(readable).text();
 * const { write, close } = writeToWritable(writable);
 * await write(new TextEncoder().encode("hello"), 5);
 * await close();
 *
 * assert.equal(await text, "hello");
 * ```
 */
export function writeToWritable(writable: WritableStream<Uint8Array<ArrayBuffer>>): CallbackWriter {
  const writer = writable.getWriter();
  return {
    async write(buffer, length) {
      checkInteger("length", length, 0, buffer.length);
      // A copy: the caller may fill its buffer again when the write is done, the writable may keep the chunk.
      await writer.write(new Uint8Array(buffer.subarray(0, length)));
    },
    // Where the writable has failed, close() says only that it cannot be closed, and `closed` says why.
    close: () => writer.close().catch(() => writer.closed).then(() => {}).finally(() => writer.releaseLock()),
    abort: (reason) => writer.abort(reason).finally(() => writer.releaseLock()),
  };
}
