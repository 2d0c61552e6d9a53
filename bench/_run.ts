/** Runs whole processes in turn, and computes medians. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import type { IndexBuilder, SearchIndex } from "../src/kernel/interface.ts";

/** One side of a comparison. */
export interface Side {
  name: string;
  command: readonly string[];
}

/** What one run took. */
export interface Run {
  seconds: number;
  /** Seconds of all processors, to some 10 ms, as the kernel reports them while the process runs. */
  cpuSeconds: number;
  /** Peak resident memory in bytes, as the kernel reports it while the process runs. */
  peak: number;
}

/** Runs a command once. Its output is shown if it fails. */
export function runOnce([program, ...args]: readonly string[]): Promise<Run> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(program!, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1" } });
    let peak = 0;
    let cpuSeconds = 0;
    let output = "";
    const timer = setInterval(() => {
      peak = Math.max(peak, peakOf(child.pid!));
      cpuSeconds = Math.max(cpuSeconds, cpuSecondsOf(child.pid!));
    }, 5);
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => output += text);
    child.on("error", (error) => {
      clearInterval(timer);
      reject(error);
    });
    child.on("exit", (code) => {
      clearInterval(timer);
      const seconds = (performance.now() - start) / 1000;
      if (code === 0) resolve({ seconds, cpuSeconds, peak });
      else reject(new Error(`${program} ${args.join(" ")} ended with ${code}: ${output.slice(-2000)}`));
    });
  });
}

function peakOf(pid: number): number {
  try {
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0; // gone, or not Linux
  }
}

/** User and system time of a process, in ticks of 10 ms. */
function cpuSecondsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0; // gone, or not Linux
  }
}

/** Runs all sides in turn, `rounds` times after a warm-up. Calls `before` before each run. */
export async function interleave(
  sides: readonly Side[],
  rounds: number,
  before: () => void,
): Promise<Map<string, Run[]>> {
  const runs = new Map<string, Run[]>(sides.map(({ name }) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const { name, command } of sides) {
      before();
      const run = await runOnce(command);
      if (round >= 0) runs.get(name)!.push(run);
    }
  }
  return runs;
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}

/** A row of a Markdown table. */
export function row(cells: readonly (string | number)[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** Whether a command succeeds: whether a program is installed. */
export async function has(command: readonly string[]): Promise<boolean> {
  return await runOnce(command).then(() => true, () => false);
}

/** Makes an index, in as many turns as it takes. */
export function finishIndex(builder: IndexBuilder, lastLength: number): SearchIndex {
  for (;;) {
    const index = builder.finish(lastLength);
    if (index) return index;
  }
}
