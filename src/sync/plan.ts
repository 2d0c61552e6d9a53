/** Consecutive bytes of the remote file that the local file has in one piece, or does not have. */
export interface SyncRun {
  /** Where they are in the remote file. */
  readonly offset: number;
  /** How many. */
  readonly length: number;
  /** Where they are in the local file; undefined if they are missing. */
  readonly from: number | undefined;
}

/**
 * What the local file has of the remote one. It serves both directions. To download, fetch the missing runs. To upload
 * the local file, send what no run copies.
 *
 * Strong sums of layers are short, so a run can be wrong: check the digest of the result.
 */
export interface SyncPlan {
  /** Bytes of the remote file. */
  readonly fileLength: number;
  /** SHA-256 of the remote file. */
  readonly digest: Uint8Array;
  /** The remote file from its start to its end. Runs that continue each other are one. */
  readonly runs: readonly SyncRun[];
  /** Bytes that are missing. */
  readonly missingBytes: number;
  /** Runs that are missing. */
  readonly missingCount: number;
  /** Bytes read of the layered signature since it was opened. */
  readonly sigBytes: number;
  /** Reads of the layered signature since it was opened. */
  readonly sigReads: number;
  /** The block lengths of the layers that were searched, from the coarsest. */
  readonly blockLengths: readonly number[];
}

/** What lies from `start` to `end`: bytes, or records. */
export interface Span {
  /** The first. */
  readonly start: number;
  /** The one after the last. */
  readonly end: number;
}

/** Collects copies that were found. Returns them sorted and joined, with what lies between them. */
export class FoundRuns {
  #copies: { offset: number; length: number; from: number }[] = [];

  /** Notes that bytes of the remote file are in the local one. The same bytes must not be noted twice. */
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
