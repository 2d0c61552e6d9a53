import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { LayeredSig, planSync } from "rsync-streams/sync";
import { test } from "./_cli_cases.ts";
import { cli, DENO, fails, names, quiet } from "./_cli_runner.ts";

test("publishes the layered signature of each file beside it", async (folder) => {
  await quiet(cli(DENO, ["publish", "basis", "target"], folder));
  assert.deepEqual(await names(folder), ["basis", "basis.rsig", "target", "target.rsig"]);
  const [basis, target] = [await Deno.readFile(`${folder}/basis`), await Deno.readFile(`${folder}/target`)];
  const sig = await LayeredSig.open(await Deno.readFile(`${folder}/target.rsig`));
  assert.deepEqual(sig.footer.digest, new Uint8Array(createHash("sha256").update(target).digest()));
  const plan = await planSync(sig, basis);
  assert.equal(plan.fileLength, target.length);
  assert.ok(plan.missingBytes < target.length / 2);
  const info = JSON.parse(new TextDecoder().decode(await quiet(cli(DENO, ["info", "--json", "target.rsig"], folder))));
  assert.deepEqual([info.kind, info.layerBlockLengths], ["signature", [1024, 64]]);
});

test("checks whether a published signature fits its file, and writes nothing then", async (folder) => {
  await fails(cli(DENO, ["publish", "--check", "basis"], folder), 100, /cannot read basis.rsig: no such file/);
  await quiet(cli(DENO, ["publish", "basis"], folder));
  await quiet(cli(DENO, ["publish", "--check", "basis"], folder));
  await Deno.writeTextFile(`${folder}/basis`, "!", { append: true });
  await fails(cli(DENO, ["publish", "--check", "basis"], folder), 106, /basis: the .rsig does not fit the file/);
  await quiet(cli(DENO, ["publish", "basis"], folder));
  await quiet(cli(DENO, ["publish", "--check", "basis"], folder));
  assert.deepEqual(await names(folder), ["basis", "basis.rsig", "target"]);
});
