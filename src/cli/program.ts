import fs from "node:fs";
import process from "node:process";
import { isRdiffPath } from "./_dialects.ts";
import { awaitSignals } from "./_signals.ts";
import { runCli } from "./run_cli.ts";

/** How long a run may take to clean up after a signal, in milliseconds: a read of a pipe may never return. */
const CLEAN_UP_MS = 1000;

/**
 * Runs the command as a process: with its arguments and signals, until it exits. Under the name `rdiff` it is rdiff.
 *
 * A signal ends the process as it ends any other, after the run has removed what it wrote.
 */
export async function runProgram(): Promise<void> {
  const interruption = new AbortController();
  const signals = awaitSignals();
  const args = process.argv.slice(2);
  const running = runCli(isCalledRdiff(args) ? ["--rdiff", ...args] : args, { signal: interruption.signal });
  const ended = await Promise.race([running, signals.first]);
  if (typeof ended === "number") process.exit(ended);
  interruption.abort(new Error(`ended by ${ended}`));
  await Promise.race([running, new Promise((resolve) => setTimeout(resolve, CLEAN_UP_MS))]);
  signals.end(ended);
}

/** Whether a link or the name of the program says rdiff. */
function isCalledRdiff(args: readonly string[]): boolean {
  // The program is argv[0] if it was compiled, and argv[1] if a runtime runs it.
  return [process.argv0, process.argv[1], bunScript(args)].some(isRdiffPath);
}

/** The script as the command line of Bun names it, which follows links before it fills `argv`. Only Linux tells it. */
function bunScript(args: readonly string[]): string | undefined {
  if (!("Bun" in globalThis)) return undefined;
  try {
    const words = fs.readFileSync("/proc/self/cmdline", "utf8").split("\0").slice(0, -1);
    return words[words.length - args.length - 1];
  } catch {
    return undefined;
  }
}
