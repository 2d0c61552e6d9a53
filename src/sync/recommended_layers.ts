import { checkInteger } from "../common/checks.ts";
import type { Layer } from "../formats/rsync_streams/layers.ts";
import { strongLengthFor } from "../stages/lengths.ts";

/** Stands for the length of a file that is not known. */
const UNKNOWN_FILE_LENGTH = 2 ** 26;
/** Blocks of the finest layer are a fraction of the square root of the file's length. */
const FINEST_FRACTION = 16;
const MIN_BLOCK_LENGTH = 64;
/** Blocks of a layer are that many times as long as those of the next. */
const RATIO = 16;
const LAYER_COUNT = 3;
/** A layer with fewer records than this is left out. */
const MIN_RECORD_COUNT = 16;
/** A layer has a wrong block once in 2^10 syncs, if nothing is said. The digest of the file shows it. */
const MARGIN_BITS = 10;
const MAX_MARGIN_BITS = 128;

/**
 * Returns layers that fit the length of a file. There are up to three. Blocks of the finest are about a sixteenth of
 * the square root of the length, and those of the others 16 and 256 times as long. A layer of fewer than 16 blocks is
 * left out.
 *
 * @param fileLength Length of the file in bytes, or undefined if it is not known.
 * @param marginBits A block of a layer is taken for another one about once in 2^`marginBits` syncs.
 * @returns The layers, from the coarsest on.
 * @throws {TypeError} If a parameter is not a number.
 * @throws {RangeError} If it is out of range.
 *
 * @example Layers of a file of 64 MiB
 * ```ts
 * import { recommendedLayers } from "rsync-streams/sync";
 * import assert from "node:assert/strict";
 *
 * const blockLengths = recommendedLayers(2 ** 26).map(({ blockLength }) => blockLength);
 *
 * assert.deepEqual(blockLengths, [131_072, 8192, 512]);
 * ```
 */
export function recommendedLayers(
  fileLength: number = UNKNOWN_FILE_LENGTH,
  marginBits: number = MARGIN_BITS,
): Layer[] {
  checkInteger("fileLength", fileLength, 0, Number.MAX_SAFE_INTEGER);
  checkInteger("marginBits", marginBits, 0, MAX_MARGIN_BITS);
  const ideal = Math.sqrt(fileLength) / FINEST_FRACTION;
  const finest = Math.max(MIN_BLOCK_LENGTH, 2 ** Math.round(Math.log2(ideal)));
  const layers: Layer[] = [];
  for (let i = LAYER_COUNT - 1; i >= 0; i--) {
    const blockLength = finest * RATIO ** i;
    if (i > 0 && fileLength / blockLength < MIN_RECORD_COUNT) continue;
    layers.push({ blockLength, strongLength: strongLengthFor(fileLength, blockLength, marginBits) });
  }
  return layers;
}
