/**
 * The lengths of blocks and of strong sums, in the format whose sums are keyed and checked by a digest.
 *
 * A strong sum has to be long enough that a window of the target is taken for a block that it is not once in 2^margin
 * syncs. With `windows` windows, `blocks` blocks and `bits` bits of weak and strong sum together, that happens
 * `windows * blocks / 2^bits` times a sync. So `bits` is the logarithms of the two, and the margin.
 *
 * Blocks of b bytes make a signature of L / b records of s bytes, and each of k edits spoils about one block, of which
 * c parts travel after compression: `L * s / b + k * b * c` bytes, least at `b = sqrt(L * s / (k * c))`. How many edits
 * there will be is not known. {@linkcode BLOCK_FACTOR} stands for the rest of the root: the value that did well on each
 * of the pairs of releases (`deno task bench bytes --sweep`).
 */

/** Bits of a weak sum. */
const WEAK_BITS = 32;
/** The target is taken to be that much longer than the basis, in bytes. */
const TARGET_GROWTH = 2 ** 24;
/** Shorter strong sums are refused. */
const MIN_STRONG_LENGTH = 2;
/** Where the length is not known: enough for files of 1 TiB in blocks of 1,024 bytes. */
const UNKNOWN_STRONG_LENGTH = 10;
/** A wrong block once in 2^40 syncs. */
const PLAIN_MARGIN_BITS = 40;

/** Where the length is not known. */
const UNKNOWN_BLOCK_LENGTH = 1024;
/** Blocks are that many times the square root of the length. */
const BLOCK_FACTOR = 1;
const MIN_BLOCK_LENGTH = 128;
const MAX_BLOCK_LENGTH = 2 ** 20;
/** Block lengths are multiples of it: 16 bytes are summed at a time. */
const BLOCK_STEP = 16;

/** The shortest strong length that makes wrong blocks as rare as the margin says. */
export function strongLengthFor(fileLength: number, blockLength: number, marginBits: number): number {
  const windows = Math.log2(fileLength + TARGET_GROWTH);
  const blocks = Math.log2(Math.ceil(fileLength / blockLength) + 1);
  return Math.max(MIN_STRONG_LENGTH, Math.ceil((windows + blocks + marginBits - WEAK_BITS) / 8));
}

/** The block length for the fewest bytes. */
export function blockLengthFor(fileLength: number | undefined): number {
  if (fileLength === undefined) return UNKNOWN_BLOCK_LENGTH;
  const ideal = Math.round(BLOCK_FACTOR * Math.sqrt(fileLength) / BLOCK_STEP) * BLOCK_STEP;
  return Math.min(MAX_BLOCK_LENGTH, Math.max(MIN_BLOCK_LENGTH, ideal));
}

/** The strong length of a plain signature. */
export function plainStrongLength(fileLength: number | undefined, blockLength: number): number {
  if (fileLength === undefined) return UNKNOWN_STRONG_LENGTH;
  return strongLengthFor(fileLength, blockLength, PLAIN_MARGIN_BITS);
}
