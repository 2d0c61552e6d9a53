import { ANCHOR_CAP, SHINGLE_LENGTH, TWIN_STEPS, WORST_HASH } from "../rules/anchor.ts";
import type {
  IndexBuilder,
  KeptBlock,
  Searcher,
  SearchIndex,
  SearchOptions,
  SumBatch,
  SumParams,
} from "../interface.ts";
import { AnchoredSearcher } from "./anchored_searcher.ts";
import { HashTable, mix, randomSeed } from "./hash_table.ts";
import { RecordStore } from "./record_store.ts";
import { RollingSearcher } from "./rolling_searcher.ts";
import type { RollingSum, StrongHash } from "./sums.ts";

/** Makes sums for the searchers of an index. */
export interface SumFactories {
  /** The weak sum, or undefined for anchors. */
  readonly rolling: (() => RollingSum) | undefined;
  readonly strong: () => StrongHash;
}

/** Collects records, then makes the tables. */
export class PortableIndexBuilder implements IndexBuilder {
  readonly #params: SumParams;
  readonly #kept: KeptBlock;
  readonly #sums: SumFactories;
  readonly #records: RecordStore;

  constructor(params: SumParams, kept: KeptBlock, sums: SumFactories) {
    this.#params = params;
    this.#kept = kept;
    this.#sums = sums;
    this.#records = new RecordStore(params);
  }

  add(batch: SumBatch): void {
    this.#records.add(batch);
  }

  finish(lastLength: number | undefined): SearchIndex {
    this.#records.trim();
    return new PortableIndex(this.#params, this.#kept, this.#sums, this.#records, lastLength);
  }
}

/**
 * Two tables over the records. One is keyed by check (or weak sum) and strong sum, and holds one of equal blocks: hostile
 * records cannot make a long chain in it. The other is keyed by weak sum, and leads to a chain of the different
 * blocks that have it.
 */
export class PortableIndex implements SearchIndex {
  readonly params: SumParams;
  readonly records: RecordStore;
  readonly lastLength: number | undefined;
  readonly count: number;
  readonly #sums: SumFactories;
  readonly #seed = randomSeed();
  readonly #byStrong: HashTable;
  readonly #byWeak: HashTable;
  readonly #next: Uint32Array;
  /** One bit or none for each weak sum: most that are unknown are told without a look at a table. */
  readonly #filter: Uint8Array;
  readonly #filterMask: number;
  /** The greatest anchor hash that is not special. */
  #threshold = -1;
  #hasSpecial = false;
  /** Whether one record stands for all fills, and no other has their anchor. */
  readonly hasOneFill: boolean;

  constructor(
    params: SumParams,
    kept: KeptBlock,
    sums: SumFactories,
    records: RecordStore,
    lastLength: number | undefined,
  ) {
    this.params = params;
    this.records = records;
    this.lastLength = lastLength;
    this.count = records.count;
    this.#sums = sums;
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
    const strong = this.#sums.strong();
    const rolling = this.#sums.rolling?.();
    return rolling ? new RollingSearcher(this, strong, options, rolling) : new AnchoredSearcher(this, strong, options);
  }

  /** Length of block `k`, as far as it is known. */
  lengthOf(k: number): number {
    return k === this.count - 1 ? this.lastLength ?? this.params.blockLength : this.params.blockLength;
  }

  /** The kept block with this key and the strong sum at the start of `strong`, or -1. */
  find(key: number, strong: Uint8Array): number {
    return this.#byStrong.get(this.#strongSlot(key, strong));
  }

  /** Whether a weak sum may be known. */
  mayKnow(weak: number): boolean {
    const bit = this.#filterBit(weak);
    return (this.#filter[bit >>> 3]! & (1 << (bit & 7))) !== 0;
  }

  /** Whether a shingle's hash may be an anchor. */
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

  /** Whether a record is what the rule of the format page makes of a fill: a block of period 1, 2 or 4. */
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
    // A block without a shingle has no place to be met at; the searcher looks for it at the end.
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

  /** Whether a chain leads to the same windows, with the same check, by a record before: of fill patterns there are hundreds. */
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

  /** The slot of the record with this key and strong sum, or the free one where it would be. */
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
