/**
 * The budget that keeps a search linear on hostile input: work on false alarms stays below a constant plus a
 * small multiple of the bytes searched. Beyond the budget a window counts as a miss, which is always correct.
 *
 * A unit is one byte fed to a strong sum. Both backends charge the same, so they give up on the same windows.
 */

/** A false alarm costs its length, but at least this: no strong sum takes less time than that of 64 bytes. */
export const LEAST_COST = 64;
/** Granted at the start: small files are searched in full, however many false alarms they have. */
export const BUDGET_START = 1024 * 1024;
/** Granted at the start if that is more: this many blocks. */
export const BUDGET_START_BLOCKS = 8;
/** Granted for each byte of the target searched. */
export const BUDGET_PER_BYTE = 1;
/**
 * A budget that is used up grants nothing until this many blocks are in reserve. Windows are then tested in a row, so
 * a backend that sums four at a time can do so.
 */
export const RESERVE_BLOCKS = 4;
