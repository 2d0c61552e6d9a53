/** The weak and strong sums. A new sum is an entry here and its code in each backend. */

/**
 * The cheap sum that finds candidates.
 *
 * @example A signature for an old librsync
 * ```ts
 * import { loadSigs, sigStream, type WeakSum } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const weakSum: WeakSum = "rollsum";
 * const sig = new Blob(["a basis"]).stream().pipeThrough(sigStream({ format: "librsync", weakSum }));
 * assert.equal((await loadSigs(sig)).weakSum, "rollsum");
 * ```
 */
export type WeakSum = "rabinkarp" | "rollsum";

/**
 * The cryptographic sum that confirms what a weak sum finds. `"md4"` is broken, and only for older signatures of
 * librsync.
 *
 * @example A signature for an old librsync
 * ```ts
 * import { loadSigs, sigStream, type StrongSum } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const strongSum: StrongSum = "md4";
 * const sig = new Blob(["a basis"]).stream().pipeThrough(sigStream({ format: "librsync", strongSum }));
 * assert.equal((await loadSigs(sig)).strongLength, 16);
 * ```
 */
export type StrongSum = "blake2sp" | "blake3" | "blake2b" | "md4";

/** What both backends know about a strong sum. */
export interface StrongSumRule {
  /** Its number in calls of the wasm kernel. Wire formats number sums on their own. */
  readonly kind: number;
  /** Bytes of the whole sum. */
  readonly length: number;
  /** Whether the wasm kernel takes its bytes in pieces. */
  readonly isIncremental: boolean;
  /** Whether it can be keyed with a salt. */
  readonly isKeyed: boolean;
}

/** Bytes of a salt. */
export const SALT_LENGTH = 16;

/** The weak sums, by their numbers in calls of the wasm kernel. Each is 32 bits long. */
export const WEAK_SUMS: Readonly<Record<WeakSum, number>> = { rollsum: 1, rabinkarp: 2 };

/** The strong sums. */
export const STRONG_SUMS: Readonly<Record<StrongSum, StrongSumRule>> = {
  blake2sp: { kind: 1, length: 32, isIncremental: true, isKeyed: false },
  blake3: { kind: 2, length: 32, isIncremental: true, isKeyed: true },
  blake2b: { kind: 3, length: 32, isIncremental: true, isKeyed: true },
  md4: { kind: 4, length: 16, isIncremental: false, isKeyed: false },
};
