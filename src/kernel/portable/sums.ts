/** The shape of the portable backend's sums. A custom sum has the same. */

/** Blocks up to this length are given to a sum in one piece, longer ones in several. */
export const MAX_PIECE_LENGTH = 2 ** 20;

/** A weak sum that can be moved along by one byte. */
export interface RollingSum {
  /** Starts over with an empty window. */
  reset(): void;
  /** Adds bytes at the end of the window. */
  update(bytes: Uint8Array, length: number): void;
  /** Moves the window by one: `out` leaves at the front, `into` enters at the end. */
  rotate(out: number, into: number): void;
  /**
   * Makes the window shorter by one: `out` leaves at the front. Without it, a search for short windows sums each
   * of them anew, and finds fewer where blocks are long.
   */
  shrink?(out: number): void;
  /** The sum; only its low 32 bits count. */
  digest(): number;
}

/** A strong sum. */
export interface StrongHash {
  /** Length of the whole sum. */
  readonly length: number;
  /** Starts over. */
  reset(): void;
  /** Adds bytes. */
  update(bytes: Uint8Array, length: number): void;
  /** The sum of all bytes since the reset. */
  digest(): Uint8Array;
}
