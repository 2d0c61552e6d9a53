/** Sums of blocks by both backends, however the bytes arrive, and whoever sums in between. */
import assert from "node:assert/strict";
import { kernelBytes } from "rsync-streams/kernel-bytes";
import type { BlockSummer, Kernel, StrongSum, SumParams, WeakSum } from "../src/kernel/interface.ts";
import { PortableKernel } from "../src/kernel/portable/kernel.ts";
import { STRONG_SUMS, WEAK_SUMS } from "../src/kernel/rules/sums.ts";
import { WasmKernel } from "../src/kernel/wasm/kernel.ts";
import { assertBytes, chunks, SALT } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";
import { weakSumOf } from "./_search_model.ts";

const PORTABLE = new PortableKernel();
const KERNELS: readonly Kernel[] = [new WasmKernel(new WebAssembly.Module(kernelBytes())), PORTABLE];

interface Sums {
  readonly weak: number[];
  readonly strong: Uint8Array;
}

/** Sums chunk by chunk. Others may work at each `yield`, and a batch is valid until the next call of its summer. */
function* sums(summer: BlockSummer, strongLength: number, input: Iterable<Uint8Array>): Generator<void, Sums> {
  const weak: number[] = [];
  const strong: Uint8Array[] = [];
  const call = function* (batch: ReturnType<BlockSummer["sum"]>) {
    yield;
    weak.push(...batch.weak.subarray(0, batch.count));
    strong.push(batch.strong.slice(0, batch.count * strongLength));
  };
  for (const chunk of input) yield* call(summer.sum(chunk));
  yield* call(summer.finish(true));
  return { weak, strong: concat(strong) };
}

/** The sums of blocks that come whole, each alone. */
function expectedOf(params: SumParams, bytes: Uint8Array): Sums {
  const weak: number[] = [];
  const strong: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += params.blockLength) {
    const block = bytes.subarray(at, at + params.blockLength);
    weak.push(weakSumOf(params.weakSum, block));
    const { count, strong: sum } = PORTABLE.summer({ ...params, blockLength: block.length }).sum(block);
    assert.equal(count, 1);
    strong.push(sum.slice(0, params.strongLength));
  }
  return { weak, strong: concat(strong) };
}

function assertSums(actual: Sums, expected: Sums, what: string): void {
  assert.deepEqual(actual.weak, expected.weak, what);
  assertBytes(actual.strong, expected.strong, what);
}

/** Each weak sum and each strong sum, with a salt if it can have one. */
const PARAMS = (Object.keys(STRONG_SUMS) as StrongSum[]).flatMap((strongSum) => {
  return (Object.keys(WEAK_SUMS) as WeakSum[]).map((weakSum) => {
    const { isKeyed } = STRONG_SUMS[strongSum];
    return { weakSum, strongSum, strongLength: 11, ...isKeyed && { salt: SALT } };
  });
});

/** Runs all of them, a step of each in turn. */
function runInTurns<T>(runs: readonly Generator<void, T>[]): T[] {
  const results: T[] = [];
  for (let left = runs.length; left > 0;) {
    runs.forEach((run, i) => {
      if (i in results) return;
      const { done, value } = run.next();
      if (!done) return;
      results[i] = value as T;
      left--;
    });
  }
  return results;
}

/** Blocks that are held, lie in the memory of the kernel as one piece, in several, or in none; and how bytes come. */
const SHAPES = [
  { blockLength: 100, length: 300_050, chunking: { seed: 1, most: 70_000 } },
  { blockLength: 100, length: 5_050, chunking: 33 },
  // What is held has more than the blocks that a chunk completes.
  { blockLength: 70_001, length: 150_000, chunking: 997 },
  { blockLength: 200_000, length: 500_001, chunking: { seed: 2, most: 300_000 } },
  { blockLength: 2 ** 18 + 1, length: 2 ** 19 + 5, chunking: 100_000 },
  // Ends of blocks are ends of what each strong sum compresses at a time.
  { blockLength: 2 ** 18 + 1024, length: 2 ** 19 + 2 ** 12, chunking: 2 ** 16 },
  { blockLength: 2 ** 20 + 7, length: 2 ** 21 + 9, chunking: { seed: 3, most: 600_000 } },
] as const;

for (const kernel of KERNELS) {
  for (const { blockLength, length, chunking } of SHAPES) {
    Deno.test(`${kernel.backend}: blocks of ${blockLength} in ${length} bytes have the same sums in chunks`, () => {
      const jobs = PARAMS.map((params, i) => ({ ...params, blockLength, bytes: randomBytes(i + 1, length) }));
      const runs = jobs.map((job) => sums(kernel.summer(job), job.strongLength, chunks(job.bytes, chunking)));
      runInTurns(runs).forEach((actual, i) => {
        const { bytes, ...params } = jobs[i]!;
        assertSums(actual, expectedOf(params, bytes), `${params.weakSum}, ${params.strongSum}`);
      });
    });
  }

  Deno.test(`${kernel.backend}: a batch has the blocks that a call completed, and no others`, () => {
    const params = { ...PARAMS[0]!, blockLength: 1000 };
    for (const hasShort of [true, false]) {
      const summer = kernel.summer(params);
      const counts = [200_000, 1, 998, 200_000, 0, 1, 200_500].map((length) =>
        summer.sum(randomBytes(1, length)).count
      );
      const last = summer.finish(hasShort).count;
      // Blocks may wait to be summed together, but none of 128 KiB.
      assert.ok(counts[0]! > 0 && counts[3]! > 0 && counts[6]! > 0);
      assert.ok(counts[1]! + counts[2]! + counts[4]! + counts[5]! <= 1, `${counts}`);
      assert.equal(counts.reduce((sum, count) => sum + count, last), hasShort ? 602 : 601);
    }
  });
}

Deno.test("portable: a sum gets a block in one piece if it is short, and a long one in several", () => {
  const lengths: number[] = [];
  const strong = () => ({
    length: 1,
    reset: () => {},
    update: (_: Uint8Array, length: number) => void lengths.push(length),
    digest: () => new Uint8Array(1),
  });
  const kernel = new PortableKernel({ strong });
  const pieces = (blockLength: number, length: number, chunkLength: number) => {
    lengths.length = 0;
    const summer = kernel.summer({ weakSum: "rollsum", strongSum: "blake3", strongLength: 1, blockLength });
    for (const chunk of chunks(new Uint8Array(length), chunkLength)) summer.sum(chunk);
    summer.finish(true);
    return [...lengths];
  };
  for (const chunkLength of [1, 7, 100, 250]) {
    assert.deepEqual(pieces(100, 250, chunkLength), [100, 100, 50], `in chunks of ${chunkLength}`);
  }
  assert.deepEqual(pieces(2 ** 20, 2 ** 20 + 9, 2 ** 18), [2 ** 20, 9]);
  // Nothing of a longer block is held.
  assert.deepEqual(pieces(2 ** 20 + 1, 2 ** 20 + 9, 2 ** 18), [2 ** 18, 2 ** 18, 2 ** 18, 2 ** 18, 1, 8]);
});
