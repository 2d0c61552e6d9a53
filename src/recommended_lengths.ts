import { checkInteger } from "./common/checks.ts";

/** librsync itself overflows beyond these. */
const MAX_FILE_LENGTH = 2 ** 62;
const MAX_RDIFF_BLOCK_LENGTH = 2 ** 31 - 1;

/** Block length for a basis of unknown length. */
const UNKNOWN_BLOCK_LENGTH = 2048;
/** Block length of short files, and up to which length of a file. */
const SHORT_BLOCK_LENGTH = 256;
const SHORT_FILE_LENGTH = 65_536;
/** Block lengths of longer files are a multiple of it. */
const BLOCK_LENGTH_STEP = 128;

/** Strong length for a basis of unknown length. */
const UNKNOWN_STRONG_LENGTH = 12;
/** The target is taken to be that much longer than the basis. */
const TARGET_GROWTH = 2 ** 24;

/**
 * Returns a block length that fits the length of a basis: its square root, so that the signature and the blocks that an
 * edit spoils grow alike. It is what `rdiff` chooses (librsync's `rs_sig_args`).
 *
 * @param fileLength Length of the basis in bytes, or undefined if it is not known.
 * @returns Bytes of a block: a multiple of 128, from 256 on; 2048 if the length is not known.
 * @throws {TypeError} If `fileLength` is not a number.
 * @throws {RangeError} If it is not an integer from 0 to 2^62.
 *
 * @example A signature with blocks that fit
 * ```ts
 * import { loadSigs, recommendedBlockLength, sigStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const basis = new Blob([new Uint8Array(1_000_000)]);
 * const blockLength = recommendedBlockLength(basis.size);
 * const sigs = await loadSigs(basis.stream().pipeThrough(sigStream({ blockLength })));
 *
 * assert.equal(sigs.blockLength, 896);
 * ```
 */
export function recommendedBlockLength(fileLength?: number): number {
  if (fileLength === undefined) return UNKNOWN_BLOCK_LENGTH;
  checkInteger("fileLength", fileLength, 0, MAX_FILE_LENGTH);
  if (fileLength <= SHORT_FILE_LENGTH) return SHORT_BLOCK_LENGTH;
  const root = Math.floor(Math.sqrt(fileLength));
  // The square root of a number just below a square may be rounded up to its root.
  const floor = root * root > fileLength ? root - 1 : root;
  return floor - floor % BLOCK_LENGTH_STEP;
}

/**
 * Returns the shortest strong length that is safe against accidents: about one delta in 2^32 goes wrong by chance.
 * `rdiff signature -S -1` chooses the same (librsync's `rs_sig_args`).
 *
 * It is no defence against an attacker who controls part of a file. With untrusted files keep the whole sum, which is
 * the default of `sigStream` in librsync's format. The rsync-streams format has rules of its own, which `sigStream`
 * uses if it is given `fileLength`.
 *
 * @param fileLength Length of the basis in bytes, or undefined if it is not known.
 * @param blockLength Bytes of a block.
 * @returns Bytes of a strong sum, from 5 on; 12 if the length is not known.
 * @throws {TypeError} If an argument is not a number.
 * @throws {RangeError} If `fileLength` is not an integer from 0 to 2^62, or `blockLength` not one from 1 to 2^31 - 1.
 *
 * @example A short signature for rdiff
 * ```ts
 * import { loadSigs, minStrongLength, recommendedBlockLength, sigStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const basis = new Blob([new Uint8Array(1_000_000)]);
 * const blockLength = recommendedBlockLength(basis.size);
 * const strongLength = minStrongLength(basis.size, blockLength);
 * const sig = basis.stream().pipeThrough(sigStream({ format: "librsync", blockLength, strongLength }));
 *
 * assert.equal((await loadSigs(sig)).strongLength, 7);
 * ```
 */
export function minStrongLength(
  fileLength?: number,
  blockLength: number = recommendedBlockLength(fileLength),
): number {
  checkInteger("blockLength", blockLength, 1, MAX_RDIFF_BLOCK_LENGTH);
  if (fileLength === undefined) return UNKNOWN_STRONG_LENGTH;
  checkInteger("fileLength", fileLength, 0, MAX_FILE_LENGTH);
  const blockCount = Math.floor(fileLength / blockLength) + 1;
  return 2 + Math.floor((log2Floor(fileLength + TARGET_GROWTH) + log2Floor(blockCount) + 7) / 8);
}

/** `Math.log2` rounds up just below a power of two. */
function log2Floor(value: number): number {
  let log = 0;
  for (let rest = value; rest >= 2; rest = Math.floor(rest / 2)) log++;
  return log;
}
