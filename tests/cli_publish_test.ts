import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { runCli } from "rsync-streams/cli";
import { LayeredSig, planSync } from "rsync-streams/sync";
import { test } from "./_cli_cases.ts";
import { cli, DENO, fails, names, quiet } from "./_cli_runner.ts";

test("publishes the layered signature of each file beside it", async (folder) => {
  await quiet(cli(DENO, ["publish", "basis", "target"], folder));
  assert.deepEqual(await names(folder), ["basis", "basis.rsig", "target", "target.rsig"]);
  const [basis, target] = [await Deno.readFile(`${folder}/basis`), await Deno.readFile(`${folder}/target`)];
  const sig = await LayeredSig.open(await Deno.readFile(`${folder}/target.rsig`));
  assert.equal(sig.footer.digest, createHash("sha256").update(target).digest("hex"));
  const plan = await planSync(sig, basis);
  assert.equal(plan.fileLength, target.length);
  assert.ok(plan.missingLength < target.length / 2);
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

test("goes on after a file that fails, reports each failure, and exits with the code of the first", async (folder) => {
  const publish = async (...args: string[]) => {
    const { code, stderr } = await cli(DENO, ["publish", ...args], folder);
    return { code, lines: stderr.replace(/\n$/, "").split("\n") };
  };
  const missing = /^rsync-streams: cannot open missing: no such file or folder$/;
  await Deno.mkdir(`${folder}/sub`);
  const made = await publish("missing", "basis", "sub", "target");
  assert.equal(made.code, 100);
  assert.equal(made.lines.length, 2);
  assert.match(made.lines[0]!, missing);
  assert.match(made.lines[1]!, /^rsync-streams: cannot read sub: it is a folder$/);
  assert.deepEqual(await names(folder), ["basis", "basis.rsig", "sub", "target", "target.rsig"]);

  for (const name of ["basis", "target"]) await Deno.writeTextFile(`${folder}/${name}`, "!", { append: true });
  const checked = await publish("--check", "basis", "missing", "target");
  assert.equal(checked.code, 106);
  assert.equal(checked.lines.length, 3);
  assert.match(checked.lines[0]!, /^rsync-streams: basis: the .rsig does not fit the file$/);
  assert.match(checked.lines[1]!, missing);
  assert.match(checked.lines[2]!, /^rsync-streams: target: the .rsig does not fit the file$/);
  assert.equal((await publish("--check", "missing", "basis")).code, 100);
});

test("leaves out signatures, which a pattern finds the next time", async (folder) => {
  for (const _ of [1, 2]) {
    await quiet(cli(DENO, ["publish", ...await names(folder)], folder));
    assert.deepEqual(await names(folder), ["basis", "basis.rsig", "target", "target.rsig"]);
  }
  await quiet(cli(DENO, ["publish", "--check", ...await names(folder)], folder));
  const only = cli(DENO, ["publish", "basis.rsig"], folder);
  await fails(only, 101, /a \.rsig is no file to publish; try "rsync-streams publish --help"/);
});

test("publishes nothing if one of the operands is no file name", async (folder) => {
  await fails(cli(DENO, ["publish", "basis", "-"], folder), 101, /a file has to be named/);
  assert.deepEqual(await names(folder), ["basis", "target"]);
});

test("publishes no other file after a signal", async (folder) => {
  const controller = new AbortController();
  const reason = new Error("enough");
  controller.abort(reason);
  const files = ["basis", "target"].map((name) => `${folder}/${name}`);
  assert.equal(await runCli(["publish", ...files], { signal: controller.signal }), 107);
  assert.deepEqual(await names(folder), ["basis", "target"]);
});
