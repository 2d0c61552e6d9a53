/** Sums of blocks that are too long to lie in the kernel's memory. They take their bytes in pieces. */
import type { SumParams } from "../interface.ts";
import type { WeakSummer } from "../portable/block_summer.ts";
import type { StrongHash } from "../portable/sums.ts";
import { RABINKARP_MULTIPLIER, RABINKARP_SEED } from "../rules/rolling.ts";
import { STRONG_SUMS, type WeakSum } from "../rules/sums.ts";
import { WasmDigest } from "./digest.ts";
import { type KernelInstance, PIECE_LENGTH } from "./instance.ts";

/** A strong sum. */
export class RunningStrongSum implements StrongHash {
  readonly length: number;
  readonly #digest: WasmDigest;

  constructor({ strongSum, salt }: SumParams, instance: KernelInstance) {
    this.length = STRONG_SUMS[strongSum].length;
    this.#digest = new WasmDigest(strongSum, instance, salt);
  }

  reset(): void {
    this.#digest.reset();
  }

  update(bytes: Uint8Array, length: number): void {
    this.#digest.update(bytes.subarray(0, length));
  }

  digest(): Uint8Array {
    return this.#digest.digest();
  }
}

/**
 * How the weak sum of some bytes and of more bytes make that of both: by the two sums, and how many more there are.
 * Only the low 32 bits count.
 */
type Join = (sum: number, more: number, count: number) => number;

/** The second half of a rollsum adds up the first half after each byte. */
const joinRollsums: Join = (sum, more, count) => {
  const high = (sum >>> 16) + (more >>> 16) + Math.imul(sum, count);
  return high << 16 | sum + more & 0xffff;
};

/** Each byte multiplies the sum of those before it; the seed is like a byte before the first. */
const joinRabinKarps: Join = (sum, more, count) => {
  let power = 1;
  for (let square = RABINKARP_MULTIPLIER, n = count; n > 0; n >>>= 1) {
    if (n & 1) power = Math.imul(power, square);
    square = Math.imul(square, square);
  }
  return Math.imul(sum - RABINKARP_SEED, power) + more;
};

/** A weak sum. */
export class RunningWeakSum implements WeakSummer {
  readonly #weakSum: WeakSum;
  readonly #instance: KernelInstance;
  #sum = 0;

  constructor(weakSum: WeakSum, instance: KernelInstance) {
    this.#weakSum = weakSum;
    this.#instance = instance;
  }

  reset(): void {
    this.#sum = this.#weakSum === "rabinkarp" ? RABINKARP_SEED : 0;
  }

  update(bytes: Uint8Array, length: number): void {
    const { exports, bytes: memory, bytesAt, weakAt } = this.#instance;
    for (let at = 0; at < length; at += PIECE_LENGTH) {
      const piece = bytes.subarray(at, Math.min(length, at + PIECE_LENGTH));
      const count = piece.length;
      memory.set(piece, bytesAt);
      if (this.#weakSum === "rollsum") exports.rollsum_blocks(bytesAt, count, 1, count, weakAt);
      else exports.rabinkarp_blocks(bytesAt, count, 1, count, weakAt);
      const more = new Uint32Array(memory.buffer, weakAt, 1)[0]!;
      this.#sum = (this.#weakSum === "rollsum" ? joinRollsums : joinRabinKarps)(this.#sum, more, count);
    }
  }

  digest(): number {
    return this.#sum;
  }
}
