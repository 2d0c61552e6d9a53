/** A small part of `deno task soak`, in Deno alone. */
import assert from "node:assert/strict";
import { DENO, inFolder } from "../_cli_runner.ts";
import { xorshift } from "../_recipes.ts";
import { bundleJobs, commandOf, runJob } from "./_jobs.ts";
import { killOften } from "./_kills.ts";

const SLOW = Deno.env.get("RSYNC_STREAMS_SLOW") === "1";

Deno.test("the command leaves the old file or the new one, and litter that it recognizes, whenever it is killed", {
  ignore: Deno.build.os === "windows",
}, async () => {
  const count = SLOW ? 60 : 10;
  const seed = crypto.getRandomValues(new Uint32Array(1))[0]! || 1;
  console.log(`seed ${seed}`);
  const kills = await killOften(DENO, count, xorshift(seed));
  assert.equal(kills.old + kills.new + kills.late, count);
  assert.ok(kills.old > 0, "no run was killed before its end");
});

/** Counts that take some seconds. */
const COUNTS = { pipes: 1000, streams: SLOW ? 10_000 : 2000, deltas: SLOW ? 10_000 : 2000, use: SLOW ? 20 : 3 };

Deno.test("many pipes, streams in a row, deltas of one signature, files of all lengths: bounded memory", async () => {
  await inFolder(async (folder) => {
    const file = await bundleJobs(folder);
    for (const [name, count] of Object.entries(COUNTS)) {
      const result = JSON.parse(await runJob(commandOf("Deno", ""), file, name, count));
      assert.equal(result.name, name);
    }
  });
});
