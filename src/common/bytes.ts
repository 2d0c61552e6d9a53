/** Small things to do with bytes, each of them in one place. */

/**
 * Views what a caller wrote as bytes, as `CompressionStream` does: any view, or a buffer.
 *
 * @throws {TypeError} If it is neither.
 */
export function toUint8Array(chunk: unknown): Uint8Array<ArrayBuffer> {
  if (chunk instanceof Uint8Array) return chunk as Uint8Array<ArrayBuffer>;
  if (ArrayBuffer.isView(chunk)) {
    return new Uint8Array(chunk.buffer as ArrayBuffer, chunk.byteOffset, chunk.byteLength);
  }
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  const seen = chunk === null ? "null" : typeof chunk;
  throw new TypeError(
    `Cannot take the chunk as bytes: a Uint8Array, another view or an ArrayBuffer was expected, ${seen} was seen`,
  );
}

/** Views bytes as fields of a struct. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Lower-case hexadecimal digits, two for each byte. */
export function hex(bytes: Iterable<number>, separator = ""): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(separator);
}

/** Whether bytes start with a magic; false if there is none. */
export function startsWith(bytes: Uint8Array, magic: Uint8Array | undefined): boolean {
  return magic !== undefined && magic.every((byte, i) => bytes[i] === byte);
}

/**
 * Copies a few bytes, such as a strong sum. For up to some 64 of them a loop is several times quicker than `set` of a
 * `subarray`, which makes an object for each call.
 */
export function copyBytes(from: Uint8Array, at: number, to: Uint8Array, toAt: number, count: number): void {
  for (let i = 0; i < count; i++) to[toAt + i] = from[at + i]!;
}

/**
 * Returns a buffer of at least `length` bytes: `bytes` itself if it is that long, else a longer one that starts with
 * the same bytes. Lengths double, so that appending stays linear.
 *
 * @param used Bytes at the start of `bytes` that are kept.
 * @param max Bytes that the buffer has at most; at least `length`.
 */
export function growBytes(
  bytes: Uint8Array<ArrayBuffer>,
  used: number,
  length: number,
  max = Infinity,
): Uint8Array<ArrayBuffer> {
  if (bytes.length >= length) return bytes;
  const longer = new Uint8Array(Math.min(max, Math.max(length, 2 * bytes.length)));
  longer.set(bytes.subarray(0, used));
  return longer;
}
