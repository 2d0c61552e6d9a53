import { growBytes } from "../../common/bytes.ts";
import type { Searcher, SearchOptions } from "../interface.ts";
import { Budget } from "./budget.ts";
import { MatchList } from "./match_list.ts";
import type { PortableSearchIndex } from "./search_index.ts";
import { StrongBlocks } from "./strong_blocks.ts";
import type { RollingSum, StrongHash } from "./sums.ts";

/** The search of the rsync technical report: it rolls a weak sum along the target and looks it up at every byte. */
export class PortableSearcher implements Searcher {
  falseAlarms = 0;
  goodAlarms = 0;
  settled = 0;
  readonly #index: PortableSearchIndex;
  readonly #options: SearchOptions;
  readonly #weak: RollingSum;
  readonly #strong: StrongBlocks;
  readonly #strongSum: Uint8Array;
  readonly #matches: MatchList;
  readonly #budget: Budget;
  #memory = new Uint8Array(0);
  /** Position of the memory in the target. */
  #base = 0;
  /** Position in memory where the search goes on. */
  #position = 0;
  /** Whether the weak sum covers the window at `#position`. */
  #isRolled = false;
  /** End of the last match in memory. */
  #literalStart = 0;
  /** The block after the one just matched, or -1. */
  #expected = -1;

  constructor(index: PortableSearchIndex, options: SearchOptions, weak: RollingSum, strong: StrongHash) {
    const { blockLength, strongLength } = index.params;
    this.#index = index;
    this.#options = options;
    this.#weak = weak;
    this.#strong = new StrongBlocks(strong, strongLength);
    this.#strongSum = new Uint8Array(strongLength);
    this.#matches = new MatchList(blockLength);
    this.#budget = new Budget(blockLength);
  }

  get matches(): Uint32Array {
    return this.#matches.fields;
  }

  reserve(length: number): Uint8Array<ArrayBuffer> {
    this.#memory = growBytes(this.#memory, this.#memory.length, length, length);
    return this.#memory;
  }

  search(end: number, isLast: boolean): number {
    const { blockLength } = this.#index.params;
    this.#matches.count = 0;
    if (this.#index.count > 0) {
      this.#searchWhole(end, isLast);
      if (isLast && !this.#matches.isFull && this.#position + blockLength > end) this.#searchTail(end);
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

  release(): void {
    this.#memory = new Uint8Array(0);
  }

  /** Windows of a whole block. Except at the end of the target, one more byte must be there to roll on to. */
  #searchWhole(end: number, isLast: boolean): void {
    const { blockLength } = this.#index.params;
    const weak = this.#weak;
    const memory = this.#memory;
    const limit = isLast ? end - blockLength : end - blockLength - 1;
    while (this.#position <= limit && !this.#matches.isFull) {
      const position = this.#position;
      if (!this.#isRolled) this.#sumWeak(position, blockLength);
      this.#isRolled = true;
      if (this.#testSummed(position, blockLength)) continue;
      if (position + blockLength < end) weak.rotate(memory[position]!, memory[position + blockLength]!);
      this.#position++;
    }
  }

  /** Windows shorter than a block, at the end of the target. By the tail rule `"none"` there are none. */
  #searchTail(end: number): void {
    const { tail } = this.#options;
    if (tail === "any") {
      this.#searchSuffixes(end);
    } else if (tail === "last") {
      const start = end - this.#index.lengthOf(this.#index.count - 1);
      if (start >= this.#position) {
        this.#sumWeak(start, end - start);
        this.#testSummed(start, end - start);
      }
    }
    this.#position = end;
  }

  /** Every suffix, the longest first. The sum is shrunk from one to the next, so all cost no more than one pass. */
  #searchSuffixes(end: number): void {
    const weak = this.#weak;
    const first = this.#position;
    for (let start = first; start < end; start++) {
      if (start === first) {
        this.#sumWeak(start, end - start);
      } else if (weak.shrink) {
        weak.shrink(this.#memory[start - 1]!);
      } else {
        // A custom sum that cannot shrink is computed anew each time, within the budget.
        this.#budget.spend(end - start);
        if (this.#budget.isExhausted(this.#base + start)) return;
        this.#sumWeak(start, end - start);
      }
      if (this.#testSummed(start, end - start)) return;
    }
  }

  #sumWeak(start: number, length: number): void {
    this.#weak.reset();
    this.#weak.update(this.#memory.subarray(start, start + length), length);
  }

  /** Tests the window that the weak sum covers. */
  #testSummed(start: number, length: number): boolean {
    const sum = this.#weak.digest() >>> 0;
    return this.#index.knows(sum) && this.#test(start, length, sum);
  }

  /** Takes a window whose weak sum is known, if its strong sum is known too. */
  #test(start: number, length: number, weak: number): boolean {
    const next = this.#expected;
    const isNext = next >= 0 && start === this.#literalStart && this.#index.records.weak(next) === weak;
    if (!isNext && this.#budget.isExhausted(this.#base + start)) return false;
    this.#strong.sum(this.#memory, start, length, this.#strongSum, 0);
    const block = isNext && this.#options.preferNext && this.#isBlock(next, length) ? next : this.#find(weak, length);
    if (block < 0) {
      this.falseAlarms++;
      this.#budget.spend(length);
      return false;
    }
    this.#take(start, block, length);
    return true;
  }

  /** The block with this weak sum and the strong sum just computed, or -1. */
  #find(weak: number, length: number): number {
    const block = this.#index.find(weak, this.#strongSum);
    return block >= 0 && this.#hasLength(block, length) ? block : -1;
  }

  #isBlock(block: number, length: number): boolean {
    return this.#hasLength(block, length) && this.#index.records.hasStrong(block, this.#strongSum, 0);
  }

  /** Whether a block may have this length. Where the length of the last block is unknown, any may. */
  #hasLength(block: number, length: number): boolean {
    return this.#options.tail === "any" || this.#index.lengthOf(block) === length;
  }

  /** Adds a match and goes on behind it. */
  #take(start: number, block: number, length: number): void {
    this.goodAlarms++;
    this.#matches.add(start, block, length);
    this.#literalStart = this.#position = start + length;
    this.#expected = block + 1 < this.#index.count ? block + 1 : -1;
    this.#isRolled = false;
  }
}
