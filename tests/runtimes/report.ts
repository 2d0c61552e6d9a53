/** The tables of what the cases came to: for the terminal, RESULTS.md and docs/runtimes.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, run } from "../../scripts/npm_tools.ts";
import { type Backend, BACKENDS, MIB, nameOf, type Runtime } from "./runtimes.ts";

/** What came of the cases in one runtime, on one backend. */
export interface Result {
  version?: string;
  backend: Backend;
  mib: number;
  cases: number;
  groups: Record<string, number>;
  failures: string[];
  gaps: string[];
}

export interface Row extends Result {
  runtime: Runtime;
}

function markdown(head: string[], lines: (string | number)[][]): string {
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function groupsOf(rows: Row[]): string[] {
  return [...new Set(rows.flatMap(({ groups }) => Object.keys(groups)))];
}

export function passedOf(row: Row): string {
  return `${row.cases - row.failures.length} of ${row.cases}`;
}

export function table(rows: Row[]): string {
  const groups = groupsOf(rows);
  const lines = rows.map((row) => [
    nameOf(row.runtime),
    row.backend,
    ...groups.map((group) => row.groups[group] ?? "–"),
    passedOf(row),
  ]);
  return markdown(["runtime", "backend", ...groups, "passed"], lines);
}

/** The table of docs/runtimes.md: a line for each runtime, and what the cases are. */
function summary(rows: Row[]): string {
  const lines = [...new Set(rows.map(({ runtime }) => runtime))].map((runtime) => [
    nameOf(runtime),
    ...BACKENDS.map((backend) => passedOf(rows.find((row) => row.runtime === runtime && row.backend === backend)!)),
  ]);
  const most = (group: string) => Math.max(...rows.map(({ groups }) => groups[group] ?? 0));
  const tested = groupsOf(rows).map((group) => `${group} (${most(group)})`).join(", ");
  return `${markdown(["runtime", ...BACKENDS], lines)}\n\nThe cases: ${tested}.`;
}

/** Writes the summary between its marks in docs/runtimes.md. */
function updatePage(rows: Row[]): string {
  const file = join(ROOT, "docs/runtimes.md");
  const before = readFileSync(file, "utf8");
  const after = before.replace(/(<!-- runtimes .*?-->\n)[^]*?(\n<!-- end of runtimes -->)/, `$1\n${summary(rows)}\n$2`);
  if (!after.includes(summary(rows))) throw new Error("docs/runtimes.md has no marks for the table of runtimes");
  writeFileSync(file, after);
  return file;
}

export function gapList(rows: Row[]): string {
  const by = new Map<string, Set<string>>();
  for (const { runtime, gaps } of rows) {
    for (const gap of gaps) by.set(gap, (by.get(gap) ?? new Set()).add(nameOf(runtime)));
  }
  return [...by].map(([gap, names]) => `- ${gap}: ${[...names].join(", ")}`).join("\n");
}

function report(rows: Row[]): string {
  return `# Runtimes

Written by \`deno task test:runtimes\`: the packed npm package, installed into an empty project (and in Deno the sources
too), with one list of cases, [cases.js](cases.js). The long file is ${MIB} MiB. Each case asserts which backend runs.
The portable backend runs where WebAssembly is refused: by the test itself in Node, Deno and Bun, by a content security
policy in Chromium, and in workerd where a bundler does not know the condition \`workerd\`.

${table(rows)}

What runtimes lack, and the library gets along without:

${gapList(rows)}
`;
}

/** Writes the report, and the summary in the docs. */
export function writeReport(rows: Row[]): void {
  const file = join(ROOT, "tests/runtimes/RESULTS.md");
  writeFileSync(file, report(rows));
  run(Deno.execPath(), ["fmt", "--quiet", file, updatePage(rows)]);
}
