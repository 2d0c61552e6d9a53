import type { Searcher, SearchIndex, SearchOptions } from "../interface.ts";
import type { KernelInstance } from "./instance.ts";
import { WasmSearcher } from "./searcher.ts";

/** Records and tables in the memory of one instance, which its searchers share. */
export class WasmSearchIndex implements SearchIndex {
  readonly count: number;
  readonly byteLength: number;
  readonly #instance: KernelInstance;

  constructor(instance: KernelInstance, count: number) {
    this.#instance = instance;
    this.count = count;
    this.byteLength = instance.end;
  }

  searcher(options: SearchOptions): Searcher {
    return new WasmSearcher(this.#instance, options);
  }
}
