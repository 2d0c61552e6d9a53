import { byteLengthOf, changedLengthError } from "../common/bytes.ts";

/**
 * The lengths that chunks had when they were written. A chunk waits in the queue of a stream, and its owner can take
 * its bytes away meanwhile: by a transfer, by resizing its buffer, or by growing the WebAssembly memory that it lies
 * in. The chunk is then empty or short, and nobody would notice.
 *
 * Lengths are kept in the order of the writes, and not by chunk: the same object can be written twice, with another
 * length each time.
 */
export class WrittenLengths {
  readonly #bytesOf: (chunk: unknown) => unknown;
  /** The lengths of chunks that wait, after some that do not wait any more. */
  #lengths: number[] = [];
  #taken = 0;

  constructor(bytesOf: (chunk: unknown) => unknown = (chunk) => chunk) {
    this.#bytesOf = bytesOf;
  }

  /**
   * A strategy that notes the length of each chunk: streams ask it for a size when the chunk is written.
   *
   * @param sink Told if there is no size. The stream errors then, and does not tell it.
   */
  watch<T>(strategy: QueuingStrategy<T>, sink?: { fail(reason: unknown): void }): QueuingStrategy<T> {
    const { highWaterMark, size } = strategy;
    return {
      ...(highWaterMark !== undefined && { highWaterMark }),
      size: (chunk) => {
        this.#lengths.push(byteLengthOf(this.#bytesOf(chunk)));
        try {
          const value = size ? +size(chunk) : 1;
          if (value >= 0 && value < Infinity) return value;
          throw new RangeError(`Cannot use the chunk: its size is ${value}`);
        } catch (error) {
          sink?.fail(error);
          throw error;
        }
      },
    };
  }

  /** The length that the next chunk had when it was written. Called once for each, in the order of the writes. */
  take(): number {
    const length = this.#lengths[this.#taken++]!;
    if (2 * this.#taken > this.#lengths.length) {
      this.#lengths = this.#lengths.slice(this.#taken);
      this.#taken = 0;
    }
    return length;
  }

  /** @throws {TypeError} If a chunk is not as long as it was when it was written. The close has none, and no length. */
  check(chunk: unknown, before = 0): void {
    const now = byteLengthOf(this.#bytesOf(chunk));
    if (before !== now) throw changedLengthError(before, now);
  }
}
