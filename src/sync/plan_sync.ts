import { type Basis, toPatchBasis } from "../basis/basis_source.ts";
import { checkOptions } from "../common/checks.ts";
import { searchLayer } from "./_search_layer.ts";
import type { LayeredSig } from "./layered_sig.ts";
import { FoundRuns, type Span, type SyncPlan } from "./plan.ts";
import { isWorthwhile } from "./stopping_rule.ts";

/** Options of {@linkcode planSync}. */
export interface PlanSyncOptions {
  /**
   * What missing bytes cost on the wire, as a share of their length: 1 if they travel as they are, less if they are
   * compressed on their way.
   * @default {1}
   */
  literalCost?: number | undefined;
  /**
   * What a read of the layered signature costs beside its bytes, in bytes.
   * @default {200}
   */
  readCost?: number | undefined;
  /** Ends the work early. */
  signal?: AbortSignal | undefined;
}

/**
 * Finds what a local file has of a remote one.
 *
 * It reads the records of the coarsest layer, and searches the local file for those blocks; then the records of the
 * next layer under blocks that were not found; and so on, as long as a layer can be expected to save more than its
 * records cost. It searches all of the local file each time. Blocks with equal records are all served by one find.
 *
 * @param sig The layered signature of the remote file.
 * @param local The local file.
 * @returns The remote file as runs that are copied from the local one and runs that are missing.
 */
export async function planSync(sig: LayeredSig, local: Basis, options: PlanSyncOptions = {}): Promise<SyncPlan> {
  const { literalCost = 1, readCost = 200, signal } = checkOptions(options);
  const costs = { literalCost, readCost };
  const source = toPatchBasis(local);
  const { fileLength, digest, layers } = sig.footer;
  const found = new FoundRuns();
  const blockLengths: number[] = [];
  let missing: Span[] = fileLength > 0 ? [{ start: 0, end: fileLength }] : [];
  let share = 0;
  for (const [layer, { blockLength }] of layers.entries()) {
    const recordLength = sig.recordLength(layer);
    const before = bytesOf(missing);
    const isWorth = isWorthwhile({
      ...costs,
      missing,
      blockLength,
      recordLength,
      searchedCount: blockLengths.length,
      share,
    });
    if (before === 0 || source.size === 0 || !isWorth) break;
    const maxGap = Math.floor(readCost / recordLength);
    await searchLayer({ sig, layer, missing, maxGap, local: source, signal }, found);
    blockLengths.push(blockLength);
    missing = found.missing(fileLength);
    share = 1 - bytesOf(missing) / before;
  }
  return {
    fileLength,
    digest,
    runs: found.runs(fileLength),
    missingBytes: bytesOf(missing),
    missingCount: missing.length,
    sigBytes: sig.bytesRead,
    sigReads: sig.readCount,
    blockLengths,
  };
}

function bytesOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { start, end }) => sum + end - start, 0);
}
