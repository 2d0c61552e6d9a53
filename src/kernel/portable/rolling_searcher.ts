import type { SearchOptions } from "../interface.ts";
import type { PortableSearchIndex } from "./search_index.ts";
import { SearcherBase } from "./searcher_base.ts";
import type { RollingSum, StrongHash } from "./sums.ts";

/** The search of the rsync technical report: it rolls a weak sum along the target and looks it up at every byte. */
export class RollingSearcher extends SearcherBase {
  readonly #weak: RollingSum;
  /** Whether the weak sum covers the window at `position`. */
  #isRolled = false;

  constructor(index: PortableSearchIndex, strong: StrongHash, options: SearchOptions, weak: RollingSum) {
    super(index, strong, options);
    this.#weak = weak;
  }

  protected run(end: number, isLast: boolean): void {
    const { blockLength } = this.index.params;
    if (this.index.count > 0) {
      this.#searchWhole(end, isLast);
      if (!isLast || this.isFull || this.position + blockLength <= end) {
        this.settled = this.position;
        return;
      }
      this.#searchTail(end);
    } else {
      this.position = isLast ? end : Math.max(this.position, end - blockLength);
    }
    this.settled = this.position;
  }

  /** Windows of a whole block. Except at the end of the target, one more byte must be there to roll on to. */
  #searchWhole(end: number, isLast: boolean): void {
    const { index } = this;
    const { blockLength } = index.params;
    const weak = this.#weak;
    const limit = isLast ? end - blockLength : end - blockLength - 1;
    while (this.position <= limit && !this.isFull) {
      const { memory, position } = this;
      if (!this.#isRolled) this.#sumWeak(position, blockLength);
      this.#isRolled = true;
      if (this.#testSummed(position, blockLength)) continue;
      if (position + blockLength < end) weak.rotate(memory[position]!, memory[position + blockLength]!);
      this.position++;
    }
  }

  /** Windows shorter than a block, at the end of the target. By the tail rule `"none"` there are none. */
  #searchTail(end: number): void {
    const { tail } = this.options;
    if (tail === "any") {
      this.#searchSuffixes(end);
    } else if (tail === "last") {
      const start = end - this.index.lengthOf(this.index.count - 1);
      if (start >= this.position) {
        this.#sumWeak(start, end - start);
        this.#testSummed(start, end - start);
      }
    }
    this.position = end;
  }

  /** Every suffix, the longest first. The sum is shrunk from one to the next, so all cost no more than one pass. */
  #searchSuffixes(end: number): void {
    const weak = this.#weak;
    const first = this.position;
    for (let start = first; start < end; start++) {
      if (start === first) {
        this.#sumWeak(start, end - start);
      } else if (weak.shrink) {
        weak.shrink(this.memory[start - 1]!);
      } else {
        // A custom sum that cannot shrink is computed anew each time, within the budget.
        this.spent += end - start;
        if (this.isExhausted(start)) return;
        this.#sumWeak(start, end - start);
      }
      if (this.#testSummed(start, end - start)) return;
    }
  }

  /** Tests the window that the weak sum covers. */
  #testSummed(start: number, length: number): boolean {
    const sum = this.#weak.digest() >>> 0;
    return this.index.mayKnow(sum) && this.#test(start, length, sum);
  }

  #sumWeak(start: number, length: number): void {
    this.#weak.reset();
    this.#weak.update(this.memory.subarray(start, start + length), length);
  }

  /** Tests a window whose weak sum is known, and takes it if its strong sum is known too. */
  #test(start: number, length: number, weak: number): boolean {
    const { index } = this;
    if (index.head(weak) < 0) return false;
    const isNext = this.expected >= 0 && start === this.literalStart && index.records.key(this.expected) === weak;
    if (!isNext && this.isExhausted(start)) return false;
    this.sumWindow(start, length);
    const block = isNext && this.options.preferNext && this.#isBlock(this.expected, length)
      ? this.expected
      : this.blockOf(weak, length);
    if (block < 0) {
      this.addFalseAlarm(length);
      return false;
    }
    this.addMatch(start, block, length);
    this.#isRolled = false;
    return true;
  }

  #isBlock(block: number, length: number): boolean {
    return this.hasLength(block, length) && this.index.records.hasStrong(block, this.strongSum, 0);
  }
}
