import { fetchUpdate, type Update } from "../../http/client/fetch_update.ts";
import { planUpdate } from "../../http/client/plan_update.ts";
import type { UpdatePlan, UpdateStats } from "../../http/client/update_plan.ts";
import type { CommandSpec, Invocation } from "../_command_spec.ts";
import { CliError, usageError } from "../_errors.ts";
import { isStandard, openBasis } from "../_input.ts";
import { textOption } from "../_option_kinds.ts";
import { withOutput } from "../_output.ts";
import { isSame, PullSource } from "../pull_source.ts";
import { HEADER, PLAN, type Remote, SIG_URL, TIMEOUT, withRemote } from "../_remote.ts";
import { reportDetail, reportStatistics, reportSuccess, warn } from "../_report.ts";
import type { ProgressBar } from "../progress_bar.ts";
import { SearchProgress } from "../_search_progress.ts";
import { HELP, JSON_OUTPUT, QUIET, REPORT_OPTIONS, VERSION } from "../_shared_options.ts";
import { print, say } from "../_stdio.ts";
import { isProgressShown, openProgress, transfer } from "../_transfer.ts";
import { formatBytes, formatShare } from "../_units.ts";
import { explainFallback, planText, updateJson } from "../_update_report.ts";

const BASIS = textOption({
  name: "basis",
  value: "FILE",
  isFile: true,
  help: "another local file to copy from, in place of FILE",
});

export const pull: CommandSpec = {
  name: "pull",
  usage: "URL [FILE]",
  operands: { min: 1, max: 2 },
  operandKinds: ["any", "file"],
  needsNames: true,
  summary: "update a file from a server",
  details: `Makes FILE the file at URL: copies what FILE has of it, and fetches the rest. FILE need not exist.
Its name follows from the URL if it is left out.

The server needs no more than ranges and URL.rsig, which publish makes; serve is one that needs
nothing. Without URL.rsig the whole file is fetched and not verified, with a warning. FILE is
replaced at the end, all at once, and only if the SHA-256 is right. A FILE that is up to date is
left as it is.

What is fetched is kept in .FILE.rsync-streams.part until FILE is there. After a break, run the
same command again: the rest is fetched. It is safe to remove. Without URL.rsig nothing is kept.

Least permissions in Deno: --allow-net=HOST --allow-read=FOLDER --allow-write=FOLDER, where FOLDER
is that of FILE. --plan writes nothing.`,
  examples: [
    "rsync-streams pull https://example.org/app.tar",
    "rsync-streams pull --plan https://example.org/app.tar old.tar",
    "rsync-streams pull --basis app-1.tar https://example.org/app-2.tar app-2.tar",
    'rsync-streams pull --header "Authorization: $AUTH" https://example.org/db',
  ],
  options: [BASIS, PLAN, HEADER, SIG_URL, TIMEOUT, ...REPORT_OPTIONS, VERSION, HELP],
  run,
};

/** What is pulled. */
interface Job {
  readonly remote: Remote;
  readonly path: string;
  readonly source: PullSource;
}

type OnProgress = (stats: Readonly<UpdateStats>) => void;

/** The output of a pull is a file. It is not open yet while the local files are searched. */
const TO_A_FILE = { isTerminal: false };

type Outcome = "planned" | "updated" | "up-to-date";

async function run(invocation: Invocation): Promise<void> {
  const { operands: [url, file], options } = invocation;
  await withRemote(url!, "pull", invocation, async (remote) => {
    const path = file ?? fileNameOf(remote.url);
    const basisPath = options.get(BASIS);
    if (isStandard(path) || basisPath === "-") {
      throw usageError("a file has to be named: the standard input and output have no place to be replaced", "pull");
    }
    const source = await PullSource.open(path, basisPath);
    try {
      const job = { remote, path, source };
      await (options.get(PLAN) ? showPlan(job, invocation) : update(job, invocation));
    } finally {
      await source.close();
    }
  });
}

