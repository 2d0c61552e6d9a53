/** What commands print of updates over HTTP: as text, and as JSON. */
import type { UpdateFallback, UpdatePlan, UpdateStats } from "../http/client/update_plan.ts";
import { printable } from "./_printable.ts";
import { formatShare } from "./_units.ts";

/** Why the whole file crosses the wire. */
const FALLBACKS: Readonly<Record<UpdateFallback, string>> = {
  "no-basis": "there is no local file to copy from",
  "no-signature": "the server has no .rsig of it",
  "bad-signature": "its .rsig is damaged",
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
  stats?: Readonly<UpdateStats>,
): string {
  const all = { ...facts, plan, ...(stats && { stats }) };
  return `${JSON.stringify(all, (_, value) => value === undefined ? null : value, 2)}\n`;
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
    ["expected", `${Number.isNaN(bytesIn) ? "an unknown number of" : bytesIn} bytes in ${requests} requests`],
    ["saved", `${(plan.savedShare * 100).toFixed(1)} %`],
  ];
  return `${printable(title)}\n${lines.map(([name, value]) => `${name.padEnd(NAME_WIDTH)} ${value}\n`).join("")}`;
}
