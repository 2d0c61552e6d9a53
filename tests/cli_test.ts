/** The command line as a new user would try it: processes, files, pipes, and mistakes. */
import assert from "node:assert/strict";
import { assertBytes } from "./_helpers.ts";
import { assertFile, BASIS, CASES, TARGET, test } from "./_cli_cases.ts";
import { cli, DENO, exec, fails, names, quiet, requireProgram, runMany, shellScript } from "./_cli_runner.ts";
import { runtimes } from "./_cli_runtimes.ts";
import manifest from "../deno.json" with { type: "json" };

for (const runtime of runtimes) {
  for (const [name, run] of Object.entries(CASES)) {
    test(`in ${runtime.name} ${name}`, (folder) => run(runtime, folder));
  }
}

const text = async (...args: Parameters<typeof cli>) => new TextDecoder().decode(await quiet(cli(...args)));
const json = async (...args: Parameters<typeof cli>) => JSON.parse(await text(...args));

test("replaces a file only with -f, and only by a whole one", async (folder) => {
  const path = `${folder}/made`;
  await Deno.writeTextFile(path, "what was there");
  await quiet(cli(DENO, ["signature", "basis", "sig"], folder));
  await quiet(cli(DENO, ["delta", "sig", "target", "delta"], folder));
  for (const args of [["signature", "basis"], ["delta", "sig", "target"], ["patch", "basis", "delta"]]) {
    await fails(cli(DENO, [...args, "made"], folder), 100, /cannot write made: it exists, and -f replaces it/);
  }
  await fails(cli(DENO, ["transcode", "delta", "made", "--to", "librsync"], folder), 100, /it exists/);
  const delta = await Deno.readFile(`${folder}/delta`);
  await Deno.writeFile(`${folder}/delta`, delta.subarray(0, -1));
  await fails(
    cli(DENO, ["patch", "-f", "basis", "delta", "made"], folder),
    103,
    /cannot read the delta.*ends after \d+ of/,
  );
  await Deno.writeFile(`${folder}/short`, BASIS.subarray(0, 1000));
  await Deno.writeFile(`${folder}/delta`, delta);
  await fails(cli(DENO, ["patch", "-f", "short", "delta", "made"], folder), 103, /basis/);
  assert.equal(await Deno.readTextFile(path), "what was there");
  assert.deepEqual(await names(folder), ["basis", "delta", "made", "short", "sig", "target"]);
  await quiet(cli(DENO, ["patch", "--force", "basis", "delta", "made"], folder));
  await assertFile(path, TARGET);
});

for (const format of ["librsync", "rsync-streams", "luapower"]) {
  const told = format === "luapower" ? ["--format", format, "-b", "512"] : [];
  const kind = (name: string) => format === "luapower" ? [...told, "--kind", name] : [];

  test(`does the three jobs, tells what files are, and transcodes: ${format}`, async (folder) => {
    await quiet(cli(DENO, ["signature", "-b", "512", "--format", format, "basis", "sig"], folder));
    await quiet(cli(DENO, ["delta", ...told, "sig", "target", "delta"], folder));
    await quiet(cli(DENO, ["patch", "-q", ...told, "basis", "delta", "made"], folder));
    await assertFile(`${folder}/made`, TARGET);

    const sig = await json(DENO, ["info", "--json", ...kind("signature"), "sig"], folder);
    const { blockLength, sigCount, fileLength, length } = sig;
    const blocks = BASIS.length / 512;
    assert.equal(sig.kind, "signature");
    assert.equal(sig.format, format);
    assert.equal(blockLength, 512);
    assert.equal(sigCount, format === "luapower" ? Math.floor(blocks) : Math.ceil(blocks));
    assert.equal(fileLength, format === "rsync-streams" ? BASIS.length : null);
    assert.equal(length, (await Deno.stat(`${folder}/sig`)).size);

    const delta = await json(DENO, ["info", "--json", ...kind("delta"), "delta"], folder);
    assert.equal(delta.kind, "delta");
    assert.equal(delta.format, format);
    assert.equal(delta.targetLength, TARGET.length);
    assert.equal(delta.copiedBytes + delta.literalBytes, TARGET.length);
    assert.equal(delta.literalShare, delta.literalBytes / TARGET.length);
    assert.equal(delta.commandCount, delta.copyCount + delta.dataCount);
    assert.ok(delta.literalBytes >= 3_333 && delta.literalBytes < 3_333 + 2_000);
    assert.equal(delta.digest?.length, format === "rsync-streams" ? 64 : undefined);

    const lines = await text(DENO, ["info", ...kind("delta"), "delta"], folder);
    assert.match(lines, new RegExp(`^delta: delta\nformat +${format}\n`));
    assert.match(lines, /literal +\d+ bytes \(\d\.\d %\) in \d+ commands?/);
    assert.match(await text(DENO, ["info", ...kind("signature"), "sig"], folder), /block length +512 bytes\n/);

    for (const to of ["librsync", "rsync-streams"]) {
      await quiet(cli(DENO, ["transcode", "-qf", ...told, "delta", "other", "--to", to], folder));
      const other = await json(DENO, ["info", "--json", "other"], folder);
      assert.equal(other.format, to);
      assert.equal(other.digest, to === "librsync" ? null : delta.digest);
      await quiet(cli(DENO, ["patch", "-qf", "basis", "other", "made"], folder));
      await assertFile(`${folder}/made`, TARGET);
    }
  });
}

