/** Tables of updates over HTTP, in Markdown, and what they shall show. */
import { row } from "../_run.ts";
import type { HttpCounts, Times } from "./http.ts";
import type { Counts } from "./http_servers.ts";
import { geometricMean } from "./report.ts";
import type { Pair } from "./traffic.ts";

/** What was counted and timed for a pair. */
export interface HttpResult {
  pair: Pair;
  counts: HttpCounts;
  times: readonly Times[];
}

type Way = keyof HttpCounts;

/** A bound: the bytes of a way beside those of a rival. */
interface Bound {
  way: Way;
  rival: Way;
  mean: number;
  most: number;
}

const NAMES: Record<Way, string> = {
  rsync: "rsync -z",
  zsync: "zsync, nginx",
  static: "fetchUpdate, nginx",
  handler: "fetchUpdate, handler",
};
const BOUNDS: readonly Bound[] = [
  { way: "static", rival: "zsync", mean: 0.5, most: 1 },
  { way: "handler", rival: "rsync", mean: 0.45, most: 1 },
];
/** The most requests of an update from nginx. */
const MAX_REQUESTS = 100;

const sumOf = ({ up, down }: Counts) => up + down;
const count = (value: number) => value.toLocaleString("en-US");
const ratio = (value: number) => value.toFixed(value < 0.1 ? 3 : 2);
const waysOf = (results: readonly HttpResult[]) =>
  (Object.keys(NAMES) as Way[]).filter((way) => results.some(({ counts }) => counts[way]));
const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]) =>
  [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");

/** Bytes of bodies, up and down, and requests. */
export function httpTable(results: readonly HttpResult[]): string {
  const ways = waysOf(results);
  const head = ["pair", "full", ...ways.flatMap((way) => way === "rsync" ? [NAMES[way]] : [NAMES[way], "requests"])];
  const rows = results.map(({ pair, counts }) => [
    pair.name,
    count(pair.targetLength),
    ...ways.flatMap((way) => {
      const counted = counts[way];
      if (!counted) return way === "rsync" ? [""] : ["", ""];
      return way === "rsync" ? [count(sumOf(counted))] : [count(sumOf(counted)), counted.requests];
    }),
  ]);
  return `## Bytes of bodies, up and down, and requests\n\n${table(head, rows)}\n`;
}

/** Ratios with their geometric means and maxima, beside their bounds. */
export function httpRatios(results: readonly HttpResult[]): string {
  const texts = BOUNDS.map(({ way, rival, mean, most }) => {
    const title = `## ${NAMES[way]}, to ${NAMES[rival]}\n\n`;
    const known = results.filter(({ counts }) => counts[way] && counts[rival]);
    if (known.length === 0) return `${title}There is nothing to compare.\n`;
    const ratios = known.map(({ counts }) => sumOf(counts[way]!) / sumOf(counts[rival]!));
    const rows = known.map(({ pair }, i) => [pair.name, ratio(ratios[i]!)]);
    rows.push([`geometric mean (${mean} at most)`, verdict(geometricMean(ratios), mean)]);
    rows.push([`maximum (${most} at most)`, verdict(Math.max(...ratios), most)]);
    return `${title}${table(["pair", "ratio"], rows)}\n`;
  });
  const requests = results.flatMap(({ counts }) => counts.static ? [counts.static.requests] : []);
  if (requests.length > 0) {
    const most = Math.max(...requests);
    texts.push(
      `Requests of a pair from nginx: ${most} at most${most > MAX_REQUESTS ? `, MORE THAN ${MAX_REQUESTS}` : ""}\n`,
    );
  }
  return texts.join("\n");
}

function verdict(value: number, bound: number): string {
  return value > bound ? `${ratio(value)}: TOO MUCH` : ratio(value);
}

/** Seconds of an update and of a full download. */
export function timesTable(results: readonly HttpResult[], latencyMs: number): string {
  const rows = results.flatMap(({ pair, times }) =>
    times.map(({ megabits, full, update, requests }) => [
      pair.name,
      megabits,
      full.toFixed(2),
      update.toFixed(2),
      ratio(update / full),
      requests,
    ])
  );
  const head = ["pair", "Mbit/s", "full download, s", "update, s", "ratio", "requests"];
  return `## Time, with ${latencyMs} ms added to each answer\n\n${table(head, rows)}\n`;
}
