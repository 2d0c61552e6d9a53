/** The command called as rdiff, by its name or with `--rdiff`: it understands command lines as rdiff does. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { assertBytes } from "./_helpers.ts";
import { BASIS, TARGET, test } from "./_cli_cases.ts";
import {
  cli,
  DENO,
  DENO_RDIFF,
  fails,
  quiet,
  requireProgram,
  type Run,
  runMany,
  type Runtime,
  shell,
} from "./_cli_runner.ts";
import { runtimes } from "./_cli_runtimes.ts";

const RDIFF = { name: "rdiff", command: ["rdiff"] };
const hasRdiff = await requireProgram("rdiff", "command lines of rdiff");

/** The block length that a signature of librsync's records. Undefined if it is none. */
function blockLengthOf(sig: Uint8Array): number | undefined {
  const view = new DataView(sig.buffer, sig.byteOffset, sig.length);
  return sig.length >= 12 && view.getUint32(0) === 0x72730147 ? view.getUint32(4) : undefined;
}

for (const runtime of runtimes) {
  test(`in ${runtime.name} is rdiff by the name of the program or of a link to it`, async (folder) => {
    const [name, ...before] = runtime.command;
    const program = before.pop()!;
    const extension = program.slice(program.lastIndexOf("."));
    for (const link of ["rdiff", `rdiff${extension}`]) {
      // Deno looks for what a module imports beside the link to it.
      if (runtime === DENO) {
        await Deno.writeTextFile(`${folder}/${link}`, `import "${import.meta.resolve("../src/cli/bin.ts")}";`);
      } else await Deno.symlink(program, `${folder}/${link}`);
      const config = runtime === DENO ? ["--config", fileURLToPath(new URL("../deno.json", import.meta.url))] : [];
      const asRdiff = { name: "rdiff", command: [name!, ...before, ...config, `${folder}/${link}`] };
      assert.equal(blockLengthOf(await quiet(cli(asRdiff, ["signature", "-b", "64", "basis"], folder))), 64);
      const refused = await cli(asRdiff, ["info", "basis"], folder);
      assert.equal(refused.code, 101);
      assert.match(refused.stderr, /^rdiff: unknown command "info".*; try "rdiff --help"\n$/);
    }
  });

  test(`in ${runtime.name} is rdiff with --rdiff anywhere before --`, async (folder) => {
    for (const args of [["--rdiff", "signature", "basis"], ["signature", "basis", "--rdiff"]]) {
      assert.equal(blockLengthOf(await quiet(cli(runtime, args, folder))), 384);
    }
    await fails(cli(runtime, ["signature", "--", "--rdiff"], folder), 100, /^rsync-streams: cannot open --rdiff/);
  });

  test(`in ${runtime.name} takes the standard input as a basis if it is a file`, async (folder) => {
    await quiet(cli(runtime, ["signature", "basis", "sig"], folder));
    await quiet(cli(runtime, ["delta", "sig", "target", "delta"], folder));
    // What was read before does not count.
    const script = "{ head -c 1000 >/dev/null; cli patch - delta; } <basis";
    assertBytes(await quiet(shell(runtime, script, folder)), TARGET, "made");
    await fails(shell(runtime, "cat basis | cli patch - delta", folder), 100, /the standard input.* at random/);
    // A delta without copies needs no basis.
    await Deno.writeFile(`${folder}/empty`, new Uint8Array());
    await quiet(cli(runtime, ["signature", "-f", "empty", "sig"], folder));
    await quiet(cli(runtime, ["delta", "-f", "sig", "target", "delta"], folder));
    assertBytes(await quiet(shell(runtime, "cat basis | cli patch - delta", folder)), TARGET, "made");
  });
}

/** Arguments of `signature`, and the block length that rdiff takes them for. Undefined if it exits with 101. */
const BLOCK_LENGTHS: [args: string[], blockLength: number | undefined][] = [
  ...([
    ["010", 8],
    ["00020", 16],
    ["08", undefined],
    ["0x10", 16],
    ["0X1F", 31],
    ["0x", undefined],
    ["0xg", undefined],
    [" 16", 16],
    ["\t\n\v\f\r16", 16],
    ["\u00a016", undefined],
    ["16 ", undefined],
    [" ", undefined],
    ["", 256],
    ["0", 256],
    ["-0", 256],
    ["+16", 16],
    [" +010", 8],
    ["- 16", undefined],
    ["=16", undefined],
    ["1e3", undefined],
    ["16.0", undefined],
    ["1_000", undefined],
    ["0b101", undefined],
    ["0o17", undefined],
    ["4k", undefined],
    ["auto", undefined],
    ["2147483648", undefined],
    ["-2147483649", undefined],
    ["99999999999999999999", undefined],
  ] as [string, number | undefined][]).map(([value, length]): [string[], number | undefined] => [
    ["-b", value],
    length,
  ]),
  [["-b16"], 16],
  [["-b=16"], 16],
  [["-b="], 256],
  [["-fb16"], 16],
  [["-b16f"], undefined],
  [["-bf16"], undefined],
  [["-f=1"], undefined],
  [["--block-size=16"], 16],
  [["--block-size="], 256],
  [["--block-size==16"], undefined],
  [["--block-size", " 020"], 16],
  [["--block-length", "16"], undefined],
  [["--block", "16"], undefined],
  [["-b", "16", "-b", "32"], 32],
  [["-I", " 010", "-O", ""], 256],
  [["-I", "1k"], undefined],
  [["--force=yes"], undefined],
  [["-q"], undefined],
  [["--format", "librsync"], undefined],
  [["-H", "blake2b"], undefined],
  [["-H", "=blake2"], undefined],
  [["-H=blake2"], 256],
  [["-R", "anchor"], undefined],
];