test("warns once when a delta loses its digest in another format, unless -q forbids it", async (folder) => {
  const transcode = async (...args: string[]) => {
    const { code, stderr } = await cli(DENO, ["transcode", "-f", ...args], folder);
    assert.equal(code, 0, stderr);
    return stderr;
  };
  await quiet(cli(DENO, ["signature", "-b", "512", "basis", "sig"], folder));
  await quiet(cli(DENO, ["delta", "sig", "target", "delta"], folder));
  const warning =
    /^rsync-streams: warning: the digest is left out, since the librsync format has no place for it: .*\n$/;
  assert.match(await transcode("delta", "other", "--to", "librsync"), warning);
  assert.equal(await transcode("-q", "delta", "other", "--to", "librsync"), "");
  // It is kept, or there is none.
  assert.equal(await transcode("delta", "kept", "--to", "rsync-streams"), "");
  assert.equal(await transcode("other", "again", "--to", "librsync"), "");
  await quiet(cli(DENO, ["delta", "--no-digest", "sig", "target", "without"], folder));
  assert.equal(await transcode("without", "other", "--to", "librsync"), "");
  // Nothing was written, so nothing was left out.
  await fails(cli(DENO, ["transcode", "delta", "other", "--to", "librsync"], folder), 100, /it exists/);
});

test("makes a delta of another format than the signature's", async (folder) => {
  await quiet(cli(DENO, ["signature", "--format", "librsync", "basis", "sig"], folder));
  await quiet(cli(DENO, ["delta", "--format", "rsync-streams", "sig", "target", "delta"], folder));
  assert.equal(
    (await json(DENO, ["info", "--json"], folder, await Deno.readFile(`${folder}/delta`))).digest.length,
    64,
  );
  await quiet(cli(DENO, ["delta", "-f", "--no-digest", "--format", "rsync-streams", "sig", "target", "delta"], folder));
  assert.equal((await json(DENO, ["info", "--json", "delta"], folder)).digest, null);
  // The luapower format cannot copy the short last block.
  await quiet(cli(DENO, ["delta", "-f", "sig", "basis", "delta"], folder));
  const transcode = ["transcode", "delta", "other", "--to", "luapower", "-b", "384"];
  await fails(cli(DENO, transcode, folder), 105, /it copies whole blocks of 384 bytes/);
  assert.deepEqual(await names(folder), ["basis", "delta", "sig", "target"]);
});

test("takes sums and lengths of the rsync-streams format", async (folder) => {
  const args = "signature --strong-sum blake2b --weak-sum rollsum --block-length auto -S 16 --digest";
  await quiet(cli(DENO, [...args.split(" "), "basis", "sig"], folder));
  const info = await json(DENO, ["info", "--json", "sig"], folder);
  const { weakSum, strongSum, blockLength, strongLength, digest } = info;
  assert.deepEqual({ weakSum, strongSum, blockLength, strongLength }, {
    weakSum: "rollsum",
    strongSum: "blake2b",
    blockLength: 384,
    strongLength: 16,
  });
  assert.equal(digest.length, 64);
  await fails(cli(DENO, ["signature", "-b", "15", "basis"], folder), 108, /block length \(-b\)/);
});

