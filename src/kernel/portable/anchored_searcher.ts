import { SHINGLE_LENGTH, WORST_HASH } from "../rules/anchor.ts";
import { CHAIN_STEP_COST, CHECK_COST } from "../rules/budget.ts";
import { Fills } from "./fills.ts";
import { SearcherBase } from "./searcher_base.ts";
import { Shingles } from "./shingle.ts";

/**
 * The search by anchors (docs/formats/rsync-streams.md, "The anchor"): it hashes the shingle at each position, and
 * tests windows only where the hash may be that of an anchor.
 */
export class AnchoredSearcher extends SearcherBase {
  #shingles = new Shingles(this.memory);
  /** The window whose strong sum was computed last, by its place in the target, and the block that it is, or -1. */
  #testedStart = -1;
  #testedLength = 0;
  #testedBlock = -1;
  readonly #fills = new Fills();
  /** The best window that `#look` has found, and the block that it is, or -1. */
  #start = 0;
  #length = 0;
  #block = -1;

  protected override memoryChanged(): void {
    this.#shingles = new Shingles(this.memory);
  }

  protected run(end: number, isLast: boolean): void {
    const { index } = this;
    // At a position up to here, the windows end in the bytes at hand: those that it implies, and those that are looked
    // at before one of them is taken.
    const limit = isLast ? end - SHINGLE_LENGTH : end - 2 * index.params.blockLength;
    while (!this.isFull) {
      if (this.expected >= 0 && !this.#takeNext(end, isLast)) break;
      if (this.expected >= 0) continue;
      if (!this.#findAnchor(limit, end)) break;
      this.#preferEarlier(end);
      this.addMatch(this.#start, this.#block, this.#length);
    }
    if (isLast && !this.isFull) {
      this.#searchTail(end);
      this.position = this.settled = end;
    } else {
      this.settled = Math.max(this.literalStart, this.position - index.params.blockLength);
    }
  }

  /** Tests whether the block after the one just matched follows. Returns false if that takes more bytes. */
  #takeNext(end: number, isLast: boolean): boolean {
    const { index, expected, literalStart: start } = this;
    const length = index.lengthOf(expected);
    if (start + length > end && !isLast) return false;
    this.expected = -1;
    if (start + length > end || !this.isWanted(expected)) return true;
    if (this.#shingles.check(start, length) !== index.records.key(expected)) return true;
    this.sumWindow(start, length);
    if (index.records.hasStrong(expected, this.strongSum, 0)) this.addMatch(start, expected, length);
    else this.addFalseAlarm(length);
    return true;
  }

  /** Goes on to the next position with a window that is a block. Returns false if there is none up to `limit`. */
  #findAnchor(limit: number, end: number): boolean {
    const { index } = this;
    const shingles = this.#shingles;
    let { position } = this;
    for (; position <= limit; position++) {
      const hash = shingles.hash(position);
      if (!index.mayBeAnchor(hash)) continue;
      this.#block = -1;
      this.#look(position, hash, end);
      if (this.#block >= 0) break;
    }
    this.position = position;
    return position <= limit;
  }

  /**
   * Looks at the positions in the window found, for a window that starts earlier.
   *
   * If the window is the short last block, it also looks for a whole block with the same start: otherwise a file of
   * equal blocks would be copied in pieces of the short one. That look goes beyond the window, so it is charged, and
   * left out when the budget is used up.
   */
  #preferEarlier(end: number): void {
    const { index } = this;
    const { blockLength } = index.params;
    const shingles = this.#shingles;
    const wantsWhole = this.#length < blockLength && !this.isExhausted(this.position);
    if (wantsWhole) this.spent += blockLength;
    for (let at = this.position + 1; at + SHINGLE_LENGTH <= end; at++) {
      if (wantsWhole && this.#length < blockLength) {
        if (at + SHINGLE_LENGTH > this.#start + blockLength) return;
      } else if (this.#start <= this.literalStart || at >= this.#start + this.#length) {
        return;
      }
      const hash = shingles.hash(at);
      if (index.mayBeAnchor(hash)) this.#look(at, hash, end);
    }
  }

  /** Tests the windows that an anchor at `at` implies. Keeps the earliest that is a block; of those, the longest. */
  #look(at: number, hash: number, end: number): void {
    const { index } = this;
    const { records } = index;
    if (index.hasOneFill && hash === WORST_HASH) return this.#lookAtFill(at, end);
    for (let k = index.head(hash); k >= 0; k = index.next(k)) {
      this.spent += CHAIN_STEP_COST;
      if (this.isExhausted(at)) return;
      const start = at - records.offset(k);
      const length = index.lengthOf(k);
      if (start < this.literalStart || start + length > end || !this.isWanted(k)) continue;
      if (this.#block >= 0 && (start > this.#start || start === this.#start && length <= this.#length)) continue;
      this.spent += CHECK_COST;
      const check = records.key(k);
      if (this.#shingles.check(start, length) !== check) continue;
      const block = index.isOfFill(k) ? this.#testFill(start, length) : this.#testWindow(start, length, check);
      if (block < 0) continue;
      this.#start = start;
      this.#length = length;
      this.#block = block;
    }
  }

  /** As `#look`, where one record stands for all fills. It is free of charge, since its time is bounded. */
  #lookAtFill(start: number, end: number): void {
    const { blockLength } = this.index.params;
    if (start < this.literalStart || start + blockLength > end) return;
    if (this.#block >= 0 && (start > this.#start || blockLength <= this.#length)) return;
    if (this.#shingles.check(start, blockLength) !== 0) return;
    const block = this.#testFill(start, blockLength);
    if (block < 0) return;
    this.#start = start;
    this.#length = blockLength;
    this.#block = block;
  }

  /**
   * As `#testWindow`, where the record is that of a fill. Fills are known by their pattern, and each is tested once.
   *
   * A window that is no fill can have the same check, since it starts and ends in fills; executables have millions of
   * those. It is a block only if another encoder chose its anchor differently, so a small share of the budget is for
   * such windows.
   */
  #testFill(start: number, length: number): number {
    if (!this.#fills.has(this.memory, this.base, start, length)) {
      if (this.isDoubtExhausted(start)) return -1;
      const block = this.#testWindow(start, length, 0);
      if (block < 0) this.doubted += length;
      return block;
    }
    const pattern = this.#shingles.word(start);
    const slot = this.#fills.slot(pattern);
    if (slot.pattern !== pattern || slot.length !== length) {
      slot.block = this.#testWindow(start, length, 0);
      slot.pattern = pattern;
      slot.length = length;
    }
    return slot.block;
  }

  /** The block that a window is, or -1. If several anchors imply a window one after another, it is tested once. */
  #testWindow(start: number, length: number, check: number): number {
    const inTarget = this.base + start;
    if (inTarget === this.#testedStart && length === this.#testedLength) return this.#testedBlock;
    this.sumWindow(start, length);
    const block = this.blockOf(check, length);
    if (block < 0) this.addFalseAlarm(length);
    this.#testedStart = inTarget;
    this.#testedLength = length;
    this.#testedBlock = block;
    return block;
  }

  /** Looks for a last block that is too short for an anchor, at the end of the target. */
  #searchTail(end: number): void {
    const { index } = this;
    if (this.options.tail !== "last" || index.count === 0) return;
    const last = index.count - 1;
    const length = index.lengthOf(last);
    const start = end - length;
    if (length >= SHINGLE_LENGTH || start < this.literalStart) return;
    this.sumWindow(start, length);
    if (index.records.hasStrong(last, this.strongSum, 0)) this.addMatch(start, last, length);
    else this.addFalseAlarm(length);
  }
}
