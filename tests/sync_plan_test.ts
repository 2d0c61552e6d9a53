/** `planSync()`: what it finds, its options, and when it searches on. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { LayeredSig, planSync } from "rsync-streams/sync";
import { isWorthwhile, samplePieceCount } from "../src/sync/stopping_rule.ts";
import { concat, randomBytes, xorshift } from "./_recipes.ts";
import { base, insert, publish, sync } from "./_sync.ts";

/** A remote file, a local one, and the bytes that may be missing at most. */
const PAIRS: Record<string, [Uint8Array, Uint8Array, number]> = {
  "the same": [base, base, 0],
  "an empty remote file": [new Uint8Array(0), base, 0],
  "an empty local file": [base, new Uint8Array(0), base.length],
  "a byte put in": [insert(base, 30_011, Uint8Array.of(1)), base, 192],
  "a part put in": [insert(base, 30_011, randomBytes(9, 5000)), base, 5300],
  "a part cut out": [concat([base.subarray(0, 20_000), base.subarray(33_333)]), base, 192],
  "halves exchanged": [concat([base.subarray(50_001), base.subarray(0, 50_001)]), base, 1000],
  "all new": [randomBytes(7, 50_000), base, 50_000],
  "a file of one byte": [Uint8Array.of(5), base, 1],
  "a short last block alone": [base.subarray(0, 63), base.subarray(0, 63), 0],
  "one piece at many offsets": [
    concat(Array.from({ length: 9 }, (_, i) => concat([randomBytes(20 + i, 13), base.subarray(0, 9000)]))),
    base,
    9 * 300,
  ],
  "zeros": [new Uint8Array(100_000), new Uint8Array(70_000), 64],
};

for (const [name, [remote, local, maxMissing]] of Object.entries(PAIRS)) {
  Deno.test(`planSync() finds what the local file has: ${name}`, async () => {
    const plan = await sync(remote, local);
    assert.ok(plan.missingLength <= maxMissing, `${plan.missingLength} bytes are missing`);
    assert.equal(plan.missingCount, plan.runs.filter(({ from }) => from === undefined).length);
    assert.equal(plan.digest, createHash("sha256").update(remote).digest("hex"));
  });
}

Deno.test("planSync() makes plans that are right for random edits, in any layers", async () => {
  const random = xorshift(4);
  for (let round = 0; round < 40; round++) {
    let remote: Uint8Array = base.slice(random.below(1000), base.length - random.below(1000));
    for (let edit = random.below(6); edit > 0; edit--) {
      remote = insert(remote, random.below(remote.length), randomBytes(random.below(1000), random.below(300)));
    }
    const ratio = 2 + random.below(3);
    const finest = 16 * (1 + random.below(20));
    const strongLength = 3 + random.below(6);
    const layers = [2, 1, 0].map((power) => ({ blockLength: finest * ratio ** power, strongLength }));
    await sync(remote, base, { layers });
  }
});

Deno.test("planSync() finds blocks that start within others, wherever in them, and far from each other", async () => {
  const pairs = [1, 30, 63].map((start, i) => {
    const first = randomBytes(40 + i, 64);
    return { start, first, second: concat([first.subarray(start), randomBytes(50 + i, start)]) };
  });
  const remote = concat(pairs.flatMap(({ first, second }) => [first, second]));
  // New data between them, so that they are searched apart.
  const places = pairs.flatMap(({ start, first, second }, i) => [
    randomBytes(60 + i, 200_000),
    first.subarray(0, start),
    second,
  ]);
  for (const end of [0, 200_000]) {
    const local = concat([...places, randomBytes(70, end)]);
    const plan = await sync(remote, local, { layers: [{ blockLength: 64, strongLength: 8 }] });
    assert.equal(plan.missingLength, 0);
  }
});

