/**
 * Decides whether a layer is worth searching. A layer costs its records and its reads. It saves the bytes that it
 * finds, at what they cost on the wire. How many that will be is not known, so it is estimated by the share that the
 * layer before has found: edits that were isolated for one block length are usually isolated for the next, and data
 * that was new to one is new to the next. The first two layers are always searched. Nothing is known before the first,
 * and the first is so coarse that a few edits can spoil all of it.
 *
 * Pages in another order, or with an edit each, are nothing to a layer whose blocks are longer, and all to one with
 * shorter blocks. So before it stops, a sample of the next layer is searched, and its share is what counts.
 */

/** Layers that are searched whatever was found. */
const ALWAYS_SEARCHED = 2;
/** Reads for a missing run. Records near each other are read at once, so a run takes a part of a read. */
const READS_PER_RUN = 1 / 8;
/** A sample has this many pieces, with so many blocks each at most, and one block in so many at most. */
export const SAMPLE_PIECES = 4;
const MAX_PIECE_COUNT = 64;
const SAMPLED_FRACTION = 16;
/**
 * How much of the share that a sample found is expected of the layer. Short blocks are found in tables of text, and
 * those compress so well that they are worth less than `literalCost` says.
 */
export const SAMPLE_TRUST = 1 / 2;

/** What is known before a layer. */
export interface LayerOutlook {
  readonly missingLength: number;
  /** Runs that are missing. Each but the last consists of whole blocks. */
  readonly missingCount: number;
  /** Bytes of a block of the layer. */
  readonly blockLength: number;
  /** Bytes of a record of it. */
  readonly recordLength: number;
  /** Layers that were searched before. */
  readonly searchedCount: number;
  /** Of the bytes that were missing then, the share that the layer before found. */
  readonly share: number;
  readonly literalCost: number;
  readonly readCost: number;
}

/** Whether a layer can be expected to save more than it costs. */
export function isWorthwhile(outlook: LayerOutlook): boolean {
  const { missingLength, missingCount, blockLength, recordLength, searchedCount, share, literalCost, readCost } =
    outlook;
  if (searchedCount < ALWAYS_SEARCHED) return true;
  const cost = Math.ceil(missingLength / blockLength) * recordLength + missingCount * READS_PER_RUN * readCost;
  return missingLength * share * literalCost > cost;
}

/**
 * How many blocks each piece of a sample has; 0 if a sample is not worth its own cost: a sixteenth of what could be
 * saved is the most that it may be.
 */
export function samplePieceCount(outlook: LayerOutlook): number {
  const { missingLength, blockLength, recordLength, literalCost, readCost } = outlook;
  const blockCount = Math.ceil(missingLength / blockLength);
  const count = Math.min(MAX_PIECE_COUNT, Math.floor(blockCount / SAMPLED_FRACTION / SAMPLE_PIECES));
  const cost = SAMPLE_PIECES * (count * recordLength + readCost);
  const isWorthIt = isWorthwhile({ ...outlook, share: 1 }) && cost <= missingLength * literalCost / SAMPLED_FRACTION;
  return isWorthIt ? count : 0;
}
