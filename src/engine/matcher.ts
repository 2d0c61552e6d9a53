import { hex } from "../common/bytes.ts";
import type { Searcher } from "../kernel/interface.ts";
import { InputWindow } from "./input_window.ts";
import type { DeltaEvent, Digest } from "./interface.ts";
import { BUSY, DONE, type SourceResult, type Stage } from "./stage.ts";
import type { DeltaStats } from "./stats.ts";

/** Bytes to gather for a call of the kernel; and blocks, so that it can sum four at a time, unless they are long. */
const SEARCH_LENGTH = 128 * 1024;
const SEARCH_BLOCKS = 2;
const MAX_SEARCH_LENGTH = 2 ** 22;
/** Bytes of a chunk taken in at a time, so that what the kernel does with them stays in the cache. */
const TAKE_LENGTH = 256 * 1024;
/** Bytes taken in before others can work. */
const TURN_LENGTH = 2 ** 20;
const NO_BYTES = new Uint8Array(0);
const NO_MATCHES = new Uint32Array(0);

/** What a matcher needs. */
export interface MatcherParts {
  readonly searcher: Searcher;
  readonly blockLength: number;
  readonly sigCount: number;
  /** Digest of the whole target, if the delta shall carry it. */
  readonly digest: Digest | undefined;
}

/**
 * Target bytes → the commands of a delta. The window holds what is not decided: up to a block, and what was gathered
 * for the next search. Literal bytes are views of it.
 */
export class Matcher implements Stage<Uint8Array<ArrayBuffer>, DeltaEvent> {
  readonly stats: DeltaStats;
  readonly #parts: MatcherParts;
  readonly #window = new InputWindow();
  /** Bytes to gather before a search. */
  readonly #searchLength: number;
  #chunk = NO_BYTES;
  #at = 0;
  /** What the last search found, three numbers a match; how many there are, and how many were given. */
  #matches: Uint32Array = NO_MATCHES;
  #matchCount = 0;
  #matchesGiven = 0;
  /** Everything in the window before this is decided, and before this was given. */
  #settled = 0;
  #given = 0;
  /** Everything in the window before this was there when the kernel was called last. */
  #searched = 0;
  /** Bytes taken in since others could work. */
  #worked = 0;
  #hasStarted = false;
  #isEnded = false;
  /** Whether the end of the target was searched. */
  #isSearched = false;
  #isDone = false;

  constructor(parts: MatcherParts) {
    const { blockLength, sigCount } = parts;
    this.#parts = parts;
    this.#searchLength = Math.min(MAX_SEARCH_LENGTH, Math.max(SEARCH_LENGTH, SEARCH_BLOCKS * blockLength));
    this.stats = { bytesIn: 0, bytesOut: 0, sigCount, falseAlarms: 0, goodAlarms: 0, copiedBytes: 0, literalBytes: 0 };
  }

  write(chunk: Uint8Array<ArrayBuffer>): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  end(): void {
    this.#isEnded = true;
  }

  next(): SourceResult<DeltaEvent> {
    if (!this.#hasStarted) {
      this.#hasStarted = true;
      return { type: "start", hasDigest: this.#parts.digest !== undefined };
    }
    for (;;) {
      const found = this.#nextFound();
      if (found) return found;
      if (this.#parts.searcher.isCutShort) {
        this.#search();
        return BUSY;
      }
      if (this.#at < this.#chunk.length) {
        if (this.#takeIn()) return BUSY;
      } else if (!this.#isEnded) {
        this.#dropGiven();
        this.#window.keep();
        this.#chunk = NO_BYTES;
        this.#at = 0;
        return undefined;
      } else if (!this.#isSearched) {
        this.#isSearched = true;
        this.#search();
      } else {
        return this.#finish();
      }
    }
  }

  release(): void {
    this.#parts.searcher.release();
  }

  /** The next command that the last search decided. */
  #nextFound(): DeltaEvent | undefined {
    if (this.#matchesGiven === this.#matchCount) return this.#dataUpTo(this.#settled);
    const at = 3 * this.#matchesGiven;
    const start = this.#matches[at]!;
    const data = this.#dataUpTo(start);
    if (data) return data;
    const length = this.#matches[at + 2]!;
    this.#matchesGiven++;
    this.#given = start + length;
    this.stats.copiedBytes += length;
    return { type: "copy", offset: this.#matches[at + 1]! * this.#parts.blockLength, length };
  }

  /** Literal bytes before `end` that were not given yet, or the first of them. */
  #dataUpTo(end: number): DeltaEvent | undefined {
    if (end <= this.#given) return undefined;
    const bytes = this.#window.view(this.#given, end);
    this.#given += bytes.length;
    this.stats.literalBytes += bytes.length;
    return { type: "data", bytes };
  }

  /** Takes in some of the chunk, and searches it if that is enough. Returns whether it is time for others to work. */
  #takeIn(): boolean {
    this.#dropGiven();
    const bytes = this.#chunk.subarray(this.#at, this.#at + TAKE_LENGTH);
    this.#at += bytes.length;
    this.stats.bytesIn += bytes.length;
    this.#parts.digest?.update(bytes);
    this.#window.add(bytes);
    if (this.#window.length - this.#searched >= this.#searchLength) this.#search();
    this.#worked += bytes.length;
    if (this.#worked < TURN_LENGTH) return false;
    this.#worked = 0;
    return true;
  }

  /** Searches what is in the window: to the end of the target, if all of it is there. */
  #search(): void {
    const { searcher } = this.#parts;
    this.#matchCount = searcher.search(this.#window.pieces, this.#isSearched);
    this.#matchesGiven = 0;
    this.#matches = searcher.matches;
    this.#settled = searcher.settled;
    this.#searched = this.#window.length;
    this.stats.falseAlarms = searcher.falseAlarms;
    this.stats.goodAlarms = searcher.goodAlarms;
  }

  /** Makes room once everything that is decided was given. */
  #dropGiven(): void {
    const count = this.#given;
    if (count === 0) return;
    this.#window.drop(count);
    this.#parts.searcher.shift(count);
    this.#given = 0;
    this.#settled -= count;
    this.#searched -= count;
  }

  #finish(): SourceResult<DeltaEvent> {
    if (this.#isDone) return DONE;
    this.#isDone = true;
    const digest = this.#parts.digest?.digest();
    if (digest) this.stats.digest = hex(digest);
    return { type: "end", targetLength: this.stats.bytesIn, digest };
  }
}
