/** Chunks that are kept, of any lengths: the same bytes, and little more memory than them. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ChunkList } from "../src/common/chunk_list.ts";
import { assertBytes } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";

Deno.test("a list of chunks has the bytes of all of them, whatever their lengths are", () => {
  const length = fc.oneof(fc.nat(3), fc.nat(300), fc.integer({ min: 1000, max: 1100 }), fc.nat(20_000));
  fc.assert(
    fc.property(fc.array(length, { maxLength: 60 }), (lengths) => {
      const chunks = lengths.map((length, i) => randomBytes(i + 1, length));
      const list = new ChunkList();
      for (const chunk of chunks) list.push(chunk);
      const bytes = concat(chunks);
      assert.equal(list.length, bytes.length);
      assertBytes(concat(list.chunks), bytes);
      assertBytes(list.join(), bytes);
    }),
    { numRuns: 300 },
  );
});

Deno.test("a list of chunks of one byte has few chunks, and a long one as it is", () => {
  const list = new ChunkList();
  const long = randomBytes(1, 1500);
  for (let i = 0; i < 100_000; i++) list.push(Uint8Array.of(i));
  list.push(long);
  for (let i = 0; i < 10; i++) list.push(Uint8Array.of(i));
  assert.ok(list.chunks.length <= 20, `${list.chunks.length} chunks`);
  assert.ok(list.chunks.includes(long));
  const memory = new Set(list.chunks.map(({ buffer }) => buffer));
  const held = Array.from(memory).reduce((sum, { byteLength }) => sum + byteLength, 0);
  assert.ok(held <= list.length + 16 * 1024, `${held} bytes are held for ${list.length}`);
});

Deno.test("a list with one chunk joins to that chunk, and one without any to no bytes", () => {
  const list = new ChunkList();
  assert.equal(list.join().length, 0);
  list.push(new Uint8Array(0));
  const chunk = randomBytes(1, 5000);
  list.push(chunk);
  assert.equal(list.join(), chunk);
});
