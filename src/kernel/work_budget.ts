/**
 * The budget that keeps a search linear on hostile input: work on false alarms stays below a constant plus a
 * small multiple of the bytes searched. Beyond it a window counts as a miss, which is always correct.
 *
 * Units are bytes fed to a strong sum; cheaper steps are charged what they cost in those units. Both
 * backends charge the same, so they give up on the same windows.
 */

/** Granted at the start: unlucky small files are searched in full. */
export const BUDGET_START = 8 * 1024 * 1024;
/** Granted for each byte of the target searched. */
export const BUDGET_PER_BYTE = 3;
/** Charged for an entry of a chain that is looked at. */
export const CHAIN_STEP_COST = 1;
/** Charged for a window whose check is computed: six loads. */
export const CHECK_COST = 4;
/** Of the budget, one part in so many may go to windows that no writer known would have made a record for. */
export const DOUBT_SHARE = 32;
/**
 * A budget that is used up grants nothing until so many blocks are in reserve: windows are then tested in a row, and a backend that
 * sums four at a time can do so.
 */
export const RESERVE_BLOCKS = 4;
