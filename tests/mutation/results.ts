/** The table of a run, and RESULTS.md, which keeps the tables of several. */
import { join } from "node:path";
import { AREAS } from "./areas.ts";
import { type Outcome, ROOT } from "./checkout.ts";

/** Faults of 100 that the tests of each area have to notice. */
const WANTED_PERCENT = 85;

const PATH = join(ROOT, "tests/mutation/RESULTS.md");
const INTRO = `# Which faults the tests notice

\`deno task mutate --write=TITLE\` writes these tables; with the name of an area, only the row of that. A fault is
caught if a test fails or does not end. The latter are also counted under "by time": four times what the tests take
without a fault, and 20 seconds. A fault is equivalent if it changes nothing that anybody could see: the compiler of
WebAssembly makes the same bytes, or [equivalent.ts](equivalent.ts) has the reason. The share is what was caught of
those that are not equivalent. Faults that cannot be compiled are not counted.
`;
const HEAD = `| area | put in | caught | by time | equivalent | share |
| --- | --- | --- | --- | --- | --- |
`;

/** What became of the faults of an area. */
export interface Result {
  readonly area: string;
  readonly put: number;
  readonly caught: number;
  readonly late: number;
  readonly equivalent: number;
  /** Faults that no test noticed, in words. */
  readonly survivors: readonly string[];
}

export function summarize(area: string, tried: readonly { outcome: Outcome; words: string }[]): Result {
  const count = (...wanted: Outcome[]) => tried.filter(({ outcome }) => wanted.includes(outcome)).length;
  return {
    area,
    put: tried.length - count("invalid"),
    caught: count("caught", "timeout"),
    late: count("timeout"),
    equivalent: count("equivalent"),
    survivors: tried.filter(({ outcome }) => outcome === "survived").map(({ words }) => words),
  };
}

/** Percent caught of those that differ, rounded down. */
function shareOf({ put, caught, equivalent }: Result): number {
  return put === equivalent ? 100 : Math.floor(100 * caught / (put - equivalent));
}

export function isEnough(result: Result): boolean {
  return shareOf(result) >= WANTED_PERCENT;
}

export function toMarkdown(results: readonly Result[]): string {
  const rows = results.map((result) => {
    const { area, put, caught, late, equivalent } = result;
    return `| ${area} | ${put} | ${caught} | ${late} | ${equivalent} | ${shareOf(result)} % |\n`;
  });
  const survivors = results.flatMap(({ area, survivors }) => survivors.map((words) => `${area}: ${words}\n`));
  return HEAD + rows.join("") +
    (survivors.length > 0 ? `\nNot noticed:\n\n\`\`\`txt\n${survivors.join("")}\`\`\`\n` : "");
}

/** Reads what {@linkcode toMarkdown} wrote. */
export function fromMarkdown(text: string): Result[] {
  const lines = text.split("\n");
  return lines.flatMap((line) => {
    const [, area, put, caught, late, equivalent] = /^\| (\D+?) +\| (\d+) +\| (\d+) +\| (\d+) +\| (\d+)/.exec(line) ??
      [];
    if (area === undefined) return [];
    const mark = `${area}: `;
    const survivors = lines.filter((line) => line.startsWith(mark)).map((line) => line.slice(mark.length));
    return {
      area,
      put: Number(put),
      caught: Number(caught),
      late: Number(late),
      equivalent: Number(equivalent),
      survivors,
    };
  });
}

/** Puts the rows of some areas into the table with a title. */
export async function writeResults(title: string, command: string, results: readonly Result[]): Promise<void> {
  const text = await Deno.readTextFile(PATH).catch(() => INTRO);
  const [, ...sections] = text.split(/^## /m);
  const isNamed = (section: string) => section.startsWith(`${title}\n`);
  const before = fromMarkdown(sections.find(isNamed) ?? "");
  const rows = AREAS.flatMap(({ name }) => [...results, ...before].find(({ area }) => area === name) ?? []);
  const section = `${title}\n\n\`${command}\`\n\n${toMarkdown(rows)}`;
  const kept = sections.map((text) => isNamed(text) ? section : text.trimEnd() + "\n");
  if (!sections.some(isNamed)) kept.push(section);
  await Deno.writeTextFile(PATH, [INTRO, ...kept.map((text) => `## ${text}`)].join("\n"));
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", PATH] }).output();
}
