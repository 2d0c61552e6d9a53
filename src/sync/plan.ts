/** Some bytes of the remote file: where they are in the local one, or that they are missing there. */
export interface SyncRun {
  /** Where they are in the remote file. */
  readonly offset: number;
  /** How many. */
  readonly length: number;
  /** Where they are in the local file; undefined if they are missing there. */
  readonly from: number | undefined;
}

/**
 * What the local file has of the remote one. It serves both directions: to download, missing runs are fetched; to
 * upload the local file, whatever no run copies is sent.
 */
export interface SyncPlan {
  /** Bytes of the remote file. */
  readonly fileLength: number;
  /** SHA-256 of the remote file. */
  readonly digest: Uint8Array;
  /** The remote file from its start to its end, in as few runs as there can be. */
  readonly runs: readonly SyncRun[];
  /** Bytes that are missing. */
  readonly missingBytes: number;
  /** Runs that are missing. */
  readonly missingCount: number;
  /** Bytes read of the layered signature. */
  readonly sigBytes: number;
  /** Reads of the layered signature. */
  readonly sigReads: number;
  /** The block lengths of the layers that were searched, from the coarsest. */
  readonly blockLengths: readonly number[];
}

/** Bytes from `start` to `end`, without `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Copies that were found, sorted by their offset and joined; and what lies between them. */
export class FoundRuns {
  #copies: { offset: number; length: number; from: number }[] = [];

  /** Notes that bytes of the remote file are in the local one. Nothing is noted twice. */
  add(offset: number, length: number, from: number): void {
    const last = this.#copies.at(-1);
    if (last && last.offset + last.length === offset && last.from + last.length === from) last.length += length;
    else this.#copies.push({ offset, length, from });
  }

  /** The spans of a file that no copy covers. */
  missing(fileLength: number): Span[] {
    return this.runs(fileLength).filter(({ from }) => from === undefined)
      .map(({ offset, length }) => ({ start: offset, end: offset + length }));
  }

  /** The whole file as runs. */
  runs(fileLength: number): SyncRun[] {
    this.#join();
    const runs: SyncRun[] = [];
    let at = 0;
    for (const { offset, length, from } of this.#copies) {
      if (offset > at) runs.push({ offset: at, length: offset - at, from: undefined });
      runs.push({ offset, length, from });
      at = offset + length;
    }
    if (at < fileLength) runs.push({ offset: at, length: fileLength - at, from: undefined });
    return runs;
  }

  #join(): void {
    const sorted = this.#copies.sort((a, b) => a.offset - b.offset);
    this.#copies = [];
    for (const { offset, length, from } of sorted) this.add(offset, length, from);
  }
}
