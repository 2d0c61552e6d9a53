import { giveWay } from "../common/give_way.ts";
import type { PatchBasis } from "../engine/interface.ts";
import type { Kernel, SearchIndex } from "../kernel/interface.ts";
import { BlockIndex } from "./_block_index.ts";
import { LocalSearch } from "./_local_search.ts";
import { MISSING, RunList } from "./run_list.ts";
import type { SearchWork } from "./search_work.ts";
import type { LayeredSig } from "./layered_sig.ts";
import type { Span } from "./plan.ts";

/**
 * Passes over the local file in a layer, at most. A search goes on behind each block that it finds. If the remote file
 * has the same bytes at several offsets modulo the block length, their blocks overlap in the local file, and one pass
 * finds only some of them.
 */
const MAX_PASSES = 8;

/** Records, blocks or runs that are worked on without letting others work: some milliseconds. */
const TURN_COUNT = 16_384;

/** What searching a layer needs. */
export interface LayerSearch {
  readonly sig: LayeredSig;
  /** 0 is the coarsest. */
  readonly layer: number;
  /** What the layers before have found. */
  readonly runs: RunList;
  /** Numbers of the records to read: what {@linkcode spansToRead} returns for what is missing. */
  readonly reads: readonly Span[];
  readonly local: PatchBasis;
  readonly kernel: Kernel;
  /** What the searches of this layer are added to. */
  readonly work: SearchWork;
  readonly signal: AbortSignal | undefined;
}

/**
 * Reads the records of what is missing, and searches the local file for those blocks.
 *
 * @returns What this layer and those before have found.
 */
export async function searchLayer(search: LayerSearch): Promise<RunList> {
  const { sig, layer, runs, local, work, signal } = search;
  const { fileLength, layers } = sig.footer;
  const { blockLength } = layers[layer]!;
  const blocks = await readBlocks(search);
  const lastLength = fileLength % blockLength || blockLength;
  /** The block at the end of the file, if it is among them. */
  const last = runs.isMissing(runs.count - 1) ? blocks.count - 1 : -1;
  /** For each block that stands for its equals: where the local file has it, and 1; or 0. */
  const places = new Float64Array(blocks.count);
  const file = new LocalSearch(local, blockLength, work, signal);
  let left = blocks.distinct();
  let mayFindMore = true;
  for (let pass = 0; pass < MAX_PASSES && mayFindMore && left.length > 0; pass++) {
    const index = await createIndex(search, blocks, left, left.at(-1) === last ? lastLength : blockLength);
    const searched = left;
    mayFindMore = await file.pass(index, (k, offset) => {
      places[searched[k]!] ||= offset + 1;
    });
    left = unfound(left, places);
  }
  return await merge(runs, blocks, places, blockLength);
}

/**
 * The numbers of the records under what is missing. Two spans are read together if at most `maxGap` records lie between
 * them: that costs less than another read.
 */
export async function spansToRead(runs: RunList, blockLength: number, maxGap: number): Promise<Span[]> {
  const joined: { start: number; end: number }[] = [];
  for (let run = 0; run < runs.count; run++) {
    if (run % TURN_COUNT === 0) await giveWay();
    if (!runs.isMissing(run)) continue;
    const { start, end } = blocksOf(runs, run, blockLength);
    const before = joined.at(-1);
    if (before && start - before.end <= maxGap) before.end = end;
    else joined.push({ start, end });
  }
  return joined;
}

async function readBlocks({ sig, layer, runs, reads, signal }: LayerSearch): Promise<BlockIndex> {
  const { blockLength, strongLength } = sig.footer.layers[layer]!;
  const blocks = new BlockIndex(strongLength, Math.ceil(runs.missingLength / blockLength));
  let run = 0;
  let read = 0;
  for await (const batch of sig.recordsOf(layer, reads)) {
    signal?.throwIfAborted();
    const from = reads[read]!.start;
    const to = reads[read++]!.end;
    // What is missing there is in this read, to its end.
    for (; run < runs.count && runs.offset(run) < to * blockLength; run++) {
      if (!runs.isMissing(run)) continue;
      const { start, end } = blocksOf(runs, run, blockLength);
      for (let at = start; at < end; at += TURN_COUNT) {
        blocks.add(batch, at - from, Math.min(TURN_COUNT, end - at));
        await turn(signal);
      }
    }
  }
  return blocks;
}

async function createIndex(
  { sig, layer, kernel, signal }: LayerSearch,
  blocks: BlockIndex,
  left: Uint32Array,
  lastLength: number,
): Promise<SearchIndex> {
  const { layers, weakSum, strongSum, salt } = sig.footer;
  const builder = kernel.index({ weakSum, strongSum, salt, ...layers[layer]! }, "first");
  for (let at = 0; at < left.length; at += TURN_COUNT) {
    builder.add(blocks.records(left.subarray(at, at + TURN_COUNT)));
    await turn(signal);
  }
  let index = builder.finish(lastLength);
  for (; !index; index = builder.finish(lastLength)) await turn(signal);
  return index;
}

/** Lets others work, and ends if they want that. */
async function turn(signal: AbortSignal | undefined): Promise<void> {
  await giveWay();
  signal?.throwIfAborted();
}

/** Moves the blocks that have no place to the start of `left`, and returns them. */
function unfound(left: Uint32Array, places: Float64Array): Uint32Array {
  let count = 0;
  for (const block of left) {
    if (places[block] === 0) left[count++] = block;
  }
  return left.subarray(0, count);
}

/** Puts the places of blocks that were missing where they belong. */
async function merge(
  runs: RunList,
  blocks: BlockIndex,
  places: Float64Array,
  blockLength: number,
): Promise<RunList> {
  const merged = new RunList();
  let block = 0;
  let steps = 0;
  for (let run = 0; run < runs.count; run++) {
    if (++steps % TURN_COUNT === 0) await giveWay();
    const length = runs.lengthOf(run);
    if (!runs.isMissing(run)) {
      merged.add(length, runs.from(run));
      continue;
    }
    for (let at = 0; at < length; at += blockLength) {
      if (++steps % TURN_COUNT === 0) await giveWay();
      const place = places[blocks.firstOf(block++)]!;
      // A signature can say that the short last block is equal to a whole one.
      merged.add(Math.min(blockLength, length - at), place > 0 ? place - 1 : MISSING);
    }
  }
  return merged;
}

/** The numbers of the blocks that make up a run. */
function blocksOf(runs: RunList, run: number, blockLength: number): Span {
  const start = runs.offset(run);
  return { start: Math.floor(start / blockLength), end: Math.ceil((start + runs.lengthOf(run)) / blockLength) };
}
