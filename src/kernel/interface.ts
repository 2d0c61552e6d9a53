/**
 * What a backend of the kernel offers: the loops that touch every byte.
 *
 * The interface suits a backend whose data lies in one linear memory, as WebAssembly's does. A caller puts bytes
 * straight into that memory (`reserve`), then asks for a large batch of work in one call. Results come in columns,
 * so no object is made for each block.
 *
 * All offsets and lengths are in bytes. Both backends give the same results for the same calls.
 */
import type { TailRule } from "./rules/search.ts";
import type { StrongSum, WeakSum } from "./rules/sums.ts";

export type { StrongSum, TailRule, WeakSum };

/** Which backend runs. */
export type Backend = "wasm" | "portable";

/** Which sums to compute, over blocks of which length. */
export interface SumParams {
  readonly weakSum: WeakSum;
  readonly strongSum: StrongSum;
  /** Bytes kept of each strong sum. */
  readonly strongLength: number;
  /** Bytes of a block. */
  readonly blockLength: number;
  /**
   * The 16 bytes that strong sums are keyed with, if they are: `"blake3"` with the salt and 16 zero bytes as its key,
   * `"blake2b"` with the salt. The others have no key.
   */
  readonly salt?: Uint8Array | undefined;
}

/** The sums of consecutive blocks, in columns. */
export interface SumBatch {
  /** Blocks in the batch; columns may be longer. */
  count: number;
  /** Weak sums. */
  weak: Uint32Array;
  /** Strong sums, packed: `count * strongLength` bytes. */
  strong: Uint8Array;
}

/** Sums blocks for a signature. */
export interface BlockSummer {
  /** Returns memory of at least `length` bytes, with the bytes that were in it. Views returned before are stale. */
  reserve(length: number): Uint8Array<ArrayBuffer>;
  /**
   * Sums the blocks in the first `length` bytes of the memory. Only the last block of a file may be short. The batch is
   * valid until the next call.
   */
  sum(length: number): SumBatch;
  /** Gives the memory back. The summer is not used afterwards. */
  release(): void;
}

/** A digest of a whole file, unkeyed, 256 bits. */
export interface Digest {
  update(bytes: Uint8Array): void;
  digest(): Uint8Array<ArrayBuffer>;
  /** Gives the memory back. The digest is not used afterwards. */
  release(): void;
}

/** How a search treats what it finds. */
export interface SearchOptions {
  readonly tail: TailRule;
  /** Whether to prefer, among equal blocks, the one after the block just matched. If not, the kept block is taken. */
  readonly preferNext: boolean;
}

/** Takes the records of a signature, in order. */
export interface IndexBuilder {
  add(batch: SumBatch): void;
  /**
   * Makes the index. The builder is not used afterwards.
   *
   * @param lastLength Length of the last block, or undefined if the format does not say.
   */
  finish(lastLength: number | undefined): SearchIndex;
}

/** Which of several equal blocks is kept, to stand for all of them. */
export type KeptBlock = "first" | "last";

/** Indexed records: immutable, and shared by any number of searchers. */
export interface SearchIndex {
  readonly count: number;
  /** Bytes of memory that it holds. */
  readonly byteLength: number;
  searcher(options: SearchOptions): Searcher;
}

/**
 * Looks for blocks in a target that is seen through a window of memory.
 *
 * What is found depends only on the target's bytes, never on how they were split over calls.
 */
export interface Searcher {
  /** As {@linkcode BlockSummer.reserve}. */
  reserve(length: number): Uint8Array<ArrayBuffer>;
  /**
   * Searches on, as far as the bytes allow.
   *
   * @param end Bytes of the memory that hold target.
   * @param isLast Whether the target ends there.
   * @returns The number of matches in `matches`. If it is `MAX_MATCHES`, there may be more to find: call again.
   */
  search(end: number, isLast: boolean): number;
  /** Called when the first `length` bytes of the target in memory were dropped and the rest moved to the front. */
  shift(length: number): void;
  /**
   * Three numbers for each match: where it starts in memory, the block, and the length. Matches of consecutive blocks
   * are joined.
   */
  readonly matches: Uint32Array;
  /** Everything in memory before this is decided: part of a match, or literal. */
  readonly settled: number;
  /** Windows with a known weak sum and an unknown strong sum. */
  readonly falseAlarms: number;
  /** Windows with known weak and strong sums: blocks matched. */
  readonly goodAlarms: number;
  /** Gives the memory back. The searcher is not used afterwards. */
  release(): void;
}

/** One backend. */
export interface Kernel {
  readonly backend: Backend;
  /** @throws {TypeError} If there is a salt, and the strong sum has no key. */
  summer(params: SumParams): BlockSummer;
  /** @throws {TypeError} If a digest cannot be of this sum: MD4 is broken. */
  digest(strongSum: StrongSum): Digest;
  /** @throws {TypeError} If there is a salt, and the strong sum has no key. */
  index(params: SumParams, kept: KeptBlock): IndexBuilder;
}
