/** Files of all kinds. */
import assert from "node:assert/strict";
import { assertBytes } from "./_helpers.ts";
import { assertFile, BASIS, TARGET, test } from "./_cli_cases.ts";
import { cli, DENO, exec, fails, hasProgram, names, quiet, type Runtime, shell } from "./_cli_runner.ts";
import { runtimes } from "./_cli_runtimes.ts";

const hasProc = Deno.build.os === "linux";
/** The command in Node with functions of `node:fs` replaced before it starts. */
function withFs(code: string): Runtime | undefined {
  const node = runtimes.find(({ name }) => name === "Node");
  if (!node) return undefined;
  const [program, ...rest] = node.command;
  const module = `data:text/javascript,${encodeURIComponent(`import fs from "node:fs"; ${code}`)}`;
  return { name: "Node", command: [program!, "--import", module, ...rest] };
}

for (const runtime of runtimes) {
  test(`in ${runtime.name} reads files that the system reports as empty`, async (folder) => {
    const version = await Deno.readFile("/proc/version");
    await Deno.writeFile(`${folder}/old`, version);
    await quiet(cli(runtime, ["signature", "-b", "16", "old", "sig"], folder));
    assertBytes(
      await quiet(cli(runtime, ["signature", "-b", "16", "/proc/version"], folder)),
      await Deno.readFile(`${folder}/sig`),
      "sig",
    );
    const target = new Uint8Array([...version, ...version]);
    await Deno.writeFile(`${folder}/target`, target);
    await quiet(cli(runtime, ["delta", "sig", "target", "delta"], folder));
    const { copiedBytes } = JSON.parse(
      new TextDecoder().decode(await quiet(cli(runtime, ["info", "--json", "delta"], folder))),
    );
    assert.ok(copiedBytes > 0);
    assertBytes(await quiet(cli(runtime, ["patch", "/proc/version", "delta"], folder)), target, "made");
    assertBytes(await quiet(shell(runtime, "cli patch - delta </proc/version", folder)), target, "made");
    await quiet(cli(runtime, ["delta", "sig", "/proc/version", "other"], folder));
    assertBytes(await quiet(cli(runtime, ["patch", "old", "other"], folder)), version, "made");
  }, !hasProc);
}

for (const size of [0, 1000, 149_999, 150_001, 10 ** 9]) {
  const program = withFs(`
    const lie = (stat) => stat.isFile() ? Object.assign(stat, { size: ${size} }) : stat;
    const { fstat } = fs, { stat } = fs.promises;
    fs.fstat = (fd, done) => fstat(fd, (error, stat) => done(error, stat && lie(stat)));
    fs.promises.stat = async (path) => lie(await stat(path));`);

  test(`works where a file is not as long as the system reports: ${size} bytes`, async (folder) => {
    await quiet(cli(program!, ["signature", "-b", "512", "basis", "sig"], folder));
    await quiet(cli(DENO, ["signature", "-b", "512", "basis", "expected"], folder));
    await assertFile(`${folder}/sig`, await Deno.readFile(`${folder}/expected`));
    await quiet(cli(program!, ["delta", "sig", "target", "delta"], folder));
    await quiet(cli(program!, ["patch", "basis", "delta", "made"], folder));
    await assertFile(`${folder}/made`, TARGET);
  }, !program);
}

const hasScript = Deno.build.os === "linux" && await hasProgram("script");

test("applies a delta that is redirected to it, on a terminal too", async (folder) => {
  await quiet(cli(DENO, ["signature", "basis", "sig"], folder));
  await quiet(cli(DENO, ["delta", "sig", "target", "delta"], folder));
  for (const delta of ["- ", "/dev/stdin"]) {
    const command = `${DENO.command.join(" ")} patch -f basis ${delta} made <delta`;
    const { code, stdout } = await exec(["script", "-qec", command, "/dev/null"], folder);
    assert.equal(code, 0, new TextDecoder().decode(stdout));
    await assertFile(`${folder}/made`, TARGET);
  }
}, !hasScript);

test("takes a basis that has become shorter for too short", async (folder) => {
  await quiet(cli(DENO, ["signature", "basis", "sig"], folder));
  await quiet(cli(DENO, ["delta", "sig", "target", "delta"], folder));
  await Deno.writeFile(`${folder}/basis`, BASIS.subarray(0, 1000));
  await fails(cli(DENO, ["patch", "basis", "delta", "made"], folder), 103, /the basis gave none there/);
  assert.ok(!(await names(folder)).includes("made"));
});
