import { type Basis, toPatchBasis } from "../../basis/basis_source.ts";
import { endReads } from "../../basis/end_reads.ts";
import { checkCallback, checkOptions } from "../../common/checks.ts";
import { RsyncError } from "../../common/rsync_error.ts";
import type { PatchBasis } from "../../engine/interface.ts";
import type { Backend } from "../../kernel/interface.ts";
import { checkBackend } from "../../kernel/mod.ts";
import { progressHooks } from "../../streams/progress.ts";
import type { SyncPlan, SyncRun } from "../../sync/plan.ts";
import { planSync } from "../../sync/plan_sync.ts";
import { HttpError } from "../http_error.ts";
import { strongTag } from "../protocol/entity_tag.ts";
import { Connection, NOT_ENCODED } from "./connection.ts";
import { checkVersion, type FileFacts } from "./_range_answer.ts";
import { type Host, PART_COST, RangeReader, unknownHost } from "./_range_reader.ts";
import { openRemoteSig, type RemoteSig } from "./_remote_sig.ts";
import { COMPRESSED_COST, RUN_COST, RunsReader } from "./_runs_reader.ts";
import { resolveUrls } from "./_urls.ts";
import { CLIENT_NAMES, type UpdateOptions } from "./update_options.ts";
import { newStats, type UpdateFallback, type UpdatePlan, type UpdateStats } from "./update_plan.ts";

/** What stays the same for each attempt of an update. */
export interface Session {
  readonly url: URL;
  readonly sigUrl: URL;
  readonly basis: Basis | null | undefined;
  readonly connection: Connection;
  readonly host: Host;
  readonly stats: UpdateStats;
  /** The one that was asked for. */
  readonly backend: Backend | undefined;
  readonly hooks: ReturnType<typeof progressHooks<Readonly<UpdateStats>>>;
}

/** An update that is ready to be carried out. */
export interface Prepared {
  readonly plan: UpdatePlan;
  /** What the signature says, if there is one of this version. */
  readonly remote: RemoteSig | undefined;
  /** What to copy and what to fetch, unless the whole file is fetched. */
  readonly work: Work | undefined;
}

/** What to copy and what to fetch. */
export interface Work {
  readonly basis: PatchBasis;
  readonly runs: readonly SyncRun[];
  readonly missing: readonly SyncRun[];
  readonly missingLength: number;
  readonly reader: RangeReader | RunsReader;
}

/**
 * Checks the options.
 *
 * @throws {TypeError} If the URL is invalid or has a password, or an option is of the wrong kind.
 * @throws {RsyncError} If the runtime refuses the backend: `unsupported`.
 */
export function openSession(file: string | URL, basis: Basis | null | undefined, options: UpdateOptions): Session {
  const { onProgress, backend } = checkOptions(options, CLIENT_NAMES);
  checkBackend(backend);
  const { url, sigUrl } = resolveUrls(file, options.sigUrl);
  const stats = newStats();
  const connection = new Connection(url, options, stats);
  const hooks = progressHooks<Readonly<UpdateStats>>(stats, checkCallback("onProgress", onProgress));
  connection.onStep = hooks.onStep;
  return { url, sigUrl, basis, connection, host: unknownHost(), stats, backend, hooks };
}

/** Reads a signature, searches the basis, and decides how the rest is fetched. */
export async function prepareUpdate(session: Session, sigUrl: URL): Promise<Prepared> {
  const { url, basis, connection, host } = session;
  const hasBasis = basis !== undefined && basis !== null;
  const local = hasBasis ? endReads(toPatchBasis(basis), connection.signal) : undefined;
  const whole = (fallback: UpdateFallback, remote?: RemoteSig): Prepared => {
    return { plan: wholePlan(connection, fallback, remote), remote, work: undefined };
  };
  const remote = await openSig(connection, host, sigUrl);
  if (typeof remote === "string") return whole(local ? remote : "no-basis");
  const { fileLength, entityTag } = remote.sig.footer;
  // An empty file has all of one that was empty when its signature was made.
  if (!local || fileLength > 0 && await isEmpty(local)) return whole("no-basis", remote);
  const sync = await search(session, basis!, remote);
  if (typeof sync === "string") return whole(sync, remote);
  const { runs, missingLength } = sync;
  const missing = runs.filter(({ from }) => from === undefined);
  const facts: FileFacts = { url, total: fileLength, tag: strongTag(entityTag) };
  const doubt = remote.takesRuns ? undefined : await doubtAbout(connection, facts, remote, missing.length === 0);
  if (doubt === "stale-signature") return whole(doubt);
  if (doubt !== undefined) return whole(doubt, remote);
  const reader = readerFor(session, facts, remote);
  const cost = reader.costOf(missing);
  const isCheaper = cost.bytes + (cost.requests - 1) * connection.requestCost >= fileLength;
  if (isCheaper && fileLength > 0) return whole("cheaper", remote);
  const plan = partialPlan(connection, sync, cost, remote.takesRuns);
  return { plan, remote, work: { basis: local, runs, missing, missingLength, reader } };
}

