/** Which blocks a sample of a layer has: `planSync()` searches one before it stops. */
import assert from "node:assert/strict";
import { LayeredSig, planSync } from "rsync-streams/sync";
import { MISSING, RunList } from "../src/sync/run_list.ts";
import { sampleOf } from "../src/sync/sample.ts";
import { givesWay } from "./_clock.ts";
import { randomBytes } from "./_recipes.ts";
import { mixed } from "./lying_layers.ts";
import { publish } from "./_sync.ts";

const BLOCK_LENGTH = 100;
const PIECE_COUNT = 10;

/** Runs of so many bytes each. Those with a negative length are missing. */
function runsOf(lengths: readonly number[]): RunList {
  const runs = new RunList();
  for (const length of lengths) {
    if (length < 0) runs.add(-length, MISSING);
    else runs.add(length, 1_000_000 + 2 * runs.length);
  }
  return runs;
}

/** Where the missing runs of a list start and end. */
function missingOf(runs: RunList): [start: number, end: number][] {
  return Array.from({ length: runs.count }, (_, run) => run).filter((run) => runs.isMissing(run)).map((run) => {
    return [runs.offset(run), runs.offset(run) + runs.lengthOf(run)];
  });
}

/** Runs, and what a sample with ten blocks of 100 bytes in a piece has of them. */
const SAMPLES: Record<string, [runs: number[], pieces: [start: number, end: number][]]> = {
  "one run": [[-400_000], [[0, 1000], [100_000, 101_000], [200_000, 201_000], [300_000, 301_000]]],
  "a block more": [[-400_100], [[0, 1000], [100_100, 101_100], [200_200, 201_200], [300_300, 301_300]]],
  "two runs": [[-250_000, 777, -150_000], [[0, 1000], [100_000, 101_000], [200_000, 201_000], [300_777, 301_777]]],
  "runs shorter than a piece": [
    [333, -300, 50, -300, 50, -399_400],
    [[333, 633], [683, 983], [1033, 1433], [100_433, 101_433], [200_433, 201_433], [300_433, 301_433]],
  ],
  "a short last block behind a piece": [[-4350], [[0, 1000], [1100, 2100], [2200, 3200], [3300, 4300]]],
  "a short last block in a piece": [
    [-4200, 5, -50],
    [[0, 1000], [1100, 2100], [2200, 3200], [3300, 4200], [4205, 4255]],
  ],
};

for (const [name, [lengths, pieces]] of Object.entries(SAMPLES)) {
  Deno.test(`a sample has four pieces at equal distances, whatever was found between them: ${name}`, async () => {
    const runs = runsOf(lengths);
    const sample = await sampleOf(runs, BLOCK_LENGTH, PIECE_COUNT);
    assert.deepEqual(missingOf(sample), pieces);
    assert.equal(sample.length, runs.length);
  });
}

Deno.test("a sample is made in turns, however many runs there are", async () => {
  const runs = runsOf(Array.from({ length: 40_000 }, (_, i) => i % 2 === 0 ? 1 : -BLOCK_LENGTH));
  assert.ok(await givesWay(() => sampleOf(runs, BLOCK_LENGTH, PIECE_COUNT)));
});

const layersOf = (...lengths: number[]) => lengths.map((blockLength) => ({ blockLength, strongLength: 4 }));

Deno.test("planSync() reads four pieces of 64 records of a layer before it stops", async () => {
  const blockLength = 256;
  const remote = randomBytes(1, 2 ** 22);
  const file = await publish(remote, { layers: layersOf(2 ** 17, 2 ** 13, blockLength) });
  const reads: [offset: number, length: number][] = [];
  const sig = await LayeredSig.open({
    size: file.length,
    read(offset: number, length: number) {
      reads.push([offset, length]);
      return file.subarray(offset, offset + length);
    },
  });
  reads.length = 0;
  const plan = await planSync(sig, randomBytes(2, 2 ** 20));
  assert.deepEqual(plan.blockLengths, [2 ** 17, 2 ** 13]);
  const recordLength = sig.recordLength(2);
  // The first is that of both coarse layers.
  const [start] = reads[1]!;
  // Beside its records, a frame has a sum of 4 bytes for 1,024 of them.
  const distance = remote.length / blockLength / 4 * recordLength + 4 * remote.length / blockLength / 4 / 1024;
  const pieces = [0, 1, 2, 3].map((i) => [start + i * distance, 64 * recordLength]);
  assert.deepEqual(reads.slice(1), pieces);
});

Deno.test("planSync() reads a local file nine times at most, its samples included", async () => {
  const blockLengths = [14, 13, 12, 11, 10, 9].map((log2) => 2 ** log2);
  const layers = layersOf(...blockLengths);
  const local = randomBytes(3, 2 ** 20);
  const other = randomBytes(4, 2 ** 22);
  // The second layer finds much, and each but the third a little, in its sample.
  const founds: [at: number, length: number][] = [[0, 0], [2 ** 21, 2 ** 16], [0, 0], [0, 16], [16, 8], [24, 8]];
  const files = founds.map(([at, length], layer) => {
    const [start, count] = layer < 2 ? [at, length] : [1024 * at, 1024 * length];
    const file = other.slice();
    file.set(local.subarray(0, count), start);
    return file;
  });
  const sig = await LayeredSig.open(await mixed(files, layers));
  let bytesRead = 0;
  const plan = await planSync(sig, local, { onProgress: (stats) => bytesRead = stats.bytesRead });
  assert.equal(plan.blockLengths.length, 5);
  assert.ok(bytesRead > 8 * local.length && bytesRead <= 9 * local.length, `${bytesRead / local.length} times`);
});
