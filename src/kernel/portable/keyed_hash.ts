import { randomKey } from "../random_key.ts";

const rotl = (x: number, n: number) => (x << n) | (x >>> (32 - n));

/**
 * The hashes of the tables and of the filter of an index. Each has a key that is drawn for each index, so whoever makes
 * the records of a signature cannot aim them at one slot.
 */
export class KeyedHash {
  readonly #key0: number;
  readonly #key1: number;

  constructor([low, high] = randomKey()) {
    this.#key0 = low | 0;
    this.#key1 = high | 0;
  }

  /**
   * Hash of a weak sum for the filter, unsigned, of which the upper bits count. Any two weak sums share the upper n of
   * them for two in 2^n keys at most.
   */
  filter(weak: number): number {
    const product = Math.imul(weak, this.#key0 | 1);
    return Math.imul(product ^ (product >>> 16), this.#key1 | 1) >>> 0;
  }

  /**
   * Hash of a weak sum for the table, unsigned. By `filter` alone, weak sums at equal distances would now and then
   * stand in one row of slots, up to 200 probes each.
   */
  weak(weak: number): number {
    let hash = this.filter(weak);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    return (hash ^ (hash >>> 13)) >>> 0;
  }

  /** Hash of a weak sum and a strong sum at `start` in `strong`, unsigned: HalfSipHash-1-3. */
  strong(weak: number, strong: Uint8Array, length: number, start = 0): number {
    const key0 = this.#key0;
    const key1 = this.#key1;
    let v0 = key0;
    let v1 = key1;
    let v2 = key0 ^ 0x6c796765;
    let v3 = key1 ^ 0x74656462;
    const words = length >>> 2;
    let last = (length + 4) << 24;
    for (let i = 4 * words; i < length; i++) last |= strong[start + i]! << (8 * i);
    // The weak sum, the whole words, the last one, and three rounds more.
    for (let i = -1, at = start - 4; i <= words + 3; i++, at += 4) {
      let word = i < 0 ? weak | 0 : i === words ? last : 0;
      if (i >= 0 && i < words) {
        word = strong[at]! | (strong[at + 1]! << 8) | (strong[at + 2]! << 16) | (strong[at + 3]! << 24);
      } else if (i === words + 1) {
        v2 ^= 0xff;
      }
      v3 ^= word;
      v0 = (v0 + v1) | 0;
      v2 = (v2 + v3) | 0;
      v1 = rotl(v1, 5) ^ v0;
      v3 = rotl(v3, 8) ^ v2;
      v0 = (rotl(v0, 16) + v3) | 0;
      v2 = (v2 + v1) | 0;
      v3 = rotl(v3, 7) ^ v0;
      v1 = rotl(v1, 13) ^ v2;
      v2 = rotl(v2, 16);
      v0 ^= word;
    }
    return (v1 ^ v3) >>> 0;
  }
}
