/** The tables of a wasm index, which only its memory tells: where a record goes depends on the key that is drawn. */
import assert from "node:assert/strict";
import { kernelBytes } from "rsync-streams/kernel-bytes";
import { KeyedHash } from "../src/kernel/portable/keyed_hash.ts";
import { STRONG_SUMS, WEAK_SUMS } from "../src/kernel/rules/sums.ts";
import { KernelInstance } from "../src/kernel/wasm/instance.ts";
import { randomBytes, xorshift } from "./_recipes.ts";

const instance = new KernelInstance(new WebAssembly.Module(kernelBytes()));
/** Slots of each table. */
const SLOTS = 8;
const FILTER_LENGTH = 64;

/** Puts one record into tables, and returns these. */
function tablesOf(key: readonly [number, number], weak: number, strong: Uint8Array) {
  const { exports, bytes, weakAt, strongAt, indexAt } = instance;
  bytes.fill(0, indexAt, indexAt + 1024);
  exports.index_init(indexAt, 0, WEAK_SUMS.rollsum, STRONG_SUMS.blake3.kind, 64, strong.length, 0);
  bytes.set(new Uint8Array(Uint32Array.of(weak).buffer), weakAt);
  bytes.set(strong, strongAt);
  exports.index_add(1, weakAt, strongAt);
  const [strongTable, weakTable, filter] = [indexAt + 256, indexAt + 320, indexAt + 384];
  exports.index_tables(strongTable, weakTable, SLOTS, filter, FILTER_LENGTH, ...key, 64);
  exports.index_insert(0, 1, 0);
  const words = (at: number, count: number) => [...new Uint32Array(bytes.buffer, at, count)];
  return {
    byStrong: words(strongTable, SLOTS),
    byWeak: words(weakTable, SLOTS),
    filter: words(filter, FILTER_LENGTH / 4),
    behind: words(filter + FILTER_LENGTH, 8),
  };
}

/** A table with one record: its number, 1, is in the lowest bit of a slot, and its hash in the others. */
function tableOf(hash: number): number[] {
  const table = Array<number>(SLOTS).fill(0);
  table[Math.floor(hash * SLOTS / 2 ** 32)] = (hash << 1 | 1) >>> 0;
  return table;
}

Deno.test("wasm: a record stands in the tables where the keyed hashes of its sums put it", () => {
  const { next } = xorshift(11);
  for (let round = 0; round < 20; round++) {
    for (let length = 1; length <= 32; length++) {
      const key = [next(), next()] as const;
      const weak = round === 0 ? 0xffffffff : next();
      const strong = randomBytes(next() || 1, length);
      const hash = new KeyedHash(key);
      const { byStrong, byWeak } = tablesOf(key, weak, strong);
      assert.deepEqual(byStrong, tableOf(hash.strong(weak, strong, length)), `${length} bytes`);
      assert.deepEqual(byWeak, tableOf(hash.weak(weak)), `${weak}`);
    }
  }
});

Deno.test("wasm: a weak sum sets a bit in each byte of one word of the filter, and the words are used alike", () => {
  const { next } = xorshift(12);
  const used = new Map<number, number>();
  for (let round = 0; round < 1600; round++) {
    const key = [next(), next()] as const;
    const weak = next();
    const { filter, behind } = tablesOf(key, weak, randomBytes(1, 8));
    const at = filter.findIndex((word) => word !== 0);
    assert.equal(at, new KeyedHash(key).filter(weak) >>> 28, "the upper bits of the hash say which word");
    used.set(at, (used.get(at) ?? 0) + 1);
    const bits = [0, 8, 16, 24].map((shift) => filter[at]! >>> shift & 0xff);
    for (const byte of bits) assert.ok(byte !== 0 && (byte & byte - 1) === 0, `${bits}`);
    assert.ok(filter.every((word, i) => i === at || word === 0) && behind.every((word) => word === 0));
  }
  // 100 each on average.
  assert.ok(used.size === FILTER_LENGTH / 4 && [...used.values()].every((count) => count > 50 && count < 150));
});
