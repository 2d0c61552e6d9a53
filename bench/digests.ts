/**
 * Compares the implementations of SHA-256 with each other and with crypto.subtle.
 *
 *     deno task bench digests [--runtimes deno,node,bun]
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { temporaryFolder } from "./_data.ts";
import { row } from "./_run.ts";
import { bundle, findRuntimes } from "./_runtimes.ts";

export async function digests(argv: string[]): Promise<void> {
  const { values } = parseArgs({ args: argv, options: { runtimes: { type: "string", default: "deno,node,bun" } } });
  const folder = temporaryFolder();
  try {
    const script = bundle("digests_job.ts", join(folder.path, "digests_job.mjs"));
    console.log("SHA-256, MB/s: what the fastest tenth of 500 short runs in turn reached\n");
    console.log(
      row(["runtime", "bytes an update", "node:crypto", "wasm", "portable", "hash-wasm", "crypto.subtle"]),
    );
    console.log(row(Array(7).fill("---")));
    for (const { name, command: [program, ...args] } of await findRuntimes(values.runtimes.split(","))) {
      const { status } = spawnSync(program!, [...args, script, name], { stdio: ["ignore", "inherit", "inherit"] });
      if (status !== 0) throw new Error(`${name} ended with ${status}`);
    }
  } finally {
    folder.remove();
  }
}
