/** Record numbers in open addressing: 4 / 0.75 bytes for each record of the capacity. */
export class HashTable {
  readonly #slots: Uint32Array;

  constructor(capacity: number) {
    this.#slots = new Uint32Array(Math.ceil(capacity / 0.75) + 1);
  }

  get byteLength(): number {
    return this.#slots.byteLength;
  }

  /** The slot where a search for an unsigned `hash` begins. */
  first(hash: number): number {
    return Math.floor((hash * this.#slots.length) / 2 ** 32);
  }

  next(slot: number): number {
    return slot + 1 === this.#slots.length ? 0 : slot + 1;
  }

  /** The record in a slot, or -1. */
  get(slot: number): number {
    return this.#slots[slot]! - 1;
  }

  set(slot: number, record: number): void {
    this.#slots[slot] = record + 1;
  }
}
