import type { IndexBuilder, KeptBlock, SearchIndex, SumBatch, SumParams } from "../interface.ts";
import { randomKey } from "../random_key.ts";
import { STRONG_SUMS, WEAK_SUMS } from "../rules/sums.ts";
import type { KernelInstance } from "./instance.ts";
import { WasmSearchIndex } from "./search_index.ts";
import { makeStrongKey } from "./strong_key.ts";

/** What the hash of the filter can address. Beyond eight million blocks more unknown sums pass. */
const MAX_FILTER_LENGTH = 2 ** 24;
/** Records copied into the kernel's memory at a time. */
const PIECE_COUNT = 1024;

/** Collects records in the memory of an instance of its own, then makes the tables behind them. */
export class WasmIndexBuilder implements IndexBuilder {
  readonly #params: SumParams;
  readonly #kept: KeptBlock;
  readonly #instance: KernelInstance;
  /** Columns of a piece. */
  readonly #weak: number;
  readonly #strong: number;
  readonly #records: number;
  readonly #stride: number;
  #count = 0;

  constructor(params: SumParams, kept: KeptBlock, instance: KernelInstance) {
    this.#params = params;
    this.#kept = kept;
    this.#instance = instance;
    this.#weak = instance.allocate(4 * PIECE_COUNT);
    this.#strong = instance.allocate(PIECE_COUNT * params.strongLength);
    const key = makeStrongKey(instance, params);
    this.#records = instance.end;
    const { weakSum, strongSum, blockLength, strongLength } = params;
    const { exports } = instance;
    const { kind } = STRONG_SUMS[strongSum];
    exports.index_init(this.#records, WEAK_SUMS[weakSum], kind, blockLength, strongLength, key);
    this.#stride = exports.index_stride();
  }

  add(batch: SumBatch): void {
    for (let from = 0; from < batch.count; from += PIECE_COUNT) {
      this.#addPiece(batch, from, Math.min(batch.count, from + PIECE_COUNT));
    }
  }

  finish(lastLength: number | undefined): SearchIndex {
    const { blockLength } = this.#params;
    const instance = this.#instance;
    const count = this.#count;
    // The records were written there ahead; tables have to be zeros.
    instance.allocateFresh(count * this.#stride);
    // Half full: less than 64 bytes a block in all, with whole strong sums.
    const slotCount = 2 * count + 1;
    // At least 32 bits for each weak sum: less than one in a hundred unknown sums passes.
    const filterLength = Math.min(MAX_FILTER_LENGTH, 2 ** Math.ceil(Math.log2(4 * (count + 2))));
    const strongTable = instance.allocateFresh(4 * slotCount);
    const weakTable = instance.allocateFresh(4 * slotCount);
    const filter = instance.allocateFresh(filterLength);
    const [low, high] = randomKey();
    const keepLast = this.#kept === "last" ? 1 : 0;
    const last = lastLength ?? blockLength;
    instance.exports.index_finish(strongTable, weakTable, slotCount, filter, filterLength, low, high, last, keepLast);
    return new WasmSearchIndex(instance, count);
  }

  #addPiece(batch: SumBatch, from: number, to: number): void {
    const { strongLength } = this.#params;
    const count = to - from;
    this.#instance.require(this.#records + (this.#count + count) * this.#stride);
    const { bytes, exports } = this.#instance;
    new Uint32Array(bytes.buffer, this.#weak, count).set(batch.weak.subarray(from, to));
    bytes.set(batch.strong.subarray(from * strongLength, to * strongLength), this.#strong);
    exports.index_add(count, this.#weak, this.#strong);
    this.#count += count;
  }
}
