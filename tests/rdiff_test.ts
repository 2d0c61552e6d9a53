/** Against the real rdiff: each of the three steps is done by either side, in all eight mixtures. */
import assert from "node:assert/strict";
import { loadSigs, minStrongLength, recommendedBlockLength, type SigStreamOptions } from "rsync-streams";
import { exec, inFolder } from "./_cli_runner.ts";
import { corpus } from "./_corpus.ts";
import { assertBytes, makeDelta, makeSig, patch } from "./_helpers.ts";
import { concat, xorshift } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What happens to files: parts come, go and move. */
const EDITS: Record<string, (file: Bytes, other: Bytes) => Bytes> = {
  "a line inserted": (file, other) => splice(file, file.length >> 1, 0, other.subarray(0, 77)),
  "a part deleted": (file) => splice(file, file.length >> 2, file.length >> 3, new Uint8Array(0)),
  "its halves exchanged": (file) => concat([file.subarray(file.length >> 1), file.subarray(0, file.length >> 1)]),
  "another file appended": (file, other) => concat([file, other]),
  "another file before it": (file, other) => concat([other.subarray(0, 1001), file]),
  "bytes changed all over": scatter,
  "its end cut off": (file) => file.slice(0, Math.floor(file.length * 0.7)),
  "itself twice": (file) => concat([file, file]),
  "no change": (file) => file,
  "another file instead": (_, other) => other,
  "nothing left": () => new Uint8Array(0),
};

function splice(file: Uint8Array, at: number, deleted: number, inserted: Uint8Array): Bytes {
  return concat([file.subarray(0, at), inserted, file.subarray(at + deleted)]);
}

function scatter(file: Bytes): Bytes {
  const { below } = xorshift(file.length);
  const out = file.slice();
  for (let i = 0; i < 5; i++) out[below(out.length)]! ^= 1 + below(255);
  return out;
}

async function rdiff(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await exec(["rdiff", ...args]);
  assert.equal(code, 0, `rdiff ${args.join(" ")}: ${stderr}`);
  return new TextDecoder().decode(stdout);
}

/** What rdiff does with bytes: its inputs and its output are files of a folder. */
class Rdiff {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async run(command: string[], ...inputs: Uint8Array[]): Promise<Bytes> {
    const paths = [];
    for (const [i, bytes] of inputs.entries()) {
      paths.push(`${this.#folder}/input${i}`);
      await Deno.writeFile(paths[i]!, bytes);
    }
    const out = `${this.#folder}/output`;
    await rdiff("-f", ...command, ...paths, out);
    return await Deno.readFile(out);
  }
}

/** Kinds, block lengths and strong lengths take turns, each at its own pace. */
function sigOptions(turn: number, fileLength: number) {
  const strongSum = turn & 1 ? "md4" : "blake2b";
  const weakSum = turn & 2 ? "rollsum" : "rabinkarp";
  const blockLength = [recommendedBlockLength(fileLength), 64, 700, 2048, 1024][turn % 5]!;
  const most = strongSum === "md4" ? 16 : 32;
  const strongLength = [most, 8, minStrongLength(fileLength, blockLength)][turn % 3]!;
  return { format: "librsync", weakSum, strongSum, blockLength, strongLength } satisfies SigStreamOptions;
}

async function checkPair(
  tool: Rdiff,
  basis: Bytes,
  target: Bytes,
  turn: number,
  isSameVersion: boolean,
): Promise<void> {
  const options = sigOptions(turn, basis.length);
  const { weakSum, strongSum, blockLength, strongLength } = options;
  const sums = ["-H", strongSum === "md4" ? "md4" : "blake2", "-R", weakSum];
  const theirSig = await tool.run([...sums, "-b", `${blockLength}`, "-S", `${strongLength}`, "signature"], basis);
  const ourSig = (await makeSig(basis, options)).bytes;
  assertBytes(ourSig, theirSig, "signature bytes");

  for (const [sigBy, sig] of [["us", ourSig], ["rdiff", theirSig]] as const) {
    const sigs = await loadSigs(sig);
    const theirDelta = await tool.run(["delta"], sig, target);
    const ourDelta = (await makeDelta(target, sigs)).bytes;
    if (isSameVersion) {
      assertBytes((await makeDelta(target, sigs, { rdiffExact: true })).bytes, theirDelta, "delta bytes");
    }
    for (const [deltaBy, delta] of [["us", ourDelta], ["rdiff", theirDelta]] as const) {
      const what = `target of a signature by ${sigBy}, a delta by ${deltaBy}, a patch by`;
      assertBytes(await patch(basis, delta), target, `${what} us:`);
      assertBytes(await tool.run(["patch"], basis, delta), target, `${what} rdiff:`);
    }
  }
}

const version = await rdiff("--version").catch((error) => {
  if (error instanceof Deno.errors.NotFound) return undefined;
  throw error;
});
/** Other versions write other deltas, which are as good. */
const isSameVersion = version?.includes("librsync 2.3.2") ?? false;
const files = await corpus();
const edits = Object.entries(EDITS);

Deno.test("rdiff is there to be compared with", { ignore: version === undefined && !Deno.env.get("CI") }, () => {
  assert.ok(version, "rdiff is not installed: CI needs it (Debian's package rdiff)");
  assert.ok(
    isSameVersion || !Deno.env.get("CI"),
    `CI needs rdiff of librsync 2.3.2, whose deltas are ours: ${version}`,
  );
});
if (version !== undefined && !isSameVersion) {
  console.warn(
    `\nSKIPPED: deltas are not compared byte by byte: they are those of librsync 2.3.2, not of ${version}\n`,
  );
}
if (version === undefined) {
  console.warn(
    "\nSKIPPED: rdiff is not installed, so nothing is compared with it (Debian: rdiff, Homebrew: librsync)\n",
  );
}

Deno.test("there are 37 files, of which each edit makes three pairs or more", () => {
  assert.equal(files.length, 37);
  assert.ok(files.length >= 3 * edits.length);
});

files.forEach(({ name, bytes }, turn) => {
  const [edit, change] = edits[turn % edits.length]!;
  Deno.test(`rdiff and we make the same target: ${name}, ${edit}`, { ignore: version === undefined }, async () => {
    const other = files[(turn + 1) % files.length]!.bytes;
    await inFolder((folder) => checkPair(new Rdiff(folder), bytes, change(bytes, other), turn, isSameVersion));
  });
});

Deno.test("rdiff and we agree on an empty basis", { ignore: version === undefined }, async () => {
  await inFolder(async (folder) => {
    for (let turn = 0; turn < 4; turn++) {
      await checkPair(new Rdiff(folder), new Uint8Array(0), files[turn]!.bytes, turn, isSameVersion);
    }
  });
});
