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
import { RecordStore } from "./record_store.ts";
import { RollingSearcher } from "./rolling_searcher.ts";
import { PortableSearchIndex } from "./search_index.ts";
import type { RollingSum, StrongHash } from "./sums.ts";

/** Makes sums for the searchers of an index. */
export interface SumFactories {
  /** The weak sum, or undefined for anchors. */
  readonly rolling: (() => RollingSum) | undefined;
  readonly strong: () => StrongHash;
}

/** Collects records, then makes the index over them. */
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
    return new PortableSearchIndex({
      params: this.#params,
      kept: this.#kept,
      records: this.#records,
      lastLength,
      createSearcher: (index, options) => this.#createSearcher(index, options),
    });
  }

  #createSearcher(index: PortableSearchIndex, options: SearchOptions): Searcher {
    const strong = this.#sums.strong();
    const rolling = this.#sums.rolling?.();
    return rolling
      ? new RollingSearcher(index, strong, options, rolling)
      : new AnchoredSearcher(index, strong, options);
  }
}
