/** Bytes that arrive in chunks, and items that lie across them. */
import assert from "node:assert/strict";
import { ByteReader } from "../src/formats/bytes/byte_reader.ts";

Deno.test("ByteReader.take() returns the first of the bytes that were peeked at across chunks", () => {
  const reader = new ByteReader("the test");
  reader.push(Uint8Array.of(1, 2));
  assert.equal(reader.peek(4), undefined);
  reader.push(Uint8Array.of(3, 4, 5));
  assert.deepEqual(reader.peek(4), Uint8Array.of(1, 2, 3, 4));
  assert.deepEqual(reader.take(2), Uint8Array.of(1, 2));
  assert.deepEqual(reader.take(3), Uint8Array.of(3, 4, 5));
  assert.equal(reader.position, 5);
});
