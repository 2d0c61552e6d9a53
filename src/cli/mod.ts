/**
 * The command `rsync-streams`: signatures, deltas and patches of files and pipes, with rdiff's arguments and
 * exit codes, and what is in them. `rsync-streams --help` tells the rest.
 *
 * Run as a program this module is the command; imported, it offers {@linkcode runCli}. It works on Deno, Node and Bun.
 *
 * @module
 */
import { realpathSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseCommandLine } from "./_command_line.ts";
import { delta } from "./_delta.ts";
import { EXIT, explain } from "./_exit.ts";
import { helpText, versionText } from "./_help.ts";
import { info, print } from "./_info.ts";
import type { Command } from "./_options.ts";
import { patch } from "./_patch.ts";
import type { Invocation } from "./_run.ts";
import { signature } from "./_signature.ts";
import { say } from "./_stdio.ts";
import { transcode } from "./_transcode.ts";

const WORK: Readonly<Record<Command, (invocation: Invocation) => Promise<void>>> = {
  signature,
  delta,
  patch,
  info,
  transcode,
};

/** Options of {@linkcode runCli}. */
export interface RunCliOptions {
  /** Ends the run early: no output file is left, and one that was there stays as it was. */
  signal?: AbortSignal | undefined;
}

/**
 * Runs the command.
 *
 * It reads and writes the files and the standard streams that the arguments name. What goes wrong is told on the
 * standard error in one line, and by the exit code; nothing is thrown.
 *
 * @param args Arguments, without the names of runtime and program.
 * @param options Signal.
 * @returns The exit code: 0 if all went well, else one of rdiff's, from 100 to 108, or 141 if nobody reads the output.
 *
 * @example The signature of a file
 * ```ts
 * import { runCli } from "rsync-streams/cli";
 * import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import assert from "node:assert/strict";
 *
 * const folder = await mkdtemp(join(tmpdir(), "rsync-streams-"));
 * const [basis, sig] = [join(folder, "basis"), join(folder, "sig")];
 * await writeFile(basis, "a line\n".repeat(100));
 *
 * assert.equal(await runCli(["signature", "-b", "100", basis, sig]), 0);
 * assert.equal((await readFile(sig)).length, 12 + 7 * 36);
 * await rm(folder, { recursive: true });
 * ```
 */
export async function runCli(args: readonly string[], options: RunCliOptions = {}): Promise<number> {
  const { signal } = options;
  try {
    await run(args, signal);
    return EXIT.OK;
  } catch (error) {
    // Whoever ended the run knows why.
    if (signal?.aborted) return EXIT.INTERNAL;
    const { exitCode, message } = explain(error);
    if (message !== undefined) say(message);
    if (message !== undefined && isVerbose(args)) say(details(error));
    return exitCode;
  }
}

async function run(args: readonly string[], signal: AbortSignal | undefined): Promise<void> {
  const { command, operands, options } = parseCommandLine(args);
  if (options.help) return await print(helpText(command));
  if (options.version) return await print(versionText());
  await WORK[command!]({ operands, options, signal });
}

/** Also of a command line that was not understood. */
function isVerbose(args: readonly string[]): boolean {
  return args.includes("-v") || args.includes("--verbose");
}

/** Where a failure comes from. */
function details(error: unknown): string {
  const { stack, cause } = error instanceof Error ? error : { stack: String(error), cause: undefined };
  return cause === undefined ? `${stack}` : `${stack}\ncaused by ${details(cause)}`;
}

/** How long a run that a signal ended may take to clean up, in milliseconds: a read of a pipe may never come back. */
const CLEAN_UP_MS = 1000;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs as a program. A signal ends it as it would end any, once what was written is removed. */
async function main(): Promise<void> {
  const interruption = new AbortController();
  const interrupted = new Promise<typeof SIGNALS[number]>((resolve) => {
    for (const name of SIGNALS) process.once(name, () => resolve(name));
  });
  const running = runCli(process.argv.slice(2), { signal: interruption.signal });
  const ended = await Promise.race([running, interrupted]);
  if (typeof ended === "number") process.exit(ended);
  interruption.abort(new Error(`ended by ${ended}`));
  await Promise.race([running, new Promise((resolve) => setTimeout(resolve, CLEAN_UP_MS))]);
  // Nobody listens any more, so that this ends the process, and shells see by what.
  for (const name of SIGNALS) process.removeAllListeners(name);
  process.kill(process.pid, ended);
}

/** Whether this is what was started. Deno, Bun and newer versions of Node tell; else it is so if its path is the program's, which may be a link. */
function isMain(): boolean {
  const { main, url } = import.meta as { main?: boolean; url: string };
  if (main !== undefined) return main;
  try {
    return realpathSync(process.argv[1]!) === fileURLToPath(url);
  } catch {
    return false;
  }
}

if (isMain()) await main();
