import { RABINKARP_INVERSE, RABINKARP_MULTIPLIER, RABINKARP_SEED } from "../rules/rolling.ts";
import type { RollingSum } from "./sums.ts";

// Copies, because V8 reads an import anew in each turn of a loop: rotating was a third slower with that.
const MULTIPLIER = RABINKARP_MULTIPLIER;
const INVERSE = RABINKARP_INVERSE;
/** The seed acts as a byte before the window. This, added to the byte that leaves, moves the seed along. */
const ADJUST = RABINKARP_SEED * (MULTIPLIER - 1);

/** The polynomial hash of librsync since 2.2: modulo 2^32, seed 1. */
export class RabinKarp implements RollingSum {
  #hash = RABINKARP_SEED;
  /** The multiplier to the power of the window's length. */
  #power = 1;

  reset(): void {
    this.#hash = RABINKARP_SEED;
    this.#power = 1;
  }

  update(bytes: Uint8Array, length: number): void {
    let hash = this.#hash;
    let power = this.#power;
    for (let i = 0; i < length; i++) {
      hash = (Math.imul(hash, MULTIPLIER) + bytes[i]!) | 0;
      power = Math.imul(power, MULTIPLIER);
    }
    this.#hash = hash;
    this.#power = power;
  }

  rotate(out: number, into: number): void {
    this.#hash = (Math.imul(this.#hash, MULTIPLIER) + into - Math.imul(this.#power, out + ADJUST)) | 0;
  }

  shrink(out: number): void {
    this.#power = Math.imul(this.#power, INVERSE);
    this.#hash = (this.#hash - Math.imul(this.#power, out + ADJUST)) | 0;
  }

  digest(): number {
    return this.#hash >>> 0;
  }
}
