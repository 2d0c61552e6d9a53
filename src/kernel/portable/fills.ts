import { FILL_FACTOR, FILL_PERIOD, FILL_SLOT_BITS } from "../rules/anchor.ts";

/** Where the block is noted that a fill is, after a test. */
export interface FillSlot {
  pattern: number;
  length: number;
  block: number;
}

/**
 * Fills: windows of period 1, 2 or 4, as zeros are. All their shingles have the worst hash, and so the anchor of each
 * block that is one.
 */
export class Fills {
  /** The fill seen last, by its place in the target. */
  #start = 0;
  #end = 0;
  /** Whether the byte at its end is seen not to go on with it. */
  #isOver = false;
  readonly #slots = Array.from({ length: 2 ** FILL_SLOT_BITS }, (): FillSlot => ({ pattern: 0, length: 0, block: -1 }));

  /**
   * Whether a window is a fill. Windows come in the order of their starts, nearly, and each byte is compared once while they
   * do: the fill that they lie in is remembered, and its end.
   *
   * @param base Where the memory starts in the target.
   */
  has(memory: Uint8Array, base: number, start: number, length: number): boolean {
    const inTarget = base + start;
    if (inTarget < this.#start || inTarget + FILL_PERIOD > this.#end) {
      this.#start = inTarget;
      this.#end = inTarget + FILL_PERIOD;
      this.#isOver = false;
    }
    const end = start + length;
    let at = this.#end - base;
    if (!this.#isOver && at < end) {
      while (at < end && memory[at] === memory[at - FILL_PERIOD]) at++;
      this.#end = base + at;
      this.#isOver = at < end;
    }
    return at >= end;
  }

  /** What is noted of a fill, or of another in its place. */
  slot(pattern: number): FillSlot {
    return this.#slots[Math.imul(pattern, FILL_FACTOR) >>> (32 - FILL_SLOT_BITS)]!;
  }
}
