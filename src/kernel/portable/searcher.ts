import type { Searcher, SearchOptions } from "../interface.ts";
import { Budget } from "./budget.ts";
import { MatchList } from "./match_list.ts";
import { bytesFrom, copyFrom } from "./pieces.ts";
import type { PortableSearchIndex } from "./search_index.ts";
import { MAX_PIECE_LENGTH, type RollingSum, type StrongHash } from "./sums.ts";

/** Bytes that a call sums before it returns, so that others can work: strong sums take 60 ms for them. */
const TURN_LENGTH = 2 ** 20;

/** What a window turned out to be. Undefined if that is not known yet, since a turn is over. */
type Outcome = "taken" | "passed" | undefined;

/** The search of the rsync technical report: it rolls a weak sum along the target and looks it up at every byte. */
export class PortableSearcher implements Searcher {
  falseAlarms = 0;
  goodAlarms = 0;
  settled = 0;
  readonly #index: PortableSearchIndex;
  readonly #options: SearchOptions;
  readonly #weak: RollingSum;
  readonly #strong: StrongHash;
  readonly #matches: MatchList;
  readonly #budget: Budget;
  #window: readonly Uint8Array[] = [];
  /** Position of the window in the target. */
  #base = 0;
  /** Position in the window where the search goes on. */
  #position = 0;
  /** Bytes from `#position` on that the weak sum covers, and the strong sum. */
  #rolled = 0;
  #hashed = 0;
  /** End of the last match in the window. */
  #literalStart = 0;
  /** The block after the one just matched, or -1. */
  #expected = -1;
  /** Bytes that the call under way may still sum. */
  #turn = TURN_LENGTH;

  constructor(index: PortableSearchIndex, options: SearchOptions, weak: RollingSum, strong: StrongHash) {
    const { blockLength } = index.params;
    this.#index = index;
    this.#options = options;
    this.#weak = weak;
    this.#strong = strong;
    this.#matches = new MatchList(blockLength);
    this.#budget = new Budget(blockLength);
  }

  get matches(): Uint32Array {
    return this.#matches.fields;
  }

  get isCutShort(): boolean {
    return this.#matches.isFull || this.#turn <= 0;
  }

