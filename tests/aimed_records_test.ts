import assert from "node:assert/strict";
import { KeyedHash } from "../src/kernel/portable/keyed_hash.ts";
import type { Measured } from "./aimed_records.ts";
import { randomBytes } from "./_recipes.ts";

/** How often the time of ordinary records the same number of aimed ones may take. Shared machines are noisy. */
const MOST = { index: 10, search: 5 };

Deno.test("records aimed at a table or at the filter of an index take no longer than ordinary ones", async () => {
  // A process of its own, since other tests run at the same time in this one, and the time is that of a process.
  const script = new URL("aimed_records.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: ["run", "-A", script] }).output();
  const decoder = new TextDecoder();
  assert.equal(code, 0, decoder.decode(stderr));
  const all: Measured[] = JSON.parse(decoder.decode(stdout));
  assert.equal(all.length, 3 * 12 + 2 * 3);
  const slow = all.filter(({ job, ratio }) => ratio > MOST[job]);
  assert.deepEqual(slow.map(({ name, ratio }) => `${ratio.toFixed(1)} times: ${name}`), []);
});

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
