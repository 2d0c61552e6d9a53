import type { BlockSummer, SumBatch, SumParams } from "../interface.ts";
import { createBatch } from "../sum_batch.ts";
import { growBytes } from "../../common/bytes.ts";
import { StrongBlocks } from "./strong_blocks.ts";
import type { RollingSum, StrongHash } from "./sums.ts";

/** Sums blocks one after another. */
export class PortableBlockSummer implements BlockSummer {
  #memory = new Uint8Array(0);
  #batch: SumBatch;
  readonly #params: SumParams;
  readonly #rolling: RollingSum;
  readonly #strong: StrongBlocks;

  constructor(params: SumParams, rolling: RollingSum, strong: StrongHash) {
    this.#params = params;
    this.#rolling = rolling;
    this.#strong = new StrongBlocks(strong, params.strongLength);
    this.#batch = createBatch(params, 0);
  }

  reserve(length: number): Uint8Array<ArrayBuffer> {
    this.#memory = growBytes(this.#memory, this.#memory.length, length, length);
    return this.#memory;
  }

  sum(length: number): SumBatch {
    const { blockLength, strongLength } = this.#params;
    const count = Math.ceil(length / blockLength);
    if (this.#batch.weak.length < count) this.#batch = createBatch(this.#params, count);
    const batch = this.#batch;
    batch.count = count;
    for (let k = 0, start = 0; k < count; k++, start += blockLength) {
      const n = Math.min(blockLength, length - start);
      this.#rolling.reset();
      this.#rolling.update(this.#memory.subarray(start, start + n), n);
      batch.weak[k] = this.#rolling.digest();
      this.#strong.sum(this.#memory, start, n, batch.strong, k * strongLength);
    }
    return batch;
  }

  release(): void {
    this.#memory = new Uint8Array(0);
  }
}
