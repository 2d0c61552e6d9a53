import type { Searcher, SearchOptions } from "../interface.ts";
import { MATCH_FIELDS, TAIL_RULES } from "../rules/search.ts";
import type { KernelInstance } from "./instance.ts";
import type { Guest } from "./place.ts";

/** What a search needs of its index. */
export interface LoadableIndex {
  /** Brings the index into the memory of an instance. Returns the first address behind it. */
  load(instance: KernelInstance): number;
  /** Makes the key of the strong sums, which others may have replaced. */
  useKey(instance: KernelInstance): void;
}

/** Where a search gets its instance, at its first call. */
export interface Instances {
  acquire(): KernelInstance;
  release(instance: KernelInstance): void;
}

/** One search. Its state is in the kernel's memory, with bytes of the window, until another search needs the place. */
export class WasmSearcher implements Searcher, Guest {
  settled = 0;
  falseAlarms = 0;
  goodAlarms = 0;
  isCutShort = false;
  matches = new Uint32Array();
  readonly #index: LoadableIndex;
  readonly #options: SearchOptions;
  readonly #instances: Instances;
  #used: KernelInstance | undefined;
  #state: Uint8Array<ArrayBuffer> | undefined;
  /** Bytes dropped from the start of the window since the last call. */
  #shift = 0;
  /** Where bytes of windows go, where the window starts there, and how many of its bytes are there. */
  #bytesAt = 0;
  #start = 0;
  #copied = 0;

  constructor(index: LoadableIndex, options: SearchOptions, instances: Instances) {
    this.#index = index;
    this.#options = options;
    this.#instances = instances;
  }

  search(window: readonly Uint8Array[], isLast: boolean): number {
    const length = window.reduce((length, piece) => length + piece.length, 0);
    this.#enter();
    this.#copy(window, length);
    const { exports, search: { address }, matchesAt, bytes } = this.#instance;
    if (this.#shift > 0) exports.searcher_shift(address, this.#shift);
    this.#shift = 0;
    this.#index.useKey(this.#instance);
    exports.searcher_set_bytes(address, this.#bytesAt + this.#start);
    const count = exports.search(address, length, Number(isLast));
    this.settled = exports.searcher_settled(address);
    this.falseAlarms = exports.searcher_false_alarms(address);
    this.goodAlarms = exports.searcher_good_alarms(address);
    this.isCutShort = exports.searcher_is_cut_short(address) !== 0;
    this.matches = new Uint32Array(bytes.buffer, matchesAt, MATCH_FIELDS * count).slice();
    return count;
  }

  shift(length: number): void {
    this.settled -= length;
    this.#shift += length;
    this.#start += length;
    this.#copied = Math.max(0, this.#copied - length);
  }

  leave(): void {
    const { address, length } = this.#instance.search;
    this.#state = this.#instance.bytes.slice(address, address + length);
    this.#copied = 0;
  }

  release(): void {
    const instance = this.#used;
    if (!instance) return;
    instance.search.free(this);
    this.#used = undefined;
    this.#instances.release(instance);
  }

  get #instance(): KernelInstance {
    return this.#used ??= this.#instances.acquire();
  }

  /** Brings index and state into the memory. */
  #enter(): void {
    const { search: place, exports, matchesAt } = this.#instance;
    if (!place.take(this)) return;
    this.#bytesAt = this.#index.load(this.#instance);
    const { bytes } = this.#instance;
    if (this.#state) {
      bytes.set(this.#state, place.address);
    } else {
      bytes.fill(0, place.address, place.address + place.length);
      const { tail, preferNext } = this.#options;
      exports.searcher_init(place.address, matchesAt, TAIL_RULES[tail], Number(preferNext));
    }
  }

  /** Copies the bytes that are not there. */
  #copy(window: readonly Uint8Array[], length: number): void {
    const instance = this.#instance;
    // What is there is copied again if that is little, or if there is no room behind it.
    const isLittle = this.#copied <= length - this.#copied;
    if (isLittle || this.#bytesAt + this.#start + length > instance.byteLength) {
      this.#start = 0;
      this.#copied = 0;
      // Then room for as much again: each byte of long blocks is copied once more, and not with each call.
      instance.require(this.#bytesAt + (isLittle ? length : 2 * length));
    }
    const { bytes } = instance;
    const at = this.#bytesAt + this.#start;
    let position = 0;
    for (const piece of window) {
      const skipped = Math.min(piece.length, Math.max(0, this.#copied - position));
      bytes.set(piece.subarray(skipped), at + position + skipped);
      position += piece.length;
    }
    this.#copied = length;
  }
}
