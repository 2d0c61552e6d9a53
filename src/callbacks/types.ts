/**
 * Puts at most `length` bytes at the start of `buffer` and returns how many; 0 is the end, after which it is not called
 * again. Fewer than asked for are no error. What it throws, the caller of the method gets.
 */
export type ReadCallback = (buffer: Uint8Array, length: number) => number | Promise<number>;

/** Takes exactly `length` bytes of `buffer`, all of it, or throws. The buffer is its own from then on. */
export type WriteCallback = (buffer: Uint8Array, length: number) => unknown;

/** Goes to an offset of the basis, in bytes. */
export type SeekCallback = (offset: number) => unknown;

/** One record of a signature. */
export interface SigRecord {
  /** The weak sum, 0 to 2^32 - 1. */
  weak: number;
  /** The strong sum. */
  strong: Uint8Array;
}

export type { RollingSum, StrongHash } from "../kernel/portable/sums.ts";
