/** What commands print of updates over HTTP: as text, and as JSON. */
import type { SendStats, SentUpdate } from "../http/client/send_options.ts";
import type { UpdateFallback, UpdatePlan, UpdateStats } from "../http/client/update_plan.ts";
import { printable } from "./_printable.ts";
import { toJson } from "./_report.ts";
import { formatShare } from "./_units.ts";

/** Why the whole file crosses the wire. */
const FALLBACKS: Readonly<Record<UpdateFallback, string>> = {
  "no-basis": "there is no local file to copy from",
  "no-signature": "the server has no .rsig of it",
  "bad-signature": "its .rsig cannot be used",
  "stale-signature": "its .rsig is of another version",
  "no-ranges": "the server gives no ranges",
  cheaper: "the local file has too little of it",
  changed: "it changed meanwhile",
  "digest-mismatch": "the digest of the first result was wrong",
};

const WAYS: Readonly<Record<UpdatePlan["way"], string>> = {
  runs: "a list of what is missing",
  ranges: "ranges of the file",
  full: "the whole file",
};

const NAME_WIDTH = 12;

/** Why the whole file is fetched, in words. */
export function explainFallback(fallback: UpdateFallback): string {
  return FALLBACKS[fallback];
}

/** An update as JSON. What is not known is null. */
export function updateJson(
  facts: Readonly<Record<string, unknown>>,
  plan: UpdatePlan,
  done?: { readonly stats: Readonly<UpdateStats>; readonly elapsedMs: number },
): string {
  if (!done) return toJson({ ...facts, plan });
  const { total: _, ...stats } = done.stats; // the plan has it
  return toJson({ ...facts, plan, ...done, stats });
}

/** A plan as lines of text. */
export function planText(title: string, plan: UpdatePlan, isUpToDate: boolean): string {
  const { way, fallback, fileLength, digest, copiedLength, missingLength, missingCount, bytesIn, requests } = plan;
  const why = fallback ? `: ${explainFallback(fallback)}` : "";
  const share = (part: number) => fileLength === undefined ? "" : ` (${formatShare(part, fileLength)})`;
  const count = `${missingCount} piece${missingCount === 1 ? "" : "s"}`;
  const lines: [string, string][] = [
    ["length", fileLength === undefined ? "not known" : `${fileLength} bytes`],
    ["SHA-256", digest ?? "not known"],
    ["copied", `${copiedLength} bytes${share(copiedLength)}`],
    [
      "missing",
      Number.isNaN(missingLength) ? "not known" : `${missingLength} bytes${share(missingLength)} in ${count}`,
    ],
    ["way", isUpToDate ? "none: the file is up to date" : `${WAYS[way]}${why}`],
    [
      "expected",
      `${Number.isNaN(bytesIn) ? "an unknown number of" : bytesIn} bytes in ${requests} request${
        requests === 1 ? "" : "s"
      }`,
    ],
    ["saved", `${(plan.savedShare * 100).toFixed(1)} %`],
  ];
  return toText(title, lines);
}

/** What became of a push. */
export type PushStatus = "planned" | SentUpdate["status"];

/** What a push has sent. The bytes are not known where only a plan was made of a long one. */
type PushStats = Readonly<Omit<SendStats, "bytesSent"> & { bytesSent: number | undefined }>;

/** A push as JSON. What is not known is null. */
export function pushJson(facts: Readonly<Record<string, unknown>>, stats: PushStats, ms: number): string {
  const { bytesIn, bytesSent, bytesRead, requests, retries, copiedBytes, literalBytes, fallback, digest } = stats;
  const counts = { bytesIn, bytesSent, bytesRead, requests, retries, copiedBytes, literalBytes, fallback, digest };
  return toJson({ ...facts, stats: counts, elapsedMs: Math.round(ms) });
}

/** What a push would take, as lines of text. */
export function pushPlanText(title: string, status: PushStatus, stats: PushStats): string {
  const { bytesIn, bytesSent, requests, copiedBytes, literalBytes, fallback, digest } = stats;
  const isUpToDate = status === "unchanged";
  const length = copiedBytes + literalBytes;
  const sent = bytesSent ?? literalBytes;
  const share = (part: number) => ` (${formatShare(part, length)})`;
  const way = fallback ? "the whole file: the server has none" : "what the server does not have";
  return toText(title, [
    ["SHA-256", digest ?? "not known"],
    ...(isUpToDate ? [] : [
      ["there", `${copiedBytes} bytes${share(copiedBytes)}`],
      ["not there", `${literalBytes} bytes${share(literalBytes)}`],
    ] as [string, string][]),
    ["way", isUpToDate ? "none: the file is up to date" : way],
    ["to send", isUpToDate ? "0 bytes" : `${bytesSent === undefined ? "at most " : ""}${sent} bytes`],
    ["received", `${bytesIn} bytes`],
    ["requests", `${requests}`],
    ...(isUpToDate || length === 0 ? [] : [
      ["saved", `${(Math.max(0, 1 - (sent + bytesIn) / length) * 100).toFixed(1)} %`],
    ] as [string, string][]),
  ]);
}

function toText(title: string, lines: [name: string, value: string][]): string {
  return `${printable(title)}\n${lines.map(([name, value]) => `${name.padEnd(NAME_WIDTH)} ${value}\n`).join("")}`;
}
