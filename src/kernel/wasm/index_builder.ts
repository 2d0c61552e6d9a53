import type { IndexBuilder, KeptBlock, SearchIndex, SumBatch, SumParams } from "../interface.ts";
import { RecordStore } from "../portable/record_store.ts";
import { randomKey } from "../random_key.ts";
import { STRONG_SUMS, WEAK_SUMS } from "../rules/sums.ts";
import { type KernelInstance, PIECE_COUNT } from "./instance.ts";
import type { InstancePool } from "./instance_pool.ts";
import { type IndexLayout, indexLayout, WasmSearchIndex } from "./search_index.ts";

/** Bytes of an index that is copied into the shared memory when it is searched: that takes some ten microseconds. */
const MAX_SHARED_LENGTH = 256 * 1024;
/** Records put into the tables in one call: that takes some milliseconds. */
const TURN_COUNT = 65_536;
/** Bytes of tables that are zeroed in one call: pages that were never touched take some ten milliseconds. */
const ZEROED_LENGTH = 2 ** 24;

/** Collects records: outside of the kernel's memory while they are few, then in an instance for them alone. */
export class WasmIndexBuilder implements IndexBuilder {
  readonly #params: SumParams;
  readonly #kept: KeptBlock;
  readonly #pool: InstancePool;
  readonly #createFallback: () => IndexBuilder;
  readonly #stride: number;
  /** Records that are not in an instance. */
  readonly #records: RecordStore;
  /** Whether an instance was asked for, and the one that there was. */
  #hasAsked = false;
  #instance: KernelInstance | undefined;
  /** Records in an instance. */
  #count = 0;
  #index: WasmSearchIndex | undefined;
  #fallback: IndexBuilder | undefined;
  #inserted = 0;
  /** Bytes of the tables that are zeroed. */
  #zeroed = 0;

  /** @param createFallback Makes what takes over where there is no memory. */
  constructor(params: SumParams, kept: KeptBlock, pool: InstancePool, createFallback: () => IndexBuilder) {
    this.#params = params;
    this.#kept = kept;
    this.#pool = pool;
    this.#createFallback = createFallback;
    this.#stride = 4 + params.strongLength;
    this.#records = new RecordStore(params);
  }

  add(batch: SumBatch): void {
    if (this.#instance) return this.#addTo(this.#instance, batch);
    this.#records.add(batch);
    if (this.#hasAsked || this.#layout(this.#records.count).byteLength <= MAX_SHARED_LENGTH) return;
    this.#hasAsked = true;
    const instance = this.#pool.acquire();
    if (!instance) return;
    this.#move(instance);
    this.#instance = instance;
  }

  finish(lastLength: number | undefined): SearchIndex | undefined {
    if (!this.#instance) return this.#finishShared(lastLength);
    const instance = this.#instance;
    this.#index ??= this.#createIndex(instance, lastLength);
    if (this.#zero(instance, ZEROED_LENGTH)) return undefined;
    this.#insert(instance, Math.min(this.#count, this.#inserted + TURN_COUNT));
    return this.#inserted === this.#count ? this.#index : undefined;
  }

  /**
   * Makes the index in the shared memory, in one go since others work there too, and copies it out. If that memory
   * cannot grow so far, the portable backend makes it.
   */
  #finishShared(lastLength: number | undefined): SearchIndex | undefined {
    const { shared } = this.#pool;
    const { byteLength } = this.#layout(this.#records.count);
    if (this.#fallback || !shared.canHave(byteLength)) return this.#finishPortable(lastLength);
    shared.search.take(undefined);
    this.#move(shared);
    const index = this.#createIndex(shared, lastLength);
    this.#zero(shared, Infinity);
    this.#insert(shared, this.#count);
    index.save(shared);
    return index;
  }

  #finishPortable(lastLength: number | undefined): SearchIndex | undefined {
    if (!this.#fallback) {
      this.#fallback = this.#createFallback();
      for (const batch of this.#records.take()) this.#fallback.add(batch);
    }
    return this.#fallback.finish(lastLength);
  }

  #layout(count: number): IndexLayout {
    return indexLayout(count, this.#stride);
  }

  #createIndex(instance: KernelInstance, lastLength: number | undefined): WasmSearchIndex {
    const layout = this.#layout(this.#count);
    const index = new WasmSearchIndex({
      params: this.#params,
      layout,
      lastLength: lastLength ?? this.#params.blockLength,
      key: randomKey(),
      pool: this.#pool,
      instance: this.#instance,
    });
    const { indexAt } = instance;
    instance.require(indexAt + layout.byteLength);
    index.select(instance);
    return index;
  }

  /** Zeroes the next bytes of the tables, `most` of them. Returns whether there was anything to do. */
  #zero({ bytes, indexAt }: KernelInstance, most: number): boolean {
    const { strongTable, byteLength } = this.#layout(this.#count);
    const start = strongTable + this.#zeroed;
    const end = Math.min(byteLength, start + most);
    bytes.fill(0, indexAt + start, indexAt + end);
    this.#zeroed = end - strongTable;
    return end > start;
  }

  #insert(instance: KernelInstance, to: number): void {
    instance.exports.index_insert(this.#inserted, to, Number(this.#kept === "last"));
    this.#inserted = to;
  }

  /** Moves the records into the memory of an instance. */
  #move(instance: KernelInstance): void {
    const { blockLength, strongLength, weakSum, strongSum, salt } = this.#params;
    const { kind } = STRONG_SUMS[strongSum];
    const key = instance.keyOf(strongSum, salt);
    instance.exports.index_init(instance.indexAt, 0, WEAK_SUMS[weakSum], kind, blockLength, strongLength, key);
    for (const batch of this.#records.take()) this.#addTo(instance, batch);
  }

  #addTo(instance: KernelInstance, batch: SumBatch): void {
    for (let from = 0; from < batch.count; from += PIECE_COUNT) {
      this.#addPiece(instance, batch, from, Math.min(batch.count, from + PIECE_COUNT));
    }
  }

  #addPiece(instance: KernelInstance, batch: SumBatch, from: number, to: number): void {
    const { strongLength } = this.#params;
    const count = to - from;
    instance.require(instance.indexAt + (this.#count + count) * this.#stride);
    const { bytes, exports, weakAt, strongAt } = instance;
    new Uint32Array(bytes.buffer, weakAt, count).set(batch.weak.subarray(from, to));
    bytes.set(batch.strong.subarray(from * strongLength, to * strongLength), strongAt);
    exports.index_add(count, weakAt, strongAt);
    this.#count += count;
  }
}
