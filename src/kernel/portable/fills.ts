import { FILL_FACTOR, FILL_PERIOD, FILL_SLOT_BITS } from "../rules/anchor.ts";

/** A copy, because V8 reads an import anew in each turn of a loop: a sixth of the speed. */
const PERIOD = FILL_PERIOD;

/** Cached result of testing a fill. */
export interface FillSlot {
  /** The four bytes that it repeats. */
  pattern: number;
  length: number;
  /** The block that it is, or -1. */
  block: number;
}

/**
 * Fills: windows of period 1, 2 or 4, such as zeros. All their shingles have the worst hash, so a block that is a fill
 * has an anchor with that hash.
 */
export class Fills {
  /** The fill seen last, by its place in the target. */
  #start = 0;
  #end = 0;
  /** Whether the byte at its end is known to break the period. */
  #isOver = false;
  readonly #slots = Array.from({ length: 2 ** FILL_SLOT_BITS }, (): FillSlot => ({ pattern: 0, length: 0, block: -1 }));

  /**
   * Whether a window is a fill. The fill seen last is remembered with its end, so each byte is compared once as long as
   * windows come in the order of their starts, as they nearly do.
   *
   * @param base Where the memory starts in the target.
   */
  has(memory: Uint8Array, base: number, start: number, length: number): boolean {
    const inTarget = base + start;
    if (inTarget < this.#start || inTarget + PERIOD > this.#end) {
      this.#start = inTarget;
      this.#end = inTarget + PERIOD;
      this.#isOver = false;
    }
    const end = start + length;
    let at = this.#end - base;
    if (!this.#isOver && at < end) {
      while (at < end && memory[at] === memory[at - PERIOD]) at++;
      this.#end = base + at;
      this.#isOver = at < end;
    }
    return at >= end;
  }

  /** The slot of a fill; another fill may be in it. */
  slot(pattern: number): FillSlot {
    return this.#slots[Math.imul(pattern, FILL_FACTOR) >>> (32 - FILL_SLOT_BITS)]!;
  }
}
