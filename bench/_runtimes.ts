/** The runtimes that a benchmark is run in, and the file that it is bundled into for them. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { has } from "./_run.ts";

/** How a runtime runs the bundled job. */
const RUNTIMES: Record<string, string[]> = {
  deno: [process.execPath, "run", "-A", "--no-config"],
  node: ["node"],
  bun: ["bun"],
};

/** A runtime, and the start of a command that runs a bundled file in it. */
export interface Runtime {
  name: string;
  command: string[];
}

/** The runtimes with these names that are there. What is missing is told. */
export async function findRuntimes(names: readonly string[]): Promise<Runtime[]> {
  const runtimes: Runtime[] = [];
  for (const name of names) {
    const command = await findRuntime(name);
    if (command) runtimes.push({ name, command });
    else console.error(`${name} is missing`);
  }
  return runtimes;
}

/** Bundles a file of this folder into one file of plain JavaScript that all runtimes run. */
export function bundle(file: string, outfile: string): string {
  const root = new URL("..", import.meta.url).pathname;
  const { status, stderr } = spawnSync(
    process.execPath,
    ["bundle", "--platform", "deno", "--config", join(root, "deno.json"), "-o", outfile, join(root, "bench", file)],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`${file} does not bundle: ${stderr}`);
  return outfile;
}

/** The command of a runtime, brought by npm if it is not there. */
async function findRuntime(name: string): Promise<string[] | undefined> {
  if (await has([RUNTIMES[name]![0]!, "--version"])) return RUNTIMES[name];
  if (name !== "bun") return undefined;
  const { status, stdout } = spawnSync("npx", ["-y", "-p", "bun", "which", "bun"], { encoding: "utf8" });
  return status === 0 ? [stdout.trim()] : undefined;
}
