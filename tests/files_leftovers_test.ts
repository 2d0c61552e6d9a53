/** `atomicWritable()`: how often a folder is searched for what killed processes left. */
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import { atomicWritable } from "rsync-streams/files";
import { withClock } from "./_clock.ts";
import { folder, OLD, replaceFs } from "./_fs.ts";
import { source } from "./_helpers.ts";

const LEFT = `.file.rsync-streams-${2 ** 22 + 12_345}-abc.tmp`;

Deno.test("a slow search of a folder puts off the next one until ten times that has gone by", async () => {
  await using dir = await folder();
  let now = Math.ceil(performance.now());
  let searchMs = 0;
  using _ = replaceFs("readdir", (real) => (...args: unknown[]) => {
    now += searchMs;
    (real as (...args: unknown[]) => void)(...args);
  });
  /** Whether a write removes what a process has left that was killed two hours ago. */
  const removes = async () => {
    const then = new Date(Date.now() - 2 * 60 * 60 * 1000);
    await fs.writeFile(dir.path(LEFT), OLD);
    await fs.utimes(dir.path(LEFT), then, then);
    await source(OLD).pipeTo(atomicWritable(dir.path("file")));
    return !(await dir.names()).includes(LEFT);
  };
  await withClock(() => now, async () => {
    for (let i = 0; i < 3; i++) assert.ok(await removes(), "after a quick search");
    searchMs = 5;
    for (let i = 0; i < 3; i++) assert.ok(await removes(), "after one that is just quick enough");
    searchMs = 60;
    assert.ok(await removes());
    // It took 60 ms of 600.
    searchMs = 0;
    now += 539;
    assert.equal(await removes(), false);
    now += 1;
    assert.ok(await removes(), "600 ms after the slow search began");
  });
});
