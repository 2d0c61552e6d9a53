import { giveWay } from "../common/give_way.ts";
import { Matcher } from "../engine/matcher.ts";
import type { PatchBasis } from "../engine/interface.ts";
import { BUSY, DONE } from "../engine/stage.ts";
import type { SearchIndex } from "../kernel/interface.ts";
import { BUDGET_PER_BYTE, BUDGET_START, BUDGET_START_BLOCKS, LEAST_COST } from "../kernel/rules/budget.ts";
import { Parts } from "./_parts.ts";
import type { SearchWork } from "./search_work.ts";

/** Bytes of the local file read at once. */
const READ_LENGTH = 2 ** 20;

/** Bytes between two parts that are searched with them: that takes about as long as to start another search. */
const MAX_GAP = 2 ** 16;

/** Called with a block that was found: its number in the index, and where the local file has it. */
export type OnFound = (entry: number, offset: number) => void;

/** Passes over a local file, each in search of some of the blocks that the one before did not find. */
export class LocalSearch {
  readonly #local: PatchBasis;
  readonly #blockLength: number;
  readonly #work: SearchWork;
  readonly #signal: AbortSignal | undefined;
  readonly #buffer = new Uint8Array(READ_LENGTH);
  /** Length of the local file, once it was read to its end. */
  #length = Infinity;
  /** What the next pass searches: all of the file, if undefined. */
  #parts: Parts | undefined;
  /** What the one after it will have to search. */
  #covered = new Parts(MAX_GAP);
  /** Whether a search may have given up on windows, since there were many false alarms. */
  #mayHaveGivenUp = false;

  /** @param work To which each search is added. When it is used up, passes end early. */
  constructor(local: PatchBasis, blockLength: number, work: SearchWork, signal: AbortSignal | undefined) {
    this.#local = local;
    this.#blockLength = blockLength;
    this.#work = work;
    this.#signal = signal;
  }

  /**
   * Searches for the blocks of an index. The first pass is over all of the file. A search goes on behind a block that
   * it finds, and does not look at windows that start in it. All others it has seen, so those are the only ones where
   * the next pass can find another block.
   *
   * @returns Whether another pass may find some of the blocks that this one has not found.
   */
  async pass(index: SearchIndex, onFound: OnFound): Promise<boolean> {
    const parts = this.#parts;
    this.#covered = new Parts(MAX_GAP);
    this.#mayHaveGivenUp = false;
    if (!parts) await this.#search(index, 0, Infinity, onFound);
    for (let part = 0; parts && part < parts.count && !this.#work.isUsedUp; part++) {
      await this.#search(index, parts.start(part), parts.end(part), onFound);
    }
    this.#parts = this.#mayHaveGivenUp ? undefined : this.#covered;
    if (this.#work.isUsedUp) return false;
    return this.#covered.count > 0 || (this.#mayHaveGivenUp && parts !== undefined);
  }

  async #search(index: SearchIndex, start: number, end: number, onFound: OnFound): Promise<void> {
    const blockLength = this.#blockLength;
    const cost = Math.max(blockLength, LEAST_COST);
    // A short last block is looked for at the end of the file alone.
    const tail = end === Infinity || end >= this.#length ? "last" : "none";
    const searcher = index.searcher({ tail, preferNext: true });
    const matcher = new Matcher({ searcher, blockLength, sigCount: index.count, digest: undefined });
    try {
      let at = await this.#take(matcher, start, onFound);
      let offset = start;
      while (offset < end) {
        this.#signal?.throwIfAborted();
        const buffer = this.#buffer.subarray(0, Math.min(READ_LENGTH, end - offset));
        const count = await this.#local.readInto(buffer, offset);
        if (count === 0) {
          this.#length = offset;
          break;
        }
        offset += count;
        matcher.write(buffer.subarray(0, count));
        const searched = at - start;
        at = await this.#take(matcher, at, onFound);
        this.#noteFalseAlarms(matcher.stats.falseAlarms * cost, searched);
        await giveWay();
      }
      matcher.end();
      await this.#take(matcher, at, onFound);
      const spent = matcher.stats.falseAlarms * cost;
      this.#noteFalseAlarms(spent, at - start);
      this.#work.add(start, offset, matcher.stats.copiedBytes, spent);
    } finally {
      matcher.release();
    }
  }

  /**
   * Notes whether what a search has spent on false alarms may have used up its budget since it was `searched` bytes
   * far, or more.
   */
  #noteFalseAlarms(spent: number, searched: number): void {
    const budget = Math.max(BUDGET_START, BUDGET_START_BLOCKS * this.#blockLength) + BUDGET_PER_BYTE * searched;
    if (spent > budget) this.#mayHaveGivenUp = true;
  }

  /** Takes what a matcher has. Its next part starts at offset `at` of the file. Returns where the one after it does. */
  async #take(matcher: Matcher, at: number, onFound: OnFound): Promise<number> {
    const blockLength = this.#blockLength;
    for (let part = matcher.next(); part !== undefined && part !== DONE; part = matcher.next()) {
      if (part === BUSY) {
        await giveWay();
        continue;
      }
      if (part.type === "data") at += part.bytes.length;
      if (part.type !== "copy") continue;
      for (let done = 0; done < part.length; done += blockLength) {
        onFound((part.offset + done) / blockLength, at + done);
      }
      // The windows that start behind its first byte and before its end.
      this.#covered.add(at + 1, at + part.length - 1 + blockLength);
      at += part.length;
    }
    return at;
  }
}
