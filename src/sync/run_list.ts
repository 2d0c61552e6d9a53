import { NumberRows } from "./_number_rows.ts";

/** Stands for where a run is in the local file, if it is missing. */
export const MISSING = -1;

const OFFSET = 0;
const LENGTH = 1;
const FROM = 2;

/** A file from its start to its end, as runs that are copied and runs that are missing: 24 bytes for each run. */
export class RunList {
  readonly #rows = new NumberRows(3);
  /** Bytes of all runs. */
  length = 0;
  /** Bytes that are missing, and runs that are. */
  missingLength = 0;
  missingCount = 0;

  get count(): number {
    return this.#rows.count;
  }

  /**
   * Adds what follows the runs that are there. If it continues the last of them, the two become one.
   *
   * @param from Where the local file has it, or {@linkcode MISSING}.
   */
  add(length: number, from: number): void {
    const rows = this.#rows;
    const last = rows.count - 1;
    const isMissing = from === MISSING;
    if (last >= 0 && from === (this.isMissing(last) ? MISSING : this.from(last) + this.lengthOf(last))) {
      rows.set(last, LENGTH, this.lengthOf(last) + length);
    } else {
      rows.push();
      rows.set(last + 1, OFFSET, this.length);
      rows.set(last + 1, LENGTH, length);
      rows.set(last + 1, FROM, from);
      if (isMissing) this.missingCount++;
    }
    if (isMissing) this.missingLength += length;
    this.length += length;
  }

  /** Where a run is in the remote file. */
  offset(run: number): number {
    return this.#rows.get(run, OFFSET);
  }

  lengthOf(run: number): number {
    return this.#rows.get(run, LENGTH);
  }

  /** Where a run is in the local file, or {@linkcode MISSING}. */
  from(run: number): number {
    return this.#rows.get(run, FROM);
  }

  isMissing(run: number): boolean {
    return this.from(run) === MISSING;
  }
}
