/** The command line in place of rdiff: the same arguments give the same bytes and the same exit codes. */
import assert from "node:assert/strict";
import { assertBytes, fromBase64 } from "./_helpers.ts";
import { type Gen, generate } from "./_librsync_recipes.ts";
import { assertFile, BASIS, TARGET, test } from "./_cli_cases.ts";
import { cli, DENO_RDIFF, fails, names, quiet, requireProgram, runMany, shell } from "./_cli_runner.ts";
import malformed from "./vectors/librsync_malformed.json" with { type: "json" };

/** Command lines on which rdiff fails because of an overflow. Long blocks are supported here. */
const OTHER_EXITS: Record<string, number> = { "-b -1": 108, "-b 536870912": 0, "-b 1073741824": 0 };

test("exits as rdiff does on its command lines", async (folder) => {
  const jobs = [];
  for (const [i, { argv }] of malformed.cli.entries()) {
    const cwd = `${folder}/${i}`;
    await Deno.mkdir(cwd);
    await Deno.writeFile(`${cwd}/f`, BASIS.subarray(0, 1000));
    if (argv[0] === "delta") await Deno.writeTextFile(`${cwd}/o`, "what was there");
    jobs.push({ args: ["--rdiff", ...argv], cwd });
  }
  const runs = await runMany(jobs);
  for (const [i, { argv, exit, stderr }] of malformed.cli.entries()) {
    const expected = OTHER_EXITS[argv.slice(0, 2).join(" ")] ?? exit!;
    if (expected !== 0) {
      await fails(runs[i]!, expected, /./);
      continue;
    }
    assert.equal(runs[i]!.code, 0, argv.join(" "));
    const isWarned = stderr.some((line) => line.includes("Warning"));
    assert.match(runs[i]!.stderr, isWarned ? /^rdiff: warning: [^\n]+ are recommended\n$/ : /^$/);
  }
});

/** Files for which the exit code differs from that of rdiff. `librsync_malformed_test.ts` has the reasons. */
const OTHER_DAMAGE: Record<string, number> = {
  // rdiff accepts them, or fails because of an overflow.
  "s-magic-zero": 104,
  "s-strong-zero": 106,
  "s-strong-zero-no-sums": 106,
  "s-tail-1": 103,
  "s-tail-3": 103,
  "s-cut-9": 103,
  "s-block-7fffffff": 106,
  // Another error comes first.
  "s-bad-magic-short": 104,
  "s-bad-magic-le": 104,
  "s-bad-magic-and-block": 104,
  "s-block-zero-8-bytes": 103,
  // Any error in a header is damage.
  "s-strong-17-md4": 106,
  "s-strong-17-rk-md4": 106,
  // Numbers above 2^53 - 1 are refused before the basis is read.
  "d-literal-N8-huge": 106,
  "d-copy-max-position": 106,
  "d-copy-max-length": 106,
  "d-copy-overflow": 106,
  "f-59": 106,
  // A copy that starts before the basis is out of range.
  "d-copy-negative-position": 103,
};

test("exits as rdiff does on damaged files, and leaves no output", async (folder) => {
  const entries = [...malformed.entries, ...malformed.fuzz] as unknown as Entry[];
  const jobs = [];
  for (const { id, kind, file, new: target, basis } of entries) {
    await Deno.writeFile(`${folder}/${id}`, fromBase64(file));
    await Deno.writeFile(`${folder}/${id}.other`, generate((kind === "delta" ? basis : target)!));
    const inputs = kind === "delta" ? ["patch", `${id}.other`, id] : ["delta", id, `${id}.other`];
    jobs.push({ args: [...inputs, `${id}.made`, "--rdiff"], cwd: folder });
  }
  const runs = await runMany(jobs);
  const made = await names(folder);
  const differences: Record<string, string> = {};
  for (const [i, { id, outcome, exit }] of entries.entries()) {
    const { code, stderr } = runs[i]!;
    const expected = OTHER_DAMAGE[id] ?? (outcome === "abort" ? 0 : exit);
    if (code !== expected) differences[id] = `${code} instead of ${expected}`;
    assert.match(stderr, code === 0 ? /^$/ : /^rdiff: cannot [^\n]+\n$/, id);
    assert.equal(made.includes(`${id}.made`), code === 0, id);
  }
  assert.deepEqual(differences, {});
  assert.ok(made.every((name) => !name.endsWith(".tmp")));
});

interface Entry {
  id: string;
  kind: string;
  file: string;
  new?: Gen;
  basis?: Gen;
  outcome: string;
  exit: number;
}

const hasRdiff = await requireProgram("rdiff", "the command line in place of rdiff");

const RDIFF = { name: "rdiff", command: ["rdiff"] };
const SIGNATURE_OPTIONS = [
  [],
  ["-b", "0x200"],
  ["-b700", "-S", "8"],
  ["-fS-1"],
  ["--block-size=512", "--sum-size", "9"],
  ["-H", "md4", "-R", "rollsum"],
  ["--hash=blake2", "--rollsum=rollsum", "-S", "0"],
  ["-I", "100", "-O", "100"],
];

for (const [turn, options] of SIGNATURE_OPTIONS.entries()) {
  test(
    `stands in for rdiff: signature ${options.join(" ")}`,
    async (folder) => {
      const args = turn % 3 === 0 ? [...options, "signature"] : ["signature", ...options];
      for (const length of [0, 65_536, BASIS.length]) {
        await Deno.writeFile(`${folder}/basis`, BASIS.subarray(0, length));
        const [ours, theirs] = await Promise.all(
          [DENO_RDIFF, RDIFF].map((one) => cli(one, [...args, "basis"], folder)),
        );
        assert.equal(ours!.code, 0, ours!.stderr);
        assertBytes(ours!.stdout, theirs!.stdout, `signature of ${length} bytes`);
      }
      const [by, other] = turn % 2 === 0 ? [DENO_RDIFF, RDIFF] : [RDIFF, DENO_RDIFF];
      await cli(by, [...args, "basis", "sig"], folder);
      await quiet(cli(other, ["delta", "sig", "target", "delta"], folder));
      await quiet(cli(by, ["patch", "basis", "delta", "made"], folder));
      await assertFile(`${folder}/made`, TARGET);
    },
    !hasRdiff,
  );
}

test("stands in for rdiff: lengths of a file on the standard input, and of a pipe", async (folder) => {
  for (const script of ["cli signature -S -1 <basis", "cat basis | cli signature -S -1 -- -", "cli signature <basis"]) {
    const [ours, theirs] = await Promise.all([DENO_RDIFF, RDIFF].map((one) => shell(one, script, folder)));
    assert.equal(ours!.code, 0, ours!.stderr);
    assertBytes(ours!.stdout, theirs!.stdout, script);
  }
}, !hasRdiff);
