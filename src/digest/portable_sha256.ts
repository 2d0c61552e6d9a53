import { viewOf } from "../common/bytes.ts";
import { BLOCK_LENGTH, lastBlocks } from "./padding.ts";
import { type Hash, SingleUse } from "./_single_use.ts";
import type { MakeSha256 } from "./interface.ts";

const K = /* @__PURE__ */ fractions(64, Math.cbrt);
const INITIAL = /* @__PURE__ */ fractions(8, Math.sqrt);

/** The message schedule of the block at work: all digests share it. */
const WORDS = new Int32Array(64);

/** The first 32 bits behind the point of the roots of the first `count` primes. As numbers they would be 300 bytes. */
function fractions(count: number, root: (x: number) => number): Int32Array {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime > 0)) primes.push(n);
  return Int32Array.from(primes, (prime) => root(prime) % 1 * 2 ** 32);
}

function rotr(x: number, count: number): number {
  return x >>> count | x << 32 - count;
}

/** The sigmas of the message schedule: two rotations and a shift. */
function mixWord(x: number, first: number, second: number, shift: number): number {
  return rotr(x, first) ^ rotr(x, second) ^ x >>> shift;
}

/** What a round adds to `d`. The order of the additions is what engines run fastest. */
function step(e: number, f: number, g: number, h: number, word: number): number {
  return (h + word | 0) + ((rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + (g ^ e & (f ^ g)) | 0) | 0;
}

/** What it adds beside that to `h`, which becomes `a`. */
function majority(a: number, b: number, c: number): number {
  return (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + (a & b ^ c & (a ^ b)) | 0;
}

/**
 * SHA-256 (FIPS 180-4) in plain TypeScript. That of noble-hashes is slower by a fifth, and makes a bundle of
 * `patchStream` a quarter longer: its base classes serve all hashes.
 */
class PortableHash implements Hash {
  readonly #state = INITIAL.slice();
  readonly #held = new Uint8Array(BLOCK_LENGTH);
  #heldLength = 0;
  #length = 0;

  update(bytes: Uint8Array): void {
    this.#length += bytes.length;
    let at = 0;
    if (this.#heldLength > 0) {
      at = Math.min(bytes.length, BLOCK_LENGTH - this.#heldLength);
      this.#hold(bytes.subarray(0, at));
      if (this.#heldLength < BLOCK_LENGTH) return;
      this.#takeBlocks(this.#held, 0, BLOCK_LENGTH);
      this.#heldLength = 0;
    }
    const end = bytes.length - (bytes.length - at) % BLOCK_LENGTH;
    this.#takeBlocks(bytes, at, end);
    this.#hold(bytes.subarray(end));
  }

  digest(): Uint8Array {
    const last = lastBlocks(this.#held.subarray(0, this.#heldLength), this.#length);
    this.#takeBlocks(last, 0, last.length);
    const sum = new Uint8Array(32);
    this.#state.forEach((word, i) => viewOf(sum).setInt32(4 * i, word));
    return sum;
  }

  #hold(bytes: Uint8Array): void {
    this.#held.set(bytes, this.#heldLength);
    this.#heldLength += bytes.length;
  }

  /** Takes whole blocks: the bytes from `at` to `end`. Four rounds are written out, and then halves change places. */
  #takeBlocks(bytes: Uint8Array, at: number, end: number): void {
    const state = this.#state, words = WORDS;
    for (; at < end; at += BLOCK_LENGTH) {
      for (let i = 0, j = at; i < 16; i++, j += 4) {
        words[i] = bytes[j]! << 24 | bytes[j + 1]! << 16 | bytes[j + 2]! << 8 | bytes[j + 3]!;
      }
      let a = state[0]!, b = state[1]!, c = state[2]!, d = state[3]!;
      let e = state[4]!, f = state[5]!, g = state[6]!, h = state[7]!;
      for (let i = 0; i < 64; i += 4) {
        let t = step(e, f, g, h, K[i]! + words[i]! | 0);
        const d4 = d + t | 0, h4 = t + majority(a, b, c) | 0;
        t = step(d4, e, f, g, K[i + 1]! + words[i + 1]! | 0);
        const c4 = c + t | 0, g4 = t + majority(h4, a, b) | 0;
        t = step(c4, d4, e, f, K[i + 2]! + words[i + 2]! | 0);
        const b4 = b + t | 0, f4 = t + majority(g4, h4, a) | 0;
        t = step(b4, c4, d4, e, K[i + 3]! + words[i + 3]! | 0);
        const a4 = a + t | 0, e4 = t + majority(f4, g4, h4) | 0;
        a = e4, b = f4, c = g4, d = h4, e = a4, f = b4, g = c4, h = d4;
        for (let n = i + 16; n < i + 20 && n < 64; n++) {
          words[n] = (words[n - 16]! + mixWord(words[n - 15]!, 7, 18, 3) | 0) +
            (words[n - 7]! + mixWord(words[n - 2]!, 17, 19, 10) | 0);
        }
      }
      state[0]! += a, state[1]! += b, state[2]! += c, state[3]! += d;
      state[4]! += e, state[5]! += f, state[6]! += g, state[7]! += h;
    }
  }
}

/** SHA-256 in plain TypeScript, which runs everywhere. */
export function portableSha256(): MakeSha256 {
  return () => new SingleUse(new PortableHash());
}
