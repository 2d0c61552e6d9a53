/** The permissions that the command needs in Deno and Node, and what it says without them. */
import assert from "node:assert/strict";
import { assertFile, TARGET, test } from "./_cli_cases.ts";
import { cli, DENO, exec, fails, names, quiet, type Runtime, shell } from "./_cli_runner.ts";
import { runtimes } from "./_cli_runtimes.ts";

/** The command in Deno with some permissions. */
function deno(...flags: string[]): Runtime {
  return { name: "Deno", command: DENO.command.flatMap((word) => word === "-A" ? [...flags, "--no-prompt"] : [word]) };
}

const node = runtimes.find(({ name }) => name === "Node");

/** The command in Node with some permissions. The program may be read. */
async function withNode(...flags: string[]): Promise<Runtime> {
  const [program, bundle] = node!.command as [string, string];
  const { code } = await exec([program, "--permission", "--version"]);
  const permission = code === 0 ? "--permission" : "--experimental-permission";
  return {
    name: "Node",
    command: [program, "--no-warnings", permission, `--allow-fs-read=${bundle}`, ...flags, bundle],
  };
}

/** Makes a signature and a delta, and a folder for what is written. */
async function prepare(folder: string): Promise<void> {
  await quiet(cli(DENO, ["signature", "basis", "sig"], folder));
  await quiet(cli(DENO, ["delta", "sig", "target", "delta"], folder));
  await Deno.mkdir(`${folder}/out`);
}

/** Each job, with what it writes in the folder `out`. Once more it replaces that. */
async function assertWorks(runtime: Runtime, folder: string): Promise<void> {
  for (const force of [[], ["-qf"]]) {
    await quiet(cli(runtime, ["signature", ...force, "basis", "out/sig"], folder));
    await quiet(cli(runtime, ["delta", ...force, "sig", "target", "out/delta"], folder));
    await quiet(cli(runtime, ["patch", ...force, "basis", "delta", "out/made"], folder));
    await quiet(cli(runtime, ["transcode", "-q", ...force, "delta", "--to", "librsync", "out/other"], folder));
  }
  await quiet(cli(runtime, ["info", "delta"], folder));
  await assertFile(`${folder}/out/made`, TARGET);
  assert.deepEqual(await names(`${folder}/out`), ["delta", "made", "other", "sig"]);
}

test("in Deno needs to read the inputs and the folder of the output, and to write there", async (folder) => {
  await prepare(folder);
  await assertWorks(deno("--allow-read=basis,sig,target,delta,out", "--allow-write=out"), folder);
  // Pipes need nothing.
  await quiet(shell(deno(), "cli --help; cli signature <basis >other; cli info <sig", folder));
});

test("in Deno exits with 100 and names the permission that is missing", async (folder) => {
  const args = ["signature", "basis", "sig"];
  const cases: [flags: string[], args: string[], message: RegExp][] = [
    [[], args, /cannot open basis: Deno does not permit it, since --allow-read is missing/],
    [["--allow-write"], args, /cannot open basis: .*--allow-read/],
    [
      ["--allow-read=basis", "--allow-write"],
      args,
      /cannot write sig: .*--allow-read is missing or does not name the fo/,
    ],
    [["--allow-read"], args, /cannot write sig: .*--allow-write is missing/],
    [
      ["--allow-read", "--allow-write=sig"],
      args,
      /cannot write sig: .*--allow-write is missing or does not name the folder/,
    ],
    [["--allow-read"], ["patch", "basis", "delta", "made"], /cannot open delta: no such file/],
    [["--allow-write"], ["patch", "basis", "target", "made"], /cannot open basis: .*--allow-read/],
    [["--allow-read", "--allow-write"], ["signature", "/proc/version", "sig"], /since --allow-all is missing\n/],
    [
      ["--allow-read", "--allow-write"],
      ["signature", "basis", "/dev/full"],
      /cannot write \/dev\/full: .*--allow-all is/,
    ],
  ];
  for (const [flags, args, message] of cases) await fails(cli(deno(...flags), args, folder), 100, message);
  assert.deepEqual(await names(folder), ["basis", "target"]);
});

test("in Node needs to read the inputs and the folder of the output, and to write there", async (folder) => {
  await prepare(folder);
  const inputs = ["basis", "sig", "target", "delta", "out/"].map((name) => `--allow-fs-read=${folder}/${name}`);
  await assertWorks(await withNode(...inputs, `--allow-fs-write=${folder}/out/`), folder);
  await quiet(shell(await withNode(), "cli --help; cli signature <basis >other; cli info <sig", folder));
}, !node);

test("in Node exits with 100 and names the permission that is missing", async (folder) => {
  const args = ["signature", "basis", "sig"];
  const read = `--allow-fs-read=${folder}/`;
  await fails(cli(await withNode(), args, folder), 100, /open basis: Node does not permit it, since --allow-fs-read/);
  await fails(cli(await withNode(read), args, folder), 100, /write sig: Node .*--allow-fs-write .* name the folder\n/);
  await fails(cli(await withNode(read), ["patch", "basis", "target", "made"], folder), 100, /--allow-fs-write/);
  assert.deepEqual(await names(folder), ["basis", "target"]);
}, !node);