/** Prints what it would take. */
async function showPlan({ remote, path, source }: Job, invocation: Invocation): Promise<void> {
  const search = await openSearch(invocation);
  const onProgress: OnProgress = ({ bytesRead }) => search.update(bytesRead);
  const plan = await planUpdate(remote.url, source.basis, { ...remote.options, onProgress })
    .finally(() => search.end());
  const isUpToDate = await isCurrent({ remote, path, source }, plan);
  if (invocation.options.get(JSON_OUTPUT)) {
    await print(json({ remote, path, source }, isUpToDate ? "up-to-date" : "planned", plan));
  } else await print(planText(`${remote.url} → ${path}`, plan, isUpToDate));
}

async function update(job: Job, invocation: Invocation): Promise<void> {
  const { remote, path, source: { basis, part } } = job;
  const start = performance.now();
  const search = await openSearch(invocation);
  let show: OnProgress = ({ bytesRead }) => search.update(bytesRead);
  let isKept = false;
  const searching = fetchUpdate(remote.url, basis, {
    ...remote.options,
    async fetch(url, init) {
      const response = await remote.options.fetch!(url, init);
      return isKept ? part.keep(response) : response;
    },
    onProgress: (stats) => show(stats),
  });
  const found = await searching.finally(() => search.end());
  const { plan, readable } = found;
  reportDetail(invocation, `pull of ${path}: ${describe(plan)}, ${part.length} bytes kept by an earlier pull`);
  if (await isCurrent(job, plan)) {
    await readable.cancel();
    await part.remove();
    const stats = { ...found.stats, digest: plan.digest, isVerified: true }; // of FILE as it is
    return await report(job, "up-to-date", { plan, stats }, start, invocation);
  }
  try {
    // Then nothing of it is of this version, or too little.
    if (plan.fallback === "cheaper") await part.empty();
    // On a disk that the file just fits on, the part must not take its room.
    isKept = canGoOn(plan) && await part.hasRoom(plan.fileLength! + plan.missingLength);
    await withOutput(path, invocation, { mayReplace: true }, async (output) => {
      const shown = openTransferBar(isProgressShown(output, invocation) ? search.bar : undefined, found);
      show = shown.show;
      await transfer(readable, output, shown.bar, invocation);
    });
  } catch (error) {
    // It is locked if the transfer had begun.
    await readable.cancel().catch(() => {});
    throw withHint(remote.explain(error), part.addedLength);
  }
  await part.remove();
  await report(job, "updated", found, start, invocation);
}

/**
 * Whether FILE is what is on the server. Its signature may be of an older version, and only a plan that finds nothing
 * missing asks whether it is. So where a plan is of another basis, there is one for FILE too.
 */
async function isCurrent({ remote, path }: Job, plan: UpdatePlan): Promise<boolean> {
  if (!await isSame(path, plan)) return false;
  if (plan.missingLength === 0) return true;
  const file = await openBasis(path);
  try {
    const { digest } = await planUpdate(remote.url, file, remote.options);
    return digest === plan.digest;
  } finally {
    await file.close();
  }
}

async function report(
  job: Job,
  outcome: Outcome,
  { plan, stats }: Pick<Update, "plan" | "stats">,
  start: number,
  invocation: Invocation,
): Promise<void> {
  const isUpToDate = outcome === "up-to-date";
  const ms = performance.now() - start;
  if (invocation.options.get(JSON_OUTPUT)) await print(json(job, outcome, plan, stats, ms));
  else if (isUpToDate && !invocation.options.get(QUIET)) say(invocation.dialect.name, `${job.path} is up to date`);
  if (!isUpToDate && !stats.isVerified) {
    const { fallback = "no-signature" } = stats;
    const why = explainFallback(fallback === "no-basis" ? "no-signature" : fallback);
    warn(invocation, `the result is not verified, since ${why}: compare it by other means`);
  }
  if (!isUpToDate && stats.fallback === "no-ranges") {
    warn(invocation, `the whole file was fetched, since ${explainFallback("no-ranges")}`);
  }
  const { bytesIn, bytesOut, requests, retries } = stats;
  if (!isUpToDate) {
    const share = bytesOut > 0 ? ` (${formatShare(bytesIn, bytesOut)})` : "";
    reportSuccess(
      invocation,
      `${job.path} is updated: ${formatBytes(bytesIn)} of ${formatBytes(bytesOut)}${share} fetched`,
    );
  }
  const counts = `pull: ${bytesIn} bytes in ${requests} requests (${retries} retries); ` +
    `${isUpToDate ? "nothing" : `${bytesOut} bytes`} written`;
  reportStatistics(invocation, counts, bytesIn, ms);
}

