/** A seed for the hashes of a table. Whoever made the records does not know it, and so cannot aim at one slot. */
export function randomSeed(): number {
  return Math.floor(Math.random() * 2 ** 32) | 0;
}

/** The finalizer of MurmurHash3: each bit of the input changes half of the bits of the output. */
export function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Record numbers in open addressing: 4 / 0.75 bytes for each record of the capacity. */
export class HashTable {
  readonly #slots: Uint32Array;

  constructor(capacity: number) {
    this.#slots = new Uint32Array(Math.ceil(capacity / 0.75) + 1);
  }

  get byteLength(): number {
    return this.#slots.byteLength;
  }

  /** The slot where a search for `hash` (mixed, unsigned) begins. */
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
