/** Both backends find what a plain model of the search finds, however a target is cut, and whoever works in between. */
import assert from "node:assert/strict";
import { kernelBytes } from "rsync-streams/kernel-bytes";
import type { Kernel, SearchIndex } from "../src/kernel/interface.ts";
import { PortableKernel } from "../src/kernel/portable/kernel.ts";
import { WasmKernel } from "../src/kernel/wasm/kernel.ts";
import { concat, type Random, randomBytes, xorshift } from "./_recipes.ts";
import { batchOf, type Block, blockOf, type Found, modelOf, type SearchCase } from "./_search_model.ts";

const KERNELS: readonly Kernel[] = [new WasmKernel(new WebAssembly.Module(kernelBytes())), new PortableKernel()];
/** One seed that is the same each time, and another one. FUZZ_SEED repeats a run. */
const told = Deno.env.get("FUZZ_SEED");
const SEEDS = [1, told ? Number(told) : crypto.getRandomValues(new Uint32Array(1))[0]! || 1];
const ROUNDS = 150;
/** Searches that are under way at the same time. */
const TOGETHER = 3;

function pick<const T>(random: Random, items: readonly T[]): T {
  return items[random.below(items.length)]!;
}

/** Bytes of a few symbols or of many. */
function noise(random: Random, length: number): Uint8Array {
  const mask = pick(random, [0, 1, 255, 255]);
  return randomBytes(random.next() || 1, length).map((byte) => byte & mask);
}

/** Blocks, of which some are equal, and a short one behind them or none. */
function basisOf(random: Random, blockLength: number): Uint8Array {
  const pool = Array.from({ length: 1 + random.below(6) }, () => noise(random, blockLength));
  const blocks = Array.from({ length: random.below(24) }, () => pick(random, pool));
  return concat([...blocks, noise(random, pick(random, [0, random.below(blockLength)]))]);
}

/** Slices of a basis and other bytes. */
function targetOf(random: Random, basis: Uint8Array): Uint8Array {
  const slice = () => {
    const start = random.below(basis.length + 1);
    return basis.subarray(start, start + random.below(basis.length + 1));
  };
  const parts = Array.from({ length: 1 + random.below(6) }, () => {
    return random.below(3) > 0 ? slice() : noise(random, random.below(60));
  });
  return concat(random.below(2) > 0 ? [...parts, basis.subarray(random.below(basis.length + 1))] : parts);
}

/** A search whose records are those of a basis, some of them with a wrong strong sum. */
function caseOf(random: Random): SearchCase {
  const blockLength = pick(random, [1 + random.below(40), 16, 32]);
  const strongLength = pick(random, [1 + random.below(32), 8, 32]);
  const weakSum = pick(random, ["rollsum", "rabinkarp"]);
  const salt = pick(random, [undefined, randomBytes(1, 16), randomBytes(2, 16)]);
  const basis = basisOf(random, blockLength);
  const liars = pick(random, [0, 0, 3]);
  const records: Block[] = [];
  for (let at = 0; at < basis.length; at += blockLength) {
    const record = blockOf({ weakSum, strongLength, salt }, basis.subarray(at, at + blockLength));
    if (random.below(10) < liars) record.strong[random.below(strongLength)]! ^= 1 << random.below(8);
    records.push(record);
  }
  const tail = pick(random, ["none", "last", "any"]);
  return {
    weakSum,
    blockLength,
    strongLength,
    salt,
    records,
    lastLength: tail === "last" ? basis.length % blockLength || blockLength : undefined,
    kept: pick(random, ["first", "last"]),
    options: { tail, preferNext: random.below(2) > 0 },
    target: targetOf(random, basis),
  };
}

/** A target of periodic bytes, whose windows are false alarms, and of blocks that are there. */
function hostileCase(random: Random, blockLength: number, targetLength: number): SearchCase {
  const sums = { weakSum: pick(random, ["rollsum", "rabinkarp"]), strongLength: 8, salt: undefined };
  const phase = randomBytes(random.next() || 1, 7);
  const noise = Uint8Array.from({ length: targetLength }, (_, i) => phase[i % 7]!);
  const liars = Array.from(phase, (_, i) => blockOf(sums, noise.subarray(i, i + blockLength)));
  for (const { strong } of liars) strong[random.below(8)]! ^= 1;
  const blocks = [1, 2, 3].map((seed) => randomBytes(seed, blockLength));
  const parts: Uint8Array[] = [];
  for (let length = 0; length < targetLength; length += parts.at(-1)!.length) {
    parts.push(random.below(2) > 0 ? noise.subarray(0, random.below(2 * blockLength)) : pick(random, blocks));
  }
  return {
    ...sums,
    blockLength,
    records: [...liars, ...blocks.map((block) => blockOf(sums, block))],
    lastLength: undefined,
    kept: "first",
    options: { tail: "none", preferNext: true },
    target: concat([noise.subarray(0, Math.min(targetLength, 2 * blockLength)), ...parts]).subarray(0, targetLength),
  };
}

