import { changedLengthError, isArrayBuffer, isBlob, kindOf, toUint8Array } from "../common/bytes.ts";
import { giveWay } from "../common/give_way.ts";

/** Bytes of a chunk handed on at a time unless less is asked for, so that timers can run between. */
const PIECE_LENGTH = 2 ** 20;

/**
 * Anything that bytes can be read from, from its start to its end.
 *
 * @example A signature in three forms
 * ```ts
 * import { type ByteSource, loadSigs, sigStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const bytes = await new Response(new Blob(["a basis"]).stream().pipeThrough(sigStream())).bytes();
 * const sources: ByteSource[] = [bytes, new Blob([bytes]), new Blob([bytes]).stream()];
 * for (const source of sources) assert.equal((await loadSigs(source)).fileLength, 7);
 * ```
 */
export type ByteSource = ReadableStream<Uint8Array> | Blob | ArrayBuffer | ArrayBufferView;

/**
 * Hands the bytes of a source to `take`, in pieces. If that throws, the source is cancelled with what it threw; the
 * lock is always released.
 *
 * @param pieceLength Bytes of a piece at most.
 * @throws {TypeError} If `source` cannot be read.
 */
export async function readChunks(
  source: ByteSource,
  take: (piece: Uint8Array) => void,
  pieceLength: number = PIECE_LENGTH,
): Promise<void> {
  if (ArrayBuffer.isView(source) || isArrayBuffer(source)) {
    return await takePieces(toUint8Array(source), take, pieceLength);
  }
  const stream = isBlob(source) ? source.stream() : source;
  if (typeof stream?.getReader !== "function") {
    throw new TypeError(
      `Cannot read the source: ${kindOf(source)} was given, a ReadableStream, a Blob or bytes were expected`,
    );
  }
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      try {
        await takePieces(toUint8Array(value), take, pieceLength);
      } catch (error) {
        await reader.cancel(error).catch(() => {});
        throw error;
      }
    }
  } finally {
    reader.releaseLock();
  }
}

async function takePieces(bytes: Uint8Array, take: (piece: Uint8Array) => void, pieceLength: number): Promise<void> {
  const { length } = bytes;
  for (let at = 0; at < length; at += pieceLength) {
    const waiting = giveWay();
    if (waiting) await waiting;
    if (bytes.length !== length) throw changedLengthError(length, bytes.length);
    take(bytes.subarray(at, at + pieceLength));
  }
}
