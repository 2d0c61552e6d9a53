import type { KeptBlock, Searcher, SearchIndex, SearchOptions, SumParams } from "../interface.ts";
import { ANCHOR_CAP, SHINGLE_LENGTH, TWIN_STEPS, WORST_HASH } from "../rules/anchor.ts";
import { HashTable, mix, randomSeed } from "./hash_table.ts";
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
 * One is keyed by key and strong sum and holds one of equal blocks, so hostile records cannot make a long chain in it.
 * The other is keyed by weak sum, and leads to the chain of the different blocks that have it.
 */
export class PortableSearchIndex implements SearchIndex {
  readonly params: SumParams;
  readonly records: RecordStore;
  readonly count: number;
  /** Whether one record stands for all fills, and no other has their anchor. */
  readonly hasOneFill: boolean;
  readonly #lastLength: number;
  readonly #createSearcher: IndexParts["createSearcher"];
  readonly #seed = randomSeed();
  readonly #byStrong: HashTable;
  readonly #byWeak: HashTable;
  readonly #next: Uint32Array;
  /** A bit for each weak sum, by its hash: it rules out most unknown sums without a look at a table. */
  readonly #filter: Uint8Array;
  readonly #filterMask: number;
  /** The greatest anchor hash that is not special. */
  #threshold = -1;
  #hasSpecial = false;

  constructor({ params, kept, records, lastLength, createSearcher }: IndexParts) {
    this.params = params;
    this.records = records;
    this.count = records.count;
    this.#lastLength = lastLength ?? params.blockLength;
    this.#createSearcher = createSearcher;
    this.#byStrong = new HashTable(this.count);
    this.#byWeak = new HashTable(this.count);
    this.#next = new Uint32Array(params.weakSum === "anchor" ? this.count : 0);
    this.#filter = new Uint8Array(2 ** Math.max(9, Math.ceil(Math.log2(this.count + 1))));
    this.#filterMask = 8 * this.#filter.length - 1;
    for (let k = 0; k < this.count; k++) this.#insert(k, kept);
    const worst = params.weakSum === "anchor" ? this.head(WORST_HASH) : -1;
    this.hasOneFill = worst >= 0 && this.isOfFill(worst) && this.next(worst) < 0 &&
      this.lengthOf(worst) === params.blockLength;
  }

  get byteLength(): number {
    return this.records.byteLength + this.#byStrong.byteLength + this.#byWeak.byteLength + this.#next.byteLength +
      this.#filter.byteLength;
  }

  searcher(options: SearchOptions): Searcher {
    return this.#createSearcher(this, options);
  }

  /** Length of block `k`; that of a whole block where the format does not say. */
  lengthOf(k: number): number {
    return k === this.count - 1 ? this.#lastLength : this.params.blockLength;
  }

  /** The kept block with this key and the strong sum at the start of `strong`, or -1. */
  find(key: number, strong: Uint8Array): number {
    return this.#byStrong.get(this.#strongSlot(key, strong));
  }

  /** Whether a weak sum may be known: true for some that are not. */
  mayKnow(weak: number): boolean {
    const bit = this.#filterBit(weak);
    return (this.#filter[bit >>> 3]! & (1 << (bit & 7))) !== 0;
  }

  /** Whether a shingle's hash may be that of an anchor: true for some that are not. */
  mayBeAnchor(hash: number): boolean {
    return hash <= this.#threshold || (this.#hasSpecial && this.mayKnow(hash));
  }

  /** The first record with a weak sum, or -1. */
  head(weak: number): number {
    return this.#byWeak.get(this.#weakSlot(weak));
  }

  /** The record after `k` with the same anchor, or -1. */
  next(k: number): number {
    return this.#next[k]! - 1;
  }

  /** Whether a record is that of a fill (docs/formats/rsync-streams.md, "The anchor"). */
  isOfFill(k: number): boolean {
    const { records } = this;
    return records.weak(k) === WORST_HASH && records.offset(k) === 0 && records.key(k) === 0;
  }

  #insert(k: number, kept: KeptBlock): void {
    const { records } = this;
    const slot = this.#strongSlot(records.key(k), records.strong(k));
    const isNew = this.#byStrong.get(slot) < 0;
    if (isNew || kept === "last") this.#byStrong.set(slot, k);
    if (isNew) this.#insertWeak(k);
  }

  #insertWeak(k: number): void {
    const isAnchored = this.params.weakSum === "anchor";
    // A block without a shingle cannot be met anywhere: the searcher looks for it at the end.
    if (isAnchored && this.lengthOf(k) < SHINGLE_LENGTH) return;
    const weak = this.records.weak(k);
    const slot = this.#weakSlot(weak);
    const head = this.#byWeak.get(slot);
    if (isAnchored) {
      if (this.#hasTwin(k, head)) return;
      this.#next[k] = head + 1;
      if (weak > ANCHOR_CAP) this.#hasSpecial = true;
      else this.#threshold = Math.max(this.#threshold, weak);
    }
    if (isAnchored || head < 0) this.#byWeak.set(slot, k);
    const bit = this.#filterBit(weak);
    this.#filter[bit >>> 3]! |= 1 << (bit & 7);
  }

  /** Whether an earlier record of a chain leads to the same windows with the same check. Fills do, by the hundred. */
  #hasTwin(k: number, head: number): boolean {
    const { records } = this;
    for (let i = 0, other = head; other >= 0 && i < TWIN_STEPS; i++, other = this.next(other)) {
      const isTwin = records.offset(other) === records.offset(k) && records.key(other) === records.key(k);
      if (isTwin && this.lengthOf(other) === this.lengthOf(k)) return true;
    }
    return false;
  }

  #filterBit(weak: number): number {
    return Math.imul(weak ^ (weak >>> 15), 0x9e3779b1) >>> 7 & this.#filterMask;
  }

  /** The slot of the record with this key and strong sum, or the free slot where it would go. */
  #strongSlot(key: number, strong: Uint8Array): number {
    const { strongLength } = this.params;
    let hash = key ^ this.#seed;
    for (let i = 0; i < strongLength; i++) hash = Math.imul(hash ^ strong[i]!, 0x01000193);
    const table = this.#byStrong;
    let slot = table.first(mix(hash));
    for (let k = table.get(slot); k >= 0; k = table.get(slot)) {
      if (this.records.key(k) === key && this.records.hasStrong(k, strong, 0)) break;
      slot = table.next(slot);
    }
    return slot;
  }

  /** The slot of the chain of records with this weak sum, or the free slot where it would go. */
  #weakSlot(weak: number): number {
    const table = this.#byWeak;
    let slot = table.first(mix(weak ^ this.#seed));
    for (let k = table.get(slot); k >= 0; k = table.get(slot)) {
      if (this.records.weak(k) === weak) break;
      slot = table.next(slot);
    }
    return slot;
  }
}
