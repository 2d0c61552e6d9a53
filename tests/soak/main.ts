/**
 * Long runs, in each runtime that is installed: the command killed at random moments, many pipes at once, many streams
 * in a row, many deltas of one signature, use of files of all lengths for some minutes, and gigabytes through each
 * stage. Each checks its results and the growth of memory. Without names all of them run, for an hour or so.
 *
 *     deno task soak [kills] [pipes] [streams] [deltas] [use] [stages] [--count N] [--runtimes Deno,Node,Bun]
 *
 * `--count` is how many kills, pipes, streams or deltas, for how many seconds, or how many GiB.
 */
import { parseArgs } from "node:util";
import { findRuntimes, inFolder } from "../_cli_runner.ts";
import { xorshift } from "../_recipes.ts";
import { bundleJobs, commandOf, JOBS, runJob } from "./_jobs.ts";
import { killOften } from "./_kills.ts";

const KILLS = 500;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: "string" }, runtimes: { type: "string", default: "Deno,Node,Bun" } },
});
const chosen = positionals.length > 0 ? positionals : ["kills", ...Object.keys(JOBS)];
const unknown = chosen.filter((name) => name !== "kills" && !(name in JOBS));
if (unknown.length > 0) {
  console.error(`Cannot run ${unknown.join(", ")}: there are kills, ${Object.keys(JOBS).join(", ")}`);
  Deno.exit(2);
}
await inFolder(async (folder) => {
  const file = await bundleJobs(folder);
  for (const runtime of await findRuntimes(folder)) {
    const { name, command } = runtime;
    if (!values.runtimes.split(",").includes(name)) continue;
    for (const job of chosen) {
      if (job === "kills") {
        const seed = crypto.getRandomValues(new Uint32Array(1))[0]! || 1;
        const kills = await killOften(runtime, Number(values.count ?? KILLS), xorshift(seed));
        console.log(name, JSON.stringify({ name: job, seed, ...kills }));
      } else {
        const count = Number(values.count ?? JOBS[job]);
        console.log(name, await runJob(commandOf(name, command[0]!), file, job, count));
      }
    }
  }
});