const MISTAKES: [args: string, message: RegExp][] = [
  [
    "",
    /a command is missing: one of signature, delta, patch, .*, pull, push, serve, completion was expected; try /,
  ],
  ["signature -b", /-b needs a value/],
  ["signature --force=yes basis", /--force takes no value/],
  ["signature basis sig more", /too many arguments: rsync-streams signature \[OPTIONS\] \[BASIS \[SIGNATURE\]\]/],
  ["signature --bogus basis", /unknown option --bogus; try "rsync-streams signature --help"/],
  ["sig -b", /-b needs a value; try "rsync-streams signature --help"/],
  ["p --bogus basis", /unknown option --bogus; try "rsync-streams --help"/],
  ["signature --plan basis", /signature has no option --plan; try "rsync-streams signature --help"/],
  ["info -f basis", /info has no option -f/],
  ["signature --format zip basis", /unknown format "zip": one of rsync-streams, luapower, librsync was expected/],
  [
    "signature --format librsync -H blake3 basis",
    /strong sum \(-H\) of the librsync format: one of "blake2b", "md4" was/,
  ],
  ["signature --format librsync --digest basis", /the librsync format does not carry one/],
  ["signature --format luapower basis", /luapower format does not record the block length: give it with -b/],
  ["delta - - out", /cannot both come from the standard input/],
  ["patch --format luapower basis target", /give it with -b/],
  ["info --format luapower -b 512 basis", /give --kind/],
  ["transcode basis", /give it with --to FORMAT/],
];

test("tells in one line what is wrong with a command line", async (folder) => {
  const runs = await runMany(MISTAKES.map(([args]) => ({ args: args.split(" ").filter(Boolean), cwd: folder })));
  for (const [i, [, message]] of MISTAKES.entries()) await fails(runs[i]!, 101, message);
  assert.deepEqual(await names(folder), ["basis", "target"]);
});

const OUT_OF_RANGE: [args: string, message: RegExp][] = [
  ["signature -b -1 basis", /the block length \(-b\): an integer from \d+ to 1073741824 was expected, -1 was given/],
  ["signature -b 4G -S -1 basis", /the block length \(-b\): .* 4294967296 was given/],
  ["signature -b 64 -S -2 basis", /the strong length \(-S\): an integer from \d+ to 32 was expected, -2 was given/],
  ["signature -S 1 basis", /the strong length \(-S\): an integer from 2 to 32 was expected, 1 was given/],
  ["patch --format luapower -b -1 basis target", /the block length \(-b\): .* -1 was given/],
  ["info --format luapower -b -1 --kind delta target", /the block length \(-b\): .* -1 was given/],
  ["transcode target --to luapower -b 1073741825", /the block length \(-b\): .* 1073741825 was given/],
];

test("exits with 108 and names the option when a length is out of range", async (folder) => {
  const runs = await runMany(OUT_OF_RANGE.map(([args]) => ({ args: args.split(" "), cwd: folder })));
  for (const [i, [, message]] of OUT_OF_RANGE.entries()) await fails(runs[i]!, 108, message);
  assert.deepEqual(await names(folder), ["basis", "target"]);
});

test("names files of the wrong kind for what they are", async (folder) => {
  await quiet(cli(DENO, ["signature", "basis", "sig"], folder));
  await quiet(cli(DENO, ["delta", "sig", "target", "delta"], folder));
  await fails(cli(DENO, ["delta", "delta", "target"], folder), 104, /this is a delta/);
  await fails(cli(DENO, ["patch", "basis", "sig"], folder), 104, /this is a signature/);
  await fails(cli(DENO, ["info", "target"], folder), 104, /target: it is not a signature or a delta/);
  await fails(cli(DENO, ["info"], folder, new Uint8Array(2)), 103, /the standard input/);
  await fails(cli(DENO, ["patch", folder, "delta"], folder), 100, /it is a folder/);
  await fails(cli(DENO, ["delta", "sig", "missing", "out"], folder), 100, /missing: no such file/);
  await fails(
    cli(DENO, ["delta", "sig", "target", "missing/out"], folder),
    100,
    /missing\/out: no such file or folder/,
  );
});

test("tells statistics and details on the standard error alone", async (folder) => {
  const signature = await cli(DENO, ["signature", "-sv", "basis", "sig"], folder);
  assert.match(
    signature.stderr,
    /signature: 391 blocks of 384 bytes; 150000 bytes read, \d+ written; [\d.]+ s, .*B\/s\n$/,
  );
  const delta = await cli(DENO, ["-s", "delta", "sig", "target"], folder);
  assert.match(delta.stderr, /^rsync-streams: delta: \d+ blocks found, \d+ false alarms; \d+ bytes copied, [^\n]+\n$/);
  await Deno.writeFile(`${folder}/delta`, delta.stdout);
  const patch = await cli(DENO, ["patch", "-s", "basis", "delta"], folder);
  assert.match(patch.stderr, new RegExp(`, ${TARGET.length} written; `));
  assertBytes(patch.stdout, TARGET);
  const failed = await cli(DENO, ["patch", "-v", "basis", "target"], folder);
  assert.equal(failed.code, 104);
  assert.match(failed.stderr, /RsyncError: [^]+\n +at /);
});

