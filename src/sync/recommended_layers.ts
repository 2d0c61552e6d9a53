import type { Layer } from "../formats/rsync_streams/layers.ts";
import { strongLengthFor } from "../stages/lengths.ts";

/** Length of a file whose length is not known. */
const UNKNOWN_FILE_LENGTH = 2 ** 26;
/** Blocks of the finest layer are a fraction of the square root of the file's length. */
const FINEST_FRACTION = 16;
const MIN_BLOCK_LENGTH = 64;
/** From one layer to the next. */
const RATIO = 16;
const LAYER_COUNT = 3;
/** A layer with fewer records than this is left out. */
const MIN_RECORD_COUNT = 16;
/** A block is found wrongly once in 2^10 syncs. The digest notices it, and the sync is done again. */
const MARGIN_BITS = 10;

/**
 * Returns layers that fit the length of a file: three of them, each with blocks of a sixteenth of the one before, the
 * finest with blocks of about a sixteenth of the square root of the length.
 *
 * @param fileLength Length of the file in bytes, or undefined if it is not known.
 * @returns The layers, from the coarsest on.
 */
export function recommendedLayers(fileLength: number = UNKNOWN_FILE_LENGTH): Layer[] {
  const ideal = Math.sqrt(fileLength) / FINEST_FRACTION;
  const finest = Math.max(MIN_BLOCK_LENGTH, 2 ** Math.round(Math.log2(Math.max(1, ideal))));
  const layers: Layer[] = [];
  for (let i = LAYER_COUNT - 1; i >= 0; i--) {
    const blockLength = finest * RATIO ** i;
    if (i > 0 && fileLength / blockLength < MIN_RECORD_COUNT) continue;
    layers.push({ blockLength, strongLength: strongLengthFor(fileLength, blockLength, MARGIN_BITS) });
  }
  return layers;
}
