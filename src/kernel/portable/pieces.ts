/** The bytes from a position on, of bytes in pieces: at most `count` of them, as many as lie together. */
export function bytesFrom(pieces: readonly Uint8Array[], position: number, count: number): Uint8Array {
  let start = 0;
  for (const piece of pieces) {
    if (position < start + piece.length) return piece.subarray(position - start, position - start + count);
    start += piece.length;
  }
  throw new RangeError(`Cannot read the window: byte ${position} was asked for, it has ${start} bytes`);
}

/** The `count` bytes from a position on: a copy where they do not lie together. */
export function copyFrom(pieces: readonly Uint8Array[], position: number, count: number): Uint8Array {
  const first = bytesFrom(pieces, position, count);
  if (first.length === count) return first;
  const bytes = new Uint8Array(count);
  bytes.set(first);
  for (let at = first.length; at < count;) {
    const more = bytesFrom(pieces, position + at, count - at);
    bytes.set(more, at);
    at += more.length;
  }
  return bytes;
}
