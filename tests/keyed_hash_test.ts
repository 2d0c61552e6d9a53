/** The keyed hashes of an index: HalfSipHash, and a hash of weak sums that nobody can aim at without the key. */
import assert from "node:assert/strict";
import { HashTable } from "../src/kernel/portable/hash_table.ts";
import { KeyedHash } from "../src/kernel/portable/keyed_hash.ts";
import { randomBytes, xorshift } from "./_recipes.ts";

/** HalfSipHash by its reference implementation, with `c` rounds for each word and `d` at the end. */
function halfSipHash(key: readonly [number, number], bytes: Uint8Array, c: number, d: number): number {
  const rotl = (x: number, n: number) => x << n | x >>> 32 - n;
  let [v0, v1, v2, v3] = [key[0], key[1], key[0] ^ 0x6c796765, key[1] ^ 0x74656462];
  const rounds = (count: number) => {
    for (let i = 0; i < count; i++) {
      v0 = (v0 + v1) | 0;
      v1 = rotl(v1, 5) ^ v0;
      v0 = rotl(v0, 16);
      v2 = (v2 + v3) | 0;
      v3 = rotl(v3, 8) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = rotl(v3, 7) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = rotl(v1, 13) ^ v2;
      v2 = rotl(v2, 16);
    }
  };
  const padded = new Uint8Array(bytes.length + 4 - bytes.length % 4);
  padded.set(bytes);
  padded[padded.length - 1] = bytes.length;
  for (let at = 0; at < padded.length; at += 4) {
    const word = padded[at]! | padded[at + 1]! << 8 | padded[at + 2]! << 16 | padded[at + 3]! << 24;
    v3 ^= word;
    rounds(c);
    v0 ^= word;
  }
  v2 ^= 0xff;
  rounds(d);
  return (v1 ^ v3) >>> 0;
}

Deno.test("KeyedHash.strong() is HalfSipHash-1-3 of a weak sum and a strong sum", () => {
  // github.com/veorq/SipHash, vectors.h: HalfSipHash-2-4 of no byte, of 0, and of 0, 1; the key is 0 to 7
  const published = [0x5b9f35a9, 0xb85a4727, 0x03a662fa];
  for (const [length, sum] of published.entries()) {
    assert.equal(halfSipHash([0x03020100, 0x07060504], Uint8Array.from({ length }, (_, i) => i), 2, 4), sum);
  }
  const key = [0x9e3779b9, 0xfedcba98] as const;
  for (let length = 1; length <= 32; length++) {
    const bytes = randomBytes(length, 4 + length);
    const weak = new DataView(bytes.buffer).getUint32(0, true);
    const hash = new KeyedHash(key).strong(weak, bytes.subarray(4), length);
    assert.equal(hash, halfSipHash(key, bytes, 1, 3), `${length} bytes`);
  }
});

Deno.test("KeyedHash.filter() and weak() share their upper bits for two weak sums with few keys", () => {
  const { next } = xorshift(5);
  const keys = Array.from({ length: 8192 }, () => new KeyedHash([next(), next()]));
  const distances = [1, 2, 3, 256, 0x10000, 0x00ffff00, 0x80000000, 0xffffffff];
  for (const name of ["filter", "weak"] as const) {
    for (const distance of distances) {
      for (const weak of [0, 1, next(), 0xffffffff]) {
        const other = (weak + distance) >>> 0;
        const shared = keys.filter((key) => key[name](weak) >>> 24 === key[name](other) >>> 24).length;
        // Two in 256 at most, and as much again by chance.
        assert.ok(shared <= 2 * 2 * 8192 / 256, `${name}: ${shared} of 8192 keys for ${weak} and ${other}`);
      }
    }
    const spread = new Set(Array.from({ length: 4096 }, (_, k) => keys[0]![name](k) >>> 20));
    assert.ok(spread.size > 2048, `${name}: ${spread.size} values of 4096 sums in a row`);
  }
});

/** The hashes of a weak sum by their definitions: bits that a shift loses are lost, as modulo 2^32. */
function weakHashes([key0, key1]: readonly [number, number], weak: number): { filter: number; weak: number } {
  const M = 2n ** 32n;
  const product = BigInt(weak) * (BigInt(key0) | 1n) % M;
  const filter = (product ^ product >> 16n) * (BigInt(key1) | 1n) % M;
  const hash = (filter ^ filter >> 16n) * 0x85ebca6bn % M;
  return { filter: Number(filter), weak: Number(hash ^ hash >> 13n) };
}

Deno.test("KeyedHash.filter() and weak() are products of a weak sum and odd numbers of the key", () => {
  const { next } = xorshift(6);
  for (let round = 0; round < 200; round++) {
    const key = [next(), next()] as const;
    const weak = round === 0 ? 0xffffffff : next();
    const hash = new KeyedHash(key);
    assert.deepEqual({ filter: hash.filter(weak), weak: hash.weak(weak) }, weakHashes(key, weak));
  }
});

Deno.test("HashTable begins a search anywhere in it, and has a free slot for any number of records", () => {
  for (const capacity of [0, 1, 2, 3, 10, 100, 1000]) {
    const table = new HashTable(capacity);
    const slots = table.byteLength / 4;
    assert.ok(slots > capacity && slots <= capacity / 0.75 + 2, `${slots} slots for ${capacity} records`);
    const firsts = Array.from({ length: slots }, (_, slot) => table.first(Math.ceil(slot * 2 ** 32 / slots)));
    assert.deepEqual(firsts, Array.from({ length: slots }, (_, slot) => slot));
    assert.equal(table.first(0xffffffff), slots - 1);
    assert.deepEqual(firsts.map((slot) => table.next(slot)), [...firsts.slice(1), 0]);
    table.set(slots - 1, 41);
    assert.deepEqual(firsts.map((slot) => table.get(slot)), [...firsts.slice(1).fill(-1), 41]);
  }
});
