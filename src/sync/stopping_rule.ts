/**
 * The rule that stops at a layer. A layer costs its records, and reads. It saves the bytes that it finds, at what they
 * cost on the wire. How many it finds is not known before: the share that the layer before found is taken for it, since
 * edits that are isolated for one block length are isolated for the next, and data that is new to one is new to the
 * next. The first two layers are always searched: nothing is known before, and the first is coarse, so that a few edits
 * spoil it all.
 */
import type { Span } from "./plan.ts";

/** Layers that are searched whatever was found. */
const ALWAYS_SEARCHED = 2;

/** What is known before a layer. */
export interface LayerOutlook {
  readonly missing: readonly Span[];
  /** Bytes of a block of the layer. */
  readonly blockLength: number;
  /** Bytes of a record of it. */
  readonly recordLength: number;
  /** Layers that were searched before. */
  readonly searchedCount: number;
  /** The share of what was missing that the layer before found. */
  readonly share: number;
  readonly literalCost: number;
  readonly readCost: number;
}

/** Whether a layer can be expected to save more than it costs. */
export function isWorthwhile(outlook: LayerOutlook): boolean {
  const { missing, blockLength, recordLength, searchedCount, share, literalCost, readCost } = outlook;
  if (searchedCount < ALWAYS_SEARCHED) return true;
  let cost = 0;
  let saved = 0;
  for (const { start, end } of missing) {
    const blocks = Math.ceil((end - start) / blockLength);
    cost += blocks * recordLength + readCost / 8;
    saved += (end - start) * share * literalCost;
  }
  return saved > cost;
}
