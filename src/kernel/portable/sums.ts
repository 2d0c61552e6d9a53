/** What the portable backend needs of a sum; a sum of the user's own has the same shape. */

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
   * anew, and looks for fewer of them where blocks are long.
   */
  shrink?(out: number): void;
  /** The sum, of which 32 bits count. */
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
