import { growBytes } from "../../common/bytes.ts";
import type { BlockSummer, SumBatch, SumParams } from "../interface.ts";
import { STRONG_SUMS } from "../rules/sums.ts";
import { createBatch } from "../sum_batch.ts";
import { type KernelInstance, PIECE_COUNT, PIECE_LENGTH } from "./instance.ts";

/** Bytes to gather for a call of the kernel, so that it can sum several blocks at a time; a block if that is longer. */
const GATHER_LENGTH = 128 * 1024;

/**
 * Sums blocks, four or more at a time. They go through the kernel's memory in pieces, and what is left waits outside of
 * it. Blocks are no longer than such a piece.
 */
export class WasmBlockSummer implements BlockSummer {
  readonly #params: SumParams;
  readonly #instance: KernelInstance;
  #batch: SumBatch;
  /** Bytes that wait for more. */
  #held = new Uint8Array();
  #heldLength = 0;

  constructor(params: SumParams, instance: KernelInstance) {
    this.#params = params;
    this.#instance = instance;
    this.#batch = createBatch(params, 0);
  }

  sum(bytes: Uint8Array): SumBatch {
    const { blockLength } = this.#params;
    const length = this.#heldLength + bytes.length;
    if (length < Math.max(GATHER_LENGTH, blockLength)) {
      this.#batch.count = 0;
      this.#hold(bytes);
      return this.#batch;
    }
    const summed = length - length % blockLength;
    this.#start(summed / blockLength);
    this.#sum(bytes, summed);
    const taken = Math.max(0, summed - this.#heldLength);
    this.#held.copyWithin(0, summed, this.#heldLength);
    this.#heldLength = Math.max(0, this.#heldLength - summed);
    this.#hold(bytes.subarray(taken));
    return this.#batch;
  }

  finish(hasShort: boolean): SumBatch {
    const { blockLength } = this.#params;
    const summed = hasShort ? this.#heldLength : this.#heldLength - this.#heldLength % blockLength;
    this.#start(Math.ceil(summed / blockLength));
    this.#sum(new Uint8Array(), summed);
    return this.#batch;
  }

  /** Makes room for records. */
  #start(capacity: number): void {
    if (this.#batch.weak.length < capacity) this.#batch = createBatch(this.#params, capacity);
    this.#batch.count = 0;
  }

  #hold(bytes: Uint8Array): void {
    const length = this.#heldLength + bytes.length;
    this.#held = growBytes(this.#held, this.#heldLength, length, Math.max(GATHER_LENGTH, this.#params.blockLength));
    this.#held.set(bytes, this.#heldLength);
    this.#heldLength = length;
  }

  /** Sums the first `summed` bytes of those held and `bytes`. */
  #sum(bytes: Uint8Array, summed: number): void {
    const { blockLength } = this.#params;
    const pieceLength = Math.min(Math.floor(PIECE_LENGTH / blockLength), PIECE_COUNT) * blockLength;
    const { bytes: memory, bytesAt } = this.#instance;
    for (let from = 0; from < summed; from += pieceLength) {
      const to = Math.min(summed, from + pieceLength);
      const held = this.#held.subarray(from, Math.min(to, this.#heldLength));
      const [start, end] = [from - this.#heldLength, to - this.#heldLength].map((at) => Math.max(0, at));
      memory.set(held, bytesAt);
      memory.set(bytes.subarray(start, end), bytesAt + held.length);
      this.#sumPiece(to - from);
    }
  }

  /** Sums the blocks that lie in the kernel's memory. */
  #sumPiece(length: number): void {
    const { blockLength, strongLength, strongSum, weakSum, salt } = this.#params;
    const key = this.#instance.keyOf(strongSum, salt);
    const { exports, bytes: memory, bytesAt, weakAt, strongAt } = this.#instance;
    const count = Math.ceil(length / blockLength);
    const lastLength = length - (count - 1) * blockLength;
    switch (weakSum) {
      case "rollsum":
        exports.rollsum_blocks(bytesAt, blockLength, count, lastLength, weakAt);
        break;
      case "rabinkarp":
        exports.rabinkarp_blocks(bytesAt, blockLength, count, lastLength, weakAt);
        break;
      default:
        throw new TypeError(`Cannot sum blocks: no weak sum is called "${weakSum satisfies never}"`);
    }
    const { kind } = STRONG_SUMS[strongSum];
    exports.strong_blocks(kind, key, bytesAt, blockLength, count, lastLength, strongLength, strongAt);
    const batch = this.#batch;
    batch.weak.set(new Uint32Array(memory.buffer, weakAt, count), batch.count);
    batch.strong.set(memory.subarray(strongAt, strongAt + count * strongLength), batch.count * strongLength);
    batch.count += count;
  }
}
