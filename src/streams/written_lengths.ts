import { byteLengthOf, changedLengthError } from "../common/bytes.ts";

/**
 * The lengths that chunks had when they were written. A chunk waits in the queue of a stream, and its owner can take
 * its bytes away meanwhile: by a transfer, by resizing its buffer, or by growing the WebAssembly memory that it lies
 * in. The chunk is then empty or short, and nobody would notice.
 */
export class WrittenLengths {
  readonly #bytesOf: (chunk: unknown) => unknown;
  readonly #lengths = new WeakMap<object, number>();

  constructor(bytesOf: (chunk: unknown) => unknown = (chunk) => chunk) {
    this.#bytesOf = bytesOf;
  }

  /** A strategy that remembers the length of each chunk: streams ask it for a size when the chunk is written. */
  watch<T>(strategy: QueuingStrategy<T>): QueuingStrategy<T> {
    const { highWaterMark, size } = strategy;
    return {
      ...(highWaterMark !== undefined && { highWaterMark }),
      size: (chunk) => {
        const bytes = this.#bytesOf(chunk);
        if (typeof bytes === "object" && bytes !== null) this.#lengths.set(bytes, byteLengthOf(bytes));
        return size ? size(chunk) : 1;
      },
    };
  }

  /** @throws {TypeError} If a chunk that was written is not as long as it was. */
  check(chunk: unknown): void {
    const bytes = this.#bytesOf(chunk);
    const before = this.#lengths.get(bytes as object);
    const now = byteLengthOf(bytes);
    if (before === undefined || before === now) return;
    throw changedLengthError(before, now);
  }
}
