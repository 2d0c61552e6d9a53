import { isArrayBuffer, isBlob, kindOf, toUint8Array } from "../common/bytes.ts";

/** Anything that bytes can be read from, from its start to its end. */
export type ByteSource = ReadableStream<Uint8Array> | Blob | ArrayBuffer | ArrayBufferView;

/**
 * Hands each chunk of a source to `take`. If that throws, the source is cancelled with what it threw; the lock is
 * always released.
 *
 * @throws {TypeError} If `source` cannot be read.
 */
export async function readChunks(source: ByteSource, take: (chunk: Uint8Array) => void): Promise<void> {
  if (ArrayBuffer.isView(source) || isArrayBuffer(source)) return take(toUint8Array(source));
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
        take(toUint8Array(value));
      } catch (error) {
        await reader.cancel(error).catch(() => {});
        throw error;
      }
    }
  } finally {
    reader.releaseLock();
  }
}