function indexOf(kernel: Kernel, search: SearchCase): SearchIndex {
  const { records, strongLength, lastLength, kept } = search;
  const builder = kernel.index({ ...search, strongSum: "blake2b" }, kept);
  builder.add(batchOf(records, strongLength));
  for (;;) {
    const index = builder.finish(lastLength);
    if (index) return index;
  }
}

/** Searches piece by piece, and drops bytes that are settled. Others may work at each `yield`. */
function* run(
  index: SearchIndex,
  { options, blockLength, target }: SearchCase,
  random: Random,
): Generator<void, Found> {
  const searcher = index.searcher(options);
  const counts = [searcher.settled, searcher.falseAlarms, searcher.goodAlarms];
  assert.deepEqual([...counts, searcher.isCutShort], [0, 0, 0, false], "nothing was searched yet");
  const matches: [number, number, number][] = [];
  const longest = pick(random, [3, 40, target.length + 1]);
  for (let start = 0, end = 0; end < target.length;) {
    end = Math.min(target.length, end + 1 + random.below(longest));
    // Not where it was cut before: a piece may have bytes that were there in the last call, and new ones.
    const cut = start + random.below(end - start + 1);
    const window = [target.subarray(start, cut), target.subarray(cut, end)];
    do {
      const count = searcher.search(window, end === target.length);
      yield;
      for (let i = 0; i < 3 * count; i += 3) {
        const [at, block, length] = searcher.matches.subarray(i, i + 3) as unknown as [number, number, number];
        assert.ok(at + length <= end - start, "a match lies in the window");
        // A match joins consecutive blocks.
        for (let k = 0; k * blockLength < length; k++) {
          const from = k * blockLength;
          matches.push([start + at + from, block + k, Math.min(blockLength, length - from)]);
        }
      }
    } while (searcher.isCutShort);
    assert.ok(searcher.settled >= end - start - blockLength, "what is not settled is a block at most");
    const { settled } = searcher;
    const dropped = pick(random, [0, settled, random.below(settled + 1)]);
    searcher.shift(dropped);
    assert.equal(searcher.settled, settled - dropped, "what is settled moves with the window");
    start += dropped;
  }
  const { falseAlarms, goodAlarms } = searcher;
  searcher.release();
  return { matches, falseAlarms, goodAlarms };
}

/** Runs searches in turns, and builds indexes and sums blocks in between. */
function runTogether(kernel: Kernel, cases: readonly SearchCase[], random: Random): Found[] {
  const found: Found[] = [];
  const runs = cases.map((search) => run(indexOf(kernel, search), search, random));
  while (runs.some((_, i) => !found[i])) {
    const i = random.below(runs.length);
    if (found[i]) continue;
    const { done, value } = runs[i]!.next();
    if (done) found[i] = value;
    if (random.below(8) > 0) continue;
    const other = pick(random, cases);
    if (random.below(2) > 0) indexOf(kernel, other);
    const summer = kernel.summer({ ...other, strongSum: pick(random, ["blake3", "blake2b"]) });
    summer.sum(noise(random, Math.min(1000, 3 * other.blockLength)));
    summer.finish(true);
  }
  return found;
}

for (const kernel of KERNELS) {
  for (const seed of new Set(SEEDS)) {
    Deno.test(`${kernel.backend}: searches in turns find what a plain model finds, seed ${seed}`, () => {
      const random = xorshift(seed);
      for (let round = 0; round < ROUNDS; round++) {
        const cases = Array.from({ length: TOGETHER }, () => caseOf(random));
        const found = runTogether(kernel, cases, random);
        cases.forEach((search, i) => {
          assert.deepEqual(found[i], modelOf(search), `FUZZ_SEED=${seed} repeats it: round ${round}, search ${i}`);
        });
      }
    });
  }

  Deno.test(`${kernel.backend}: a search spends on false alarms what a plain model spends`, () => {
    const random = xorshift(7);
    const cases = [[1024, 12_000], [1024, 12_000], [256, 7_000], [16, 250_000], [150_000, 150_020]].map(
      ([blockLength, length]) => {
        return hostileCase(random, blockLength!, length!);
      },
    );
    const expected = cases.map(modelOf);
    assert.deepEqual(runTogether(kernel, cases, random), expected);
    assert.deepEqual(expected.map(({ falseAlarms }) => falseAlarms > 8), cases.map(() => true));
  });
}
