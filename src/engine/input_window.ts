/** Memory that somebody else keeps, and that only grows or stays. */
export interface Memory {
  /** Returns memory of at least `length` bytes that keeps what was in it. Earlier views must not be used any more. */
  reserve(length: number): Uint8Array<ArrayBuffer>;
}

const FIRST_LENGTH = 64 * 1024;

/**
 * A window over input that arrives in chunks of any length, in a memory of bounded length. The memory starts small
 * and grows with what arrives: no header decides how much is allocated.
 */
export class InputWindow {
  readonly #memory: Memory;
  readonly #capacity: number;
  #reserved: number;
  #length = 0;

  /** @param capacity Bytes that it holds at most. */
  constructor(memory: Memory, capacity: number) {
    this.#memory = memory;
    this.#capacity = capacity;
    this.#reserved = Math.min(capacity, FIRST_LENGTH);
  }

  /** Bytes held. */
  get length(): number {
    return this.#length;
  }

  get isFull(): boolean {
    return this.#length === this.#capacity;
  }

  /** Takes as much of `chunk` from `from` on as fits, up to `max` bytes, and returns how many bytes that is. */
  fill(chunk: Uint8Array, from: number, max: number): number {
    const count = Math.min(chunk.length - from, this.#capacity - this.#length, max);
    this.#grow(this.#length + count);
    this.#bytes.set(chunk.subarray(from, from + count), this.#length);
    this.#length += count;
    return count;
  }

  /** A view of held bytes, valid until the next call of another method. */
  view(start: number, end: number): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(start, end);
  }

  /** Forgets the first `count` bytes, and moves the rest to the front. */
  drop(count: number): void {
    this.#bytes.copyWithin(0, count, this.#length);
    this.#length -= count;
  }

  /** Asked for each time: the memory may have moved since. */
  get #bytes(): Uint8Array<ArrayBuffer> {
    return this.#memory.reserve(this.#reserved);
  }

  #grow(length: number): void {
    if (length <= this.#reserved) return;
    this.#reserved = Math.min(this.#capacity, Math.max(length, 2 * this.#reserved));
  }
}