  search(window: readonly Uint8Array[], isLast: boolean): number {
    const { blockLength } = this.#index.params;
    const end = window.reduce((length, piece) => length + piece.length, 0);
    this.#window = window;
    this.#matches.count = 0;
    this.#turn = TURN_LENGTH;
    if (this.#index.count > 0) {
      this.#searchWhole(end, isLast);
      if (isLast && this.#position + blockLength > end) this.#searchTail(end);
    } else {
      this.#position = isLast ? end : Math.max(this.#position, end - blockLength);
    }
    this.settled = this.#position;
    return this.#matches.count;
  }

  shift(length: number): void {
    this.#base += length;
    this.#position -= length;
    this.#literalStart -= length;
    this.settled -= length;
  }

  release(): void {}

  /** Windows of a whole block. Except at the end of the target, one more byte must be there to roll on to. */
  #searchWhole(end: number, isLast: boolean): void {
    const { blockLength } = this.#index.params;
    const limit = isLast ? end - blockLength : end - blockLength - 1;
    while (this.#position <= limit && !this.isCutShort && this.#rollOver(blockLength)) {
      this.#skip(Math.min(limit, end - blockLength - 1) - this.#position + 1);
      if (this.#position > limit) break;
      const outcome = this.#testSummed(blockLength);
      if (outcome === undefined) return;
      if (outcome === "passed") this.#step(end);
    }
    // What is there of a long window is summed before the rest of it comes.
    const isLong = blockLength > MAX_PIECE_LENGTH;
    if (isLong && !this.isCutShort) this.#rollOver(Math.min(blockLength, end - this.#position));
  }

  /** Goes on to the next window that may be a block, by `max` bytes at most: as far as bytes lie together. */
  #skip(max: number): void {
    if (max <= 0) return;
    const weak = this.#weak;
    const index = this.#index;
    const mayBeBlock = (start: number) => {
      if (!index.knows(weak.digest() >>> 0)) return false;
      return start === this.#literalStart || !this.#budget.isExhausted(this.#base + start);
    };
    // Blocks that follow one another need no views.
    if (mayBeBlock(this.#position)) return;
    const out = bytesFrom(this.#window, this.#position, max);
    const into = bytesFrom(this.#window, this.#position + index.params.blockLength, out.length);
    let count = 0;
    for (; count < into.length; count++) {
      if (mayBeBlock(this.#position + count)) break;
      weak.rotate(out[count]!, into[count]!);
    }
    this.#position += count;
    this.#turn -= count;
  }

  /** Windows shorter than a block, at the end of the target: those that start at `#position` and later. */
  #searchTail(end: number): void {
    const { tail } = this.#options;
    const start = tail === "last" ? end - this.#index.lengthOf(this.#index.count - 1) : this.#position;
    if (tail === "none" || start < this.#position) this.#goTo(end);
    else if (start > this.#position) this.#goTo(start);
    while (this.#position < end && !this.isCutShort) {
      if (!this.#rollOver(end - this.#position)) return;
      if (tail === "any") this.#shrink();
      const length = end - this.#position;
      if (length === 0) return;
      const outcome = this.#testSummed(length);
      if (outcome !== "passed") return;
      this.#step(end);
      if (tail === "last") this.#goTo(end);
      // A custom sum that cannot shrink is computed anew each time, within the budget.
      if (this.#position === end || this.#rolled > 0) continue;
      this.#budget.spend(length - 1);
      if (this.#budget.isExhausted(this.#base + this.#position)) this.#goTo(end);
    }
  }

  /** Leaves bytes out until the weak sum is known, as far as they lie together. */
  #shrink(): void {
    const weak = this.#weak;
    if (!weak.shrink) return;
    const out = bytesFrom(this.#window, this.#position, Math.min(this.#rolled, Math.max(1, this.#turn)));
    let count = 0;
    while (count < out.length && !this.#index.knows(weak.digest() >>> 0)) weak.shrink(out[count++]!);
    this.#position += count;
    this.#rolled -= count;
    this.#turn -= count;
  }

  #goTo(position: number): void {
    this.#position = position;
    this.#rolled = 0;
  }

  /** Goes on by one byte. At the end of the target no byte enters the weak sum, so it shrinks, if it can. */
  #step(end: number): void {
    const position = this.#position++;
    const next = position + this.#rolled;
    this.#turn--;
    if (next < end) {
      this.#weak.rotate(this.#byteAt(position), this.#byteAt(next));
    } else if (this.#weak.shrink) {
      this.#weak.shrink(this.#byteAt(position));
      this.#rolled--;
    } else {
      this.#rolled = 0;
    }
  }

  #byteAt(position: number): number {
    return bytesFrom(this.#window, position, 1)[0]!;
  }

  /** Lets the weak sum cover `length` bytes. Returns whether it does: if not, the turn is over. */
  #rollOver(length: number): boolean {
    if (this.#rolled === 0) this.#weak.reset();
    while (this.#rolled < length && this.#turn > 0) {
      const bytes = this.#piece(this.#rolled, length);
      this.#weak.update(bytes, bytes.length);
      this.#rolled += bytes.length;
      this.#turn -= bytes.length;
    }
    return this.#rolled === length;
  }

  /** The window of `length` bytes at `#position` if it is short, or what follows its first `from` bytes. */
  #piece(from: number, length: number): Uint8Array {
    if (from === 0 && length <= MAX_PIECE_LENGTH) return copyFrom(this.#window, this.#position, length);
    return bytesFrom(this.#window, this.#position + from, Math.min(length - from, MAX_PIECE_LENGTH));
  }

  /** Tests the window that the weak sum covers. */
  #testSummed(length: number): Outcome {
    const sum = this.#weak.digest() >>> 0;
    return this.#index.knows(sum) ? this.#test(length, sum) : "passed";
  }

  /** Takes a window whose weak sum is known, if its strong sum is known too. */
  #test(length: number, weak: number): Outcome {
    const next = this.#expected;
    const start = this.#position;
    const isNext = next >= 0 && start === this.#literalStart && this.#index.records.weak(next) === weak;
    if (!isNext && this.#budget.isExhausted(this.#base + start)) return "passed";
    const strong = this.#hash(length);
    if (!strong) return undefined;
    const block = isNext && this.#options.preferNext && this.#isBlock(next, strong, length)
      ? next
      : this.#find(weak, strong, length);
    if (block < 0) {
      this.falseAlarms++;
      this.#budget.spend(length);
      return "passed";
    }
    this.#take(start, block, length);
    return "taken";
  }

  /** The strong sum of the window at `#position`; or undefined if the turn is over before. */
  #hash(length: number): Uint8Array | undefined {
    if (this.#hashed === 0) this.#strong.reset();
    while (this.#hashed < length) {
      if (this.#turn <= 0) return undefined;
      const bytes = this.#piece(this.#hashed, length);
      this.#strong.update(bytes, bytes.length);
      this.#hashed += bytes.length;
      this.#turn -= bytes.length;
    }
    this.#hashed = 0;
    return this.#strong.digest();
  }

  /** The block with these sums, or -1. */
  #find(weak: number, strong: Uint8Array, length: number): number {
    const block = this.#index.find(weak, strong);
    return block >= 0 && this.#hasLength(block, length) ? block : -1;
  }

  #isBlock(block: number, strong: Uint8Array, length: number): boolean {
    return this.#hasLength(block, length) && this.#index.records.hasStrong(block, strong, 0);
  }

  /** Whether a block may have this length. Where the length of the last block is unknown, any may. */
  #hasLength(block: number, length: number): boolean {
    return this.#options.tail === "any" || this.#index.lengthOf(block) === length;
  }

  /** Adds a match and goes on behind it. */
  #take(start: number, block: number, length: number): void {
    this.goodAlarms++;
    this.#matches.add(start, block, length);
    this.#goTo(start + length);
    this.#literalStart = this.#position;
    this.#expected = block + 1 < this.#index.count ? block + 1 : -1;
  }
}
