/** Runs the jobs of job.ts in a runtime. */
import { fileURLToPath } from "node:url";
import { exec } from "../_cli_runner.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The names of the jobs, and how often each does its work. The last two count seconds and GiB. */
export const JOBS: Record<string, number> = { pipes: 1000, streams: 100_000, deltas: 100_000, use: 240, stages: 8 };

/** Puts the jobs into one file that all runtimes run. */
export async function bundleJobs(folder: string): Promise<string> {
  const file = `${folder}/job.mjs`;
  const options = ["--quiet", "--platform", "deno", "--config", `${ROOT}/deno.json`];
  const { code, stderr } = await exec([Deno.execPath(), "bundle", ...options, "-o", file, `${ROOT}/tests/soak/job.ts`]);
  if (code !== 0) throw new Error(`Cannot bundle the jobs: ${stderr}`);
  return file;
}

/** Runs a job. Returns the line that it prints. */
export async function runJob(command: readonly string[], file: string, name: string, count: number): Promise<string> {
  const { code, stdout, stderr } = await exec([...command, file, name, `${count}`]);
  if (code !== 0) throw new Error(`The job ${name} failed: ${stderr}`);
  return new TextDecoder().decode(stdout).trim();
}

/** How runtimes run a bundled file. */
export function commandOf(name: string, program: string): string[] {
  return name === "Deno" ? [Deno.execPath(), "run", "-A", "--no-config"] : [program];
}
