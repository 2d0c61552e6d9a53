import type { IndexBuilder, KeptBlock, SearchIndex, SumBatch, SumParams } from "../interface.ts";
import { RecordStore } from "./record_store.ts";
import { PortableSearchIndex } from "./search_index.ts";
import { PortableSearcher } from "./searcher.ts";
import type { RollingSum, StrongHash } from "./sums.ts";

/** Makes sums for the searchers of an index. */
export interface SumFactories {
  readonly rolling: () => RollingSum;
  readonly strong: () => StrongHash;
}

/** Records put into the tables in one call: that takes some ten milliseconds. */
const TURN_COUNT = 16_384;

/** Collects records, then makes the index over them. */
export class PortableIndexBuilder implements IndexBuilder {
  readonly #params: SumParams;
  readonly #kept: KeptBlock;
  readonly #sums: SumFactories;
  readonly #records: RecordStore;
  #index: PortableSearchIndex | undefined;
  #inserted = 0;

  constructor(params: SumParams, kept: KeptBlock, sums: SumFactories) {
    this.#params = params;
    this.#kept = kept;
    this.#sums = sums;
    this.#records = new RecordStore(params);
  }

  add(batch: SumBatch): void {
    this.#records.add(batch);
  }

  finish(lastLength: number | undefined): SearchIndex | undefined {
    const index = this.#index ??= this.#createIndex(lastLength);
    const from = this.#inserted;
    this.#inserted = Math.min(index.count, from + TURN_COUNT);
    index.insert(from, this.#inserted);
    return this.#inserted === index.count ? index : undefined;
  }

  #createIndex(lastLength: number | undefined): PortableSearchIndex {
    this.#records.trim();
    return new PortableSearchIndex({
      params: this.#params,
      kept: this.#kept,
      records: this.#records,
      lastLength,
      createSearcher: (index, options) =>
        new PortableSearcher(index, options, this.#sums.rolling(), this.#sums.strong()),
    });
  }
}
