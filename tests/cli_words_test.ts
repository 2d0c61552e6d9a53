/** What the words of a command line mean: options, numbers, operands, and what is wrong with them. */
import assert from "node:assert/strict";
import { run, test } from "./_cli_inside.ts";

/** Options of a signature, and what the signature is then; or the exit code and the words of the failure. */
type Case = readonly [
  args: readonly string[],
  expected: Record<string, unknown> | readonly [code: number, why: RegExp],
];

const L = ["--format", "librsync"];

const CASES: readonly Case[] = [
  // Where a value may stand.
  [["-b", "512"], { blockLength: 512 }],
  [["-b512"], { blockLength: 512 }],
  [["-b=512"], { blockLength: 512 }],
  [["--block-size", "512"], { blockLength: 512 }],
  [["--block-size=512"], { blockLength: 512 }],
  [["--block-length=512"], { blockLength: 512 }],
  [["-fb512"], { blockLength: 512 }],
  [["-fqb", "512", "-S9"], { blockLength: 512, strongLength: 9 }],
  [["-b", "512", "-b", "1k"], { blockLength: 1024 }],
  [["--hash=blake2b", "-Rrollsum"], { strongSum: "blake2b", weakSum: "rollsum" }],
  [["--strong-sum", "blake2", "--weak-sum", "rabinkarp"], { strongSum: "blake2b", weakSum: "rabinkarp" }],
  // Numbers, as C reads them.
  [["-b", "0x200"], { blockLength: 512 }],
  [["-b", "0X2a0"], { blockLength: 672 }],
  [["-b", "01000"], { blockLength: 1000 }],
  [["-b", "+512"], { blockLength: 512 }],
  [["-b", " \t512"], { blockLength: 512 }],
  [["-b", ""], { blockLength: 144 }],
  [["-b", "0"], { blockLength: 144 }],
  [["-b", "auto"], { blockLength: 144 }],
  [["-S", "0"], { strongLength: 5 }],
  [[...L, "-S", "-1"], { strongLength: 6 }],
  [[...L, "-S", "0"], { strongLength: 32 }],
  [[...L, "-H", "md4"], { strongLength: 16, strongSum: "md4" }],
  [["-b", "08"], [108, /an integer from 16 to 1073741824 was expected, 8 was given/]],
  [["-b", "5 "], [101, /cannot use --block-size: "5 " was given, a number was expected/]],
  [["-S", "4k"], [101, /cannot use --sum-size: "4k" was given, a number was expected/]],
  [["-S", "--5"], [101, /cannot use --sum-size: "--5" was given/]],
  // Units.
  [["-b", "2k"], { blockLength: 2048 }],
  [["-b", "2KiB"], { blockLength: 2048 }],
  [["-b", "1m"], { blockLength: 2 ** 20 }],
  [["-b", "1G"], { blockLength: 2 ** 30 }],
  [["-b", "2G"], [108, /cannot use the block length \(-b\): .*from 16 to 1073741824.* 2147483648 was given/]],
  [["-b", "1t"], [108, /1099511627776 was given/]],
  [["-b", "k"], [101, /"k" was given, a number was expected/]],
  [["-b", "15"], [108, /cannot use the block length \(-b\): .* 15 was given/]],
  [["-b", "-64"], [108, /-64 was given/]],
  [["-S", "33"], [108, /cannot use the strong length \(-S\): .* 33 was given/]],
  [["-S", "-2"], [108, /cannot use the strong length \(-S\): .* -2 was given/]],
  [["-H", "sha1"], [101, /unknown hash "sha1": one of .*blake3.* was expected/]],
  [[...L, "-H", "blake3"], [101, /cannot use the strong sum \(-H\)/]],
  [[...L, "--digest"], [101, /cannot use a digest \(--digest\)/]],
  [["--format", "zip"], [101, /unknown format "zip": one of rsync-streams, .* was expected/]],
  [["--format", "luapower"], [101, /the luapower format does not record the block length: give it with -b/]],
  // Options that are none, or want something else.
  [["--blocks", "1"], [101, /unknown option --blocks/]],
  [["-y"], [101, /unknown option -y/]],
  [["-é"], [101, /unknown option -é/]],
  [["--b", "512"], [101, /unknown option --b/]],
  [["-qyf"], [101, /unknown option -y/]],
  [["--force=yes"], [101, /--force takes no value/]],
  [["-f=1"], [101, /-f takes no value/]],
  [["--no-force"], [101, /unknown option --no-force/]],
  [["--to", "librsync"], [101, /signature has no option --to/]],
  [["-z"], [101, /signature has no option -z/]],
];

