/**
 * Checks programs that use the packed npm package with TypeScript: `deno task test:types`. Each version of TypeScript
 * meets the types of each runtime, with and without lib DOM, one with each way to resolve modules, and libraries are
 * checked too. The table goes to docs/runtimes.md, but not in CI. With words, only runtimes with one of them in their
 * name.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { spawnSync } from "node:child_process";
import { builtTarball } from "../../scripts/build_npm.ts";
import { CACHE, install, readManifest, ROOT, run } from "../../scripts/npm_tools.ts";
import { chosenByName } from "../runtimes/tools.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const TIMEOUT_MS = 120_000;
const isCI = Boolean(process.env.CI);

/** The oldest TypeScript that works, and the newest. */
const COMPILERS = ["5.7.3", "7.0.2"];
/** It knows no `Uint8Array<ArrayBuffer>`. */
const TOO_OLD = "5.6.3";

/** How a project is set up: libraries of TypeScript beside that of the language, and how modules are resolved. */
interface Setting {
  /** The library of the language. Programs that say `await using` need more than ES2022. */
  readonly language: "esnext" | "es2022";
  readonly lib: readonly string[];
  readonly module: "nodenext" | "esnext";
  readonly moduleResolution: "nodenext" | "bundler";
}

/** Whose types a project has. */
interface Environment {
  readonly name: string;
  /** Packages with types, and those of them that are for all files. */
  readonly packages: Readonly<Record<string, string>>;
  readonly types: readonly string[];
  /** The project is checked once with each. */
  readonly settings: readonly Setting[];
  readonly programs: readonly string[];
}

const NODENEXT = { language: "esnext", module: "nodenext", moduleResolution: "nodenext" } as const;
const BUNDLER = { language: "esnext", module: "esnext", moduleResolution: "bundler" } as const;
const DOM = ["dom", "dom.iterable", "dom.asynciterable"];
/** Not all four pairs: a run takes some seconds. */
const WITH_AND_WITHOUT_DOM: readonly Setting[] = [{ lib: [], ...NODENEXT }, { lib: DOM, ...BUNDLER }];
const COMMON = ["exports.ts", "sources.ts"];

function node(version: string): Environment {
  return {
    name: `@types/node ${version}`,
    packages: { "@types/node": version },
    types: ["node"],
    settings: WITH_AND_WITHOUT_DOM,
    programs: [...COMMON, "node.ts"],
  };
}

const ENVIRONMENTS: readonly Environment[] = [
  node("20.19.43"),
  node("22.20.5"),
  node("24.19.2"),
  node("26.6.6"),
  {
    name: "@types/bun 1.4.5",
    packages: { "@types/bun": "1.4.5" },
    types: ["bun"],
    settings: WITH_AND_WITHOUT_DOM,
    programs: [...COMMON, "node.ts", "bun.ts"],
  },
  {
    name: "DOM alone",
    packages: {},
    types: [],
    settings: [{ lib: DOM, ...NODENEXT }, { lib: DOM, ...BUNDLER }],
    programs: [...COMMON, "dom.ts"],
  },
  {
    name: "DOM, ES2022",
    packages: {},
    types: [],
    settings: [NODENEXT, BUNDLER].map((way) => ({ ...way, lib: DOM, language: "es2022" })),
    programs: ["entries.ts", "dom.ts"],
  },
  {
    name: "a worker",
    packages: {},
    types: [],
    settings: [{ lib: ["webworker", "webworker.iterable", "webworker.asynciterable"], ...BUNDLER }],
    programs: [...COMMON, "webworker.ts"],
  },
];

function compiler(version: string): string {
  const folder = join(CACHE, "tools", `typescript-${version}`);
  return join(install(folder, { typescript: version }), "node_modules/.bin/tsc");
}

/** Checks files of a project, and gives what the compiler complains of. */
function check(tsc: string, project: string, compilerOptions: object, files: readonly string[]): string {
  const options = { strict: true, skipLibCheck: false, noEmit: true, target: "es2022", ...compilerOptions };
  const config = { compilerOptions: options, files };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify(config));
  const { status, stdout, stderr, error } = spawnSync(tsc, ["-p", project], {
    cwd: project,
    encoding: "utf8",
    timeout: TIMEOUT_MS,
  });
  if (error) throw error;
  return status === 0 ? "" : stdout + stderr;
}

/** A project with the package, the types of a runtime, and the programs. */
function makeProject({ packages, programs }: Environment): string {
  const project = mkdtempSync(join(tmpdir(), "rsync-streams-types-"));
  install(project, { "rsync-streams": `file:${builtTarball()}`, ...packages });
  for (const program of programs) copyFileSync(join(HERE, program), join(project, program));
  writeFileSync(join(project, "nothing.ts"), "export {};\n");
  return project;
}

/** What came of one version of TypeScript with the types of one runtime. */
interface Cell {
  passed: number;
  readonly failures: string[];
  /** Runs in which the types of the runtime are not good by themselves. */
  broken: number;
}

