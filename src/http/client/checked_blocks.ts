import { RsyncError } from "../../common/rsync_error.ts";
import type { Kernel, SumBatch, SumParams } from "../../kernel/interface.ts";
import type { LayeredSig } from "../../sync/layered_sig.ts";
import type { Run } from "../protocol/run_list.ts";

/** The layer whose blocks are checked: the coarsest, since planning has read all of its records. */
const LAYER = 0;
/** Records read at a time. */
const RECORDS_AT_ONCE = 4096;

type Bytes = Uint8Array<ArrayBuffer>;

/** What the blocks of a file are compared with. */
interface BlockCheck {
  readonly sig: LayeredSig;
  /** Computes their sums. */
  readonly kernel: Kernel;
  /** Fetches bytes of the file. */
  fetchRun(run: Run): AsyncIterable<Uint8Array>;
}

/**
 * Compares the blocks of a file with their sums before they are given on. A block that differs, since sums of shorter
 * blocks were equal by chance or bytes went wrong on their way, is fetched whole.
 *
 * @param chunks The file, from its start to its end, in chunks of any length.
 * @param check What blocks are compared with, and by.
 * @returns The file, a block at a time.
 * @throws {RsyncError} If what was fetched in place of a block differs too: `digest-mismatch`.
 */
export async function* checkedBlocks(
  chunks: AsyncIterable<Bytes>,
  { sig, kernel, fetchRun }: BlockCheck,
): AsyncGenerator<Bytes, void, void> {
  const { fileLength, layers, weakSum, strongSum, salt } = sig.footer;
  const { blockLength, strongLength } = layers[LAYER]!;
  const params: SumParams = { weakSum, strongSum, strongLength, blockLength, salt };
  const records = new Records(sig);
  let offset = 0;
  for await (const block of inBlocks(chunks, blockLength)) {
    const record = await records.next();
    let checked = block;
    if (!isEqual(sumOf(kernel, block, params), record)) {
      const length = Math.min(blockLength, fileLength - offset);
      checked = await gather(fetchRun({ offset, length }), length);
      if (!isEqual(sumOf(kernel, checked, params), record)) {
        const why = `the block of ${length} bytes at offset ${offset} has other sums than the signature`;
        throw new RsyncError("digest-mismatch", `Cannot update the file: ${why}`);
      }
    }
    offset += checked.length;
    yield checked;
  }
}

/** A record: a weak sum and a strong sum. */
interface BlockRecord {
  readonly weak: number;
  readonly strong: Uint8Array;
}

/** The records of the layer, one after the other. */
class Records {
  readonly #sig: LayeredSig;
  readonly #count: number;
  #next = 0;
  #start = 0;
  #batch: SumBatch | undefined;

  constructor(sig: LayeredSig) {
    this.#sig = sig;
    this.#count = sig.recordCount(LAYER);
  }

  async next(): Promise<BlockRecord> {
    if (!this.#batch || this.#next === this.#start + this.#batch.count) {
      this.#start = this.#next;
      this.#batch = await this.#sig.records(LAYER, this.#next, Math.min(this.#count, this.#next + RECORDS_AT_ONCE));
    }
    const k = this.#next++ - this.#start;
    return recordAt(this.#batch, k, this.#sig.footer.layers[LAYER]!.strongLength);
  }
}

function sumOf(kernel: Kernel, block: Bytes, params: SumParams): BlockRecord {
  const summer = kernel.summer(params);
  const batch = summer.sum(block);
  if (batch.count > 0) return recordAt(batch, 0, params.strongLength);
  return recordAt(summer.finish(true), 0, params.strongLength);
}

function recordAt({ weak, strong }: SumBatch, k: number, strongLength: number): BlockRecord {
  return { weak: weak[k]!, strong: strong.slice(k * strongLength, (k + 1) * strongLength) };
}

function isEqual(a: BlockRecord, b: BlockRecord): boolean {
  return a.weak === b.weak && a.strong.every((byte, i) => byte === b.strong[i]);
}

/** Cuts chunks into blocks with buffers of their own; the last may be shorter. */
async function* inBlocks(chunks: AsyncIterable<Bytes>, blockLength: number): AsyncGenerator<Bytes, void, void> {
  let block = new Uint8Array(blockLength);
  let filled = 0;
  for await (let chunk of chunks) {
    while (chunk.length > 0) {
      const part = chunk.subarray(0, blockLength - filled);
      block.set(part, filled);
      filled += part.length;
      chunk = chunk.subarray(part.length);
      if (filled < blockLength) continue;
      yield block;
      block = new Uint8Array(blockLength);
      filled = 0;
    }
  }
  if (filled > 0) yield block.slice(0, filled);
}

async function gather(pieces: AsyncIterable<Uint8Array>, length: number): Promise<Bytes> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for await (const piece of pieces) {
    bytes.set(piece.subarray(0, length - at), at);
    at += piece.length;
  }
  return bytes;
}
