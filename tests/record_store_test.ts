/** Records of a signature in pages: each is found again, however they came. */
import assert from "node:assert/strict";
import type { SumBatch } from "../src/kernel/interface.ts";
import { RecordStore } from "../src/kernel/portable/record_store.ts";

const PAGE = 4096;
const STRONG_LENGTH = 5;

const weakOf = (k: number) => Math.imul(k + 1, 0x9e3779b1) >>> 0;
const strongOf = (k: number) => Uint8Array.of(k, k >> 8, k >> 16, 7, k * 3);

function batchOf(start: number, end: number): SumBatch {
  const weak = Uint32Array.from({ length: end - start }, (_, i) => weakOf(start + i));
  const strong = new Uint8Array((end - start) * STRONG_LENGTH);
  for (let k = start; k < end; k++) strong.set(strongOf(k), (k - start) * STRONG_LENGTH);
  return { count: end - start, weak, strong };
}

/** A store of so many records, which come in batches of a length. */
function storeOf(count: number, length: number): RecordStore {
  const store = new RecordStore({ strongLength: STRONG_LENGTH });
  for (let at = 0; at < count; at += length) store.add(batchOf(at, Math.min(count, at + length)));
  return store;
}

for (const count of [0, 1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE, 3 * PAGE + 5]) {
  Deno.test(`a store has each of ${count} records, and gives them away in order`, () => {
    for (const length of [1, 1000, PAGE, 2 * PAGE + 3, 4 * PAGE]) {
      const store = storeOf(count, length);
      assert.equal(store.count, count);
      const bytes = new Uint8Array(2 + STRONG_LENGTH);
      for (let k = 0; k < count; k += k % 100 === 50 ? 47 : 1) {
        const strong = strongOf(k);
        assert.equal(store.weak(k), weakOf(k));
        assert.deepEqual(store.strong(k), strong);
        store.copyStrong(k, bytes, 2);
        assert.deepEqual(bytes.subarray(2), strong);
        assert.ok(store.hasStrong(k, bytes, 2));
        bytes[2 + k % STRONG_LENGTH]! ^= 1;
        assert.ok(!store.hasStrong(k, bytes, 2));
      }
      const pages = Math.ceil(count / PAGE);
      assert.equal(store.byteLength, pages * PAGE * (4 + STRONG_LENGTH));
      store.trim();
      assert.equal(store.byteLength, count * (4 + STRONG_LENGTH));
      let k = 0;
      for (const batch of store.take()) {
        const { weak, strong } = batchOf(k, k + batch.count);
        assert.deepEqual(batch.weak.subarray(0, batch.count), weak);
        assert.deepEqual(batch.strong.subarray(0, strong.length), strong);
        k += batch.count;
      }
      assert.equal(k, count);
    }
  });
}
