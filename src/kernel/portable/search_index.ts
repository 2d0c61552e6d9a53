import type { KeptBlock, Searcher, SearchIndex, SearchOptions, SumParams } from "../interface.ts";
import { HashTable } from "./hash_table.ts";
import { KeyedHash } from "./keyed_hash.ts";
import type { RecordStore } from "./record_store.ts";

/** What an index is made of. */
export interface IndexParts {
  readonly params: SumParams;
  readonly kept: KeptBlock;
  readonly records: RecordStore;
  /** Length of the last block, if it is known. */
  readonly lastLength: number | undefined;
  createSearcher(index: PortableSearchIndex, options: SearchOptions): Searcher;
}

/**
 * Two tables over the records.
 *
 * One is keyed by weak and strong sum and holds one of equal blocks. The other is keyed by weak sum alone, holds one
 * record of those that have it, and answers whether a weak sum is known.
 */
export class PortableSearchIndex implements SearchIndex {
  readonly params: SumParams;
  readonly records: RecordStore;
  readonly count: number;
  readonly backend = "portable";
  readonly #kept: KeptBlock;
  readonly #lastLength: number;
  readonly #createSearcher: IndexParts["createSearcher"];
  readonly #hash = new KeyedHash();
  readonly #byStrong: HashTable;
  readonly #byWeak: HashTable;
  /** A bit for each weak sum, by its hash: it rules out most unknown sums without a look at a table. */
  readonly #filter: Uint8Array;
  /** By how much the hash of a weak sum is shifted to make it the number of a bit. */
  readonly #filterShift: number;

  constructor({ params, kept, records, lastLength, createSearcher }: IndexParts) {
    this.params = params;
    this.records = records;
    this.count = records.count;
    this.#lastLength = lastLength ?? params.blockLength;
    this.#kept = kept;
    this.#createSearcher = createSearcher;
    this.#byStrong = new HashTable(this.count);
    this.#byWeak = new HashTable(this.count);
    const filterBits = Math.max(12, 3 + Math.ceil(Math.log2(this.count + 1)));
    this.#filter = new Uint8Array(2 ** (filterBits - 3));
    this.#filterShift = 32 - filterBits;
  }

  /** Puts records into the tables, in their order: from `from` on, and before `to`. */
  insert(from: number, to: number): void {
    for (let k = from; k < to; k++) this.#insert(k);
  }

  get byteLength(): number {
    return this.records.byteLength + this.#byStrong.byteLength + this.#byWeak.byteLength + this.#filter.byteLength;
  }

  searcher(options: SearchOptions): Searcher {
    return this.#createSearcher(this, options);
  }

  /** Length of block `k`; that of a whole block where the format does not say. */
  lengthOf(k: number): number {
    return k === this.count - 1 ? this.#lastLength : this.params.blockLength;
  }

  /** The kept block with this weak sum and the strong sum at the start of `strong`, or -1. */
  find(weak: number, strong: Uint8Array): number {
    return this.#byStrong.get(this.#strongSlot(weak, strong));
  }

  /** Whether a record has this weak sum. */
  knows(weak: number): boolean {
    const bit = this.#hash.filter(weak) >>> this.#filterShift;
    return (this.#filter[bit >>> 3]! & (1 << (bit & 7))) !== 0 && this.#byWeak.get(this.#weakSlot(weak)) >= 0;
  }

  #insert(k: number): void {
    const { records } = this;
    const slot = this.#strongSlot(records.weak(k), records.strong(k));
    const isNew = this.#byStrong.get(slot) < 0;
    if (isNew || this.#kept === "last") this.#byStrong.set(slot, k);
    if (isNew) this.#insertWeak(k);
  }

  #insertWeak(k: number): void {
    const weak = this.records.weak(k);
    const slot = this.#weakSlot(weak);
    if (this.#byWeak.get(slot) < 0) this.#byWeak.set(slot, k);
    const bit = this.#hash.filter(weak) >>> this.#filterShift;
    this.#filter[bit >>> 3]! |= 1 << (bit & 7);
  }

  /** The slot of the record with these sums, or the free slot where it would go. */
  #strongSlot(weak: number, strong: Uint8Array): number {
    const table = this.#byStrong;
    let slot = table.first(this.#hash.strong(weak, strong, this.params.strongLength));
    for (let k = table.get(slot); k >= 0; k = table.get(slot)) {
      if (this.records.weak(k) === weak && this.records.hasStrong(k, strong, 0)) break;
      slot = table.next(slot);
    }
    return slot;
  }

  /** The slot of the record with this weak sum, or the free slot where it would go. */
  #weakSlot(weak: number): number {
    const table = this.#byWeak;
    let slot = table.first(this.#hash.weak(weak));
    for (let k = table.get(slot); k >= 0; k = table.get(slot)) {
      if (this.records.weak(k) === weak) break;
      slot = table.next(slot);
    }
    return slot;
  }
}