test("has a version that is the package's", async (folder) => {
  assert.match(await text(DENO, ["--version"], folder), new RegExp(`^rsync-streams ${manifest.version}\n`));
});

test("has help that does the job as it stands", async (folder) => {
  const help = await text(DENO, ["--help"], folder);
  assert.ok(help.split("\n").every((line) => line.length <= 80));
  const jobs = [...help.matchAll(/^ {2}(here|there) +rsync-streams (.*?)(?: {2,}.*)?$/gm)];
  assert.deepEqual(jobs.map(([, place]) => place), ["here", "there", "here"]);
  for (const place of ["here", "there"]) await Deno.mkdir(`${folder}/${place}`);
  await Deno.rename(`${folder}/basis`, `${folder}/here/old.iso`);
  await Deno.rename(`${folder}/target`, `${folder}/there/new.iso`);
  for (const [, place, args] of jobs) {
    await quiet(cli(DENO, args!.split(" "), `${folder}/${place}`));
    const [sent] = await names(`${folder}/${place}`).then((all) => all.filter((name) => /sig|delta/.test(name)));
    await Deno.copyFile(`${folder}/${place}/${sent}`, `${folder}/${place === "here" ? "there" : "here"}/${sent}`);
  }
  await assertFile(`${folder}/here/new.iso`, TARGET);
});

/** The commands, and how many options each has. */
const OPTION_COUNTS = {
  signature: 16,
  delta: 15,
  patch: 12,
  info: 8,
  transcode: 13,
  publish: 8,
  pull: 12,
  push: 11,
  serve: 9,
  completion: 3,
};
const COMMANDS = Object.keys(OPTION_COUNTS) as (keyof typeof OPTION_COUNTS)[];

test("writes an option in the same way for each command that has it", async (folder) => {
  const seen = new Map<string, string>();
  const helps = await Promise.all(COMMANDS.map((command) => text(DENO, [command, "--help"], folder)));
  for (const [i, help] of helps.entries()) {
    const options = [
      ...help.matchAll(/^ {2}(?:-(?<short>.), | {4})--(?:\[no-\])?(?<name>[\w-]+)(?: (?<value>[A-Z]+))? {2}/gm),
    ];
    assert.equal(options.length, OPTION_COUNTS[COMMANDS[i]!]);
    for (const { groups } of options) {
      const { short = "", name, value = "" } = groups!;
      const spelling = `-${short} ${value}`;
      assert.equal(seen.get(name!) ?? spelling, spelling, `--${name}`);
      seen.set(name!, spelling);
    }
  }
});

for (const command of COMMANDS) {
  test(`has help for ${command}, with options and examples, in at most 80 columns`, async (folder) => {
    const help = await text(DENO, [command, "--help"], folder);
    assert.match(help, new RegExp(`^Usage: rsync-streams ${command} \\[OPTIONS\\] `));
    assert.match(help, new RegExp(`\nExamples:\n  [^\n]*rsync-streams ${command} `));
    assert.match(help, /-h, --help/);
    assert.ok(help.split("\n").every((line) => line.length <= 80));
  });
}

const hasScript = Deno.build.os === "linux" && await requireProgram("script", "progress on a terminal");

for (const runtime of runtimes) {
  test(`in ${runtime.name} shows progress on a terminal, and no binary there`, async (folder) => {
    // A slow pipe, so that the job lasts long enough for a bar.
    const slow = "{ cat basis; sleep 0.6; cat basis basis basis; sleep 0.2; cat basis; } | cli signature -b 64 - sig";
    const [shown, refused] = await Promise.all([slow, "cli signature basis"].map((script) => {
      return exec(["script", "-qec", shellScript(runtime, script), "/dev/null"], folder);
    }));
    const terminal = new TextDecoder().decode(shown!.stdout);
    assert.match(terminal, /[\d.]+ [kM]B \| [\d.]+ [kM]B\/s/);
    assert.equal(shown!.code, 0);
    assert.match(new TextDecoder().decode(refused!.stdout), /not for a terminal/);
    assert.equal(refused!.code, 101);
  }, !hasScript);
}