Deno.test("planSync() makes plans of any number of runs, also around those that fill a page", async () => {
  const layers = [{ blockLength: 32, strongLength: 8 }, { blockLength: 16, strongLength: 8 }];
  const file = randomBytes(88, 8200 * 32);
  for (const count of [4095, 4096, 4097, 8191, 8192, 8193]) {
    const remote = file.subarray(0, count * 32);
    // Each second block is there: none continues the one before. The next layer finds no more.
    const pieces = Array.from({ length: count >> 1 }, (_, i) => remote.subarray(64 * i + 32, 64 * i + 64));
    const plan = await sync(remote, concat(pieces), { layers });
    assert.deepEqual(plan.blockLengths, [32, 16]);
    assert.equal(plan.runs.length, count);
    assert.equal(plan.missingCount, (count + 1) >> 1);
  }
});

Deno.test("planSync() passes eight times over what overlaps, and not more often", async () => {
  // Blocks that start a byte apart: each pass finds the first of those that are left.
  const stretch = randomBytes(89, 80);
  const blocks = Array.from({ length: 11 }, (_, i) => stretch.subarray(i, i + 64));
  for (const [count, missing] of [[8, 0], [9, 1], [11, 3]] as const) {
    const remote = concat(blocks.slice(0, count));
    const plan = await sync(remote, stretch, { layers: [{ blockLength: 64, strongLength: 8 }] });
    assert.equal(plan.missingLength, 64 * missing, `${count} blocks`);
  }
});

Deno.test("planSync() gives up on a signal, and passes on the failure of a read", async () => {
  const reason = new Error("enough");
  const sig = await LayeredSig.open(await publish(base));
  await assert.rejects(planSync(sig, base, { signal: AbortSignal.abort(reason) }), (error) => error === reason);
  const failing = { read: () => Promise.reject(reason), size: 10 };
  await assert.rejects(planSync(sig, failing), (error) => error === reason);
});

Deno.test("planSync() reads no finer layer where it cannot save what it costs", async () => {
  const remote = randomBytes(5, 300_000);
  const plan = await sync(remote, randomBytes(6, 300_000));
  assert.deepEqual(plan.blockLengths, [4096, 512]);
});

Deno.test("planSync() checks costs, signal and callback", async () => {
  const sig = await LayeredSig.open(await publish(base));
  for (const name of ["literalCost", "readCost"]) {
    for (const cost of [-1, NaN]) await assert.rejects(planSync(sig, base, { [name]: cost }), RangeError);
    for (const cost of ["1", null, 1n]) {
      await assert.rejects(planSync(sig, base, { [name]: cost as unknown as number }), TypeError);
    }
    await planSync(sig, base, { [name]: 0 });
    await planSync(sig, base, { [name]: Infinity });
  }
  for (const signal of [{}, null, true]) {
    await assert.rejects(
      planSync(sig, base, { signal: signal as unknown as AbortSignal }),
      /^TypeError: Cannot use signal/,
    );
  }
  const onProgress = 1 as unknown as () => void;
  await assert.rejects(planSync(sig, base, { onProgress }), /^TypeError: Cannot use onProgress/);
});

Deno.test("planSync() makes no run past the end of the file, whatever equal records a signature claims", async () => {
  const file = randomBytes(21, 100 * 64 + 10);
  const published = await publish(file, { layers: [{ blockLength: 64, strongLength: 4 }] });
  // The record of the short last block becomes that of the first block.
  const records = 32 + 6 + 4;
  published.copyWithin(records + 100 * 8, records, records + 8);
  const plan = await planSync(await LayeredSig.open(published), file);
  assert.equal(plan.runs.reduce((sum, { length }) => sum + length, 0), file.length);
  assert.equal(plan.runs.at(-1)!.offset + plan.runs.at(-1)!.length, file.length);
});

/** Ahead of the third layer. */
const OUTLOOK = { missingCount: 1, blockLength: 100, recordLength: 8, searchedCount: 2, literalCost: 1, readCost: 200 };

