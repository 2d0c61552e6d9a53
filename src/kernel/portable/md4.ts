import { viewOf } from "../../common/bytes.ts";
import type { StrongHash } from "./sums.ts";

const DIGEST_LENGTH = 16;
const BLOCK_LENGTH = 64;
/** Offset of the message's length in the last block. */
const LENGTH_AT = 56;

/** RFC 1320, section 3.3: the initial state. */
const INITIAL_STATE = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);

type Mix = (b: number, c: number, d: number) => number;

/** RFC 1320, section 3.4: a round's function, constant and rotations, and its order of a block's words. */
interface Round {
  readonly mix: Mix;
  readonly constant: number;
  readonly rotations: readonly [number, number, number, number];
  readonly order: readonly number[];
}

const ROUNDS: readonly Round[] = [
  {
    mix: (b, c, d) => (b & c) | (~b & d),
    constant: 0,
    rotations: [3, 7, 11, 19],
    order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  },
  {
    mix: (b, c, d) => (b & c) | (b & d) | (c & d),
    constant: 0x5a827999,
    rotations: [3, 5, 9, 13],
    order: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
  },
  {
    mix: (b, c, d) => b ^ c ^ d,
    constant: 0x6ed9eba1,
    rotations: [3, 9, 11, 15],
    order: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15],
  },
];

/**
 * MD4 (RFC 1320), only for signatures of librsync's older kinds.
 *
 * MD4 is broken: anybody can make two blocks with the same sum in no time. An attacker who controls part of a file can
 * forge such blocks, and so corrupt the patched file (CVE-2014-8242).
 */
export class Md4 implements StrongHash {
  readonly length = DIGEST_LENGTH;
  readonly #state = new Uint32Array(4);
  readonly #words = new Int32Array(BLOCK_LENGTH / 4);
  /** The start of a block that is not complete yet. */
  readonly #block = new Uint8Array(BLOCK_LENGTH);
  readonly #blockView = viewOf(this.#block);
  #filled = 0;
  #total = 0;

  constructor() {
    this.reset();
  }

  reset(): void {
    this.#state.set(INITIAL_STATE);
    this.#filled = 0;
    this.#total = 0;
  }

  update(bytes: Uint8Array, length: number): void {
    const view = viewOf(bytes);
    this.#total += length;
    for (let at = 0; at < length;) {
      if (this.#filled === 0 && length - at >= BLOCK_LENGTH) {
        this.#compress(view, at);
        at += BLOCK_LENGTH;
        continue;
      }
      const n = Math.min(BLOCK_LENGTH - this.#filled, length - at);
      this.#block.set(bytes.subarray(at, at + n), this.#filled);
      this.#filled += n;
      at += n;
      if (this.#filled === BLOCK_LENGTH) this.#compressBlock();
    }
  }

  digest(): Uint8Array {
    const block = this.#block;
    block[this.#filled++] = 0x80;
    block.fill(0, this.#filled);
    if (this.#filled > LENGTH_AT) {
      this.#compressBlock();
      block.fill(0);
    }
    // The length in bits, modulo 2^64.
    this.#blockView.setUint32(LENGTH_AT, this.#total * 8, true);
    this.#blockView.setUint32(LENGTH_AT + 4, Math.floor(this.#total / 2 ** 29), true);
    this.#compressBlock();
    const digest = new Uint8Array(DIGEST_LENGTH);
    const view = viewOf(digest);
    this.#state.forEach((word, i) => view.setUint32(4 * i, word, true));
    return digest;
  }

  #compressBlock(): void {
    this.#compress(this.#blockView, 0);
    this.#filled = 0;
  }

  #compress(view: DataView, at: number): void {
    const words = this.#words;
    for (let i = 0; i < words.length; i++) words[i] = view.getInt32(at + 4 * i, true);
    let [a, b, c, d] = this.#state as unknown as [number, number, number, number];
    for (const { mix, constant, rotations, order } of ROUNDS) {
      for (let i = 0; i < 16; i++) {
        const sum = (a + mix(b, c, d) + words[order[i]!]! + constant) | 0;
        const by = rotations[i & 3]!;
        a = d;
        d = c;
        c = b;
        b = (sum << by) | (sum >>> (32 - by));
      }
    }
    const state = this.#state;
    state[0]! += a;
    state[1]! += b;
    state[2]! += c;
    state[3]! += d;
  }
}
