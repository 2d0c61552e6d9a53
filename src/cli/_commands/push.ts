import { basename } from "node:path";
import type { SendStats, SentUpdate } from "../../http/client/send_options.ts";
import { sendUpdate } from "../../http/client/send_update.ts";
import type { CommandSpec, Invocation } from "../_command_spec.ts";
import { usageError } from "../_errors.ts";
import { isStandard, type OpenBasis, openBasis } from "../_input.ts";
import { HEADER, PLAN, type Remote, SIG_URL, TIMEOUT, withRemote } from "../_remote.ts";
import { reportDetail, reportStatistics, reportSuccess } from "../_report.ts";
import type { ProgressBar } from "../progress_bar.ts";
import { SearchProgress } from "../_search_progress.ts";
import { HELP, JSON_OUTPUT, QUIET, REPORT_OPTIONS, VERSION } from "../_shared_options.ts";
import { print, say } from "../_stdio.ts";
import { openProgress } from "../_transfer.ts";
import { formatBytes, formatShare } from "../_units.ts";
import { pushJson, pushPlanText, type PushStatus } from "../_update_report.ts";

export const push: CommandSpec = {
  name: "push",
  usage: "FILE URL",
  operands: { min: 2, max: 2 },
  operandKinds: ["file", "any"],
  needsNames: true,
  summary: "update a file on a server",
  details: `Makes the file at URL equal to FILE: finds what the server has of FILE, and sends the rest. The file
there need not exist. If URL ends in a slash, the name of FILE is added.

The server has to take uploads, as serve --writable does. It replaces its file at the end, all at
once, and only if the SHA-256 is right. If somebody else has replaced it meanwhile, it stays as it
is, and the exit code is 110: push again, or pull first. A push that breaks off changes nothing, and
begins anew the next time.

Least permissions in Deno: --allow-net=HOST --allow-read=FILE.`,
  examples: [
    "rsync-streams push db.sqlite http://localhost:8080/",
    'rsync-streams push --header "Authorization: $AUTH" db https://example.org/db',
  ],
  options: [PLAN, HEADER, SIG_URL, TIMEOUT, ...REPORT_OPTIONS, VERSION, HELP],
  run,
};

async function run(invocation: Invocation): Promise<void> {
  const { operands: [path, url] } = invocation;
  if (isStandard(path)) throw usageError("a file has to be named: it is read several times", "push");
  await withRemote(url!, "push", invocation, async (remote) => {
    const file = await openBasis(path);
    try {
      const target = new URL(remote.url);
      if (target.pathname.endsWith("/")) target.pathname += encodeURIComponent(basename(path));
      await pushTo({ ...remote, url: target }, file, invocation);
    } finally {
      await file.close();
    }
  });
}

async function pushTo({ url, options }: Remote, file: OpenBasis, invocation: Invocation): Promise<void> {
  const isPlan = invocation.options.get(PLAN) === true;
  const start = performance.now();
  let stats: Readonly<SendStats> | undefined;
  const planned = new Planned();
  const search = new SearchProgress(
    await openProgress({ isTerminal: false }, invocation, undefined),
    "reading the file",
  );
  let sendBar: ProgressBar | undefined;
  let isSending = false;
  let total: number | undefined;
  let sent: SentUpdate | undefined;
  try {
    sent = await sendUpdate(url, file, {
      ...options,
      fetch: async (input, init) => {
        if (isPlan && init?.method === "PATCH") return planned.take(init.body);
        return await options.fetch!(String(input), init ?? {});
      },
      onProgress(now) {
        stats = now;
        // What is sent before is the question for the records of a signature.
        if (now.copiedBytes + now.literalBytes === 0 || isPlan) return search.update(now.bytesRead);
        if (!isSending || now.total !== total) {
          search.end();
          sendBar = (sendBar ?? search.bar)?.next(now.total);
        }
        isSending = true;
        total = now.total;
        sendBar?.update(now.bytesSent);
      },
    });
  } catch (error) {
    if (!planned.isTaken) throw error;
  } finally {
    search.end();
    sendBar?.stop();
  }
  const status = sent?.status ?? "planned";
  await report({ url, file, status, sent, stats: stats!, isStreamed: planned.isStreamed }, start, invocation);
}

interface Outcome {
  readonly url: URL;
  readonly file: OpenBasis;
  readonly status: PushStatus;
  readonly sent: SentUpdate | undefined;
  readonly stats: Readonly<SendStats>;
  readonly isStreamed: boolean;
}

async function report(outcome: Outcome, start: number, invocation: Invocation): Promise<void> {
  const { url, file, status, sent, isStreamed } = outcome;
  const { options, dialect } = invocation;
  const stats = isStreamed ? { ...outcome.stats, bytesSent: undefined } : outcome.stats;
  const ms = performance.now() - start;
  if (options.get(JSON_OUTPUT)) {
    await print(pushJson({ url: url.href, file: file.name, status, entityTag: sent?.entityTag }, stats, ms));
  } else if (options.get(PLAN)) {
    await print(pushPlanText(`${file.name} → ${url}`, status, stats));
  } else if (status === "unchanged" && !options.get(QUIET)) {
    say(dialect.name, `${url} is up to date`);
  }
  const { bytesIn, bytesSent, requests, copiedBytes, literalBytes } = outcome.stats;
  if (status === "updated" || status === "created") {
    const length = copiedBytes + literalBytes;
    const share = length > 0 ? ` (${formatShare(bytesSent, length)})` : "";
    reportSuccess(invocation, `${url} is ${status}: ${formatBytes(bytesSent)} of ${formatBytes(length)}${share} sent`);
  }
  reportDetail(invocation, `push of ${file.name}: ${status}, SHA-256 ${stats.digest}`);
  const counts = `push: ${bytesSent} bytes sent and ${bytesIn} received in ${requests} requests; ` +
    `${copiedBytes} bytes were there, ${literalBytes} were not`;
  reportStatistics(invocation, counts, bytesSent, ms);
}

/** Takes an upload in place of the server, so that it is known what would be sent. */
class Planned {
  isTaken = false;
  /** Whether it is too long to be made before it is sent, so that its length is not known. */
  isStreamed = false;

  /** Answers that it was not accepted, which ends the work. */
  take(body: BodyInit | null | undefined): Response {
    this.isTaken = true;
    this.isStreamed = body instanceof ReadableStream;
    return new Response(null, { status: 409 });
  }
}
