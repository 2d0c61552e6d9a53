/** Reads that run at the same time, each into a place of its own. */
export class ReadsUnderWay {
  #reads: Promise<void>[] = [];

  get count(): number {
    return this.#reads.length;
  }

  add(read: Promise<void>): void {
    // A failure is reported by `settle`. If that is never called, it must not be an unhandled rejection.
    read.catch(() => {});
    this.#reads.push(read);
  }

  /** Waits for all of them. Rejects with the failure of the first that fails, in the order in which they were added. */
  async settle(): Promise<void> {
    const reads = this.#reads;
    this.#reads = [];
    for (const read of reads) await read;
  }
}
