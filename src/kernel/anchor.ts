/**
 * Constants of the anchored search: the wire format's page defines them, and both backends and the
 * format's codec use them.
 */

/** Bytes that a shingle spans. */
export const SHINGLE_LENGTH = 32;
/** Hash of a block too short for a shingle, and of data of period 1, 2 or 4: the worst. */
export const WORST_HASH = 0xffff_ffff;
/** Anchors up to 0.03 of the range are candidates for the rule of use; greater ones are special. */
export const HASH_CAP = Math.floor(0.03 * 2 ** 32);
/** Counters of the rule of use: 2^20 of 8 bits. */
export const USE_TABLE_LENGTH = 2 ** 20;
/** Entries of a chain that a new record of the index is compared with. */
export const TWIN_STEPS = 8;
