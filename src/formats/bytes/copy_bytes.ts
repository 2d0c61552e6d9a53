/** Bytes of the longest copy that is made byte by byte: views take longer. */
const MAX_LENGTH_BY_BYTE = 16;

/** Copies `length` bytes of `from` that start at `offset` to `at` in `to`, both of which have so many. */
export function copyBytes(from: Uint8Array, offset: number, length: number, to: Uint8Array, at: number): void {
  if (length > MAX_LENGTH_BY_BYTE) to.set(from.subarray(offset, offset + length), at);
  else for (let i = 0; i < length; i++) to[at + i] = from[offset + i]!;
}
