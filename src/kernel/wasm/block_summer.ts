import type { BlockSummer, SumBatch, SumParams } from "../interface.ts";
import { STRONG_SUMS } from "../rules/sums.ts";
import type { InstancePool, KernelInstance } from "./instance.ts";
import { makeStrongKey } from "./strong_key.ts";

/**
 * Sums blocks, four or more at a time. Its memory holds the bytes, and behind them the columns of a batch.
 */
export class WasmBlockSummer implements BlockSummer {
  readonly #params: SumParams;
  readonly #pool: InstancePool;
  readonly #instance: KernelInstance;
  readonly #key: number;
  readonly #bytesAt: number;
  #length = 0;
  #isReleased = false;

  constructor(params: SumParams, pool: InstancePool) {
    this.#params = params;
    this.#pool = pool;
    this.#instance = pool.acquire();
    this.#key = makeStrongKey(this.#instance, params);
    this.#bytesAt = this.#instance.end;
  }

  reserve(length: number): Uint8Array<ArrayBuffer> {
    this.#length = Math.max(this.#length, length);
    this.#instance.require(this.#bytesAt + this.#length);
    return this.#instance.bytes.subarray(this.#bytesAt, this.#bytesAt + this.#length);
  }

  sum(length: number): SumBatch {
    const { blockLength, strongLength, strongSum, weakSum } = this.#params;
    const count = Math.ceil(length / blockLength);
    const lastLength = length - (count - 1) * blockLength;
    const weak = Math.ceil((this.#bytesAt + this.#length) / 16) * 16;
    const strong = weak + 4 * count;
    this.#instance.require(strong + count * strongLength);
    const { exports } = this.#instance;
    const src = this.#bytesAt;
    switch (weakSum) {
      case "rollsum":
        exports.rollsum_blocks(src, blockLength, count, lastLength, weak);
        break;
      case "rabinkarp":
        exports.rabinkarp_blocks(src, blockLength, count, lastLength, weak);
        break;
      default:
        throw new TypeError(`Cannot sum blocks: no weak sum is called "${weakSum satisfies never}"`);
    }
    const { kind } = STRONG_SUMS[strongSum];
    exports.strong_blocks(kind, this.#key, src, blockLength, count, lastLength, strongLength, strong);
    const { buffer } = this.#instance.bytes;
    return {
      count,
      weak: new Uint32Array(buffer, weak, count),
      strong: new Uint8Array(buffer, strong, count * strongLength),
    };
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#pool.release(this.#instance);
  }
}
