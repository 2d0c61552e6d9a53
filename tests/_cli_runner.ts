/** Runs the command line as processes, in each runtime that is installed. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Job, MARK } from "./_cli_driver.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What a process did. */
export interface Run {
  /** The exit code, or 128 and the number of the signal that ended the process. */
  code: number;
  stdout: Bytes;
  stderr: string;
}

/** A runtime and how it runs the command. */
export interface Runtime {
  name: string;
  command: string[];
}

const PROGRAM = fileURLToPath(new URL("../src/cli/mod.ts", import.meta.url));
const BUNDLED = fileURLToPath(new URL("../src/cli/bin.ts", import.meta.url));
/** The command in Deno. */
export const DENO: Runtime = { name: "Deno", command: [Deno.execPath(), "run", "-A", "--quiet", PROGRAM] };

/** The command in Deno, called as rdiff. */
export const DENO_RDIFF: Runtime = { name: "Deno as rdiff", command: [...DENO.command, "--rdiff"] };

/** Whether a missing tool is a failure. */
export const isCi = Boolean(Deno.env.get("CI"));

/** Runs a process. */
export async function exec(command: readonly string[], cwd?: string, stdin?: Uint8Array): Promise<Run> {
  const [name, ...args] = command;
  const process = new Deno.Command(name!, {
    args,
    ...(cwd !== undefined && { cwd }),
    stdin: stdin ? "piped" : "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (stdin) {
    const writer = process.stdin.getWriter();
    // The process may end before it has read everything.
    await writer.write(stdin).then(() => writer.close()).catch(() => {});
  }
  const { code, stdout, stderr } = await process.output();
  return { code, stdout: stdout as Bytes, stderr: new TextDecoder().decode(stderr) };
}

/** Words as the shell takes them, whatever is in them. */
export function quoteWords(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}

/** A script of the shell, in which `cli` is the command. */
export function shellScript({ command }: Runtime, script: string): string {
  return `cli() { ${quoteWords(command)} "$@"; }\n${script}`;
}

/** Runs a script of the shell, in which `cli` is the command. */
export function shell(runtime: Runtime, script: string, cwd: string): Promise<Run> {
  return exec(["sh", "-c", shellScript(runtime, script)], cwd);
}

/** Runs the command. */
export function cli({ command }: Runtime, args: readonly string[], cwd: string, stdin?: Uint8Array): Promise<Run> {
  return exec([...command, ...args], cwd, stdin);
}

/** Starts the command, with a pipe to its standard input. */
export function start(
  { command: [name, ...before] }: Runtime,
  args: readonly string[],
  cwd: string,
  stderr: "null" | "piped" = "null",
): Deno.ChildProcess {
  return new Deno.Command(name!, { args: [...before, ...args], cwd, stdin: "piped", stdout: "null", stderr })
    .spawn();
}

/**
 * Runs the command many times in one process, which is faster than a process for each. The exit codes are those that
 * `runCli` returns; the exit codes of processes are tested elsewhere.
 */
export async function runMany(jobs: Job[]): Promise<Omit<Run, "stdout">[]> {
  const driver = fileURLToPath(new URL("_cli_driver.ts", import.meta.url));
  const input = new TextEncoder().encode(JSON.stringify(jobs));
  const { stdout, stderr } = await exec([Deno.execPath(), "run", "-A", "--quiet", driver], undefined, input);
  const lines = stderr.split(MARK);
  const codes: number[] = JSON.parse(new TextDecoder().decode(stdout));
  return codes.map((code, i) => ({ code, stderr: lines[i]! }));
}

/** Expects a run to succeed and to write nothing to the standard error. */
export async function quiet(run: Promise<Run>): Promise<Bytes> {
  const { code, stdout, stderr } = await run;
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  return stdout;
}

/** Expects a run to fail, with one line that says why. */
export async function fails(
  run: Promise<Omit<Run, "stdout">> | Omit<Run, "stdout">,
  code: number,
  message: RegExp,
): Promise<void> {
  const { stderr, ...other } = await run;
  assert.equal(other.code, code, stderr);
  assert.match(stderr, /^(rsync-streams|rdiff): [^\n]+\n$/);
  assert.match(stderr, message);
}

/** Does something in a temporary folder. */
export async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "rsync-streams-cli-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The names of all files in a folder, hidden ones too. */
export async function names(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

/** Whether a program is installed. */
export async function hasProgram(name: string): Promise<boolean> {
  try {
    await exec([name, "--version"]);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Whether a program is installed. If not, says what is skipped; in CI it has to be.
 *
 * @param tests What cannot be tested without it.
 */
export async function requireProgram(name: string, tests: string): Promise<boolean> {
  if (await hasProgram(name)) return true;
  if (isCi) throw new Error(`Cannot test ${tests}: ${name} is not installed, which CI needs`);
  console.warn(`\nSKIPPED: ${tests}: ${name} is not installed\n`);
  return false;
}

/**
 * Finds the runtimes. Node and Bun run a bundle, as users of npm run JavaScript. A missing Bun is installed by npx, but
 * only in CI.
 *
 * @param folder Where to put the bundle.
 */
export async function findRuntimes(folder: string): Promise<Runtime[]> {
  const runtimes = [DENO];
  const bundle = `${folder}/cli.mjs`;
  const { code, stderr } = await exec([Deno.execPath(), "bundle", "--quiet", "-o", bundle, BUNDLED]);
  if (code !== 0) return missing(runtimes, "Node and Bun", stderr);
  const node = await findNode();
  if (node) runtimes.push({ name: "Node", command: [node, bundle] });
  else missing(runtimes, "Node", "node is not installed");
  const bun = await findBun();
  if (bun) runtimes.push({ name: "Bun", command: [bun, bundle] });
  else missing(runtimes, "Bun", "bun is not installed");
  return runtimes;
}

/** The program of Node, if it is installed. */
export async function findNode(): Promise<string | undefined> {
  return await hasProgram("node") ? "node" : undefined;
}

/** The program of Bun. One that is missing is installed by npx, but only in CI. */
export async function findBun(): Promise<string | undefined> {
  if (await hasProgram("bun")) return "bun";
  if (!isCi) return undefined;
  const { code, stdout } = await exec(["npx", "-y", "-p", "bun@1", "-c", "command -v bun"]);
  return code === 0 ? new TextDecoder().decode(stdout).trim() : undefined;
}

function missing(runtimes: Runtime[], what: string, why: string): Runtime[] {
  if (isCi) throw new Error(`Cannot run the command line in ${what}, which CI needs: ${why}`);
  console.warn(`\nSKIPPED: the command line in ${what}: ${why}\n`);
  return runtimes;
}