test("takes options in each form, and says what is wrong with others", async (folder) => {
  for (const [args, expected] of CASES) {
    const { code, out, err } = await run(folder, ["signature", "--json", ...args, "-f", "basis.bin", "made.sig"]);
    if (Array.isArray(expected)) {
      assert.equal(code, expected[0], `${args}: ${err}`);
      assert.match(err, expected[1]);
      assert.match(err, /^rsync-streams: [^\n]+\n$/);
      continue;
    }
    assert.deepEqual([code, err], [0, ""], `${args}`);
    const facts = JSON.parse(out);
    for (const [name, value] of Object.entries(expected)) assert.equal(facts[name], value, `${args}: ${name}`);
  }
});

test("says that the last option needs a value", async (folder) => {
  for (const option of ["-b", "--block-size", "-fb"]) {
    const { code, err } = await run(folder, ["signature", "basis.bin", "made.sig", option]);
    const name = option === "-fb" ? "-b" : option;
    const help = 'try "rsync-streams signature --help"\n';
    assert.deepEqual([code, err], [101, `rsync-streams: ${name} needs a value; ${help}`]);
  }
});

test("takes numbers of 32 bits as rdiff", async (folder) => {
  const rdiff = (value: string) => run(folder, ["--rdiff", "signature", "-f", "-b", value, "basis.bin", "made.sig"]);
  for (const [value, why] of [["4k", "a number was"], ["2147483648", "32 bits"], ["-2147483649", "32 bits"]] as const) {
    const { code, err } = await rdiff(value);
    assert.equal(code, 101, value);
    assert.match(err, new RegExp(`^rdiff: cannot use --block-size: "?${value}"? was given, .*${why}`));
  }
  for (const value of ["2147483647", "-2147483648"]) assert.equal((await rdiff(value)).code, 108, value);
  assert.equal((await rdiff("0x400")).code, 0);
});

test("understands the start of a command, and no word that may mean two", async (folder) => {
  const names = "signature, delta, patch, info, transcode, publish, pull, push, serve, completion";
  const cases: [args: string[], code: number, err: string][] = [
    [["sig", "basis.bin", "a.sig"], 0, ""],
    [["-q", "si", "basis.bin", "b.sig"], 0, ""],
    [["p", "basis.bin"], 101, '"p" may mean patch or publish or pull or push: write more of it'],
    [["pu"], 101, '"pu" may mean publish or pull or push: write more of it'],
    [["s"], 101, '"s" may mean signature or serve: write more of it'],
    [["sigs"], 101, `unknown command "sigs": one of ${names} was expected`],
    [[""], 101, `unknown command "": one of ${names} was expected`],
    [["help", "x"], 101, `unknown command "x": one of ${names} was expected`],
    [["help", "info", "delta"], 101, "too many commands: rsync-streams help [COMMAND]"],
  ];
  for (const [args, code, err] of cases) {
    const expected = err && `rsync-streams: ${err}; try "rsync-streams --help"\n`;
    const seen = await run(folder, args);
    assert.deepEqual([seen.code, seen.err], [code, expected], `${args}`);
  }
  assert.match(
    (await run(folder, ["--rdiff", "help"])).err,
    /^rdiff: unknown command "help": one of signature, delta, /,
  );
  // rdiff takes the first that fits.
  assert.equal((await run(folder, ["--rdiff", "", "basis.bin", "r.sig"])).code, 0);
});

