import process from "node:process";
import { runCli } from "./run_cli.ts";

/** How long a run that a signal ended may take to clean up, in milliseconds: a read of a pipe may never come back. */
const CLEAN_UP_MS = 1000;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs as a program. A signal ends it as it would end any, once what was written is removed. */
export async function main(): Promise<void> {
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
