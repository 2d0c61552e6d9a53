/**
 * What slows down a careless implementation, on natural data and on adversarial data, beside random data of the same
 * length: signatures, searches, deltas and plans, with both backends. Processor time: shared machines are noisy.
 *
 *     deno task bench hostile [--backends wasm,portable] [--only WORDS]
 */
import { spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { MIB } from "./_data.ts";
import { row } from "./_run.ts";
import type { Measured } from "./hostile/measure.ts";

const JOB = fileURLToPath(new URL("hostile/job.ts", import.meta.url));
/** Refuses WebAssembly, so that the portable backend runs. */
const PORTABLE = "--max-wasm-functions=1";

/** Runs the cases with a backend, in a process of its own. */
async function* casesOf(backend: string, only: string): AsyncGenerator<Measured> {
  const flags = ["--expose-gc", ...(backend === "portable" ? [PORTABLE] : [])].join(",");
  const child = spawn(process.execPath, ["run", "-A", `--v8-flags=${flags}`, JOB, backend, only], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
  for await (const line of createInterface({ input: child.stdout })) yield JSON.parse(line);
  const code = await ended;
  if (code !== 0) throw new Error(`Cannot measure the backend ${backend}: the process ended with ${code}`);
}

/** The cells of a case: the rate, the time beside random data, and the memory. */
function cellsOf(measured: Measured | undefined): string[] {
  if (!measured) return ["", "", ""];
  const { rate, ratio, memory } = measured;
  return [rate.toPrecision(3), ratio.toFixed(2), memory === undefined ? "" : (memory / MIB).toFixed(0)];
}

export async function hostile(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: { backends: { type: "string", default: "wasm,portable" }, only: { type: "string", default: "" } },
  });
  const backends = values.backends.split(",");
  const table = new Map<string, Map<string, Measured>>();
  for (const backend of backends) {
    for await (const measured of casesOf(backend, values.only)) {
      const key = row([measured.job, measured.name]);
      console.error(backend, key, ...cellsOf(measured));
      table.set(key, (table.get(key) ?? new Map()).set(backend, measured));
    }
  }
  const head = ["job", "case", ...backends.flatMap((backend) => [`${backend}: MB/s`, "time", "MiB"])];
  console.log(row(head));
  console.log(row(head.map(() => "---")));
  for (const [key, measured] of table) {
    const cells = backends.flatMap((backend) => cellsOf(measured.get(backend)));
    console.log(`${key.slice(0, -2)} ${row(cells)}`);
  }
}
