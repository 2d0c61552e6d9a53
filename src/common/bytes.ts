/** Small things to do with bytes, each of them in one place. */
import { isPromise } from "./is_promise.ts";
import type { BlobLike } from "./platform_types.ts";

/** Whether a value is an `ArrayBuffer`, of this realm or another. */
export function isArrayBuffer(value: unknown): value is ArrayBuffer {
  return Object.prototype.toString.call(value) === "[object ArrayBuffer]";
}

/** Whether a value is a `Uint8Array`, of this realm or another, or of a class derived from it, as Node's `Buffer`. */
export function isBytes(value: unknown): value is Uint8Array<ArrayBuffer> {
  return ArrayBuffer.isView(value) && (value as Partial<Uint8Array>)[Symbol.toStringTag] === "Uint8Array";
}

/** Whether a value has what is needed of a `Blob` or `File`, of this realm or another. */
export function isBlob(value: unknown): value is BlobLike {
  const blob = value as Partial<BlobLike> | null | undefined;
  return typeof blob?.slice === "function" && typeof blob.stream === "function" && typeof blob.size === "number";
}

/**
 * Views what a caller wrote as bytes, as `CompressionStream` does. It may be a view of each kind or a buffer, of this
 * realm or another.
 *
 * @throws {TypeError} If it is neither, or its buffer was detached.
 */
export function toUint8Array(chunk: unknown): Uint8Array<ArrayBuffer> {
  if (ArrayBuffer.isView(chunk)) {
    if (chunk.byteLength === 0) requireAttached(chunk.buffer);
    // Node's Buffer is one, and its slice() is a view where that of a Uint8Array is a copy.
    if (chunk.constructor === Uint8Array) return chunk as Uint8Array<ArrayBuffer>;
    return new Uint8Array(chunk.buffer as ArrayBuffer, chunk.byteOffset, chunk.byteLength);
  }
  if (isArrayBuffer(chunk)) {
    requireAttached(chunk);
    return new Uint8Array(chunk);
  }
  throw new TypeError(
    `Cannot take the chunk as bytes: ${
      kindOf(chunk)
    } was seen, a Uint8Array, another view or an ArrayBuffer was expected`,
  );
}

/** What a value is, for messages. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== "object") return typeof value === "string" ? "a string" : `a ${typeof value}`;
  // The mistake that is made most.
  if (isPromise(value)) return "a promise, which nobody awaited";
  const { name } = value.constructor ?? {};
  return name ? `an object of ${name}` : "an object";
}

/** Bytes of a view or buffer; 0 once it is detached. */
export function byteLengthOf(value: unknown): number {
  return ArrayBuffer.isView(value) || isArrayBuffer(value) ? value.byteLength : 0;
}

/** @throws {TypeError} If the buffer was detached: transferred elsewhere, or memory of WebAssembly that has grown. */
export function requireAttached(buffer: ArrayBufferLike): void {
  try {
    // A view of a detached buffer cannot be made. `buffer.detached` is newer than Node 20.
    new Uint8Array(buffer);
  } catch (cause) {
    throw new TypeError("Cannot use the bytes: their buffer is detached, and a buffer in place was expected", {
      cause,
    });
  }
}

/** The error for bytes that are not as many as they were when they were handed over. */
export function changedLengthError(before: number, now: number): TypeError {
  return new TypeError(
    `Cannot use the chunk: ${now} bytes are left of the ${before} that were written: ` +
      "its buffer was transferred or resized",
  );
}

/** Views the bytes of a view as fields of a struct. */
export function viewOf(bytes: ArrayBufferView): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Lower-case hexadecimal digits, two for each byte. */
export function hex(bytes: Iterable<number>, separator = ""): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(separator);
}

/** The bytes of hexadecimal digits. */
export function fromHex(digits: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

/** Whether bytes start with a magic; false if there is none. */
export function startsWith(bytes: Uint8Array, magic: Uint8Array | undefined): boolean {
  return magic !== undefined && magic.every((byte, i) => bytes[i] === byte);
}

/**
 * Copies bytes, which are mostly few, such as a strong sum. For up to some 64 of them a loop is several times quicker
 * than `set` of a `subarray`, which makes an object for each call.
 */
export function copyBytes(from: Uint8Array, at: number, to: Uint8Array, toAt: number, count: number): void {
  if (count > 64) to.set(from.subarray(at, at + count), toAt);
  else for (let i = 0; i < count; i++) to[toAt + i] = from[at + i]!;
}

/**
 * A chunk that holds no more memory than twice its bytes: itself, or a copy. Few bytes that are kept would keep all of
 * a long buffer. Deno (2.9) gives parts of buffers of 64 KiB, of which a few KiB are used where a body was compressed.
 */
export function compact<T extends ArrayBufferLike>(chunk: Uint8Array<T>): Uint8Array<T> | Uint8Array<ArrayBuffer> {
  return chunk.length < chunk.buffer.byteLength / 2 ? chunk.slice() : chunk;
}

/** Puts chunks one after the other. */
export function joined(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/**
 * Returns a buffer of at least `length` bytes: `bytes` itself if it is that long, else a longer one that starts with
 * the same bytes. Lengths double, so that appending stays linear.
 *
 * @param used Bytes at the start of `bytes` that are kept.
 * @param max Bytes that the buffer has at most; at least `length`.
 * @param create Makes the longer one.
 */
export function growBytes(
  bytes: Uint8Array<ArrayBuffer>,
  used: number,
  length: number,
  max = Infinity,
  create = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length),
): Uint8Array<ArrayBuffer> {
  if (bytes.length >= length) return bytes;
  const longer = create(Math.min(max, Math.max(length, 2 * bytes.length)));
  longer.set(bytes.subarray(0, used));
  return longer;
}
