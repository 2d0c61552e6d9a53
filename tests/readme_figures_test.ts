/** Holds the figures of README against bench/RESULTS.md. */
import assert from "node:assert/strict";

const read = (path: string) => Deno.readTextFileSync(new URL(`../${path}`, import.meta.url));
const README = read("README.md");
const RESULTS = read("bench/RESULTS.md");

/** The part of a page below a heading, up to the next heading of the same kind. */
function section(page: string, heading: string): string {
  const start = page.indexOf(`\n${heading}\n`);
  assert.ok(start >= 0, heading);
  const level = /^#+ /.exec(heading)![0];
  const end = page.indexOf(`\n${level}`, start + 1 + heading.length);
  return page.slice(start, end < 0 ? page.length : end);
}

/** The rows of the first table of a text, as cells, by their first cell. */
function tableOf(text: string): Map<string, string[]> {
  const [, , ...lines] = text.match(/(?:^\|.*\n)+/m)![0].trimEnd().split("\n");
  const rows = lines.map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
  return new Map(rows.map((cells) => [cells[0]!, cells]));
}

const FIGURES = section(README, "## Figures");
const [, bytesPart, speedPart] = FIGURES.split("```sh\n");

Deno.test("README: bytes are those of bench/RESULTS.md", () => {
  const results = tableOf(section(RESULTS, "## Over HTTP"));
  const rows = [...tableOf(bytesPart!)];
  assert.equal(rows.length, 7);
  assert.equal(results.size, 13);
  for (const [pair, cells] of rows) assert.deepEqual(cells, results.get(pair));
});

Deno.test("README: speeds are those of bench/RESULTS.md", () => {
  const results = tableOf(section(RESULTS, "## With the digest, which is the default"));
  const rows = [...tableOf(speedPart!)];
  assert.equal(rows.length, 5);
  for (const [job, cells] of rows) {
    const expected = results.get(job)!.slice(0, cells.length).map((cell) => cell.replace(/ · .*/, ""));
    assert.deepEqual(cells, expected);
  }
});

Deno.test("README: each figure stands with the command of bench/RESULTS.md", () => {
  const commands = [bytesPart!, speedPart!].map((part) => part.slice(0, part.indexOf("```")).trim());
  for (const command of commands) assert.ok(RESULTS.includes(`\n${command}\n`), command);
});

Deno.test("README: ratios and memory are those of bench/RESULTS.md", () => {
  const lines = section(RESULTS, "## Whole processes against rdiff").split("\n");
  const rowsOf = (jobs: string[]) => {
    return jobs.map((job) => lines.find((line) => line.startsWith(`| ${job} `) && line.includes("| 16384 |"))!);
  };
  const spread = (values: number[], digits: number) => {
    return `${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)}`;
  };
  const ratios = (...jobs: string[]) => {
    return rowsOf(jobs).flatMap((line) => Array.from(line.matchAll(/ · (\d+\.\d+)/g), ([, ratio]) => Number(ratio)));
  };
  const memory = rowsOf(
    ["signature, rollsum", "delta, identical, rollsum", "delta, edited, rollsum", "delta, new, rollsum"]
      .concat("patch, without digest"),
  ).map((line) => line.match(/(\d+) · (\d+) · (\d+) · (\d+) +\|$/)!.slice(1).map(Number));
  const text = FIGURES.replaceAll(/\s+/g, " ");
  const files = ["signature, rollsum", "delta, identical, rollsum", "delta, edited, rollsum"];
  assert.ok(text.includes(`run at ${spread(ratios(...files), 2)} times its speed`));
  assert.ok(text.includes(`new files at ${spread(ratios("delta, new, rollsum"), 2)} times`));
  assert.ok(text.includes(`patches at ${spread(ratios("patch, without digest"), 2)} times`));
  const ours = memory.flatMap((cells) => cells.slice(1));
  assert.deepEqual([...new Set(memory.map(([rdiff]) => rdiff))].sort(), [2, 3]);
  assert.ok(text.includes(`needs 2 or 3 MiB of memory for that, and the runtimes ${spread(ours, 0)}.`));
});
