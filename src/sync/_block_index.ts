import { growBytes } from "../common/bytes.ts";
import type { SumBatch } from "../kernel/interface.ts";

/** Blocks of a layer whose records were read. Blocks with equal records are one entry: one find serves them all. */
export class BlockIndex {
  readonly #strongLength: number;
  /** Numbers of entries, by record. */
  readonly #entries = new Map<string, number>();
  /** The record of each entry, and its blocks. */
  readonly #weak: number[] = [];
  #strong = new Uint8Array(0);
  readonly #blocks: number[][] = [];

  constructor(strongLength: number) {
    this.#strongLength = strongLength;
  }

  /** How many entries there are. */
  get count(): number {
    return this.#blocks.length;
  }

  /** Adds `count` records of a batch, from `from` on: those of the blocks from `firstBlock` on. */
  add({ weak, strong }: SumBatch, from: number, count: number, firstBlock: number): void {
    const length = this.#strongLength;
    for (let k = 0; k < count; k++) {
      const at = (from + k) * length;
      this.#addRecord(weak[from + k]!, strong.subarray(at, at + length), firstBlock + k);
    }
  }

  /** The blocks of an entry. */
  blocks(entry: number): readonly number[] {
    return this.#blocks[entry]!;
  }

  /** The records of some entries. */
  records(entries: readonly number[]): SumBatch {
    const length = this.#strongLength;
    const strong = new Uint8Array(entries.length * length);
    entries.forEach((entry, k) => strong.set(this.#strong.subarray(entry * length, (entry + 1) * length), k * length));
    return { count: entries.length, weak: Uint32Array.from(entries, (entry) => this.#weak[entry]!), strong };
  }

  #addRecord(weak: number, strong: Uint8Array, block: number): void {
    const key = `${weak}:${String.fromCharCode(...strong)}`;
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      this.#blocks[entry]!.push(block);
      return;
    }
    const at = this.count * this.#strongLength;
    this.#strong = growBytes(this.#strong, at, at + this.#strongLength);
    this.#strong.set(strong, at);
    this.#entries.set(key, this.count);
    this.#weak.push(weak);
    this.#blocks.push([block]);
  }
}
