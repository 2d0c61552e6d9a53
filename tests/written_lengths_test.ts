/** The lengths of chunks that wait: in their order, and no memory for those that wait no more. */
import assert from "node:assert/strict";
import { WrittenLengths } from "../src/streams/written_lengths.ts";
import { xorshift } from "./_recipes.ts";

const MIB = 2 ** 20;

Deno.test("WrittenLengths gives lengths in the order of the writes, however many wait", () => {
  const { below } = xorshift(3);
  const lengths = new WrittenLengths();
  const { size } = lengths.watch<Uint8Array>({});
  const waiting: number[] = [];
  for (let i = 0; i < 5000; i++) {
    if (waiting.length === 0 || below(i % 1000 < 500 ? 4 : 2) > 0) {
      const length = below(100);
      assert.equal(size!(new Uint8Array(length)), 1);
      waiting.push(length);
    } else {
      assert.equal(lengths.take(), waiting.shift());
    }
  }
  while (waiting.length > 0) assert.equal(lengths.take(), waiting.shift());
});

Deno.test("WrittenLengths keeps the strategy of the caller, and counts the bytes that it is told of", () => {
  const lengths = new WrittenLengths((chunk) => (chunk as { data: Uint8Array }).data);
  const chunk = { data: new Uint8Array(7) };
  const strategy = lengths.watch<typeof chunk>({ highWaterMark: 100, size: ({ data }) => 2 * data.length });
  assert.deepEqual([strategy.highWaterMark, strategy.size!(chunk)], [100, 14]);
  assert.equal(lengths.take(), 7);
  assert.equal("highWaterMark" in lengths.watch({}), false);
  lengths.check(chunk, 7);
  for (const before of [6, 8]) {
    const message = new RegExp(`7 bytes are left of the ${before} that were written`);
    assert.throws(() => lengths.check(chunk, before), { name: "TypeError", message });
  }
});

Deno.test("WrittenLengths holds no more for a million chunks than for one, also where one always waits", () => {
  const lengths = new WrittenLengths();
  const { size } = lengths.watch<Uint8Array>({});
  const chunk = new Uint8Array(1);
  size!(chunk);
  const before = Deno.memoryUsage().heapUsed;
  for (let i = 0; i < 8 * MIB; i++) {
    size!(chunk);
    lengths.take();
  }
  // All of them would be 64 MiB, and twice or four times that in an array that grows.
  const grown = Deno.memoryUsage().heapUsed - before;
  assert.ok(grown < 48 * MIB, `${grown} bytes more are held`);
});