test("takes numbers and options as rdiff does", async (folder) => {
  await Deno.writeFile(`${folder}/f`, BASIS.subarray(0, 1000));
  const jobs = BLOCK_LENGTHS.map(([args], i) => ({
    args: ["--rdiff", "signature", ...args, "f", `o${i}`],
    cwd: folder,
  }));
  const runs = await runMany(jobs);
  for (const [i, [args, blockLength]] of BLOCK_LENGTHS.entries()) {
    const what = JSON.stringify(args);
    assert.equal(runs[i]!.code, blockLength === undefined ? 101 : 0, `${what}: ${runs[i]!.stderr}`);
    if (blockLength !== undefined) {
      assert.equal(blockLengthOf(await Deno.readFile(`${folder}/o${i}`)), blockLength, what);
    }
  }
});

test("stands in for rdiff: the same numbers and options are taken", async (folder) => {
  await Deno.writeFile(`${folder}/f`, BASIS.subarray(0, 1000));
  for (const [args, blockLength] of BLOCK_LENGTHS) {
    const { code, stdout } = await cli(RDIFF, ["signature", ...args, "f"], folder);
    const what = JSON.stringify(args);
    assert.equal(code, blockLength === undefined ? 101 : 0, what);
    if (blockLength !== undefined) assert.equal(blockLengthOf(stdout), blockLength, what);
  }
}, !hasRdiff);

/** How the commands of rdiff may be written. */
const ABBREVIATIONS = {
  signature: ["", "s", "sig", "signatur"],
  delta: ["d", "del"],
  patch: ["p", "pat"],
};

test("takes the start of a command's name, and so does rdiff", async (folder) => {
  const programs = hasRdiff ? [DENO_RDIFF, RDIFF] : [DENO_RDIFF];
  await quiet(cli(DENO_RDIFF, ["signature", "-b", "512", "basis", "sig"], folder));
  await quiet(cli(DENO_RDIFF, ["delta", "sig", "target", "delta"], folder));
  const files = {
    signature: { inputs: ["-b", "512", "basis"], output: await Deno.readFile(`${folder}/sig`) },
    delta: { inputs: ["sig", "target"], output: await Deno.readFile(`${folder}/delta`) },
    patch: { inputs: ["basis", "delta"], output: TARGET },
  };
  for (const program of programs) {
    for (const [command, words] of Object.entries(ABBREVIATIONS)) {
      const { inputs, output } = files[command as keyof typeof files];
      for (const word of words) {
        assertBytes(await quiet(cli(program, [word, ...inputs], folder)), output, `${program.name} ${word}`);
      }
    }
    for (const word of ["S", "signatures", "i", "help"]) {
      assert.equal((await cli(program, [word, "basis"], folder)).code, 101, `${program.name} ${word}`);
    }
  }
});

test("understands the start of a command's name if no other starts so", async (folder) => {
  await quiet(cli(DENO, ["sig", "basis", "s"], folder));
  await quiet(cli(DENO, ["del", "s", "target", "d"], folder));
  assertBytes(await quiet(cli(DENO, ["pat", "basis", "d"], folder)), TARGET, "made");
  assert.match(new TextDecoder().decode(await quiet(cli(DENO, ["inf", "s"], folder))), /^s: signature\n/);
  await fails(cli(DENO, [""], folder), 101, /unknown command ""/);
});

test("writes deltas as rdiff does when called as rdiff", async (folder) => {
  // Runs of equal blocks are where others are shorter.
  await Deno.writeFile(`${folder}/basis`, new Uint8Array(20_000));
  await Deno.writeFile(`${folder}/target`, new Uint8Array(30_000));
  await quiet(cli(DENO_RDIFF, ["signature", "basis", "sig"], folder));
  const deltas: Uint8Array[] = [];
  for (const program of [DENO_RDIFF, RDIFF]) deltas.push(await quiet(cli(program, ["delta", "sig", "target"], folder)));
  assertBytes(deltas[0]!, deltas[1]!, "delta");
}, !hasRdiff);

test("has the help of rdiff when called as rdiff", async (folder) => {
  const decode = ({ code, stdout }: Run) => {
    assert.equal(code, 0);
    return new TextDecoder().decode(stdout);
  };
  const help = decode(await cli(DENO_RDIFF, ["--help"], folder));
  assert.match(help, /^Usage: rdiff \[OPTIONS\] signature /);
  assert.ok(help.split("\n").every((line) => line.length <= 100));
  assert.equal(decode(await cli(DENO_RDIFF, ["delta", "-h"], folder)), help);
  assert.match(decode(await cli(DENO_RDIFF, ["-V"], folder)), /^rdiff \(rsync-streams /);
});

test("has the options of rdiff in its help when called as rdiff", async (folder) => {
  const optionsOf = async (program: Runtime) => {
    const help = new TextDecoder().decode(await quiet(cli(program, ["--help"], folder)));
    return Array.from(help.matchAll(/^ {2}-(.), --([a-z-]+)/gm), ([, , name]) => name).sort();
  };
  const theirs = await optionsOf(RDIFF);
  assert.ok(theirs.length > 10, `${theirs.length} options`);
  assert.deepEqual(await optionsOf(DENO_RDIFF), theirs);
}, !hasRdiff);
