/**
 * What a backend of the kernel offers: the loops that touch every byte.
 *
 * A caller hands over many bytes, and keeps those that it will need again: a backend that waits holds no more than part
 * of a block. Results come in columns, so no object is made for each block.
 *
 * All offsets and lengths are in bytes. Both backends give the same results for the same calls.
 */
import type { TailRule } from "./rules/search.ts";
import type { StrongSum, WeakSum } from "./rules/sums.ts";

export type { StrongSum, TailRule, WeakSum };

/**
 * The name of a backend.
 *
 * @example Which one computes here
 * ```ts
 * import { type Backend, sigStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const backend: Backend = sigStream().backend;
 * assert.ok(backend === "wasm" || backend === "portable");
 * ```
 */
export type Backend = "wasm" | "portable";

/**
 * Options of whatever computes sums of blocks.
 *
 * @example Without WebAssembly
 * ```ts
 * import { type BackendOptions, sigStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const options: BackendOptions = { backend: "portable" };
 * assert.equal(sigStream(options).backend, "portable");
 * ```
 */
export interface BackendOptions {
  /**
   * Which backend computes them. `"portable"` compiles no WebAssembly, not for a digest either: for pages whose content
   * security policy refuses it and reports each attempt. `"wasm"` is an error where the runtime refuses it.
   * @default {"wasm"} where the runtime allows it, else `"portable"`
   */
  backend?: Backend | undefined;
}

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

/**
 * The sums of consecutive blocks, in columns.
 *
 * @example The first record
 * ```ts
 * import { LayeredSig, layeredSigStream, type SumBatch } from "rsync-streams/sync";
 * import assert from "node:assert/strict";
 *
 * const file = new Blob(["some text, ".repeat(5000)]);
 * const sig = await new Response(file.stream().pipeThrough(layeredSigStream())).blob();
 *
 * const layered = await LayeredSig.open(sig);
 * const batch: SumBatch = await layered.records(0, 0, 1);
 * assert.equal(batch.count, 1);
 * assert.ok(batch.weak.length >= 1);
 * ```
 */
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
  /**
   * Takes the next bytes of a file, and sums blocks that are complete: it may wait for more of them. The batch is valid
   * until the next call.
   */
  sum(bytes: Uint8Array): SumBatch;
  /**
   * Sums the blocks that are left. The summer is not used afterwards.
   *
   * @param hasShort Whether a short last block is one of them.
   */
  finish(hasShort: boolean): SumBatch;
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
   * Makes the index, or part of it: until it is complete undefined is returned, and others can work before the next
   * call. The builder is not used afterwards.
   *
   * @param lastLength Length of the last block, or undefined if the format does not say.
   */
  finish(lastLength: number | undefined): SearchIndex | undefined;
}

/** Which of several equal blocks is kept, to stand for all of them. */
export type KeptBlock = "first" | "last";

/** Indexed records: immutable, and shared by any number of searchers. */
export interface SearchIndex {
  readonly count: number;
  /** Which backend searches it: not the one asked for, if blocks are very long or memory is short. */
  readonly backend: Backend;
  /** Bytes of memory that it holds. */
  readonly byteLength: number;
  searcher(options: SearchOptions): Searcher;
}

/**
 * Looks for blocks in a target that is seen through a window.
 *
 * What is found depends only on the target's bytes, never on how they were split over calls.
 */
export interface Searcher {
  /**
   * Searches on, as far as the bytes and some milliseconds allow.
   *
   * @param window Pieces of the target, from the start of the window on: those of the last call, and more.
   * @param isLast Whether the target ends there.
   * @returns The number of matches in `matches`.
   */
  search(window: readonly Uint8Array[], isLast: boolean): number;
  /** Whether the last search had found or done enough before it came to the end: call again with the same bytes. */
  readonly isCutShort: boolean;
  /** Moves the start of the window behind its first `length` bytes, at most to `settled`. */
  shift(length: number): void;
  /**
   * Three numbers for each match: where it starts in the window, the block, and the length. Matches of consecutive
   * blocks are joined.
   */
  readonly matches: Uint32Array;
  /** Everything in the window before this is decided: part of a match, or literal. */
  readonly settled: number;
  /** Windows with a known weak sum and an unknown strong sum. */
  readonly falseAlarms: number;
  /** Windows with known weak and strong sums: blocks matched. */
  readonly goodAlarms: number;
  /** Gives memory back sooner than the garbage collector does. The searcher is not used afterwards. */
  release(): void;
}

/** One backend. */
export interface Kernel {
  readonly backend: Backend;
  /** @throws {TypeError} If there is a salt, and the strong sum has no key. */
  summer(params: SumParams): BlockSummer;
  /** @throws {TypeError} If there is a salt, and the strong sum has no key. */
  index(params: SumParams, kept: KeptBlock): IndexBuilder;
}
