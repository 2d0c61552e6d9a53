/**
 * Chooses the lengths of blocks and of strong sums in the rsync-streams format, whose strong sums are keyed, and whose
 * results are checked by a digest. See docs/formats/rsync-streams.md, section 1.3.
 *
 * A strong sum has to be so long that a window of the target is taken for a wrong block once in 2^margin syncs at most.
 * With `windows` windows, `blocks` blocks, and `bits` bits of weak and strong sum together, that happens
 * `windows * blocks / 2^bits` times a sync. So `bits` is the sum of the logarithms of both and the margin.
 *
 * A file of L bytes in blocks of b bytes has a signature of L / b records of s bytes. Each of k edits spoils about one
 * block, and a share c of it is left after compression. That makes `L * s / b + k * b * c` bytes, with a minimum at
 * `b = sqrt(L * s / (k * c))`. The number of edits is not known in advance. {@linkcode BLOCK_FACTOR} stands for
 * `sqrt(s / (k * c))`: it did well on each of the pairs of releases (`deno task bench bytes --sweep`).
 */

/** Bits of a weak sum. */
const WEAK_BITS = 32;
/** The target is taken to be so many bytes longer than the basis. */
const TARGET_GROWTH = 2 ** 24;
/** The format has no shorter strong sums. */
const MIN_STRONG_LENGTH = 2;
/** Strong length if the file length is not known: enough for 1 TiB in blocks of 1,024 bytes. */
const UNKNOWN_STRONG_LENGTH = 10;
/** A wrong block once in 2^40 syncs. */
const PLAIN_MARGIN_BITS = 40;

/** Block length if the file length is not known. */
const UNKNOWN_BLOCK_LENGTH = 1024;
/** Blocks are that many times the square root of the length. */
const BLOCK_FACTOR = 1;
const MIN_BLOCK_LENGTH = 128;
const MAX_BLOCK_LENGTH = 2 ** 20;
/** Block lengths are multiples of it: 16 bytes are summed at a time. */
const BLOCK_STEP = 16;

/** Returns the shortest strong length that makes wrong blocks as rare as the margin says. */
export function strongLengthFor(fileLength: number, blockLength: number, marginBits: number): number {
  const windows = Math.log2(fileLength + TARGET_GROWTH);
  const blocks = Math.log2(Math.ceil(fileLength / blockLength) + 1);
  return Math.max(MIN_STRONG_LENGTH, Math.ceil((windows + blocks + marginBits - WEAK_BITS) / 8));
}

/** Returns the block length that is expected to take the fewest bytes. */
export function blockLengthFor(fileLength: number | undefined): number {
  if (fileLength === undefined) return UNKNOWN_BLOCK_LENGTH;
  const ideal = Math.round(BLOCK_FACTOR * Math.sqrt(fileLength) / BLOCK_STEP) * BLOCK_STEP;
  return Math.min(MAX_BLOCK_LENGTH, Math.max(MIN_BLOCK_LENGTH, ideal));
}

/** Returns the strong length of a signature without layers. */
export function plainStrongLength(fileLength: number | undefined, blockLength: number): number {
  if (fileLength === undefined) return UNKNOWN_STRONG_LENGTH;
  return strongLengthFor(fileLength, blockLength, PLAIN_MARGIN_BITS);
}