function json(
  { remote, path, source }: Job,
  status: Outcome,
  plan: UpdatePlan,
  stats?: Readonly<UpdateStats>,
  ms?: number,
): string {
  const facts = { url: remote.url.href, file: path, status, keptLength: source.part.length };
  return updateJson(facts, plan, stats && { stats, elapsedMs: Math.round(ms!) });
}

function describe({ way, fallback, missingLength, missingCount }: UpdatePlan): string {
  if (way === "full") return `the whole file, since ${explainFallback(fallback!)}`;
  return `${missingLength} bytes are missing in ${missingCount} pieces, fetched as ${way}`;
}

/** Whether what was fetched can be found again: a signature of this version can be searched for, and has a digest. */
function canGoOn({ way, fallback, digest }: UpdatePlan): boolean {
  return digest !== undefined && (way !== "full" || fallback === "no-basis" || fallback === "cheaper");
}

/** Shows the wait for the server, and how much of the local files was searched. */
async function openSearch(invocation: Invocation): Promise<SearchProgress> {
  return new SearchProgress(await openProgress(TO_A_FILE, invocation, undefined), "searching local files");
}

/** Shows the bytes that are fetched or, if there are none, those that are written. */
function openTransferBar(searchBar: ProgressBar | undefined, { plan, stats }: Update) {
  const { way, missingLength, copiedLength, fileLength, bytesIn } = plan;
  const { bytesIn: sigBytes, bytesRead: searched } = stats;
  // Runs come compressed, and are counted once they are decompressed.
  const total = way === "runs" ? missingLength : bytesIn - sigBytes;
  const bar = searchBar?.next(total === 0 ? fileLength : Number.isNaN(total) ? undefined : total);
  const show: OnProgress = ({ bytesIn, bytesRead, bytesOut }) => {
    const done = bytesIn - sigBytes;
    const step = bytesOut === 0
      ? `verifying ${formatShare(Math.min(bytesRead - searched, copiedLength), copiedLength)}`
      : `writing ${formatShare(bytesOut, fileLength ?? 0)}`;
    if (total === 0) bar?.update(bytesOut, bytesOut === 0 ? step : "");
    else bar?.update(done, done >= total ? step : "");
  };
  return { bar, show };
}

/** Says that another attempt need not begin from the start. */
function withHint(error: unknown, keptLength: number): unknown {
  if (!(error instanceof CliError) || keptLength === 0) return error;
  const hint = `; ${formatBytes(keptLength)} are kept for the next attempt`;
  return new CliError(error.exitCode, error.message + hint, { cause: error });
}

/** The name that a file has at a URL, if it is one that can be used here. */
function fileNameOf({ pathname }: URL): string {
  const last = pathname.slice(pathname.lastIndexOf("/") + 1);
  try {
    const name = decodeURIComponent(last);
    // Nothing hidden, no other folder, no control characters, nothing that Windows or an option parser takes otherwise.
    if (/^[^-.][^\p{Cc}/\\:*?"<>|]*$/u.test(name)) return name;
  } catch {
    // Bytes that are not UTF-8.
  }
  throw usageError(`cannot name the file after ${JSON.stringify(last)}: give FILE`, "pull");
}