function optionsOf({ language, lib, module, moduleResolution }: Setting, { types }: Environment): object {
  return { module, moduleResolution, lib: [language, ...lib], types };
}

function measure(version: string, environment: Environment, project: string): Cell {
  const cell: Cell = { passed: 0, failures: [], broken: 0 };
  const tsc = compiler(version);
  for (const setting of environment.settings) {
    const options = optionsOf(setting, environment);
    const complaints = check(tsc, project, options, environment.programs);
    if (complaints === "") cell.passed++;
    else if (check(tsc, project, options, ["nothing.ts"]) !== "") cell.broken++;
    else {
      const { lib: [lib = "no lib"], moduleResolution } = setting;
      const name = `TypeScript ${version}, ${environment.name}, ${lib}, ${moduleResolution}`;
      cell.failures.push(`${name}:\n${complaints.trim()}`);
    }
  }
  return cell;
}

function show({ passed, failures, broken }: Cell): string {
  if (passed + failures.length === 0) return "–";
  return `${passed} of ${passed + failures.length}${broken > 0 ? ", others broken" : ""}`;
}

/** Exports that the program does not use. */
function unusedExports(project: string): string[] {
  const program = readFileSync(join(HERE, "exports.ts"), "utf8");
  const folder = join(project, "node_modules/rsync-streams");
  return Object.entries(readManifest().exports).flatMap(([key, source]) => {
    const code = readFileSync(join(folder, source.replace(/\.ts$/, ".d.ts")), "utf8").replace(/\/\*[^]*?\*\//g, "");
    const listed = [...code.matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap((match) => match[1]!.split(","));
    const declared = [...code.matchAll(/export declare (?:function|class|const) (\w+)/g)].map((match) => match[1]!);
    const names = [...listed, ...declared].map((name) => name.trim().replace(/^type /, "").replace(/^.* as /, ""));
    return names.filter((name) => name !== "" && !new RegExp(`\\b${name}\\b`).test(program))
      .map((name) => `exports.ts does not use ${name} of ${key}`);
  });
}

/** Names of lib DOM that other environments lack. A comment may have them. */
function namesOfDom(project: string): string[] {
  const folder = join(project, "node_modules/rsync-streams");
  const files = JSON.parse(run("npm", ["pack", "--dry-run", "--json", "--loglevel=error"], folder))[0].files;
  return files.flatMap(({ path }: { path: string }) => {
    if (!path.endsWith(".d.ts")) return [];
    const code = readFileSync(join(folder, path), "utf8").replace(/\/\*[^]*?\*\//g, "");
    return [...code.matchAll(/\b(BufferSource|HeadersInit|BodyInit|WebAssembly\.\w+)/g)]
      .map(([name]) => `${path} names ${name}, which is of lib DOM`);
  });
}

function table(rows: readonly (readonly string[])[]): string {
  const head = ["TypeScript", ...chosen.map(({ name }) => name)];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Writes the table between its marks in docs/runtimes.md. */
function updatePage(text: string): void {
  const file = join(ROOT, "docs/runtimes.md");
  const before = readFileSync(file, "utf8");
  const after = before.replace(/(<!-- types .*?-->\n)[^]*?(\n<!-- end of types -->)/, `$1\n${text}\n$2`);
  if (!after.includes(text)) throw new Error("docs/runtimes.md has no marks for the table of types");
  writeFileSync(file, after);
  run(Deno.execPath(), ["fmt", "--quiet", file]);
}

const chosen = chosenByName("environment", ENVIRONMENTS);
const failures: string[] = [];
const cells = new Map<string, Cell>();
let passed = 0;
try {
  for (const [i, environment] of chosen.entries()) {
    const project = makeProject(environment);
    try {
      if (i === 0) failures.push(...unusedExports(project), ...namesOfDom(project));
      for (const version of COMPILERS) {
        const cell = measure(version, environment, project);
        console.log(`TypeScript ${version}, ${environment.name}: ${show(cell)}`);
        failures.push(...cell.failures);
        passed += cell.passed;
        cells.set(`${version} ${environment.name}`, cell);
      }
      const options = optionsOf(environment.settings[0]!, environment);
      if (i === 0 && check(compiler(TOO_OLD), project, options, environment.programs) === "") {
        failures.push(`TypeScript ${TOO_OLD} works, which is good to know: the docs say it does not`);
      }
    } finally {
      rmSync(project, { recursive: true });
    }
  }
} catch (error) {
  if (isCI) throw error;
  console.warn(`SKIPPED types of the npm package: ${(error as Error).message}`);
  process.exit(0);
}

const rows = COMPILERS.map((version) => [version, ...chosen.map(({ name }) => show(cells.get(`${version} ${name}`)!))]);
console.log(`\n${table(rows)}\n`);
for (const failure of failures) console.error(`FAILED ${failure}`);
if (failures.length === 0 && chosen.length === ENVIRONMENTS.length && !isCI) updatePage(table(rows));
console.log(`${passed} passed | ${failures.length} failed`);
if (failures.length > 0) process.exit(1);
