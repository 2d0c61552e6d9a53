/** The client against hosts that behave as those in the field. README.md has the table. */
import assert from "node:assert/strict";
import { runCase } from "./_conformance.ts";
import { allCases } from "./_hosts/all_cases.ts";
import { tableIn, tableOf, withTable } from "./_table.ts";

const README = new URL("README.md", import.meta.url);

for (const hostCase of allCases) {
  Deno.test(`an update ends well: ${hostCase.name}`, () => runCase(hostCase));
}

Deno.test("README.md has each case, and what is expected of it", async () => {
  const text = await Deno.readTextFile(README);
  if (Deno.env.get("RSYNC_STREAMS_WRITE") === "1") return await Deno.writeTextFile(README, withTable(text, allCases));
  assert.deepEqual(tableIn(text), tableOf(allCases));
});
