import { type Basis, toPatchBasis } from "../basis/basis_source.ts";
import { countReads } from "../basis/count_reads.ts";
import { kindOf } from "../common/bytes.ts";
import { checkCallback, checkInteger, checkOptions, checkSignal, type OptionNames } from "../common/checks.ts";
import { giveWay } from "../common/give_way.ts";
import { watchSignal } from "../common/watch_signal.ts";
import type { BackendOptions } from "../kernel/interface.ts";
import { chosenKernel } from "../kernel/mod.ts";
import { progressHooks } from "../streams/progress.ts";
import { MISSING, RunList } from "./run_list.ts";
import { sampleOf } from "./sample.ts";
import { searchLayer, spansToRead } from "./_search_layer.ts";
import { SearchWork } from "./search_work.ts";
import type { LayeredSig } from "./layered_sig.ts";
import type { Span, SyncPlan, SyncRun } from "./plan.ts";
import { isWorthwhile, SAMPLE_TRUST, samplePieceCount } from "./stopping_rule.ts";

/** So many bytes are some ten million records. With their index they fit in the memory of a WebAssembly instance. */
const MAX_INPUT_LENGTH = 2 ** 26;

/** Runs of the plan that are made without letting others work. */
const RUNS_AT_ONCE = 16_384;

const NAMES: OptionNames<PlanSyncOptions> = {
  literalCost: true,
  readCost: true,
  maxInputLength: true,
  signal: true,
  onProgress: true,
  backend: true,
};

/**
 * What a search for a plan has done so far.
 *
 * @example How far it is
 * ```ts
 * import { LayeredSig, layeredSigStream, planSync, type PlanSyncStats } from "rsync-streams/sync";
 * import assert from "node:assert/strict";
 *
 * const file = new Blob(["some text, ".repeat(5000)]);
 * const sig = await new Response(file.stream().pipeThrough(layeredSigStream())).blob();
 *
 * let stats: PlanSyncStats | undefined;
 * await planSync(await LayeredSig.open(sig), file, { onProgress: (now) => stats = { ...now } });
 * assert.ok(stats && stats.bytesRead >= file.size);
 * ```
 */
export interface PlanSyncStats {
  /**
   * Bytes of the local file that were read: all of it for each layer that is searched, and parts of it again. How many
   * there will be is not known before the end, but nine times the length of the file is the most.
   */
  bytesRead: number;
}

/**
 * Options of {@linkcode planSync}.
 *
 * @example Text that is compressed on the way
 * ```ts
 * import { LayeredSig, layeredSigStream, planSync, type PlanSyncOptions } from "rsync-streams/sync";
 * import assert from "node:assert/strict";
 *
 * const file = new Blob(["some text, ".repeat(5000)]);
 * const sig = await new Response(file.stream().pipeThrough(layeredSigStream())).blob();
 *
 * const options: PlanSyncOptions = { literalCost: 0.25, signal: AbortSignal.timeout(60_000) };
 * const plan = await planSync(await LayeredSig.open(sig), new Blob(["new text, ", file]), options);
 * assert.equal(plan.missingLength, 0);
 * ```
 */
export interface PlanSyncOptions extends BackendOptions {
  /**
   * What a missing byte costs on the wire, in bytes: 1 if they travel as they are, less if they are compressed.
   * @default {1}
   */
  literalCost?: number | undefined;
  /**
   * What a read of the layered signature costs, in bytes, beside those that it reads: headers, and waiting.
   * @default {200}
   */
  readCost?: number | undefined;
  /**
   * Bytes of records to read at most, up to 2^26. A layer that needs more is not searched: the plan is still right, but
   * more is missing. It bounds the memory that an untrusted peer can make this side use.
   * @default {2 ** 25}
   */
  maxInputLength?: number | undefined;
  /** Ends the work early. */
  signal?: AbortSignal | undefined;
  /** Called at most every 100 ms while the local file is searched, and at the end. */
  onProgress?: ((stats: Readonly<PlanSyncStats>) => void) | undefined;
}

