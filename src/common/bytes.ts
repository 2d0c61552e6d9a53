/**
 * Makes a buffer long enough.
 *
 * @param bytes The buffer so far.
 * @param used How many of its first bytes to keep.
 * @param length Bytes needed.
 * @param max Bytes that the buffer grows to at most; no less than `length`.
 * @returns `bytes` itself if it is long enough, else a buffer of at least twice its length with the first `used`
 * bytes copied.
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
