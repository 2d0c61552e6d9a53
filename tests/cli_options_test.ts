/** Options of the command that rdiff does not have, and what the command says of what it did not do. */
import assert from "node:assert/strict";
import fs from "node:fs";
import { runCli } from "rsync-streams/cli";
import { assertBytes } from "./_helpers.ts";
import { assertFile, TARGET, test } from "./_cli_cases.ts";
import { cli, DENO, DENO_RDIFF, fails, names, quiet, runMany } from "./_cli_runner.ts";

const text = async (...args: Parameters<typeof cli>) => new TextDecoder().decode(await quiet(cli(...args)));
const json = async (...args: Parameters<typeof cli>) => JSON.parse(await text(...args));

test("verifies the result where no format is named", async (folder) => {
  await quiet(cli(DENO, ["signature", "basis", "sig"], folder));
  await quiet(cli(DENO, ["delta", "sig", "target", "delta"], folder));
  assert.equal((await json(DENO, ["info", "--json", "delta"], folder)).digest.length, 64);
  const wrong = await Deno.readFile(`${folder}/basis`);
  wrong[75_000]! ^= 1;
  await Deno.writeFile(`${folder}/wrong`, wrong);
  await fails(cli(DENO, ["patch", "wrong", "delta", "made"], folder), 106, /digest/);
  assert.deepEqual(await names(folder), ["basis", "delta", "sig", "target", "wrong"]);
});

/** Signatures, options of `delta` and options of `patch` that verify nothing. */
const UNVERIFIED: [signature: string[], delta: string[], patch: string[]][] = [
  [["--format", "librsync"], [], []],
  [["--format", "luapower", "-b", "512"], ["--format", "luapower", "-b", "512"], [
    "--format",
    "luapower",
    "-b",
    "512",
  ]],
  [[], ["--no-digest"], []],
];

for (const [signature, delta, patch] of UNVERIFIED) {
  test(`says once that nothing is verified: ${[...signature, ...delta].join(" ")}`, async (folder) => {
    await quiet(cli(DENO, ["signature", ...signature, "basis", "sig"], folder));
    await quiet(cli(DENO, ["delta", ...delta, "sig", "target", "delta"], folder));
    const { code, stdout, stderr } = await cli(DENO, ["patch", ...patch, "basis", "delta"], folder);
    assert.equal(code, 0);
    assertBytes(stdout, TARGET, "made");
    assert.match(stderr, /^rsync-streams: warning: the result is not verified[^\n]+\n$/);
    for (const quietly of ["-q", "--quiet"]) {
      assertBytes(await quiet(cli(DENO, ["patch", quietly, ...patch, "basis", "delta"], folder)), TARGET, "made");
    }
  });
}

test("refuses a short option that is written with two dashes", async (folder) => {
  await fails(cli(DENO, ["signature", "--f", "basis", "sig"], folder), 101, /unknown option --f; /);
  await fails(cli(DENO, ["signature", "--b=512", "basis", "sig"], folder), 101, /unknown option --b; /);
  assert.deepEqual(await names(folder), ["basis", "target"]);
});

/** What is read in a second, and how that is shown. */
const RATES: [number, string][] = [
  [999, "999 B/s"],
  [1000, "1.0 kB/s"],
  [999_949, "999.9 kB/s"],
  [999_950, "1.0 MB/s"],
  [1_000_000, "1.0 MB/s"],
];

test("shows no rate of 1000.0 of a unit where 1.0 of the next one is meant", async (folder) => {
  const { now } = performance;
  const { writeSync } = fs;
  try {
    for (const [length, rate] of RATES) {
      await Deno.writeFile(`${folder}/file`, new Uint8Array(length));
      let shown = "";
      // A second passes when the signature gets its name.
      performance.now = () => fs.existsSync(`${folder}/sig`) ? 1000 : 0;
      fs.writeSync = ((_: number, line: string) => shown += line) as unknown as typeof fs.writeSync;
      assert.equal(await runCli(["signature", "--statistics", `${folder}/file`, `${folder}/sig`]), 0);
      await Deno.remove(`${folder}/sig`);
      assert.ok(shown.endsWith(`; 1.00 s, ${rate}\n`), shown);
    }
  } finally {
    performance.now = now;
    fs.writeSync = writeSync;
  }
});