Deno.test("a layer is searched if it is expected to save more than its records and an eighth of a read", () => {
  const outlook = { ...OUTLOOK, missingLength: 1000 };
  // Ten records of 8 bytes, and 25.
  assert.equal(isWorthwhile({ ...outlook, share: 0.105 }), false);
  assert.equal(isWorthwhile({ ...outlook, share: 0.106 }), true);
  assert.equal(isWorthwhile({ ...outlook, share: 0.106, literalCost: 0.5 }), false);
  assert.equal(isWorthwhile({ ...outlook, share: 0, searchedCount: 1 }), true);
});

Deno.test("a sample has a sixteenth of the blocks or 256, for a sixteenth of what it could save", () => {
  const outlook = { ...OUTLOOK, missingLength: 64_000, share: 0 };
  assert.equal(samplePieceCount(outlook), 10);
  assert.equal(samplePieceCount({ ...outlook, missingLength: 2 ** 24 }), 64);
  // 640 blocks are four pieces of 10 records of 8 bytes, and four reads of 200: 1,120 of 64,000 bytes.
  assert.equal(samplePieceCount({ ...outlook, literalCost: 0.28 }), 10);
  assert.equal(samplePieceCount({ ...outlook, literalCost: 0.279 }), 0);
  assert.equal(samplePieceCount({ ...outlook, readCost: 920 }), 10);
  assert.equal(samplePieceCount({ ...outlook, readCost: 921 }), 0);
  assert.equal(samplePieceCount({ ...outlook, recordLength: 100 }), 0, "the layer takes more than it can save");
  // The sample takes 26,400 bytes, which is little.
  const long = { ...outlook, missingLength: 2 ** 24 };
  assert.equal(samplePieceCount({ ...long, recordLength: 99 }), 64);
  assert.equal(samplePieceCount({ ...long, recordLength: 100 }), 0, "its records take more than it can save");
  assert.equal(samplePieceCount({ ...long, missingCount: 700_000 }), 0, "its reads take more than it can save");
});

const PAGE = 4096;
const pages = Array.from({ length: 1024 }, (_, i) => randomBytes(200 + i, PAGE));

/** Remote files of which the first two layers find nothing, and the bytes that may be missing at most. */
const PAGED: Record<string, [Uint8Array[], number]> = {
  "in another order": [pages.map((_, i) => pages[i * 389 % pages.length]!), 0],
  "with an edit each": [pages.map((page, i) => concat([Uint8Array.of(i, i >> 8), page.subarray(2)])), 1024 * 256],
};

for (const [name, [remote, maxMissing]] of Object.entries(PAGED)) {
  Deno.test(`planSync() finds pages that are shorter than the blocks of two layers: ${name}`, async () => {
    const layers = [2 ** 17, 2 ** 13, 2 ** 8].map((blockLength) => ({ blockLength, strongLength: 4 }));
    const plan = await sync(concat(remote), concat(pages), { layers });
    assert.equal(plan.blockLengths.length, 3);
    assert.ok(plan.missingLength <= maxMissing, `${plan.missingLength} bytes are missing`);
  });
}

Deno.test("half of what a sample finds counts: an eighth of the blocks is enough, 1 of 24 is not", async () => {
  const layers = [2 ** 17, 2 ** 13, 2 ** 8].map((blockLength) => ({ blockLength, strongLength: 4 }));
  const [local, other] = [concat(pages), randomBytes(31, 1024 * PAGE)];
  // Records are 3 % of what they describe.
  for (const [every, searchedCount] of [[8, 3], [24, 2]] as const) {
    const remote = other.slice();
    for (let at = 0; at < remote.length; at += every * 256) remote.set(local.subarray(at, at + 256), at);
    const plan = await sync(remote, local, { layers });
    assert.equal(plan.blockLengths.length, searchedCount, `1 of ${every}`);
  }
});
