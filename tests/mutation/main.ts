/**
 * Puts single faults into a copy of the sources, and counts those that the tests notice.
 *
 *     deno task mutate                           8 faults for each area
 *     deno task mutate --each=40 files command   40 for each of two areas
 *     deno task mutate --seed=7                  the same faults as another run with this seed
 *     deno task mutate --random                  random faults alone, none of those made by hand
 *     deno task mutate --write=After             writes its rows into the table with this title in RESULTS.md
 *
 * Half of the faults are of by_hand.json, if it has so many of the area, and the others are random. It ends in an error
 * if an area notices less than 85 of 100 faults.
 */
import { join } from "node:path";
import { type Area, AREAS } from "./areas.ts";
import { BY_HAND, locate } from "./by_hand.ts";
import { Checkout, listFiles, ROOT } from "./checkout.ts";
import { equivalenceOf } from "./equivalent.ts";
import { isEnough, type Result, summarize, toMarkdown, writeResults } from "./results.ts";
import { type Fault, syntacticFaults } from "./syntactic.ts";
import { xorshift } from "../_recipes.ts";

/** A run with a fault may take so many times the time of one without, and some more: the machine may be busy. */
const SLOWNESS = 4;
const SPARE_MS = 20_000;

interface Job {
  readonly fault: Fault;
  /** The file that the fault goes into. */
  readonly text: string;
}

interface Args {
  readonly seed: number;
  readonly each: number;
  /** Whether no fault is of those made by hand. */
  readonly isRandom: boolean;
  readonly title: string | undefined;
  readonly areas: readonly Area[];
}

/** An area is named by its whole name, or by a part of it if none has that name: "command" is not "remote commands". */
function isMeant(name: string, word: string): boolean {
  return AREAS.some((area) => area.name === word) ? name === word : name.includes(word);
}

function parseArgs(args: readonly string[]): Args {
  const value = (name: string) => args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
  const words = args.filter((arg) => !arg.startsWith("--"));
  return {
    seed: Number(value("seed") ?? crypto.getRandomValues(new Uint32Array(1))[0]!),
    each: Number(value("each") ?? 8),
    isRandom: args.includes("--random"),
    title: value("write"),
    areas: words.length === 0 ? AREAS : AREAS.filter(({ name }) => words.some((word) => isMeant(name, word))),
  };
}

/** The faults to try in an area. They do not depend on which other areas are tried. */
async function chooseJobs(area: Area, { seed, each, isRandom }: Args, paths: readonly string[]): Promise<Job[]> {
  const dice = xorshift(seed);
  const draw = (jobs: Job[], count: number) => {
    return Array.from({ length: Math.min(count, jobs.length) }, () => jobs.splice(dice.below(jobs.length), 1)[0]!);
  };
  const made: Job[] = [];
  for (const fault of BY_HAND.filter((fault) => fault.area === area.name)) {
    const text = await Deno.readTextFile(join(ROOT, fault.path));
    made.push({ fault: locate(fault, text), text });
  }
  const others: Job[] = [];
  for (const path of paths.filter((path) => path.endsWith(".ts") && area.files.test(path))) {
    const text = await Deno.readTextFile(join(ROOT, path));
    others.push(...syntacticFaults(path, text).map((fault) => ({ fault, text })));
  }
  const chosen = draw(made, isRandom ? 0 : Math.ceil(each / 2));
  return [...chosen, ...draw(others, each - chosen.length)];
}

function describe({ fault, text }: Job): string {
  const piece = (code: string) => {
    const line = code.replace(/\s+/g, " ").trim();
    return line.length > 70 ? `${line.slice(0, 67)}...` : line;
  };
  const from = text.lastIndexOf("\n", fault.start - 1) + 1;
  const to = text.indexOf("\n", fault.start);
  const number = text.slice(0, from).split("\n").length;
  const change = `${piece(text.slice(fault.start, fault.end))} => ${piece(fault.replacement)}`;
  return `${fault.path}:${number}: ${fault.kind}: ${change} | ${piece(text.slice(from, to < 0 ? undefined : to))}`;
}

async function tryArea(area: Area, args: Args, paths: readonly string[], checkout: Checkout): Promise<Result> {
  const tests = area.tests.map((name) => `tests/${name}_test.ts`);
  const took = await checkout.measure(tests);
  console.log(`${area.name}: ${(took / 1000).toFixed(1)} s without a fault`);
  const tried = [];
  for (const job of await chooseJobs(area, args, paths)) {
    const start = performance.now();
    const reason = equivalenceOf(job.fault, job.text);
    const outcome = reason ? "equivalent" : await checkout.try(job.fault, tests, SLOWNESS * took + SPARE_MS);
    const words = describe(job);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`${outcome.padEnd(10)} ${seconds.padStart(5)} s ${words}${reason ? ` (${reason})` : ""}`);
    tried.push({ outcome, words });
  }
  return summarize(area.name, tried);
}

const args = parseArgs(Deno.args);
const command = `deno task mutate --seed=${args.seed} --each=${args.each}${args.isRandom ? " --random" : ""}`;
console.log(command);
const paths = await listFiles();
const checkout = await Checkout.create(paths);
const results: Result[] = [];
try {
  for (const area of args.areas) {
    const result = await tryArea(area, args, paths, checkout);
    results.push(result);
    if (args.title) await writeResults(args.title, command, [result]);
  }
} finally {
  await checkout.remove();
}
console.log(`\n${toMarkdown(results)}`);
if (!results.every(isEnough)) Deno.exit(1);
