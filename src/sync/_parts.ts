import { NumberRows } from "./_number_rows.ts";

/** Parts of a file, ascending, 16 bytes for each. Parts that lie near to each other are one. */
export class Parts {
  readonly #rows = new NumberRows(2);
  readonly #maxGap: number;

  /** @param maxGap Bytes that may lie between two parts that become one. */
  constructor(maxGap: number) {
    this.#maxGap = maxGap;
  }

  get count(): number {
    return this.#rows.count;
  }

  /** Adds a part, which starts and ends behind the start and the end of the last one. */
  add(start: number, end: number): void {
    const last = this.count - 1;
    if (last < 0 || start - this.end(last) > this.#maxGap) {
      this.#rows.push();
      this.#rows.set(last + 1, 0, start);
      this.#rows.set(last + 1, 1, end);
    } else {
      this.#rows.set(last, 1, end);
    }
  }

  start(part: number): number {
    return this.#rows.get(part, 0);
  }

  /** The offset behind the last byte of a part. */
  end(part: number): number {
    return this.#rows.get(part, 1);
  }
}
