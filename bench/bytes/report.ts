/** Tables of bytes and ratios, in Markdown. */
import { row } from "../_run.ts";
import type { Pair, Traffic, Traffics } from "./traffic.ts";

/** What was counted for a pair. */
export interface PairResult {
  pair: Pair;
  traffics: Traffics;
}

/** Whom ratios are to. */
const RIVALS = ["rsync -z", "zsync"];

const sumOf = ({ up, down }: Traffic) => up + down;
const count = (value: number) => value.toLocaleString("en-US");
const ratio = (value: number) => value.toFixed(value < 0.1 ? 3 : 2);

/** The geometric mean. */
export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");
}

/** All ways of one pair. */
export function pairTable({ pair, traffics }: PairResult): string {
  const head = ["way", "up", "down", "both", "of the target", ...RIVALS.map((rival) => `to ${rival}`)];
  const rows = Object.entries(traffics).map(([way, traffic]) => [
    way,
    count(traffic.up),
    count(traffic.down),
    count(sumOf(traffic)),
    `${(100 * sumOf(traffic) / pair.targetLength).toFixed(2)} %`,
    ...RIVALS.map((rival) => traffics[rival] ? ratio(sumOf(traffic) / sumOf(traffics[rival])) : ""),
  ]);
  return `## ${pair.name}\n\n${table(head, rows)}\n`;
}

/** Bytes of all ways of all pairs, up and down together. */
export function sumTable(results: readonly PairResult[]): string {
  const ways = waysOf(results);
  const rows = results.map(({ pair, traffics }) => [
    pair.name,
    count(pair.targetLength),
    ...ways.slice(1).map((way) => traffics[way] ? count(sumOf(traffics[way])) : ""),
  ]);
  return `## Bytes, up and down\n\n${table(["pair", ...ways], rows)}\n`;
}

/** Bytes of our ways and of rdiff as a share of those of a rival: each pair, the geometric mean and the maximum. */
export function ratioTables(results: readonly PairResult[]): string {
  const tables = RIVALS.map((rival) => {
    const known = results.filter(({ traffics }) => traffics[rival]);
    if (known.length === 0) return `## Ratio to ${rival}\n\n${rival} is missing.\n`;
    const ways = waysOf(results).filter((way) => !["full", rival].includes(way));
    const columns = ways.map((way) =>
      known.map(({ traffics }) => traffics[way] ? sumOf(traffics[way]) / sumOf(traffics[rival]!) : NaN)
    );
    const rows = known.map(({ pair }, index) => [pair.name, ...columns.map((column) => ratio(column[index]!))]);
    rows.push(["geometric mean", ...columns.map((column) => ratio(geometricMean(column)))]);
    rows.push(["maximum", ...columns.map((column) => ratio(Math.max(...column)))]);
    return `## Ratio to ${rival}\n\n${table(["pair", ...ways], rows)}\n`;
  });
  return tables.join("\n");
}

function waysOf(results: readonly PairResult[]): string[] {
  return [...new Set(results.flatMap(({ traffics }) => Object.keys(traffics)))];
}