/**
 * Finds what a local file has of a remote one.
 *
 * It reads the records of the coarsest layer and searches the local file for those blocks. Then it reads the records of
 * the next layer under blocks that were not found, and so on, as long as a layer can be expected to save more than its
 * records cost. A search is over all of the local file, and up to seven times more over what was found there. One find
 * serves all blocks with equal records. All searches together read at most nine times the length of the local file, or
 * nine MiB if it is shorter than 1 MiB.
 *
 * The plan can be wrong by chance about once in a thousand times, or if the signature is: check the digest of the
 * result. The signature may come from an untrusted peer. Memory grows with the records that are read, which
 * `maxInputLength` bounds: about 60 bytes for each record of a layer, and as many for each run of the plan. Other tasks
 * run about every 50 ms.
 *
 * @param sig The layered signature of the remote file.
 * @param local The local file.
 * @param options What bytes and reads cost, a signal and progress.
 * @returns The remote file as runs that are copied from the local one, and runs that are missing.
 * @throws {RsyncError} If the layered signature is damaged (`unsupported`), or ends early (`basis-short-read`).
 * @throws {TypeError} If the local file cannot be read at random, or an option is of the wrong kind.
 * @throws {RangeError} If `maxInputLength` or a cost is out of range.
 *
 * @example What an edit leaves to fetch
 * ```ts
 * import { LayeredSig, layeredSigStream, planSync } from "rsync-streams/sync";
 * import assert from "node:assert/strict";
 *
 * const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`);
 * const local = new Blob(lines);
 * const remote = new Blob([...lines.slice(0, 9000), "a new line\n", ...lines.slice(9000)]);
 *
 * const stream = layeredSigStream({ fileLength: remote.size });
 * const published = await new Response(remote.stream().pipeThrough(stream)).blob();
 * const plan = await planSync(await LayeredSig.open(published), local);
 *
 * assert.equal(plan.missingCount, 1);
 * assert.ok(plan.missingLength < 200);
 * ```
 */
export async function planSync(sig: LayeredSig, local: Basis, options: PlanSyncOptions = {}): Promise<SyncPlan> {
  const { signal } = checkOptions(options, NAMES);
  checkSignal(signal)?.throwIfAborted();
  // Not only between reads: one of them may never answer.
  return await watchSignal(signal).orAborted(makePlan(sig, local, options));
}

async function makePlan(sig: LayeredSig, local: Basis, options: PlanSyncOptions): Promise<SyncPlan> {
  const { literalCost = 1, readCost = 200, maxInputLength = 2 ** 25, signal } = options;
  let lengthLeft = checkInteger("maxInputLength", maxInputLength, 0, MAX_INPUT_LENGTH);
  const costs = {
    literalCost: checkCost("literalCost", literalCost),
    readCost: checkCost("readCost", readCost),
  };
  const stats: PlanSyncStats = { bytesRead: 0 };
  const { onStep, onEnd } = progressHooks(stats, checkCallback("onProgress", options.onProgress));
  const kernel = chosenKernel(options.backend);
  const source = countReads(toPatchBasis(local), (count) => {
    stats.bytesRead += count;
    onStep?.();
  });
  const { fileLength, digest, layers } = sig.footer;
  const blockLengths: number[] = [];
  let found = new RunList();
  if (fileLength > 0) found.add(fileLength, MISSING);
  let share = 0;
  const work = new SearchWork();
  for (const [layer, { blockLength }] of layers.entries()) {
    const recordLength = sig.recordLength(layer);
    const { missingLength, missingCount } = found;
    if (missingLength === 0 || source.size === 0 || work.isUsedUp) break;
    /** What is found of what is missing in `runs`; undefined if that takes too many records. */
    const search = async (runs: RunList): Promise<RunList | undefined> => {
      const reads = await spansToRead(runs, blockLength, Math.floor(readCost / recordLength));
      lengthLeft -= lengthOf(reads) * recordLength;
      if (lengthLeft < 0) return undefined;
      return await searchLayer({ sig, layer, runs, reads, local: source, kernel, work, signal });
    };
    const searchedCount = blockLengths.length;
    const outlook = { ...costs, missingLength, missingCount, blockLength, recordLength, searchedCount, share };
    if (!isWorthwhile(outlook)) {
      const sample = await sampleOf(found, blockLength, samplePieceCount(outlook));
      const rest = sample.missingLength > 0 ? await search(sample) : undefined;
      if (!rest || work.isUsedUp) break;
      const sampledShare = 1 - rest.missingLength / sample.missingLength;
      if (!isWorthwhile({ ...outlook, share: sampledShare * SAMPLE_TRUST })) break;
    }
    const next = await search(found);
    if (!next) break;
    found = next;
    blockLengths.push(blockLength);
    share = 1 - found.missingLength / missingLength;
  }
  const runs = await toRuns(found);
  onEnd?.();
  return {
    fileLength,
    digest,
    runs,
    missingLength: found.missingLength,
    missingCount: found.missingCount,
    sigBytes: sig.bytesRead,
    sigReads: sig.readCount,
    blockLengths,
  };
}

async function toRuns(list: RunList): Promise<SyncRun[]> {
  const runs: SyncRun[] = [];
  for (let run = 0; run < list.count; run++) {
    if (run % RUNS_AT_ONCE === 0) await giveWay();
    const from = list.isMissing(run) ? undefined : list.from(run);
    runs.push({ offset: list.offset(run), length: list.lengthOf(run), from });
  }
  return runs;
}

/** @throws {TypeError | RangeError} If a cost is no number, or less than 0. */
function checkCost(name: string, cost: unknown): number {
  if (typeof cost !== "number") {
    throw new TypeError(`Cannot use ${name}: ${kindOf(cost)} was given, a number was expected`);
  }
  if (cost >= 0) return cost;
  throw new RangeError(`Cannot use ${name}: ${cost} was given, a number from 0 on was expected`);
}

function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { start, end }) => sum + end - start, 0);
}
