const PAGE_SHIFT = 12;
/** Rows of a page. Pages never move, so growing copies nothing. */
const PAGE = 2 ** PAGE_SHIFT;

/** Rows of a few numbers, 8 bytes each. */
export class NumberRows {
  readonly #width: number;
  readonly #pages: Float64Array[] = [];
  /** How many rows there are. */
  count = 0;

  constructor(width: number) {
    this.#width = width;
  }

  /** Adds a row of zeros. */
  push(): void {
    if (this.#pages.length << PAGE_SHIFT === this.count) this.#pages.push(new Float64Array(PAGE * this.#width));
    this.count++;
  }

  get(row: number, column: number): number {
    return this.#pages[row >>> PAGE_SHIFT]![(row & (PAGE - 1)) * this.#width + column]!;
  }

  set(row: number, column: number, value: number): void {
    this.#pages[row >>> PAGE_SHIFT]![(row & (PAGE - 1)) * this.#width + column] = value;
  }
}
