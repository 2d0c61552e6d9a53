/** `--json` of each command: where it goes, and that it has the fields that docs/command-line.md shows. */
import assert from "node:assert/strict";
import { TARGET, test } from "./_cli_cases.ts";
import { cli, DENO, fails, quiet } from "./_cli_runner.ts";

const PAGE = await Deno.readTextFile(new URL("../docs/command-line.md", import.meta.url));
const TEXTS = Array.from(PAGE.matchAll(/^```json\n([^]*?)^```$/gm), ([, json]) => json!);
/** The examples of the page. */
const EXAMPLES = TEXTS.map((json) => JSON.parse(json));

type Json = Record<string, unknown>;

/** The names of all fields, with those of objects in them. */
function fieldsOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(fieldsOf);
  if (value === null || typeof value !== "object") return "";
  return Object.fromEntries(Object.entries(value).map(([name, value]) => [name, fieldsOf(value)]));
}

/** The example that has these fields first. */
function exampleWith(...fields: string[]): Json {
  return EXAMPLES.find((example) => fields.every((name, i) => Object.keys(example)[i] === name));
}

Deno.test("the examples of the docs have each field once", () => {
  const count = (text: string) => text.split('":').length;
  for (const [i, text] of TEXTS.entries()) assert.equal(count(text), count(JSON.stringify(EXAMPLES[i])), text);
});

async function json(args: string[], folder: string): Promise<Json> {
  return JSON.parse(new TextDecoder().decode(await quiet(cli(DENO, args, folder))));
}

test("prints what each command of files did as JSON, with the fields of the docs", async (folder) => {
  const sig = await json(["signature", "--json", "-b", "512", "basis", "sig"], folder);
  assert.deepEqual(fieldsOf(sig), fieldsOf(exampleWith("basis", "signature")));
  const { elapsedMs, stats, ...rest } = sig;
  assert.ok(Number.isInteger(elapsedMs));
  assert.deepEqual(rest, {
    basis: "basis",
    signature: "sig",
    format: "rsync-streams",
    weakSum: "rabinkarp",
    strongSum: "blake3",
    blockLength: 512,
    strongLength: rest.strongLength,
  });
  assert.deepEqual(stats, { bytesIn: 150_000, bytesOut: (await Deno.stat(`${folder}/sig`)).size, sigCount: 293 });

  const delta = await json(["delta", "--json", "sig", "target", "delta"], folder);
  assert.deepEqual(fieldsOf(delta), fieldsOf(exampleWith("signature", "target")));
  const zipped = await json(["delta", "--json", "-z", "sig", "target", "delta.gz"], folder);
  assert.equal(zipped.compression, "gzip");
  assert.equal(zipped.compressedLength, (await Deno.stat(`${folder}/delta.gz`)).size);
  assert.equal((zipped.stats as Json).bytesOut, (delta.stats as Json).bytesOut);

  const patch = await json(["patch", "--json", "basis", "delta.gz", "made"], folder);
  assert.deepEqual(fieldsOf(patch), fieldsOf(exampleWith("basis", "delta")));
  assert.deepEqual([patch.isVerified, (patch.stats as Json).bytesOut], [true, TARGET.length]);
  assert.deepEqual([patch.compression, patch.compressedLength], ["gzip", zipped.compressedLength]);

  const other = await json(["transcode", "-q", "--json", "delta", "other", "--to", "librsync"], folder);
  assert.deepEqual(fieldsOf(other), fieldsOf(exampleWith("delta", "output")));
  assert.equal((other.stats as Json).bytesOut, (await Deno.stat(`${folder}/other`)).size);
  assert.equal((other.stats as Json).digest, (patch.stats as Json).digest);
  const unverified = await json(["patch", "-q", "--json", "basis", "other", "again"], folder);
  assert.deepEqual([unverified.isVerified, (unverified.stats as Json).digest], [false, undefined]);

  assert.deepEqual(
    fieldsOf(await json(["info", "--json", "delta"], folder)),
    fieldsOf(EXAMPLES.find(({ kind }) => kind === "delta")),
  );
});

test("prints JSON on stderr where stdout has the output", async (folder) => {
  const run = await cli(DENO, ["signature", "--json", "basis"], folder);
  assert.equal(run.code, 0);
  assert.deepEqual([...run.stdout.subarray(0, 3)], [0x92, 0x52, 0x53], "the signature");
  const { basis, signature } = JSON.parse(run.stderr);
  assert.deepEqual([basis, signature], ["basis", "-"]);
});

test("publishes with JSON of each file, also of those that fail, and writes what is known of them", async (folder) => {
  await Deno.utime(`${folder}/target`, 1.5e9, 1.5e9);
  const { code, stdout, stderr } = await cli(DENO, ["publish", "--json", "target", "none"], folder);
  assert.deepEqual([code, stderr], [100, "rsync-streams: cannot open none: no such file or folder\n"]);
  const published = JSON.parse(new TextDecoder().decode(stdout));
  const [done, failed] = published.files;
  assert.deepEqual(fieldsOf(published), fieldsOf(exampleWith("files")));
  assert.deepEqual(failed, { file: "none", signature: "none.rsig", status: "failed", exitCode: 100 });
  const checked = await json(["publish", "--check", "--json", "target"], folder);
  assert.deepEqual(checked.files, [{ file: "target", signature: "target.rsig", status: "fits" }]);

  const info = await json(["info", "--json", "target.rsig"], folder);
  assert.deepEqual(fieldsOf(info), fieldsOf(EXAMPLES.find(({ kind }) => kind === "signature")));
  assert.deepEqual([info.modifiedMs, info.entityTag, info.digest], [1.5e12, null, done.stats.digest]);
  const text = new TextDecoder().decode(await quiet(cli(DENO, ["info", "target.rsig"], folder)));
  assert.match(text, /\nbasis modified +2017-07-14T02:40:00\.000Z\n/);
});

test("prints no JSON when it fails, and none as rdiff", async (folder) => {
  await fails(cli(DENO, ["signature", "--json", "none", "sig"], folder), 100, /cannot open none/);
  await fails(cli(DENO, ["--rdiff", "signature", "--json", "basis", "sig"], folder), 101, /unknown option --json/);
});
