/**
 * Puts single faults into a copy of the sources, and counts those that the tests notice.
 *
 *     deno task mutate                           12 faults for each area, and those of by_hand.ts
 *     deno task mutate --each=40 files command   40 for each of two areas
 *     deno task mutate --seed=7                  the same faults as another run with this seed
 *
 * `--jobs=2` runs two copies side by side. `--by-hand` and `--random` run one kind of faults alone. It ends in an error
 * if an area notices less than 85 of 100 faults.
 */
import { join } from "node:path";
import { type Area, AREAS } from "./areas.ts";
import { BY_HAND, locate } from "./by_hand.ts";
import { Checkout, listFiles, type Outcome, ROOT } from "./checkout.ts";
import { equivalenceOf } from "./equivalent.ts";
import { type Fault, syntacticFaults } from "./syntactic.ts";
import { xorshift } from "../_recipes.ts";

/** Faults of 100 that the tests of each area have to notice. */
const WANTED_PERCENT = 85;
/** A run with a fault may take so many times the time of one without, and some more: the machine may be busy. */
const SLOWNESS = 6;
const SPARE_MS = 20_000;
const MAX_TEST_MS = 600_000;

interface Job {
  readonly area: Area;
  readonly fault: Fault;
  readonly text: string;
}

interface Result extends Job {
  readonly outcome: Outcome;
}

interface Args {
  readonly seed: number;
  readonly each: number;
  readonly jobs: number;
  readonly areas: readonly Area[];
  readonly byHand: boolean;
  readonly random: boolean;
}

function parseArgs(args: readonly string[]): Args {
  const number = (name: string, otherwise: number) => {
    const given = args.find((arg) => arg.startsWith(`--${name}=`));
    return given === undefined ? otherwise : Number(given.slice(name.length + 3));
  };
  const names = args.filter((arg) => !arg.startsWith("--"));
  const areas = names.length === 0 ? AREAS : AREAS.filter(({ name }) => names.some((word) => name.includes(word)));
  const only = { byHand: args.includes("--by-hand"), random: args.includes("--random") };
  return {
    seed: number("seed", crypto.getRandomValues(new Uint32Array(1))[0]!),
    each: number("each", 12),
    jobs: number("jobs", 1),
    areas,
    byHand: only.byHand || !only.random,
    random: only.random || !only.byHand,
  };
}

/** The faults to try, in an order that has all areas early. */
async function chooseJobs({ seed, each, areas, byHand, random }: Args, paths: readonly string[]): Promise<Job[]> {
  const dice = xorshift(seed);
  const jobs: Job[] = [];
  for (const area of areas) {
    const faults: Job[] = [];
    for (const path of paths.filter((path) => path.endsWith(".ts") && area.files.test(path))) {
      const text = await Deno.readTextFile(join(ROOT, path));
      faults.push(...syntacticFaults(path, text).map((fault) => ({ area, fault, text })));
    }
    for (let i = 0; random && i < each && faults.length > 0; i++) {
      jobs.push(...faults.splice(dice.below(faults.length), 1));
    }
    for (const made of byHand ? BY_HAND.filter((made) => made.area === area.name) : []) {
      const text = await Deno.readTextFile(join(ROOT, made.path));
      jobs.push({ area, fault: locate(made, text), text });
    }
  }
  return jobs;
}

/** The line that a fault is in, with the number of that line. */
function lineOf({ fault, text }: Job): { number: number; line: string } {
  const from = text.lastIndexOf("\n", fault.start - 1) + 1;
  const to = text.indexOf("\n", fault.start);
  return { number: text.slice(0, from).split("\n").length, line: text.slice(from, to < 0 ? undefined : to).trim() };
}

function describe(job: Job): string {
  const { fault, text } = job;
  const piece = (code: string) => {
    const line = code.replace(/\s+/g, " ");
    return line.length > 70 ? `${line.slice(0, 67)}...` : line;
  };
  const { number, line } = lineOf(job);
  const what = `${piece(text.slice(fault.start, fault.end))} => ${piece(fault.replacement)}`;
  return `${fault.path}:${number}: ${fault.kind}: ${what} | ${piece(line)}`;
}

async function tryAll(jobs: readonly Job[], { jobs: width }: Args, paths: readonly string[]): Promise<Result[]> {
  const results: Result[] = [];
  const left = [...jobs];
  const times = new Map<string, number>();
  const work = async () => {
    const checkout = await Checkout.create(paths);
    try {
      for (let job = left.shift(); job; job = left.shift()) {
        const reason = equivalenceOf(job.fault, job.text);
        const outcome = reason ? "equivalent" : await checkout.try(job.fault, await limits(job.area, checkout, times));
        results.push({ ...job, outcome });
        console.log(`${outcome.padEnd(10)} ${job.area.name}: ${describe(job)}${reason ? ` (${reason})` : ""}`);
      }
    } finally {
      await checkout.remove();
    }
  };
  await Promise.all(Array.from({ length: width }, work));
  return results;
}

/** The tests of an area with the time that each may take, measured once. */
async function limits(area: Area, checkout: Checkout, times: Map<string, number>) {
  const tests = [];
  for (const name of area.tests) {
    const path = `tests/${name}_test.ts`;
    const took = times.get(path) ?? await checkout.measure(path, MAX_TEST_MS);
    times.set(path, took);
    tests.push({ path, limitMs: took * SLOWNESS + SPARE_MS });
  }
  return tests;
}

/** Prints the table. Returns whether each area notices enough. */
function report(results: readonly Result[]): boolean {
  const rows: [string, number, number, number][] = [];
  for (const name of new Set(results.map(({ area }) => area.name))) {
    const valid = results.filter(({ area, outcome }) => area.name === name && outcome !== "invalid");
    const count = (...outcomes: Outcome[]) => valid.filter(({ outcome }) => outcomes.includes(outcome)).length;
    rows.push([name, valid.length, count("caught", "timeout"), count("equivalent")]);
  }
  console.log(
    "\n| area | put in | caught | equivalent | caught of those that differ |\n| --- | --- | --- | --- | --- |",
  );
  let isEnough = true;
  for (const [name, put, caught, equivalent] of rows) {
    const percent = put === equivalent ? 100 : Math.floor(100 * caught / (put - equivalent));
    if (percent < WANTED_PERCENT) isEnough = false;
    console.log(`| ${name} | ${put} | ${caught} | ${equivalent} | ${percent} % |`);
  }
  const survivors = results.filter(({ outcome }) => outcome === "survived");
  if (survivors.length > 0) console.log(`\nNot noticed:\n${survivors.map(describe).join("\n")}`);
  return isEnough;
}

const args = parseArgs(Deno.args);
console.log(`seed ${args.seed}`);
const paths = await listFiles();
const results = await tryAll(await chooseJobs(args, paths), args, paths);
if (!report(results)) Deno.exit(1);