test("has the same help by all names, before and behind a command", async (folder) => {
  const { code, out, err } = await run(folder, ["--help"]);
  assert.deepEqual([code, err], [0, ""]);
  for (const args of [["-h"], ["-?"], ["help"], ["he"], ["-hq"], ["--help", "nothing"]]) {
    assert.equal((await run(folder, args)).out, out, `${args}`);
  }
  for (const name of ["signature", "delta", "patch", "info", "transcode", "completion"]) {
    const help = (await run(folder, ["help", name])).out;
    assert.match(help, new RegExp(`^Usage: rsync-streams ${name} \\[OPTIONS\\]`));
    for (const args of [[name, "--help"], ["-h", name], [name, "a", "b", "c", "-h", "--progress"]]) {
      assert.equal((await run(folder, args)).out, help, `${args}`);
    }
  }
  const version = await run(folder, ["--version"]);
  assert.match(version.out, /^rsync-streams \d+\.\d+\.\d+\nWorks in place of rdiff: /);
  assert.equal((await run(folder, ["patch", "-V"])).out, version.out);
  assert.match((await run(folder, ["--rdiff", "-V"])).out, /^rdiff \(rsync-streams \d+\.\d+\.\d+\)\n/);
});

test("turns a switch off, and takes the last of several", async (folder) => {
  const progress = async (...args: string[]) =>
    (await run(folder, ["signature", "-f", ...args, "basis.bin", "made.sig"])).err.includes("100.0 % of");
  assert.equal(await progress("--progress"), true);
  assert.equal(await progress(), false);
  assert.equal(await progress("--no-progress"), false);
  assert.equal(await progress("--progress", "--no-progress"), false);
  assert.equal(await progress("--no-progress", "--progress"), true);
  assert.equal(await progress("--progress", "--rdiff"), false);
});

test("is rdiff by --rdiff before --, and a file may have that name behind it", async (folder) => {
  assert.match((await run(folder, ["info", "--rdiff"])).err, /^rdiff: unknown command "info"/);
  assert.match((await run(folder, ["info", "--", "--rdiff"])).err, /^rsync-streams: cannot open --rdiff: no such/);
});

const LOST = "U+FFFD in the name stands for bytes that are not UTF-8, which the runtime lost";

test("says that a name is empty, that of a folder, or not the one that was given", async (folder) => {
  await Deno.mkdir(`${folder}/dir`);
  const names: [name: string, read: string, written: string][] = [
    ["", 'cannot open "": the name of the file is empty', 'cannot write "": the name of the file is empty'],
    [
      "a\ufffdb",
      `cannot open a\ufffdb: ${LOST}: rename the file, or redirect it, as in - < FILE`,
      `cannot write a\ufffdb: ${LOST}: rename the file, or redirect it, as in - > FILE`,
    ],
    [`${folder}/dir`, "cannot read dir: it is a folder", "cannot write dir: it is a folder"],
    [
      `${folder}/none/`,
      "cannot open none/: no such file or folder",
      "cannot write none/: it is the name of a folder",
    ],
    [
      `${folder}/none/file`,
      "cannot open none/file: no such file or folder",
      "cannot write none/file: no such file or folder: none",
    ],
    [
      `${folder}/basis.bin/file`,
      "cannot open basis.bin/file: a part of the path is not a folder",
      "cannot write basis.bin/file: a part of the path is not a folder",
    ],
    [
      `${folder}/${"n".repeat(300)}`,
      `cannot open ${"n".repeat(300)}: the name is too long`,
      `cannot write ${"n".repeat(300)}: the name is too long`,
    ],
  ];
  for (const [name, read, written] of names) {
    const failed = (why: string) => ({ code: 100, out: "", err: `rsync-streams: ${why}\n` });
    assert.deepEqual(await run(folder, ["signature", name, "made.sig"]), failed(read));
    assert.deepEqual(await run(folder, ["signature", "-f", "basis.bin", name]), failed(written));
    const hint = read.endsWith("or folder") ? ": BASIS is the old file, of which the signature was made" : "";
    assert.deepEqual(await run(folder, ["patch", name, "target.delta", "made.bin"]), failed(read + hint));
  }
});
