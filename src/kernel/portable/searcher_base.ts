import { growBytes } from "../../common/bytes.ts";
import type { Searcher, SearchOptions } from "../interface.ts";
import { BUDGET_PER_BYTE, BUDGET_START, BUDGET_START_BLOCKS, DOUBT_SHARE, RESERVE_BLOCKS } from "../rules/budget.ts";
import { MATCH_FIELDS, MAX_MATCHES } from "../rules/search.ts";
import type { PortableSearchIndex } from "./search_index.ts";
import { StrongBlocks } from "./strong_blocks.ts";
import type { StrongHash } from "./sums.ts";

/** What the two searches share: the memory, the tests of a window, the matches, the budget. */
export abstract class SearcherBase implements Searcher {
  readonly matches = new Uint32Array(MATCH_FIELDS * MAX_MATCHES);
  falseAlarms = 0;
  goodAlarms = 0;
  settled = 0;
  protected matchCount = 0;
  protected memory = new Uint8Array(0);
  /** Position of the memory in the target. */
  protected base = 0;
  /** Position in memory where the search goes on. */
  protected position = 0;
  /** End of the last match in memory: windows do not start before it. */
  protected literalStart = 0;
  /** The block after the one just matched, if the match ended at `literalStart`; else -1. */
  protected expected = -1;
  /** Spent on false alarms, in the units of the budget. */
  protected spent = 0;
  /** The part of `spent` that went to windows that no known encoder produces. */
  protected doubted = 0;
  protected readonly index: PortableSearchIndex;
  protected readonly options: SearchOptions;
  protected readonly strongSum: Uint8Array;
  readonly #strong: StrongBlocks;
  /** Whether the budget was used up and its reserve has not filled yet. */
  #isResting = false;

  constructor(index: PortableSearchIndex, strong: StrongHash, options: SearchOptions) {
    this.index = index;
    this.options = options;
    this.strongSum = new Uint8Array(index.params.strongLength);
    this.#strong = new StrongBlocks(strong, index.params.strongLength);
  }

  reserve(length: number): Uint8Array<ArrayBuffer> {
    const { memory } = this;
    this.memory = growBytes(memory, memory.length, length, length);
    if (this.memory !== memory) this.memoryChanged();
    return this.memory;
  }

  search(end: number, isLast: boolean): number {
    this.matchCount = 0;
    this.run(end, isLast);
    return this.matchCount;
  }

  shift(length: number): void {
    this.base += length;
    this.position -= length;
    this.literalStart -= length;
    this.settled -= length;
  }

  release(): void {
    this.memory = new Uint8Array(0);
  }

  protected abstract run(end: number, isLast: boolean): void;

  /** Called when the memory was replaced. */
  protected memoryChanged(): void {}

  protected get isFull(): boolean {
    return this.matchCount === MAX_MATCHES;
  }

  /** Whether the budget is used up at a position in memory. Once it is, it stays so until the reserve has filled. */
  protected isExhausted(at: number): boolean {
    const reserve = this.#isResting ? RESERVE_BLOCKS * this.index.params.blockLength : 0;
    this.#isResting = this.spent + reserve > this.#budget(at);
    return this.#isResting;
  }

  /** Whether the share of the budget for doubtful windows is used up. */
  protected isDoubtExhausted(at: number): boolean {
    return this.doubted > this.#budget(at) / DOUBT_SHARE;
  }

  /** Computes the strong sum of a window into `strongSum`. */
  protected sumWindow(start: number, length: number): void {
    this.#strong.sum(this.memory, start, length, this.strongSum, 0);
  }

  /** The block with this key and the strong sum just computed, or -1. */
  protected blockOf(key: number, length: number): number {
    const block = this.index.find(key, this.strongSum);
    return block >= 0 && this.hasLength(block, length) ? block : -1;
  }

  /** Whether a block may have this length. Where the length of the last block is unknown, any may. */
  protected hasLength(block: number, length: number): boolean {
    return this.options.tail === "any" || this.index.lengthOf(block) === length;
  }

  /** Whether a block may be matched: not a short one, if the format of the delta cannot copy it. */
  protected isWanted(block: number): boolean {
    return this.options.tail !== "none" || this.index.lengthOf(block) === this.index.params.blockLength;
  }

  protected addFalseAlarm(length: number): void {
    this.falseAlarms++;
    this.spent += length;
  }

  /** Adds a match, joined to the one before if it continues it, and goes on behind it. */
  protected addMatch(start: number, block: number, length: number): void {
    this.goodAlarms++;
    if (!this.#joinMatch(start, block, length)) {
      this.matches.set([start, block, length], MATCH_FIELDS * this.matchCount++);
    }
    this.literalStart = this.position = start + length;
    this.expected = block + 1 < this.index.count ? block + 1 : -1;
  }

  #budget(at: number): number {
    const start = Math.max(BUDGET_START, BUDGET_START_BLOCKS * this.index.params.blockLength);
    return start + BUDGET_PER_BYTE * (this.base + at);
  }

  #joinMatch(start: number, block: number, length: number): boolean {
    if (this.matchCount === 0) return false;
    const at = MATCH_FIELDS * (this.matchCount - 1);
    const { matches } = this;
    const joinedLength = matches[at + 2]!;
    const { blockLength } = this.index.params;
    if (matches[at]! + joinedLength !== start) return false;
    if ((block - matches[at + 1]!) * blockLength !== joinedLength) return false;
    matches[at + 2] = joinedLength + length;
    return true;
  }
}