/** Searches the basis for the blocks of a signature, or says why it is of no use. */
async function search(
  session: Session,
  basis: Basis,
  { sig, takesRuns }: RemoteSig,
): Promise<SyncPlan | UpdateFallback> {
  const { connection: { signal }, stats, backend, hooks } = session;
  const readBefore = stats.bytesRead;
  try {
    return await planSync(sig, basis, {
      readCost: takesRuns ? RUN_COST : PART_COST,
      literalCost: takesRuns ? COMPRESSED_COST : 1,
      signal,
      backend,
      onProgress: ({ bytesRead }) => {
        stats.bytesRead = readBefore + bytesRead;
        hooks.onStep?.();
      },
    });
  } catch (error) {
    return fallbackFor(error);
  }
}

/** Reads the missing bytes: by a list of runs where the server takes one. */
function readerFor(session: Session, facts: FileFacts, { takesRuns }: RemoteSig): RangeReader | RunsReader {
  const { connection, host, stats } = session;
  const ranges = new RangeReader(connection, host, facts, () => stats.fallback = "no-ranges");
  return takesRuns ? new RunsReader(connection, host, facts, ranges) : ranges;
}

/**
 * Asks for the head of the file where a doubt is left. If nothing is missing, no other answer would show that the
 * signature is of an older version. If the signature came whole, the host may know no ranges.
 */
async function doubtAbout(
  connection: Connection,
  facts: FileFacts,
  { cameWhole }: RemoteSig,
  isComplete: boolean,
): Promise<UpdateFallback | undefined> {
  if (!isComplete && !cameWhole) return undefined;
  const asked = connection.send(facts.url, { method: "HEAD", headers: NOT_ENCODED });
  // A host that does not answer `HEAD` leaves the doubt where it was.
  const answer = await asked.catch((error) => {
    if (error instanceof HttpError) return undefined;
    throw error;
  });
  await answer?.cancel();
  if (answer?.status !== 200) return undefined;
  try {
    await checkVersion(answer, facts);
  } catch {
    return "stale-signature";
  }
  // Pages cannot see the header of another origin.
  const saysNothing = connection.isForeign || /bytes/i.test(answer.headers.get("accept-ranges") ?? "");
  return isComplete || saysNothing ? undefined : "no-ranges";
}

/** Opens the signature, or says why there is none. */
async function openSig(connection: Connection, host: Host, url: URL): Promise<RemoteSig | UpdateFallback> {
  try {
    return await openRemoteSig(connection, host, url);
  } catch (error) {
    return fallbackFor(error);
  }
}

/**
 * Why the whole file is fetched after an error.
 *
 * @throws `error` itself if the whole file would not help.
 */
export function fallbackFor(error: unknown): UpdateFallback {
  if (error instanceof RsyncError && error.code !== "basis-short-read") return "bad-signature";
  if (error instanceof HttpError) {
    if (error.code === "changed") return "changed";
    if (error.code === "protocol") return "no-ranges";
    if (error.code === "status") return "no-signature";
  }
  throw error;
}

function partialPlan(
  connection: Connection,
  { fileLength, digest, missingLength, missingCount }: SyncPlan,
  cost: { readonly bytes: number; readonly requests: number },
  takesRuns: boolean,
): UpdatePlan {
  const bytesIn = connection.stats.bytesIn + cost.bytes;
  return {
    way: takesRuns ? "runs" : "ranges",
    fallback: undefined,
    fileLength,
    digest,
    copiedLength: fileLength - missingLength,
    missingLength,
    missingCount,
    bytesIn,
    requests: connection.stats.requests + cost.requests,
    savedShare: fileLength === 0 ? 0 : Math.max(0, 1 - bytesIn / fileLength),
    requestCost: connection.requestCost,
  };
}

function wholePlan(connection: Connection, fallback: UpdateFallback, remote: RemoteSig | undefined): UpdatePlan {
  const { fileLength, digest } = remote?.sig.footer ?? {};
  const { bytesIn, requests } = connection.stats;
  return {
    way: "full",
    fallback,
    fileLength,
    digest,
    copiedLength: 0,
    missingLength: fileLength ?? NaN,
    missingCount: fileLength === 0 ? 0 : 1,
    bytesIn: bytesIn + (fileLength ?? NaN),
    requests: requests + 1,
    savedShare: 0,
    requestCost: connection.requestCost,
  };
}

/** Whether a basis has no bytes. Its size may be unknown. */
async function isEmpty(basis: PatchBasis): Promise<boolean> {
  if (basis.size !== undefined) return basis.size === 0;
  return await basis.readInto(new Uint8Array(1), 0) === 0;
}
