import type { IndexBuilder, KeptBlock, SearchIndex, SumBatch, SumParams } from "../interface.ts";
import { STRONG_SUMS, WEAK_SUMS } from "../rules/sums.ts";
import type { KernelInstance } from "./instance.ts";
import { WasmSearchIndex } from "./search_index.ts";

/** What the hash of the filter can address. Beyond eight million blocks more unknown sums pass. */
const MAX_FILTER_LENGTH = 2 ** 24;
/** Records copied into the kernel's memory at a time. */
const PIECE_COUNT = 1024;

/** Collects records in the memory of an instance of its own, then makes the tables behind them. */
export class WasmIndexBuilder implements IndexBuilder {
  readonly #params: SumParams;
  readonly #kept: KeptBlock;
  readonly #instance: KernelInstance;
  /** Columns of a piece: weak, offset, check, strong. */
  readonly #columns: readonly [number, number, number, number];
  readonly #records: number;
  readonly #stride: number;
  #count = 0;

  constructor(params: SumParams, kept: KeptBlock, instance: KernelInstance) {
    this.#params = params;
    this.#kept = kept;
    this.#instance = instance;
    const column = () => instance.allocate(4 * PIECE_COUNT);
    this.#columns = [column(), column(), column(), instance.allocate(PIECE_COUNT * params.strongLength)];
    this.#records = instance.end;
    const { weakSum, strongSum, blockLength, strongLength } = params;
    const { exports } = instance;
    exports.index_init(this.#records, WEAK_SUMS[weakSum], STRONG_SUMS[strongSum].kind, blockLength, strongLength);
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
    instance.allocate(count * this.#stride);
    // Without anchors records are shorter, and the tables get that room: less than 64 bytes a block in all.
    const isAnchored = this.#params.weakSum === "anchor";
    const slotCount = Math.ceil(count / (isAnchored ? 0.75 : 0.5)) + 1;
    // At least 16 bits for each weak sum, or 32: less than one in a hundred unknown sums passes.
    const filterLength = Math.min(MAX_FILTER_LENGTH, 2 ** Math.ceil(Math.log2((isAnchored ? 2 : 4) * (count + 2))));
    const strongTable = instance.allocate(4 * slotCount);
    const weakTable = instance.allocate(4 * slotCount);
    const filter = instance.allocate(filterLength);
    const seed = Math.floor(Math.random() * 2 ** 32);
    const keepLast = this.#kept === "last" ? 1 : 0;
    const last = lastLength ?? blockLength;
    instance.exports.index_finish(strongTable, weakTable, slotCount, filter, filterLength, seed, last, keepLast);
    return new WasmSearchIndex(instance, isAnchored, count);
  }

  #addPiece(batch: SumBatch, from: number, to: number): void {
    const { strongLength, weakSum } = this.#params;
    const [weak, offset, check, strong] = this.#columns;
    const count = to - from;
    this.#instance.require(this.#records + (this.#count + count) * this.#stride);
    const { bytes, exports } = this.#instance;
    const column = (at: number) => new Uint32Array(bytes.buffer, at, count);
    column(weak).set(batch.weak.subarray(from, to));
    if (weakSum === "anchor") {
      column(offset).set(batch.offset.subarray(from, to));
      column(check).set(batch.check.subarray(from, to));
    }
    bytes.set(batch.strong.subarray(from * strongLength, to * strongLength), strong);
    exports.index_add(count, weak, offset, check, strong);
    this.#count += count;
  }
}
