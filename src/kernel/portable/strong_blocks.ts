import type { StrongHash } from "./sums.ts";

/** Strong sums of windows of a memory, cut to the strong length. */
export class StrongBlocks {
  readonly #hash: StrongHash;
  readonly #strongLength: number;

  constructor(hash: StrongHash, strongLength: number) {
    this.#hash = hash;
    this.#strongLength = strongLength;
  }

  /** Writes the sum of the `length` bytes at `start` to `out` at `offset`. */
  sum(memory: Uint8Array, start: number, length: number, out: Uint8Array, offset: number): void {
    this.#hash.reset();
    this.#hash.update(memory.subarray(start, start + length), length);
    const digest = this.#hash.digest();
    for (let i = 0; i < this.#strongLength; i++) out[offset + i] = digest[i]!;
  }
}
