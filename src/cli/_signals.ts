import fs from "node:fs";
import os from "node:os";
import process from "node:process";
import tty from "node:tty";

/** Signals that end a process which does not care for them. PROF is left to profilers, and USR1 to the runtimes. */
const ENDING = [
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGTERM",
  "SIGALRM",
  "SIGXCPU",
  "SIGUSR2",
  "SIGVTALRM",
] as const;

/** A signal that ends the process. */
export type EndingSignal = typeof ENDING[number];

/** Signals being waited for. */
export interface Signals {
  /** Resolves with the first that arrives. */
  readonly first: Promise<EndingSignal>;
  /** Stops waiting: the next signal ends the process as it ends any other. */
  stop(): void;
}

/** Waits for signals, except for those that the process was started to ignore, by `nohup` or by `&` in a script. */
export function awaitSignals(): Signals {
  const isIgnored = ignoredSignals();
  const waitedFor = ENDING.filter((name) => !isIgnored(name));
  const first = new Promise<EndingSignal>((resolve) => {
    for (const name of waitedFor) listen(name, () => resolve(name));
  });
  // A listener for one signal makes Deno (2.9) take over INT, HUP and TERM. One that does nothing ignores them again.
  for (const name of ENDING) if (isIgnored(name)) listen(name, () => {});
  // A file that grows past the limit of its size is an error of the write, if the signal does not end the process.
  listen("SIGXFSZ", () => {});
  return {
    first,
    stop() {
      for (const name of waitedFor) process.removeAllListeners(name);
    },
  };
}

function listen(name: NodeJS.Signals, listener: () => void): void {
  try {
    process.on(name, listener);
  } catch {
    // Windows has few signals.
  }
}

/** Finds out which signals were ignored when the process was started, before listeners change that. */
function ignoredSignals(): (name: EndingSignal) => boolean {
  const mask = readIgnored();
  if (mask !== undefined) return (name) => (mask >> BigInt(os.constants.signals[name] - 1)) % 2n === 1n;
  // nohup redirects both if they are a terminal.
  const isNohup = process.platform !== "win32" && !tty.isatty(1) && !tty.isatty(2);
  return (name) => isNohup && name === "SIGHUP";
}

/** A bit for each ignored signal. Undefined if it is not known: Deno needs all permissions, and only Linux tells. */
function readIgnored(): bigint | undefined {
  try {
    const [, mask] = /^SigIgn:\s*([\da-f]+)$/m.exec(fs.readFileSync("/proc/self/status", "latin1")) ?? [];
    return mask === undefined ? undefined : BigInt(`0x${mask}`);
  } catch {
    return undefined;
  }
}
