import process from "node:process";
import { awaitSignals } from "./_signals.ts";
import { runCli } from "./run_cli.ts";

/** How long a run may take to clean up after a signal, in milliseconds: a read of a pipe may never return. */
const CLEAN_UP_MS = 1000;

/**
 * Runs the command as a process: with its arguments and signals, until it exits.
 *
 * A signal ends the process as it ends any other, after the run has removed what it wrote.
 */
export async function runProgram(): Promise<void> {
  const interruption = new AbortController();
  const signals = awaitSignals();
  const running = runCli(process.argv.slice(2), { signal: interruption.signal });
  const ended = await Promise.race([running, signals.first]);
  if (typeof ended === "number") process.exit(ended);
  interruption.abort(new Error(`ended by ${ended}`));
  await Promise.race([running, new Promise((resolve) => setTimeout(resolve, CLEAN_UP_MS))]);
  // Without listeners the signal ends the process, and a shell sees which signal it was.
  signals.stop();
  process.kill(process.pid, ended);
}
