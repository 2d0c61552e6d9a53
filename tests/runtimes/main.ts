/**
 * Runs the conformance cases (cases.js) against the packed npm package, installed into an empty project, in each
 * runtime; in Deno also from source. Prints a table. If all runtimes took part, RESULTS.md and docs/runtimes.md get it
 * too, but not in CI.
 *
 *     deno task test:runtimes            all of them
 *     deno task test:runtimes bun 24     those whose name contains one of the words
 *
 * Firefox and WebKit run only by name, with the browsers that Playwright installs.
 *
 * A missing runtime is skipped with a message. In CI it is a failure.
 */
import { execFile } from "node:child_process";
import { copyFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { builtTarball } from "../../scripts/build_npm.ts";
import { ROOT } from "../../scripts/npm_tools.ts";
import { gapList, passedOf, type Result, type Row, table, writeReport } from "./report.ts";
import {
  type Backend,
  BACKENDS,
  type Command,
  FROM_BYTES,
  nameOf,
  type Runtime,
  RUNTIMES,
  versions,
} from "./runtimes.ts";
import { bundle, chosenByName, isCI, makeProject } from "./tools.ts";

const HERE = join(ROOT, "tests/runtimes");
const TIMEOUT_MS = 300_000;
/** Runs at a time. More would measure how the machine shares its cores. */
const AT_ONCE = 2;

/** A project with the package, the cases and what runs them. */
function makeCases(): string {
  const project = makeProject(builtTarball());
  for (const file of ["run.js", "inputs.js", "worker.js"]) copyFileSync(join(HERE, file), join(project, file));
  // The vectors and the recipes go into one file with the cases; the package stays outside.
  bundle(project, join(HERE, "cases.js"), ["--packages=external", "--outfile=cases.js"]);
  return project;
}

async function measure(runtime: Runtime, prepared: Command, backend: Backend): Promise<Row> {
  const { command, args, cwd } = prepared(backend);
  const name = `${runtime.name} (${runtime.from}), ${backend}`;
  let stdout: string;
  try {
    const options = { cwd, timeout: TIMEOUT_MS, maxBuffer: 2 ** 24 };
    ({ stdout } = await promisify(execFile)(command, args, options));
  } catch (error) {
    const { stdout, stderr, message } = error as { stdout?: string; stderr?: string; message: string };
    throw new Error(`${name} died: ${message}\n${stdout}\n${stderr}`);
  }
  const result = JSON.parse(stdout.trim().split("\n").at(-1)!) as Result;
  if (result.backend !== backend) throw new Error(`${name} ran on ${result.backend}`);
  // The run without the backend made this gap itself.
  if (runtime.portable === "refused by the test" && backend === "portable") {
    result.gaps = result.gaps.filter((gap) => gap !== FROM_BYTES);
  }
  if (result.version) versions.set(runtime, result.version);
  if (runtime.defects && backend === "wasm") {
    for (const defect of runtime.defects) {
      if (!result.gaps.includes(defect)) result.failures.push(`a defect is gone, which is good to know: ${defect}`);
    }
  }
  return { ...result, runtime };
}

const isNamed = process.argv.length > 2;
const chosen = chosenByName("runtime", RUNTIMES).filter(({ onlyByName }) => isNamed || !onlyByName);
const failures: string[] = [];
const project = makeCases();
const rows: Row[] = [];
try {
  const work: { runtime: Runtime; prepared: Command; backend: Backend; row?: Row }[] = [];
  for (const runtime of chosen) {
    try {
      const prepared = runtime.prepare(project);
      for (const backend of BACKENDS) work.push({ runtime, prepared, backend });
    } catch (error) {
      const line = `${runtime.name}: ${(error as Error).message.trim()}`;
      console.error(isCI ? `MISSING ${line}` : `SKIPPED ${line}`);
      if (isCI) failures.push(line);
    }
  }
  const queue = work.values();
  const runQueue = async () => {
    for (const one of queue) {
      const { runtime, prepared, backend } = one;
      try {
        const row = await measure(runtime, prepared, backend);
        one.row = row;
        console.log(`${nameOf(runtime)}, ${backend}: ${passedOf(row)} passed`);
        failures.push(...row.failures.map((failure) => `${nameOf(runtime)}, ${backend}: ${failure}`));
      } catch (error) {
        failures.push((error as Error).message);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, availableParallelism()) }, runQueue));
  rows.push(...work.flatMap(({ row }) => row ? [row] : []));
} finally {
  rmSync(project, { recursive: true });
}

console.log(`\n${table(rows)}\n\n${gapList(rows)}\n`);
for (const failure of failures) console.error(`FAILED ${failure}`);
// In CI nothing in the checkout changes.
const allRan = rows.length === 2 * chosen.length && !isNamed;
if (failures.length === 0 && allRan && !isCI) writeReport(rows);
const passed = rows.reduce((sum, row) => sum + row.cases - row.failures.length, 0);
console.log(`${passed} passed | ${failures.length} failed`);
if (failures.length > 0) process.exit(1);
