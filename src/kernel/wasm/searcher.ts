import type { Searcher, SearchOptions } from "../interface.ts";
import { MATCH_FIELDS, MAX_MATCHES, TAIL_RULES } from "../rules/search.ts";
import type { KernelInstance } from "./instance.ts";

const MATCHES_LENGTH = 4 * MATCH_FIELDS * MAX_MATCHES;

/** One search in the memory of its index. */
export class WasmSearcher implements Searcher {
  settled = 0;
  falseAlarms = 0;
  goodAlarms = 0;
  readonly #instance: KernelInstance;
  readonly #state: number;
  readonly #matches: number;
  #bytesAt = 0;
  #length = 0;
  #isReleased = false;

  constructor(instance: KernelInstance, options: SearchOptions) {
    const { exports } = instance;
    const size = exports.searcher_size();
    this.#instance = instance;
    this.#state = instance.allocate(size);
    this.#matches = instance.allocate(MATCHES_LENGTH);
    instance.bytes.fill(0, this.#state, this.#state + size);
    exports.searcher_init(this.#state, this.#matches, TAIL_RULES[options.tail], options.preferNext ? 1 : 0);
  }

  get matches(): Uint32Array {
    return new Uint32Array(this.#instance.bytes.buffer, this.#matches, MATCHES_LENGTH / 4);
  }

  reserve(length: number): Uint8Array<ArrayBuffer> {
    if (length > this.#length) this.#grow(length);
    return this.#instance.bytes.subarray(this.#bytesAt, this.#bytesAt + this.#length);
  }

  search(end: number, isLast: boolean): number {
    const { exports } = this.#instance;
    const count = exports.search(this.#state, end, isLast ? 1 : 0);
    // u32, though WebAssembly returns it with a sign.
    this.settled = exports.searcher_settled(this.#state) >>> 0;
    this.falseAlarms = exports.searcher_false_alarms(this.#state);
    this.goodAlarms = exports.searcher_good_alarms(this.#state);
    return count;
  }

  shift(length: number): void {
    this.settled -= length;
    this.#instance.exports.searcher_shift(this.#state, length);
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#instance.free(this.#state, this.#instance.exports.searcher_size());
    this.#instance.free(this.#matches, MATCHES_LENGTH);
    if (this.#length > 0) this.#instance.free(this.#bytesAt, this.#length);
  }

  #grow(length: number): void {
    const at = this.#instance.allocate(length);
    this.#instance.bytes.copyWithin(at, this.#bytesAt, this.#bytesAt + this.#length);
    if (this.#length > 0) this.#instance.free(this.#bytesAt, this.#length);
    this.#bytesAt = at;
    this.#length = length;
    this.#instance.exports.searcher_set_bytes(this.#state, at);
  }
}
