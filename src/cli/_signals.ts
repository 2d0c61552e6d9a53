import fs from "node:fs";
import os from "node:os";
import process from "node:process";
import tty from "node:tty";
import { isPermitted } from "../common/is_permitted.ts";

/** Signals that end a process on all systems if nothing listens for them. */
const ANYWHERE = [
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGTERM",
  "SIGABRT",
  "SIGALRM",
  "SIGXCPU",
  "SIGUSR2",
  "SIGVTALRM",
] as const;

/** The same on Linux alone: other systems do not have them, or ignore IO, which is POLL too. */
const ON_LINUX = ["SIGIO", "SIGPWR", "SIGSTKFLT"] as const;

/** A signal that this process sends to itself. No process ends by it. */
const PROBE = "SIGURG";

/** Longest wait for it, in milliseconds: the parent process may have blocked it. */
const PROBE_MS = 200;

/** Wait for other signals where it cannot be sent, in milliseconds. */
const UNPROBED_MS = 20;

/** A signal that ends the process. */
export type EndingSignal = typeof ANYWHERE[number] | typeof ON_LINUX[number] | "SIGUSR1";

/**
 * Those waited for in this runtime.
 *
 * Not among them: PROF, which belongs to profilers; signals of faults, such as SEGV and TRAP, since code that crashed
 * would go on after a listener; and signals with a number only, which no runtime listens for.
 */
const ENDING: readonly EndingSignal[] = [
  ...ANYWHERE,
  ...(process.platform === "linux" ? ON_LINUX : []),
  // USR1 starts the inspector of Node, and does nothing in Deno (2.9). It ends Bun (1.4).
  ...("Bun" in globalThis ? ["SIGUSR1"] as const : []),
].filter((name) => !isOfRuntime(name));

/** Bun (1.4) stops its threads with PWR to collect garbage. Nothing ends by it there. */
function isOfRuntime(name: EndingSignal): boolean {
  return name === "SIGPWR" && "Bun" in globalThis;
}

/** Signals being waited for. */
export interface Signals {
  /** Resolves with the first that arrives. */
  readonly first: Promise<EndingSignal>;
  /** Ends the process by a signal, so that a shell sees which one it was. */
  end(by: EndingSignal): void;
}

/** Waits for signals, except for those that the process was started to ignore, by `nohup` or by `&` in a script. */
export function awaitSignals(): Signals {
  isAwaited = true;
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
    end(by) {
      // Once Deno (2.9) has listened for these, it ignores IO and panics at the others. A shell has the same code then.
      const isLost = "Deno" in globalThis && ON_LINUX.some((name) => name === by);
      if (isLost) process.exit(128 + os.constants.signals[by]);
      for (const name of waitedFor) process.removeAllListeners(name);
      process.kill(process.pid, by);
    },
  };
}

/** Whether {@linkcode awaitSignals} was called. */
let isAwaited = false;

/**
 * Waits until {@linkcode awaitSignals} has seen the signals that came before now. If it was not called, nobody waits.
 *
 * Ctrl-C goes to all programs of a pipeline at once, and ends most of them before a listener of this one is called. The
 * end of a pipe may be theirs, then, and not that of the data. A signal to this process itself is seen after it.
 */
export async function signalsSeen(): Promise<void> {
  // Windows has no such signal.
  if (!isAwaited || process.platform === "win32") return;
  // Deno asks the user before version 2.9 if it may not run programs.
  if (isPermitted({ name: "run" })) await probe();
  else await new Promise((resolve) => setTimeout(resolve, UNPROBED_MS));
}

function probe(): Promise<void> {
  return new Promise((resolve) => {
    const onSeen = () => {
      process.off(PROBE, onSeen);
      clearTimeout(timer);
      // What other listeners have resolved goes on before this does.
      setTimeout(resolve, 0);
    };
    const timer = setTimeout(onSeen, PROBE_MS);
    process.on(PROBE, onSeen);
    process.kill(process.pid, PROBE);
  });
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

/** What Linux says of this process. */
const STATUS = "/proc/self/status";

/** A bit for each ignored signal. Undefined if it is not known: Deno needs all permissions, and only Linux tells. */
function readIgnored(): bigint | undefined {
  try {
    if (!isPermitted({ name: "read", path: STATUS })) return undefined;
    const [, mask] = /^SigIgn:\s*([\da-f]+)$/m.exec(fs.readFileSync(STATUS, "latin1")) ?? [];
    return mask === undefined ? undefined : BigInt(`0x${mask}`);
  } catch {
    return undefined;
  }
}
