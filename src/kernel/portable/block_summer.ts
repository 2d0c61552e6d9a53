import { copyBytes, growBytes } from "../../common/bytes.ts";
import type { BlockSummer, SumBatch, SumParams } from "../interface.ts";
import { createBatch } from "../sum_batch.ts";
import { MAX_PIECE_LENGTH, type RollingSum, type StrongHash } from "./sums.ts";

/** What a summer needs of a weak sum. */
export type WeakSummer = Pick<RollingSum, "reset" | "update" | "digest">;

/** Sums blocks one after another. Of a short block it holds what is there, of a long one nothing. */
export class PortableBlockSummer implements BlockSummer {
  readonly #params: SumParams;
  readonly #weak: WeakSummer;
  readonly #strong: StrongHash;
  #batch: SumBatch;
  /** Bytes of the block under way, and those that were not summed yet. */
  #length = 0;
  #held = new Uint8Array(0);
  #heldLength = 0;

  constructor(params: SumParams, weak: WeakSummer, strong: StrongHash) {
    this.#params = params;
    this.#weak = weak;
    this.#strong = strong;
    this.#batch = createBatch(params, 1);
  }

  sum(bytes: Uint8Array): SumBatch {
    const { blockLength } = this.#params;
    this.#start(Math.floor((this.#length + bytes.length) / blockLength));
    for (let at = 0; at < bytes.length;) {
      const count = Math.min(blockLength - this.#length, bytes.length - at);
      this.#take(bytes.subarray(at, at + count));
      at += count;
      if (this.#length === blockLength) this.#end();
    }
    return this.#batch;
  }

  finish(hasShort: boolean): SumBatch {
    this.#start(1);
    if (hasShort && this.#length > 0) this.#end();
    return this.#batch;
  }

  /** Makes room for records. */
  #start(capacity: number): void {
    if (this.#batch.weak.length < capacity) this.#batch = createBatch(this.#params, capacity);
    this.#batch.count = 0;
  }

  /** Takes more of a block. */
  #take(bytes: Uint8Array): void {
    if (this.#length === 0) {
      this.#weak.reset();
      this.#strong.reset();
    }
    this.#length += bytes.length;
    const { blockLength } = this.#params;
    if (blockLength > MAX_PIECE_LENGTH || bytes.length === blockLength) return this.#update(bytes);
    this.#held = growBytes(this.#held, this.#heldLength, this.#length, blockLength);
    this.#held.set(bytes, this.#heldLength);
    this.#heldLength = this.#length;
  }

  #update(bytes: Uint8Array): void {
    this.#weak.update(bytes, bytes.length);
    this.#strong.update(bytes, bytes.length);
  }

  #end(): void {
    const { strongLength } = this.#params;
    if (this.#heldLength > 0) this.#update(this.#held.subarray(0, this.#heldLength));
    this.#heldLength = 0;
    const k = this.#batch.count++;
    this.#batch.weak[k] = this.#weak.digest();
    copyBytes(this.#strong.digest(), 0, this.#batch.strong, k * strongLength, strongLength);
    this.#length = 0;
  }
}
