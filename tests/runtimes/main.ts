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
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { builtTarball } from "../../scripts/build_npm.ts";
import { ROOT, run, toolCommand } from "../../scripts/npm_tools.ts";
import {
  besideTool,
  bundle,
  bundleWorker,
  chosenByName,
  chromiumBinary,
  DRIVER_NODE,
  isCI,
  makeProject,
  nodeBinary,
} from "./tools.ts";

const HERE = join(ROOT, "tests/runtimes");
const BACKENDS = ["wasm", "portable"] as const;
const MIB = 64;
const TIMEOUT_MS = 300_000;
/** Runs at a time. More would measure how the machine shares its cores. */
const AT_ONCE = 2;

type Backend = typeof BACKENDS[number];

interface Runtime {
  name: string;
  /** What is tested: the npm package or the sources. */
  from: "npm" | "source";
  /** Whether it is left out unless the command line names it. */
  onlyByName?: boolean;
  /** Makes it ready, and gives the command that prints the result; throws if it cannot be had. */
  prepare(project: string): Command;
  /** How it comes to run the portable backend. */
  portable: string;
  /** Defects that it is known for. If one is gone, its name here is too. */
  defects?: readonly string[];
}

type Command = (backend: Backend) => { command: string; args: string[]; cwd: string };

interface Result {
  version?: string;
  backend: Backend;
  mib: number;
  cases: number;
  groups: Record<string, number>;
  failures: string[];
  gaps: string[];
}

interface Row extends Result {
  runtime: Runtime;
}

/** Versions that a command prints of itself. */
const versions = new Map<Runtime, string>();

/** A runtime that runs run.js in the project. */
function node(version: string, defects?: readonly string[]): Runtime {
  return {
    name: `Node ${version}`,
    from: "npm",
    portable: "refused by the test",
    ...(defects && { defects }),
    prepare(project) {
      const command = nodeBinary(version);
      return (backend) => ({ command, args: ["run.js", backend, `${MIB}`], cwd: project });
    },
  };
}

function deno(from: "npm" | "source"): Runtime {
  return {
    name: "Deno",
    from,
    portable: "refused by the test",
    prepare(project) {
      versions.set(this, Deno.version.deno);
      const [cwd, file] = from === "npm" ? [project, "run.js"] : [ROOT, "tests/runtimes/run.js"];
      const flags = from === "npm" ? ["--node-modules-dir=manual", "--no-lock"] : ["--frozen"];
      return (backend) => ({ command: Deno.execPath(), args: ["run", "-A", ...flags, file, backend, `${MIB}`], cwd });
    },
  };
}

const bun: Runtime = {
  name: "Bun",
  from: "npm",
  portable: "refused by the test",
  prepare(project) {
    const command = toolCommand("bun", "bun");
    versions.set(bun, run(command, ["--version"]).trim());
    return (backend) => ({ command, args: ["run.js", backend, `${MIB}`], cwd: project });
  },
};

const chromium: Runtime = {
  name: "Chromium",
  from: "npm",
  portable: "refused by a content security policy",
  prepare(project) {
    const browser = chromiumBinary();
    const driver = besideTool("playwright-core", ["browser.js", "chromium.js"]);
    const command = nodeBinary(DRIVER_NODE);
    return (backend) => ({
      command,
      args: ["browser.js", backend, `${MIB}`, project, "chromium", browser],
      cwd: driver,
    });
  },
};

/** A browser that Playwright has installed: `npx playwright-core install firefox`. */
function playwrightBrowser(name: string): Runtime {
  return {
    name,
    from: "npm",
    onlyByName: true,
    portable: "refused by a content security policy",
    prepare(project) {
      const driver = besideTool("playwright-core", ["browser.js", "chromium.js"]);
      const command = nodeBinary(DRIVER_NODE);
      const args = (backend: Backend) => ["browser.js", backend, `${MIB}`, project, name.toLowerCase()];
      return (backend) => ({ command, args: args(backend), cwd: driver });
    },
  };
}

const workerd: Runtime = {
  name: "workerd",
  from: "npm",
  portable: "without the condition `workerd`",
  prepare(project) {
    const driver = besideTool("miniflare", ["workerd.js"]);
    const command = nodeBinary(DRIVER_NODE);
    bundleWorker(project, "worker.js", join(project, "wasm"), "workerd");
    bundleWorker(project, "worker.js", join(project, "portable"), "worker");
    return (backend) => ({ command, args: ["workerd.js", backend, `${MIB}`, join(project, backend)], cwd: driver });
  },
};

const NATIVE_ABORT = "native TransformStream loses the reason of an abort under backpressure";
const FROM_BYTES = "compiles no WebAssembly from bytes";

const RUNTIMES: readonly Runtime[] = [
  node("20.0.0", ["no ReadableStream.from()", "no Symbol.asyncDispose"]),
  // "controller[kState].transformAlgorithm is not a function" is what a source gets to see instead.
  node("20.20.2", [NATIVE_ABORT]),
  node("22.23.3"),
  node(DRIVER_NODE),
  node("26.10.0"),
  bun,
  deno("npm"),
  deno("source"),
  chromium,
  playwrightBrowser("Firefox"),
  playwrightBrowser("WebKit"),
  { ...workerd, defects: [FROM_BYTES] },
];

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

function nameOf(runtime: Runtime): string {
  const version = versions.get(runtime);
  return `${runtime.name}${version ? ` ${version}` : ""}${runtime.from === "source" ? ", from source" : ""}`;
}

function markdown(head: string[], lines: (string | number)[][]): string {
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function groupsOf(rows: Row[]): string[] {
  return [...new Set(rows.flatMap(({ groups }) => Object.keys(groups)))];
}

function passedOf(row: Row): string {
  return `${row.cases - row.failures.length} of ${row.cases}`;
}

function table(rows: Row[]): string {
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

function gapList(rows: Row[]): string {
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
        console.log(`${nameOf(runtime)}, ${backend}: ${row.cases - row.failures.length} of ${row.cases} passed`);
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
if (failures.length === 0 && allRan && !isCI) {
  const file = join(HERE, "RESULTS.md");
  writeFileSync(file, report(rows));
  run(Deno.execPath(), ["fmt", "--quiet", file, updatePage(rows)]);
}
const passed = rows.reduce((sum, row) => sum + row.cases - row.failures.length, 0);
console.log(`${passed} passed | ${failures.length} failed`);
if (failures.length > 0) process.exit(1);
