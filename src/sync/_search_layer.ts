import { giveWay } from "../common/give_way.ts";
import type { PatchBasis } from "../engine/patcher.ts";
import { defaultKernel } from "../kernel/mod.ts";
import { BlockIndex } from "./_block_index.ts";
import { searchLocal } from "./_local_search.ts";
import type { LayeredSig } from "./layered_sig.ts";
import type { FoundRuns, Span } from "./plan.ts";

/**
 * Passes over the local file in a layer, at most. A search goes on behind each block that it finds. If the remote file
 * has the same bytes at several offsets modulo the block length, their blocks overlap in the local file, and one pass
 * finds only some of them.
 */
const MAX_PASSES = 8;

/** Records that are noted without letting others work. */
const RECORDS_AT_ONCE = 16_384;

/** What searching a layer needs. */
export interface LayerSearch {
  readonly sig: LayeredSig;
  /** 0 is the coarsest. */
  readonly layer: number;
  /** What no layer before has found. */
  readonly missing: readonly Span[];
  /** Numbers of the records to read: what {@linkcode spansToRead} returns for what is missing. */
  readonly reads: readonly Span[];
  readonly local: PatchBasis;
  readonly signal: AbortSignal | undefined;
}

/** Reads the records of what is missing, searches the local file for those blocks, and adds them to what was found. */
export async function searchLayer(search: LayerSearch, found: FoundRuns): Promise<void> {
  const { sig, layer, local, signal } = search;
  const { fileLength, layers, weakSum, strongSum, salt } = sig.footer;
  const { blockLength, strongLength } = layers[layer]!;
  const blocks = await readBlocks(search);
  const params = { weakSum, strongSum, strongLength, blockLength, salt };
  let left = Array.from({ length: blocks.count }, (_, entry) => entry);
  for (let pass = 0; pass < MAX_PASSES && left.length > 0; pass++) {
    const builder = defaultKernel().index(params, "first");
    for (let at = 0; at < left.length; at += RECORDS_AT_ONCE) {
      builder.add(blocks.records(left.slice(at, at + RECORDS_AT_ONCE)));
      await giveWay();
    }
    const lastBlock = blocks.blocks(left.at(-1)!)[0]!;
    const lastLength = Math.min(blockLength, fileLength - lastBlock * blockLength);
    let index = builder.finish(lastLength);
    for (; !index; index = builder.finish(lastLength)) await giveWay();
    /** A flag for each block, and how many are set. */
    const isFound = new Uint8Array(blocks.count);
    let foundCount = 0;
    await searchLocal(local, index, blockLength, (k, offset, length) => {
      const entry = left[k]!;
      if (isFound[entry]) return;
      isFound[entry] = 1;
      foundCount++;
      for (const block of blocks.blocks(entry)) {
        const start = block * blockLength;
        // A signature can say that the short last block is equal to a whole one.
        found.add(start, Math.min(length, fileLength - start), offset);
      }
    }, signal);
    if (foundCount === 0) break;
    left = left.filter((entry) => !isFound[entry]);
  }
}

/**
 * The numbers of the records under what is missing. Two spans are read together if at most `maxGap` records lie between
 * them: that costs less than another read.
 */
export function spansToRead(missing: readonly Span[], blockLength: number, maxGap: number): Span[] {
  const joined: { start: number; end: number }[] = [];
  for (const span of missing) {
    const { start, end } = blocksOf(span, blockLength);
    const before = joined.at(-1);
    if (before && start - before.end <= maxGap) before.end = end;
    else joined.push({ start, end });
  }
  return joined;
}

async function readBlocks({ sig, layer, missing, reads, signal }: LayerSearch): Promise<BlockIndex> {
  const { blockLength, strongLength } = sig.footer.layers[layer]!;
  const blocks = new BlockIndex(strongLength);
  const wanted = missing.map((span) => blocksOf(span, blockLength));
  let next = 0;
  let read = 0;
  for await (const batch of sig.recordsOf(layer, reads)) {
    signal?.throwIfAborted();
    const { start, end } = reads[read++]!;
    for (; next < wanted.length && wanted[next]!.end <= end; next++) {
      const span = wanted[next]!;
      for (let at = span.start; at < span.end; at += RECORDS_AT_ONCE) {
        blocks.add(batch, at - start, Math.min(RECORDS_AT_ONCE, span.end - at), at);
        await giveWay();
      }
    }
  }
  return blocks;
}

/** The numbers of the blocks that make up a span of bytes. */
function blocksOf({ start, end }: Span, blockLength: number): Span {
  return { start: Math.floor(start / blockLength), end: Math.ceil(end / blockLength) };
}
