/**
 * Consecutive bytes of the remote file that the local file has in one piece, or does not have.
 *
 * @example What has to be fetched
 * ```ts
 * import { type SyncRun } from "rsync-streams/sync";
 * import assert from "node:assert/strict";
 *
 * const runs: SyncRun[] = [
 *   { offset: 0, length: 100, from: 40 },
 *   { offset: 100, length: 20, from: undefined },
 * ];
 * const missing = runs.filter(({ from }) => from === undefined);
 * assert.deepEqual(missing.map(({ offset, length }) => [offset, length]), [[100, 20]]);
 * ```
 */
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
 *
 * @example All of it is there
 * ```ts
 * import { LayeredSig, layeredSigStream, planSync, type SyncPlan } from "rsync-streams/sync";
 * import assert from "node:assert/strict";
 *
 * const file = new Blob(["some text, ".repeat(5000)]);
 * const sig = await new Response(file.stream().pipeThrough(layeredSigStream())).blob();
 *
 * const plan: SyncPlan = await planSync(await LayeredSig.open(sig), file);
 * assert.equal(plan.missingLength, 0);
 * assert.equal(plan.fileLength, file.size);
 * ```
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

/**
 * A range of bytes or records, from `start` up to but not including `end`.
 *
 * @example How long it is
 * ```ts
 * import { type Span } from "rsync-streams/sync";
 * import assert from "node:assert/strict";
 *
 * const span: Span = { start: 10, end: 15 };
 * assert.equal(span.end - span.start, 5);
 * ```
 */
export interface Span {
  /** The first. */
  readonly start: number;
  /** The one after the last. */
  readonly end: number;
}
