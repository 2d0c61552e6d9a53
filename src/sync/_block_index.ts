import type { SumBatch } from "../kernel/interface.ts";
import { HashTable } from "../kernel/portable/hash_table.ts";
import { KeyedHash } from "../kernel/portable/keyed_hash.ts";
import { RecordStore } from "../kernel/portable/record_store.ts";
import { createBatch } from "../kernel/sum_batch.ts";

/**
 * Blocks of a layer whose records were read, numbered as they come. Of blocks with equal records the first stands for
 * all: one find serves them. It takes a record and 4 bytes for each block, and 6 bytes more until it is complete.
 */
export class BlockIndex {
  readonly #strongLength: number;
  readonly #records: RecordStore;
  /** Its key is drawn anew for each index: a signature may be aimed at one slot. */
  readonly #hash = new KeyedHash();
  #table: HashTable | undefined;
  /** For each block, the first that has an equal record. */
  readonly #first: Uint32Array;
  #distinctCount = 0;

  /** @param count How many blocks there will be. */
  constructor(strongLength: number, count: number) {
    this.#strongLength = strongLength;
    this.#records = new RecordStore({ strongLength });
    this.#table = new HashTable(count);
    this.#first = new Uint32Array(count);
  }

  get count(): number {
    return this.#first.length;
  }

  /** Adds `count` records of a batch, from `from` on. */
  add({ weak, strong }: SumBatch, from: number, count: number): void {
    const length = this.#strongLength;
    const block = this.#records.count;
    const sums = strong.subarray(from * length, (from + count) * length);
    this.#records.add({ count, weak: weak.subarray(from, from + count), strong: sums });
    for (let k = 0; k < count; k++) this.#insert(block + k, weak[from + k]!, sums, k * length);
  }

  /** The first block with the record of `block`: itself, unless one before is equal. */
  firstOf(block: number): number {
    return this.#first[block]!;
  }

  /** The blocks that stand for all, ascending. Nothing is added afterwards. */
  distinct(): Uint32Array {
    this.#table = undefined;
    const distinct = new Uint32Array(this.#distinctCount);
    let at = 0;
    for (let block = 0; block < this.#first.length; block++) if (this.#first[block] === block) distinct[at++] = block;
    return distinct;
  }

  /** The records of some blocks. */
  records(blocks: Uint32Array): SumBatch {
    const length = this.#strongLength;
    const batch = createBatch({ strongLength: length }, blocks.length);
    batch.count = blocks.length;
    for (let k = 0; k < blocks.length; k++) {
      const block = blocks[k]!;
      batch.weak[k] = this.#records.weak(block);
      this.#records.copyStrong(block, batch.strong, k * length);
    }
    return batch;
  }

  #insert(block: number, weak: number, strong: Uint8Array, at: number): void {
    const table = this.#table!;
    const records = this.#records;
    let slot = table.first(this.#hash.strong(weak, strong, this.#strongLength, at));
    let other = table.get(slot);
    while (other >= 0 && !(records.weak(other) === weak && records.hasStrong(other, strong, at))) {
      slot = table.next(slot);
      other = table.get(slot);
    }
    if (other < 0) {
      table.set(slot, block);
      this.#distinctCount++;
    }
    this.#first[block] = other < 0 ? block : other;
  }
}
