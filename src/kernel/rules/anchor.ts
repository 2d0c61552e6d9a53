/**
 * Constants of the anchored search, which docs/formats/rsync-streams.md defines. Both backends use them, and so does
 * the codec of that format.
 *
 * The hash of a shingle is `a * SHINGLE_FACTOR_A + b * SHINGLE_FACTOR_B + c * SHINGLE_FACTOR_C - 1`, modulo 2^32, of
 * its little-endian words at 0, 12 and 28.
 */

/** Bytes that a shingle spans. */
export const SHINGLE_LENGTH = 32;
export const SHINGLE_FACTOR_A = 0x9e37_79b1;
export const SHINGLE_FACTOR_B = 0x85eb_ca75;
/** The three factors add up to 0, modulo 2^32: data of period 1, 2 or 4 has the worst hash. */
export const SHINGLE_FACTOR_C = 0xdbdc_bbda;
/** Hash of a block too short for a shingle, and of data of period 1, 2 or 4. */
export const WORST_HASH = 0xffff_ffff;
/** The rule of use applies to anchors up to here, 0.03 of the range. Greater anchors are special. */
export const ANCHOR_CAP = Math.floor(0.03 * 2 ** 32);
/** Counters of the rule of use, one byte each: a power of two. */
export const USE_TABLE_LENGTH = 2 ** 20;
/** A counter goes no higher. */
export const MAX_USE = 255;
/** Counters are compared without this many of their low bits. */
export const USE_SHIFT = 2;
/** Entries of a chain that a new record of the index is compared with. */
export const TWIN_STEPS = 8;
/** Bytes after which a fill repeats. A fill is data of period 1, 2 or 4. */
export const FILL_PERIOD = 4;
/** A searcher remembers the blocks of 2^4 fills. */
export const FILL_SLOT_BITS = 4;
/** The slot of a fill is the top bits of its pattern times this number. */
export const FILL_FACTOR = 0x9e37_79b1;
