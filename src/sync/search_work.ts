/** The passes of all layers together take so many times the length of the local file at most. */
const MAX_LENGTHS = 8;

/** A local file that is shorter counts as one of this length: it takes no time to speak of. */
const MIN_LENGTH = 2 ** 20;

/** A byte of a strong sum for a false alarm takes as long as so many bytes of a search, in the slower backend. */
const FALSE_ALARM_COST = 4;

/** A byte that is found takes as long as so many more, in the slower backend: its block is summed, not searched. */
const FOUND_COST = 1 / 2;

/**
 * What the searches of a plan have taken. Each is linear, and a signature of an untrusted peer could still cause 64 of
 * them: eight layers, and eight passes in each that find a little. So all of them together have a bound. Each layer can
 * have one pass over all of the local file, and a higher bound saved no byte for 13 pairs of real files.
 */
export class SearchWork {
  #bytes = 0;
  #length = MIN_LENGTH;

  /** Whether nothing more should be searched. */
  get isUsedUp(): boolean {
    return this.#bytes >= MAX_LENGTHS * this.#length;
  }

  /**
   * Adds a search.
   *
   * @param start Where in the local file it started.
   * @param end The offset behind the last byte that was searched.
   * @param foundBytes Bytes of blocks that were found.
   * @param falseAlarmBytes Bytes of strong sums for false alarms.
   */
  add(start: number, end: number, foundBytes: number, falseAlarmBytes: number): void {
    this.#bytes += end - start + FOUND_COST * foundBytes + FALSE_ALARM_COST * falseAlarmBytes;
    this.#length = Math.max(this.#length, end);
  }
}