test("does not say that nothing is verified when called as rdiff, or when it fails", async (folder) => {
  await quiet(cli(DENO_RDIFF, ["signature", "basis", "sig"], folder));
  await quiet(cli(DENO_RDIFF, ["delta", "sig", "target", "delta"], folder));
  await quiet(cli(DENO_RDIFF, ["patch", "basis", "delta", "made"], folder));
  await assertFile(`${folder}/made`, TARGET);
  await Deno.truncate(`${folder}/delta`, 1000);
  await fails(cli(DENO, ["patch", "basis", "delta"], folder), 103, /cannot read the delta/);
});

test("warns of short strong sums, but not with -q", async (folder) => {
  const args = ["signature", "--format", "librsync", "-S", "2", "basis"];
  assert.match((await cli(DENO, args, folder)).stderr, /^rsync-streams: warning: strong sums of 2 bytes[^\n]+\n$/);
  await quiet(cli(DENO, [...args, "-q"], folder));
});

const SIZES: [value: string, bytes: number | undefined][] = [
  ["4k", 4096],
  ["4K", 4096],
  ["4KiB", 4096],
  ["1M", 2 ** 20],
  ["0x2k", 2048],
  [" 1k", 1024],
  ["010k", 10240],
  ["08k", 8192],
  ["1G", 2 ** 30],
  ["auto", 384],
  ["k", undefined],
  ["4kB", undefined],
  ["4 k", undefined],
  ["1.5k", undefined],
  ["4kk", undefined],
  ["4b", undefined],
  ["1T", undefined],
];

test("takes block lengths with units", async (folder) => {
  const runs = await runMany(
    SIZES.map(([value], i) => ({ args: ["sig", "-b", value, "basis", `o${i}`], cwd: folder })),
  );
  for (const [i, [value, bytes]] of SIZES.entries()) {
    if (bytes === undefined) {
      await fails(
        runs[i]!,
        value === "1T" ? 108 : 101,
        value === "k"
          ? /cannot use --block-size: "k" was given, a number was expected; try ".* signature --help"/
          : /./,
      );
      continue;
    }
    assert.equal(runs[i]!.code, 0, `${value}: ${runs[i]!.stderr}`);
    assert.equal((await json(DENO, ["info", "--json", `o${i}`], folder)).blockLength, bytes, value);
  }
});

test("has help by all its names", async (folder) => {
  const help = await text(DENO, ["--help"], folder);
  for (const args of [["-h"], ["-?"], ["help"], ["he"]]) {
    assert.equal(await text(DENO, args, folder), help, args.join(" "));
  }
  assert.match(help, /alias rdiff="rsync-streams --rdiff"/);
  const patch = await text(DENO, ["patch", "--help"], folder);
  assert.match(patch, /^Usage: rsync-streams patch /);
  for (const args of [["help", "patch"], ["patch", "-h"], ["help", "pat"]]) {
    assert.equal(await text(DENO, args, folder), patch, args.join(" "));
  }
  await fails(cli(DENO, ["help", "bogus"], folder), 101, /unknown command "bogus"/);
  await fails(cli(DENO, ["help", "patch", "delta"], folder), 101, /too many commands/);
});

/** The first bytes of compressed files that the command cannot decompress, without what would follow. */
const COMPRESSED: Record<string, number[]> = {
  xz: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 0],
  bzip2: [0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26],
};

test("names what a compressed signature or delta was compressed with", async (folder) => {
  for (const [program, bytes] of Object.entries(COMPRESSED)) {
    await Deno.writeFile(`${folder}/file`, Uint8Array.from(bytes));
    const message = new RegExp(`it is compressed with ${program}: decompress it first`);
    await fails(cli(DENO, ["delta", "file", "target"], folder), 104, message);
    await fails(cli(DENO, ["patch", "basis", "file"], folder), 104, message);
    await fails(cli(DENO, ["info", "file"], folder), 104, message);
  }
});
