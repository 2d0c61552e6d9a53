/** What callers of a search and both backends agree on. */

/** Matches that one call of a search returns at most. */
export const MAX_MATCHES = 4096;
/** Numbers in each match: where it starts in memory, the block, and the length. */
export const MATCH_FIELDS = 3;

/** Which windows shorter than a block a search looks for. */
export type TailRule =
  /** None: the format has no records for short blocks. */
  | "none"
  /** The last block, whose length is known. */
  | "last"
  /** Every suffix of the target against every record: lengths are unknown. */
  | "any";

/** The rules by their numbers in calls of the wasm kernel. */
export const TAIL_RULES: Readonly<Record<TailRule, number>> = { none: 0, last: 1, any: 2 };
