import { growBytes } from "../../common/bytes.ts";
import type { DeltaWriter } from "./writer.ts";

/** A copy that waits for one that goes on where it ends. */
export class PendingCopy {
  readonly #writer: DeltaWriter<unknown>;
  #offset = 0;
  #length = 0;

  constructor(writer: DeltaWriter<unknown>) {
    this.#writer = writer;
  }

  add(offset: number, length: number): void {
    if (this.#length > 0 && this.#offset + this.#length === offset) {
      this.#length += length;
      return;
    }
    this.flush();
    this.#offset = offset;
    this.#length = length;
  }

  flush(): void {
    if (this.#length > 0) this.#writer.copy(this.#offset, this.#length);
    this.#length = 0;
  }
}

/** Literal bytes that wait for more. */
export class PendingData {
  readonly #capacity: number;
  #bytes = new Uint8Array(0);
  #length = 0;

  /** @param capacity Bytes that it holds at most. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get length(): number {
    return this.#length;
  }

  /** The bytes held: a view that is valid until the next call of another method. */
  view(start = 0, end: number = this.#length): Uint8Array {
    return this.#bytes.subarray(start, end);
  }

  append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    this.#bytes = growBytes(this.#bytes, this.#length, length, this.#capacity);
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
  }

  /** Forgets the first `count` bytes. */
  drop(count: number): void {
    this.#bytes.copyWithin(0, count, this.#length);
    this.#length -= count;
  }
}
