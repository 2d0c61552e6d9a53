/** Compares this library with the real rdiff, on many pairs in one process. */
import assert from "node:assert/strict";
import { loadSigs, minStrongLength, recommendedBlockLength, type SigStreamOptions } from "rsync-streams";
import { exec, inFolder } from "../_cli_runner.ts";
import { assertBytes, type Chunking, makeDelta, makeSig, patch } from "../_helpers.ts";
import { type FilePair, pairOf, pick, type Random, randomOf } from "./_pairs.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The version whose deltas `rdiffExact` writes. */
const EXACT_VERSION = "librsync 2.3.2";
/** Pairs whose files one process of the shell gives to rdiff. */
const AT_ONCE = 100;
/** rdiff takes time quadratic in the number of equal blocks. */
const MAX_BLOCKS = 2000;
/** Strong sums that are shorter are wrong by chance too often. */
const MIN_STRONG_LENGTH = 7;
/** Bytes of strong sums for false alarms that deltas always have. Beyond them they may copy less than rdiff. */
const BUDGET = 2 ** 20;

/** What we made of a pair. */
interface Ours extends FilePair {
  number: number;
  options: ReturnType<typeof sigOptions>;
  sig: Bytes;
  delta: Bytes;
  /** The delta that is to be that of rdiff, unless there were so many false alarms that it need not be. */
  exactDelta: Bytes | undefined;
}

/** The version of rdiff, or undefined if it is not installed. */
export async function rdiffVersion(): Promise<string | undefined> {
  try {
    const { stdout } = await exec(["rdiff", "--version"]);
    return new TextDecoder().decode(stdout).split("\n")[0]!;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Whether rdiff writes the deltas that `rdiffExact` writes. Other versions write others, which are as good. */
export function writesExactDeltas(version: string): boolean {
  return version.includes(EXACT_VERSION);
}

/**
 * Compares signatures, deltas and patches of the pairs with the numbers `from` to `to`: our signatures are those of
 * rdiff, each side applies the delta of the other, and `rdiffExact` writes the delta of rdiff.
 *
 * @returns How many deltas were compared byte by byte.
 * @throws {Error} That names the pair, if a result differs.
 */
export async function compareWithRdiff(
  { seed, from, to, isExact }: { seed: number; from: number; to: number; isExact: boolean },
): Promise<number> {
  let exactCount = 0;
  for (let at = from; at < to; at += AT_ONCE) {
    const batch: Ours[] = [];
    for (let number = at; number < Math.min(to, at + AT_ONCE); number++) batch.push(await makeOurs(seed, number));
    await inFolder(async (folder) => {
      await runRdiff(folder, batch);
      for (const ours of batch) {
        const what = `pair ${ours.number} of seed ${seed}, ${JSON.stringify(ours.options)}:`;
        await compare(folder, ours, isExact, what);
        if (isExact && ours.exactDelta) exactCount++;
      }
    });
  }
  return exactCount;
}

/** Sums and lengths of a signature that rdiff can write too. */
function sigOptions(random: Random, fileLength: number) {
  const strongSum = pick(random, ["md4", "blake2b"] as const);
  const weakSum = pick(random, ["rollsum", "rabinkarp"] as const);
  const lengths = [1 + random.below(16), 1 + random.below(300), 1 + random.below(3000), 2 ** random.below(12)];
  const chosen = pick(random, [...lengths, recommendedBlockLength(fileLength)]);
  const blockLength = Math.max(chosen, Math.ceil(fileLength / MAX_BLOCKS));
  const most = strongSum === "md4" ? 16 : 32;
  const shortest = Math.max(MIN_STRONG_LENGTH, minStrongLength(fileLength, blockLength));
  const strongLength = pick(random, [most, shortest, shortest + random.below(most - shortest)]);
  return { format: "librsync", weakSum, strongSum, blockLength, strongLength } satisfies SigStreamOptions;
}

async function makeOurs(seed: number, number: number): Promise<Ours> {
  const pair = pairOf(seed, number);
  const random = randomOf(seed, number, 1);
  const options = sigOptions(random, pair.basis.length);
  const chunking: Chunking = pick(random, ["whole", { seed: random.next() | 1, most: 1 + random.below(3000) }]);
  const sig = (await makeSig(pair.basis, options, chunking)).bytes;
  const sigs = await loadSigs(sig);
  const { bytes: delta, stats } = await makeDelta(pair.target, sigs, {}, chunking);
  const exact = await makeDelta(pair.target, sigs, { rdiffExact: true }, chunking);
  // Both find the same windows, and differ in which of equal blocks they copy.
  assert.equal(stats.literalBytes, exact.stats.literalBytes, `literal bytes of pair ${number} of seed ${seed}`);
  const isWithinBudget = exact.stats.falseAlarms * options.blockLength < BUDGET;
  return { ...pair, number, options, sig, delta, exactDelta: isWithinBudget ? exact.bytes : undefined };
}

/** Lets rdiff make a signature and a delta of each pair, and apply our delta. */
async function runRdiff(folder: string, batch: readonly Ours[]): Promise<void> {
  const lines = ["set -e", `cd '${folder}'`];
  for (const { number, basis, target, sig, delta, options } of batch) {
    for (const [name, bytes] of Object.entries({ basis, target, sig, delta })) {
      await Deno.writeFile(`${folder}/${number}.${name}`, bytes);
    }
    const { strongSum, weakSum, blockLength, strongLength } = options;
    const sums = `-H ${strongSum === "md4" ? "md4" : "blake2"} -R ${weakSum} -b ${blockLength} -S ${strongLength}`;
    lines.push(`echo 'pair ${number}' >&2`);
    lines.push(`rdiff ${sums} signature ${number}.basis ${number}.their-sig`);
    lines.push(`rdiff delta ${number}.sig ${number}.target ${number}.their-delta`);
    lines.push(`rdiff patch ${number}.basis ${number}.delta ${number}.their-target`);
  }
  const { code, stderr } = await exec(["sh"], folder, new TextEncoder().encode(lines.join("\n")));
  assert.equal(code, 0, `rdiff failed: ${stderr.slice(-500)}`);
}

async function compare(folder: string, ours: Ours, isExact: boolean, what: string): Promise<void> {
  const { number, basis, target, sig, exactDelta } = ours;
  const theirs = (name: string) => Deno.readFile(`${folder}/${number}.their-${name}`);
  assertBytes(sig, await theirs("sig"), `${what} the signature of rdiff and ours`);
  assertBytes(await theirs("target"), target, `${what} what rdiff made of our delta, and the target`);
  const theirDelta = await theirs("delta");
  assertBytes(await patch(basis, theirDelta), target, `${what} what we made of the delta of rdiff, and the target`);
  if (isExact && exactDelta) assertBytes(exactDelta, theirDelta, `${what} the delta of rdiff and ours`);
}
