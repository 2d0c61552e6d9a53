/**
 * The bytes of what a caller wrote, as `CompressionStream` takes them: any view, or a buffer.
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
