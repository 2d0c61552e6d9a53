/** Bytes after which each fill repeats. */
const PERIOD = 4;
/** Fills whose block is remembered. */
const SLOT_COUNT = 16;

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
  readonly #slots = Array.from({ length: SLOT_COUNT }, (): FillSlot => ({ pattern: 0, length: 0, block: -1 }));

  /**
   * Whether a window is a fill. Windows come in the order of their starts, nearly, and each byte is compared once while they
   * do: the fill that they lie in is remembered, and its end.
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

  /** What is noted of a fill, or of another in its place. */
  slot(pattern: number): FillSlot {
    return this.#slots[Math.imul(pattern, 0x9e3779b1) >>> 28]!;
  }
}
