/** Instances of the kernel: each has a memory and the functions of assembly/. Addresses and lengths are in bytes. */
import { RsyncError } from "../../common/rsync_error.ts";
import { MATCH_FIELDS, MAX_MATCHES } from "../rules/search.ts";
import { STRONG_SUMS, type StrongSum } from "../rules/sums.ts";
import { Place } from "./place.ts";

/** The exports of assembly/index.ts. */
export interface KernelExports {
  rollsum_blocks(src: number, blockLength: number, count: number, lastLength: number, dst: number): void;
  rabinkarp_blocks(src: number, blockLength: number, count: number, lastLength: number, dst: number): void;
  strong_key_size(): number;
  strong_key_init(kind: number, salt: number, key: number): void;
  strong_blocks(
    kind: number,
    key: number,
    src: number,
    blockLength: number,
    count: number,
    lastLength: number,
    strongLength: number,
    dst: number,
  ): void;
  digest_state_size(): number;
  digest_init(kind: number, key: number, state: number): void;
  digest_update(state: number, src: number, length: number): void;
  digest_final(state: number, dst: number): void;
  index_init(
    records: number,
    count: number,
    weakKind: number,
    strongKind: number,
    blockLength: number,
    strongLength: number,
    strongKey: number,
  ): void;
  index_stride(): number;
  index_add(count: number, weak: number, strong: number): void;
  index_tables(
    strongTable: number,
    weakTable: number,
    slotCount: number,
    filter: number,
    filterLength: number,
    keyLow: number,
    keyHigh: number,
    lastLength: number,
  ): void;
  index_insert(from: number, to: number, keepLast: number): void;
  searcher_size(): number;
  searcher_init(searcher: number, matches: number, tail: number, preferNext: number): void;
  searcher_is_cut_short(searcher: number): number;
  searcher_set_bytes(searcher: number, bytes: number): void;
  searcher_settled(searcher: number): number;
  searcher_false_alarms(searcher: number): number;
  searcher_good_alarms(searcher: number): number;
  searcher_shift(searcher: number, length: number): void;
  search(searcher: number, end: number, isLast: number): number;
}

const PAGE = 65_536;
/** The first address after the kernel's static data. */
const FIRST_FREE = PAGE;
/** Bytes that go through the kernel at a time: they stay in the cache. */
export const PIECE_LENGTH = 256 * 1024;
/** Blocks that are summed at a time, and records that are added at a time. */
export const PIECE_COUNT = 4096;
/** Room for an index that shares the memory, and for what is searched if blocks are short. Untouched, it is free. */
const FIRST_ROOM = 2 ** 20;
/** Bytes of the longest strong sum. */
const MAX_STRONG_LENGTH = 32;

/**
 * One instance. Its memory has, in this order: the kernel's static data, places whose length is fixed, and from
 * `indexAt` on an index and the bytes that are searched.
 */
export class KernelInstance {
  readonly exports: KernelExports;
  /** State of a digest. */
  readonly digest: Place;
  /** State of a search. */
  readonly search: Place;
  /** What a call takes and returns: bytes, weak sums, strong sums, matches. */
  readonly bytesAt: number;
  readonly weakAt: number;
  readonly strongAt: number;
  readonly matchesAt: number;
  readonly indexAt: number;
  readonly #keyAt: number;
  /** The index that the memory has. */
  index: object | undefined;
  readonly #memory: WebAssembly.Memory;
  #bytes: Uint8Array<ArrayBuffer>;

  constructor(module: WebAssembly.Module) {
    this.#memory = new WebAssembly.Memory({ initial: FIRST_FREE / PAGE });
    const { exports } = new WebAssembly.Instance(module, { env: { memory: this.#memory } });
    if (!exports.digest_state_size) {
      throw new WebAssembly.LinkError(
        "Cannot use the module: another one was given, this version's kernel was expected",
      );
    }
    this.exports = exports as unknown as KernelExports;
    this.#bytes = new Uint8Array(this.#memory.buffer as ArrayBuffer);
    let end = FIRST_FREE;
    const allocate = (length: number) => {
      const at = end;
      end = align(end + length);
      return at;
    };
    const place = (length: number) => new Place(allocate(length), length);
    this.digest = place(this.exports.digest_state_size());
    this.search = place(this.exports.searcher_size());
    this.bytesAt = allocate(PIECE_LENGTH);
    this.weakAt = allocate(4 * PIECE_COUNT);
    this.strongAt = allocate(MAX_STRONG_LENGTH * PIECE_COUNT);
    this.matchesAt = allocate(4 * MATCH_FIELDS * MAX_MATCHES);
    this.#keyAt = allocate(this.exports.strong_key_size());
    this.indexAt = end;
    this.require(end + FIRST_ROOM);
  }

  /** All of the memory. A view is detached when the memory grows, so ask for it each time. */
  get bytes(): Uint8Array<ArrayBuffer> {
    if (this.#bytes.buffer !== this.#memory.buffer) this.#bytes = new Uint8Array(this.#memory.buffer as ArrayBuffer);
    return this.#bytes;
  }

  get byteLength(): number {
    return this.#memory.buffer.byteLength;
  }

  /**
   * Makes the key of strong sums. It stays until another is asked for.
   *
   * @returns Its address, or 0 if there is no salt.
   */
  keyOf(strongSum: StrongSum, salt: Uint8Array | undefined): number {
    if (!salt) return 0;
    this.bytes.set(salt, this.matchesAt);
    this.exports.strong_key_init(STRONG_SUMS[strongSum].kind, this.matchesAt, this.#keyAt);
    return this.#keyAt;
  }

  /**
   * Grows the memory to `end` at least.
   *
   * @throws {RsyncError} `limit`, if the runtime refuses so much memory.
   */
  require(end: number): void {
    if (this.#reach(end)) return;
    throw new RsyncError(
      "limit",
      `Cannot use WebAssembly: the runtime refuses to make its memory longer than ${this.byteLength} bytes, ` +
        `${end} are needed`,
    );
  }

  /** Whether there is room for an index of `length` bytes. */
  canHave(length: number): boolean {
    return this.#reach(this.indexAt + length);
  }

  #reach(end: number): boolean {
    const missing = end - this.byteLength;
    // At least an eighth more. Growing is cheap in V8 and a copy elsewhere, and untouched pages take no memory.
    return missing <= 0 || this.#grow(Math.max(missing, this.byteLength / 8)) || this.#grow(missing);
  }

  #grow(length: number): boolean {
    try {
      this.#memory.grow(Math.ceil(length / PAGE));
      return true;
    } catch {
      return false;
    }
  }
}

/** The next address that suits vectors. */
export function align(address: number): number {
  return Math.ceil(address / 16) * 16;
}
