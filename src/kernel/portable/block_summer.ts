import type { BlockSummer, SumBatch, SumParams } from "../interface.ts";
import { createBatch } from "../sum_batch.ts";
import { growBytes } from "../../common/bytes.ts";
import { AnchorPicker, Shingles } from "./shingle.ts";
import { StrongBlocks } from "./strong_blocks.ts";
import type { RollingSum, StrongHash } from "./sums.ts";

/** Sums blocks one after another. */
export class PortableBlockSummer implements BlockSummer {
  #memory = new Uint8Array(0);
  #shingles = new Shingles(this.#memory);
  #batch: SumBatch;
  readonly #params: SumParams;
  readonly #rolling: RollingSum | undefined;
  readonly #picker: AnchorPicker | undefined;
  readonly #strong: StrongBlocks;

  /** @param rolling The weak sum, or undefined for anchors. */
  constructor(params: SumParams, rolling: RollingSum | undefined, strong: StrongHash) {
    this.#params = params;
    this.#rolling = rolling;
    this.#picker = rolling ? undefined : new AnchorPicker();
    this.#strong = new StrongBlocks(strong, params.strongLength);
    this.#batch = createBatch(params, 0);
  }

  reserve(length: number): Uint8Array<ArrayBuffer> {
    this.#memory = growBytes(this.#memory, this.#memory.length, length, length);
    this.#shingles = new Shingles(this.#memory);
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
      this.#sumWeak(batch, k, start, n);
      this.#strong.sum(this.#memory, start, n, batch.strong, k * strongLength);
    }
    return batch;
  }

  #sumWeak(batch: SumBatch, k: number, start: number, length: number): void {
    if (this.#rolling) {
      this.#rolling.reset();
      this.#rolling.update(this.#memory.subarray(start, start + length), length);
      batch.weak[k] = this.#rolling.digest();
    } else if (this.#picker) {
      this.#picker.pick(this.#shingles, start, length);
      batch.weak[k] = this.#picker.hash;
      batch.offset[k] = this.#picker.offset;
      batch.check[k] = this.#shingles.check(start, length);
    }
  }

  release(): void {
    this.#memory = new Uint8Array(0);
  }
}
