/** Measures the processor time and the memory of cases, beside those of the first case of the same job. */
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";

/** Something whose cost is measured. */
export interface Case {
  /** Cases of one job are compared with the first of them, which has random data. */
  job: string;
  name: string;
  /** Bytes that it works on: those that it reads and those that it makes. */
  length: number;
  run(): Promise<void> | void;
}

/** What a case took. */
export interface Measured {
  job: string;
  name: string;
  /** Bytes worked on for each microsecond of processor time. */
  rate: number;
  /** Time for each byte, beside that of the first case of the job. */
  ratio: number;
  /** Bytes by which memory has grown at most; undefined where the system does not say. */
  memory: number | undefined;
}

/** Runs of a case, at least. */
const RUNS = 5;
/** Short cases run again until they have taken so long, in microseconds: on a shared machine few of them are quiet. */
const MIN_TIME = 500_000;
const { gc } = globalThis as unknown as { gc?: () => void };

/** Measures each case whose name contains `only`, and the first of each job. */
export async function* measure(cases: Iterable<Case> | AsyncIterable<Case>, only: string): AsyncGenerator<Measured> {
  const bases = new Map<string, number>();
  for await (const { job, name, length, run } of cases) {
    if (bases.has(job) && !`${job}: ${name}`.includes(only)) continue;
    gc?.();
    const before = resetPeak();
    let least = Infinity;
    let total = 0;
    for (let i = 0; i < RUNS || total < MIN_TIME; i++) {
      const start = process.cpuUsage();
      await run();
      const { user, system } = process.cpuUsage(start);
      least = Math.min(least, user + system);
      total += user + system;
    }
    const memory = before === undefined ? undefined : Math.max(0, peak()! - before);
    const rate = length / least;
    const base = bases.get(job) ?? rate;
    bases.set(job, base);
    yield { job, name, rate, ratio: base / rate, memory };
  }
}

/** Linux alone says what the peak was, and takes it back. Returns what is resident. */
function resetPeak(): number | undefined {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
    return peak();
  } catch {
    return undefined;
  }
}

function peak(): number | undefined {
  const status = readFileSync("/proc/self/status", "utf8");
  const kib = /VmHWM:\s+(\d+)/.exec(status)?.[1];
  return kib === undefined ? undefined : 1024 * Number(kib);
}
