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
  /** SHA-256 of the remote file in hexadecimal digits. */
  readonly digest: string;
  /** The remote file from its start to its end. Runs that continue each other are one. */
  readonly runs: readonly SyncRun[];
  /** Bytes that are missing. */
  readonly missingLength: number;
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
