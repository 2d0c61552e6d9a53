/**
 * Puts at most `length` bytes at the start of `buffer` and returns how many. 0 is the end, after which it is not called
 * again. Short reads are no error. Whatever it throws is passed on to the caller.
 */
export type ReadCallback = (buffer: Uint8Array, length: number) => number | Promise<number>;

/** Takes exactly `length` bytes, which are all of `buffer`, or throws. It may keep the buffer. */
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
