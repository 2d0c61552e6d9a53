import type { SearchOptions } from "../interface.ts";
import type { PortableIndex } from "./index.ts";
import { SearcherBase } from "./searcher_base.ts";
import type { RollingSum, StrongHash } from "./sums.ts";

/** The search of the rsync technical report: a weak sum is rolled along, and looked up at every byte. */
export class RollingSearcher extends SearcherBase {
  readonly #weak: RollingSum;
  /** Whether the weak sum covers the window at `position`. */
  #isRolled = false;

  constructor(index: PortableIndex, strong: StrongHash, options: SearchOptions, weak: RollingSum) {
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

  /** Windows of a whole block. A byte more has to be there to roll on to, save at the end. */
  #searchWhole(end: number, isLast: boolean): void {
    const { index } = this;
    const { blockLength } = index.params;
    const weak = this.#weak;
    const limit = isLast ? end - blockLength : end - blockLength - 1;
    while (this.position <= limit && !this.isFull) {
      const { memory, position } = this;
      if (!this.#isRolled) this.#sumWeak(position, blockLength);
      this.#isRolled = true;
      const sum = weak.digest() >>> 0;
      if (index.mayKnow(sum) && this.#test(position, blockLength, sum)) continue;
      if (position + blockLength < end) weak.rotate(memory[position]!, memory[position + blockLength]!);
      this.position++;
    }
  }

  /** Windows shorter than a block, at the end of the target. */
  #searchTail(end: number): void {
    const { index } = this;
    const first = this.options.tail === "any" ? this.position : end - index.lengthOf(index.count - 1);
    if (this.options.tail !== "none" && first >= this.position) {
      for (let start = first; start < end; start++) {
        this.#sumWeak(start, end - start);
        const sum = this.#weak.digest() >>> 0;
        if (index.mayKnow(sum) && this.#test(start, end - start, sum)) break;
        if (this.options.tail === "last") break;
      }
    }
    this.position = end;
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
