import type { Searcher, SearchIndex, SearchOptions, SumParams } from "../interface.ts";
import { STRONG_SUMS, WEAK_SUMS } from "../rules/sums.ts";
import { align, type KernelInstance } from "./instance.ts";
import type { InstancePool } from "./instance_pool.ts";
import { type LoadableIndex, WasmSearcher } from "./searcher.ts";

/** What the hash of the filter can address. Beyond eight million blocks more unknown sums pass. */
const MAX_FILTER_LENGTH = 2 ** 24;
/** A searcher of longer blocks gets an instance of its own, if there is one: it needs room for two of them. */
const MAX_SHARED_BLOCK_LENGTH = 2 ** 20;

/** Where the parts of an index lie, in bytes from its start: the records are first. */
export interface IndexLayout {
  readonly count: number;
  readonly slotCount: number;
  readonly strongTable: number;
  readonly weakTable: number;
  readonly filter: number;
  readonly filterLength: number;
  readonly byteLength: number;
}

/** The layout of an index of `count` records of `stride` bytes. */
export function indexLayout(count: number, stride: number): IndexLayout {
  // Half full: less than 64 bytes a block in all, with whole strong sums.
  const slotCount = 2 * count + 1;
  // At least 32 bits for each weak sum: less than one in a hundred unknown sums passes.
  const filterLength = Math.min(MAX_FILTER_LENGTH, 2 ** Math.ceil(Math.log2(4 * (count + 2))));
  const strongTable = align(count * stride);
  const weakTable = strongTable + align(4 * slotCount);
  const filter = weakTable + align(4 * slotCount);
  return { count, slotCount, strongTable, weakTable, filter, filterLength, byteLength: align(filter + filterLength) };
}

/** What an index is made of. */
export interface WasmIndexParts {
  readonly params: SumParams;
  readonly layout: IndexLayout;
  readonly lastLength: number;
  /** Key of the hashes. */
  readonly key: readonly [low: number, high: number];
  readonly pool: InstancePool;
  /** The instance that has the index and nothing else. */
  readonly instance: KernelInstance | undefined;
}

/**
 * Records and tables. A long index has an instance to itself. Others wait outside of the kernel's memory, and are
 * copied into it when they are searched and another was there.
 */
export class WasmSearchIndex implements SearchIndex, LoadableIndex {
  readonly backend = "wasm";
  readonly #parts: WasmIndexParts;
  /** The index, if it has no instance. */
  #bytes: Uint8Array<ArrayBuffer> | undefined;

  constructor(parts: WasmIndexParts) {
    this.#parts = parts;
  }

  get count(): number {
    return this.#parts.layout.count;
  }

  get byteLength(): number {
    return this.#parts.layout.byteLength;
  }

  searcher(options: SearchOptions): Searcher {
    const { instance, params, pool } = this.#parts;
    const isLong = params.blockLength > MAX_SHARED_BLOCK_LENGTH;
    return new WasmSearcher(this, options, {
      acquire: () => instance ?? (isLong ? pool.acquire() : undefined) ?? pool.shared,
      release: (used) => {
        if (used !== instance && used !== pool.shared) pool.release(used);
      },
    });
  }

  /** Copies the index out of the memory that it was made in. */
  save({ bytes, indexAt }: KernelInstance): void {
    this.#bytes = bytes.slice(indexAt, indexAt + this.byteLength);
  }

  useKey(instance: KernelInstance): void {
    const { strongSum, salt } = this.#parts.params;
    instance.keyOf(strongSum, salt);
  }

  load(instance: KernelInstance): number {
    const { indexAt } = instance;
    const end = indexAt + this.byteLength;
    if (instance.index !== this) {
      instance.require(end);
      if (this.#bytes) instance.bytes.set(this.#bytes, indexAt);
      this.select(instance);
    }
    return end;
  }

  /** Lets the kernel work with the index, which lies in its memory. */
  select(instance: KernelInstance): void {
    const { params, layout, lastLength, key: [low, high] } = this.#parts;
    const { exports, indexAt: at } = instance;
    const { count, slotCount, strongTable, weakTable, filter, filterLength } = layout;
    const { blockLength, strongLength, weakSum, strongSum, salt } = params;
    const key = instance.keyOf(strongSum, salt);
    const { kind } = STRONG_SUMS[strongSum];
    exports.index_init(at, count, WEAK_SUMS[weakSum], kind, blockLength, strongLength, key);
    const tables = [at + strongTable, at + weakTable, slotCount, at + filter, filterLength] as const;
    exports.index_tables(...tables, low, high, lastLength);
    instance.index = this;
  }
}
