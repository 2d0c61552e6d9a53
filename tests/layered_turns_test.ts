/** Work on layered signatures gives way to timers and other tasks. */
import assert from "node:assert/strict";
import { LayeredSig, layeredSigStream, planSync } from "rsync-streams/sync";
import { withClock } from "./_clock.ts";
import { toBytes } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";

const MIB = 2 ** 20;

let late = performance.now();

/**
 * Does work while the clock is always late: each time that work could give way is one when it does. Calls `onTurn` at
 * each, once others had their turn.
 */
async function withLateClock(onTurn: () => void, work: () => Promise<void>): Promise<void> {
  let isSameTurn = false;
  await withClock(() => {
    if (!isSameTurn) {
      isSameTurn = true;
      onTurn();
      // It comes before those who give way now go on, and not before others have had their turn.
      setImmediate(() => isSameTurn = false);
    }
    return late += 1000;
  }, work);
}

Deno.test("layeredSigStream() lets timers run in each layer", async () => {
  const { stats, ...pair } = layeredSigStream({ fileLength: 2 ** 30 });
  // The finest layer, which counts, is the last to see a chunk.
  let before = 0;
  let isOver = false;
  const timer = () => {
    if (stats.bytesIn === 0) before++;
    if (!isOver) id = setTimeout(timer, 1);
  };
  let id = setTimeout(timer, 1);
  for await (const _ of ReadableStream.from([new Uint8Array(256 * MIB)]).pipeThrough(pair));
  isOver = true;
  clearTimeout(id);
  assert.ok(before >= 3, `${before} timers ran before the finest layer`);
});

Deno.test("planSync() gives way while it works on records and runs, however many there are", async () => {
  const blockLength = 64;
  const blockCount = 200_000;
  const remote = randomBytes(1, blockCount * blockLength);
  // In the opposite order, so that no two runs are one.
  const local = new Uint8Array(remote.length);
  for (let at = 0; at < remote.length; at += blockLength) {
    local.set(remote.subarray(at, at + blockLength), remote.length - at - blockLength);
  }
  const stream = layeredSigStream({ layers: [{ blockLength, strongLength: 6 }] });
  const sig = await LayeredSig.open(await toBytes(ReadableStream.from([remote]).pipeThrough(stream)));
  /** Counts turns before the search of the local file, during that, and since its end. */
  const countTurns = async () => {
    const turns = { before: 0, search: 0, after: 0 };
    let phase: keyof typeof turns | "over" = "before";
    const onTurn = () => void (phase !== "over" && turns[phase]++);
    await withLateClock(onTurn, async () => {
      const plan = await planSync(sig, {
        size: local.length,
        read(offset: number, length: number) {
          phase = offset < local.length ? "search" : "after";
          return local.subarray(offset, offset + length);
        },
      }).finally(() => phase = "over");
      assert.equal(plan.runs.length, blockCount);
    });
    return turns;
  };
  // A turn for each 16,384 records, and not for each of them: parsed, joined and indexed before, merged and made runs
  // after. In between some for each MiB: read, searched, and matches given. A turn may be taken for one with the next.
  const pieces = Math.ceil(blockCount / 16_384);
  const mib = Math.ceil(local.length / MIB);
  let turns = await countTurns();
  // On a machine that is busy, more of them may be taken for one. Then it is counted again, twice at most.
  for (let again = 0; again < 2 && turns.before < 3 * pieces; again++) turns = await countTurns();
  assert.ok(turns.before >= 3 * pieces && turns.before < 4 * pieces, `${turns.before} turns before`);
  assert.ok(turns.search > 5 * mib && turns.search < 8 * mib, `${turns.search} turns of the search`);
  assert.ok(turns.after > 1.5 * pieces && turns.after < 3 * pieces, `${turns.after} turns after`);
});

Deno.test("planSync() gives way while it merges a layer and chooses what to read of the next", async () => {
  const blockCount = 80_000;
  const remote = randomBytes(1, 128 * blockCount);
  // Each second block of the first layer is there, from the fourth on: each 16,384th step is at a run that was found.
  const found = Array.from({ length: blockCount / 2 - 1 }, (_, i) => remote.subarray(256 * i + 384, 256 * i + 512));
  const local = concat(found);
  const layers = [{ blockLength: 128, strongLength: 6 }, { blockLength: 64, strongLength: 6 }];
  const published = await toBytes(ReadableStream.from([remote]).pipeThrough(layeredSigStream({ layers })));
  /** Turns since the last read of the local file, and those of the first layer that came after that. */
  let turns = 0;
  let chosenTurns = 0;
  let readCount = 0;
  const isChosen = () => readCount === 2;
  const sig = await LayeredSig.open({
    size: published.length,
    read: (offset: number, length: number) => published.subarray(offset, offset + length),
    async *readRanges(ranges) {
      readCount++;
      if (isChosen()) chosenTurns = turns;
      for (const { offset, length } of ranges) yield published.subarray(offset, offset + length);
    },
  });
  const onTurn = () => void turns++;
  await withLateClock(onTurn, async () => {
    // So that no two places to read are one.
    await planSync(sig, {
      size: local.length,
      read(offset: number, length: number) {
        turns = 0;
        return local.subarray(offset, offset + length);
      },
    }, { readCost: 0 });
  });
  assert.equal(readCount, 2);
  // A turn for each 16,384 runs and blocks that are merged, runs that are looked at, and places to read.
  assert.ok(chosenTurns > 10 && chosenTurns < 20, `${chosenTurns} turns`);
  assert.ok(turns > 12 && turns < 20, `${turns} turns`);
});
