/** The shape of the portable backend's sums. A custom sum has the same. */

/** Blocks up to this length are given to a sum in one piece, longer ones in several. */
export const MAX_PIECE_LENGTH = 2 ** 20;

/**
 * A weak sum that can be moved along by one byte.
 *
 * @example A sum of all bytes
 * ```ts
 * import { readFromReadable, type RollingSum, Rsync } from "rsync-streams/callbacks";
 * import assert from "node:assert/strict";
 *
 * const createSum = (): RollingSum => {
 *   let sum = 0;
 *   return {
 *     reset: () => void (sum = 0),
 *     update: (bytes, length) => void (sum += bytes.subarray(0, length).reduce((a, b) => a + b, 0)),
 *     rotate: (out, into) => void (sum += into - out),
 *     digest: () => sum,
 *   };
 * };
 * const { read } = readFromReadable(new Blob([Uint8Array.of(1, 2, 3, 4)]).stream());
 * const weakSums: number[] = [];
 * await new Rsync({ weakSum: createSum, blockLength: 4 }).genSigs(read, ({ weak }) => weakSums.push(weak));
 * assert.deepEqual(weakSums, [10]);
 * ```
 */
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

/**
 * A strong sum.
 *
 * @example SHA-256 of Node
 * ```ts
 * import { readFromReadable, Rsync, type StrongHash } from "rsync-streams/callbacks";
 * import { createHash } from "node:crypto";
 * import assert from "node:assert/strict";
 *
 * const sha256 = (): StrongHash => {
 *   let hash = createHash("sha256");
 *   return {
 *     length: 32,
 *     reset: () => void (hash = createHash("sha256")),
 *     update: (bytes, length) => void hash.update(bytes.subarray(0, length)),
 *     digest: () => new Uint8Array(hash.digest()),
 *   };
 * };
 * const { read } = readFromReadable(new Blob(["1234"]).stream());
 * const sums: Uint8Array[] = [];
 * await new Rsync({ strongSum: sha256, blockLength: 4 }).genSigs(read, ({ strong }) => sums.push(strong));
 * assert.deepEqual(sums, [new Uint8Array(createHash("sha256").update("1234").digest())]);
 * ```
 */
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
