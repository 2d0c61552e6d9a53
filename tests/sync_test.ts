import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { deltaStream, loadSigs, patchStream, RsyncError } from "rsync-streams";
import { fileBasis } from "rsync-streams/files";
import {
  type Layer,
  LayeredSig,
  layeredSigStream,
  planSync,
  recommendedLayers,
  type SyncPlan,
} from "rsync-streams/sync";
import { isWorthwhile } from "../src/sync/stopping_rule.ts";
import { assertBytes, type Chunking, SALT, source, toBytes } from "./_helpers.ts";
import { concat, make, randomBytes, xorshift } from "./_recipes.ts";

type LayeredOptions = Parameters<typeof layeredSigStream>[0];

/** Block lengths that make many layers of a short file. */
const LAYERS = [
  { blockLength: 4096, strongLength: 4 },
  { blockLength: 512, strongLength: 4 },
  { blockLength: 64, strongLength: 4 },
];

async function publish(file: Uint8Array, options: LayeredOptions = {}, chunking?: Chunking) {
  return await toBytes(
    source(file, chunking).pipeThrough(layeredSigStream({ layers: LAYERS, salt: SALT, ...options })),
  );
}

/** Carries a plan out, after a check that its runs are the file. */
function apply(plan: SyncPlan, remote: Uint8Array, local: Uint8Array): Uint8Array<ArrayBuffer> {
  let at = 0, missing = 0;
  const pieces = plan.runs.map(({ offset, length, from }, i) => {
    assert.equal(offset, at);
    assert.ok(length > 0);
    if (i > 0) {
      const before = plan.runs[i - 1]!;
      const goesOn = before.from === undefined ? from === undefined : before.from + before.length === from;
      assert.equal(goesOn, false, "two runs that could be one");
    }
    at += length;
    if (from === undefined) missing += length;
    return from === undefined ? remote.subarray(offset, offset + length) : local.subarray(from, from + length);
  });
  assert.equal(at, plan.fileLength);
  assert.equal(missing, plan.missingLength);
  return concat(pieces);
}

async function sync(remote: Uint8Array, local: Uint8Array, options?: LayeredOptions): Promise<SyncPlan> {
  const plan = await planSync(await LayeredSig.open(await publish(remote, options)), local);
  assertBytes(apply(plan, remote, local), remote);
  return plan;
}

const base = concat([randomBytes(1, 60_000), make({ gen: "text", seed: 2, len: 40_000 }), randomBytes(3, 777)]);
const insert = (bytes: Uint8Array, at: number, piece: Uint8Array) =>
  concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);

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

/** The runs of a plan: offset, length, and where the local file has it. */
type Runs = { offset: number; length: number; from: number | undefined }[];

/** Joins runs that continue each other. */
function join(runs: Runs): Runs {
  const joined: Runs = [];
  for (const run of runs.toSorted((a, b) => a.offset - b.offset)) {
    const last = joined.at(-1);
    const next = last && (last.from === undefined ? undefined : last.from + last.length);
    if (last && next === run.from) last.length += run.length;
    else joined.push({ ...run });
  }
  return joined;
}

/** What planSync() is to find: docs/sync.md in a few lines, with the blocks themselves for records. */
function simplePlan(remote: Uint8Array, local: Uint8Array, layers: readonly Layer[]) {
  const text = (bytes: Uint8Array, at: number, length: number) =>
    String.fromCharCode(...bytes.subarray(at, at + length));
  let runs: Runs = remote.length > 0 ? [{ offset: 0, length: remote.length, from: undefined }] : [];
  const missing = () => runs.filter(({ from }) => from === undefined);
  const missingLength = () => missing().reduce((sum, { length }) => sum + length, 0);
  const blockLengths: number[] = [];
  let share = 0;
  for (const { blockLength, strongLength } of layers) {
    const before = missingLength();
    const outlook = { literalCost: 1, readCost: 200, recordLength: 4 + strongLength, blockLength, share };
    const counts = { missingLength: before, missingCount: missing().length, searchedCount: blockLengths.length };
    if (before === 0 || local.length === 0 || !isWorthwhile({ ...outlook, ...counts })) break;
    const blocks = missing().flatMap(({ offset, length }) => {
      const count = Math.ceil(length / blockLength);
      return Array.from({ length: count }, (_, k) => {
        const at = k * blockLength;
        return { offset: offset + at, length: Math.min(blockLength, length - at) };
      });
    });
    const left = new Map<string, number[]>();
    for (const { offset, length } of blocks) {
      const key = text(remote, offset, length);
      left.set(key, [...left.get(key) ?? [], offset]);
    }
    const found: Runs = [];
    for (let pass = 0; pass < 8; pass++) {
      const seen = new Map<string, number>();
      const last = [...left.keys()].at(-1);
      if (last === undefined) break;
      const start = (at: number) =>
        local[at]! | (local[at + 1]! << 8) | (local[at + 9]! << 16) | (local[at + 50]! << 24);
      const codes = [0, 1, 9, 50];
      const starts = new Set(
        Array.from(left.keys(), (key) => codes.reduce((sum, at, i) => sum | (key.charCodeAt(at) << (8 * i)), 0)),
      );
      let at = 0;
      while (at + blockLength <= local.length) {
        const key = starts.has(start(at)) ? text(local, at, blockLength) : "";
        if (left.has(key) && !seen.has(key)) seen.set(key, at);
        at += left.has(key) ? blockLength : 1;
      }
      const end = local.length - last.length;
      if (last.length < blockLength && end >= at && text(local, end, last.length) === last) seen.set(last, end);
      if (seen.size === 0) break;
      for (const [key, from] of seen) {
        for (const offset of left.get(key)!) found.push({ offset, length: key.length, from });
        left.delete(key);
      }
    }
    const places = new Map(found.map((run) => [run.offset, run]));
    runs = join([
      ...runs.filter(({ from }) => from !== undefined),
      ...blocks.map((block) => places.get(block.offset) ?? { ...block, from: undefined }),
    ]);
    blockLengths.push(blockLength);
    share = 1 - missingLength() / before;
  }
  return { runs, blockLengths, missingLength: missingLength(), missingCount: missing().length };
}

Deno.test("planSync() makes the plans of a simple implementation, of files with repeats and equal blocks", async () => {
  const random = xorshift(11);
  /** Pieces that files are made of: random data, periods, equal blocks, and parts of pieces. */
  const piece = (pool: Uint8Array[]): Uint8Array => {
    const length = 1 + random.below(700);
    const source = pool[random.below(pool.length)];
    const start = source && random.below(source.length);
    const kinds = [
      () => randomBytes(random.below(1000), length),
      () => make({ gen: "text", seed: random.below(3), len: length }),
      () => new Uint8Array(2 * length),
      () => concat(Array.from({ length: 12 }, () => randomBytes(length % 5, 1 + length % 130))),
      () => source?.subarray(start, start! + length) ?? Uint8Array.of(1),
      () => source ?? Uint8Array.of(2),
    ];
    return kinds[random.below(kinds.length)]!();
  };
  const file = (pool: Uint8Array[], count: number) => {
    const pieces = Array.from(
      { length: count },
      () => random.below(3) ? pool[random.below(pool.length)]! : piece(pool),
    );
    return concat(pieces);
  };
  let copied = 0;
  for (let round = 0; round < 50; round++) {
    const pool: Uint8Array[] = [];
    while (pool.length < 8) pool.push(piece(pool));
    const [remote, local] = [file(pool, random.below(24)), file(pool, random.below(24))];
    const ratio = 2 + random.below(3);
    const finest = 64 + random.below(20);
    const layers = [2, 1, 0].slice(random.below(3)).map((power) => ({
      blockLength: finest * ratio ** power,
      strongLength: 8,
    }));
    const { runs, blockLengths, missingLength, missingCount } = await sync(remote, local, { layers });
    assert.deepEqual(
      { runs, blockLengths, missingLength, missingCount },
      simplePlan(remote, local, layers),
      `${round}`,
    );
    copied += runs.filter(({ from }) => from !== undefined).length;
  }
  assert.ok(copied > 400, `${copied} copies`);
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

Deno.test("planSync() reads again what its first pass has found, and no more", async () => {
  const remote = randomBytes(80, 4096);
  const local = concat([randomBytes(81, 2 ** 20), remote.subarray(0, 2048), randomBytes(82, 2 ** 20)]);
  const sig = await LayeredSig.open(await publish(remote, { layers: [{ blockLength: 64, strongLength: 8 }] }));
  let bytesRead = 0;
  await planSync(sig, {
    size: local.length,
    read(offset: number, length: number) {
      const bytes = local.subarray(offset, offset + length);
      bytesRead += bytes.length;
      return bytes;
    },
  });
  assert.equal(bytesRead, local.length + 2048 - 2 + 64);
});

Deno.test("layeredSigStream() writes the same bytes however the file is cut", async () => {
  const expected = await publish(base);
  for (const chunking of [1009, 70_000, { seed: 1, most: 5000 }]) {
    assertBytes(await publish(base, {}, chunking), expected);
  }
});

Deno.test("loadSigs() reads a layered signature as one of its finest layer", async () => {
  const sigs = await loadSigs(await publish(base));
  assert.deepEqual([sigs.blockLength, sigs.strongLength, sigs.fileLength], [64, 4, base.length]);
  const target = insert(base, 5000, randomBytes(8, 100));
  const delta = source(target).pipeThrough(deltaStream(sigs)).pipeThrough(patchStream(base));
  assertBytes(await toBytes(delta), target);
});

Deno.test("LayeredSig.open() reads the end once, and records() each record of each layer", async () => {
  const published = await publish(base, { entityTag: '"v1"', modifiedMs: 1_700_000_000_123 });
  const reads: [number, number][] = [];
  const sig = await LayeredSig.open({
    size: published.length,
    read(offset: number, length: number) {
      reads.push([offset, length]);
      return published.slice(offset, offset + length);
    },
  });
  assert.equal(reads.length, 1);
  assert.deepEqual([sig.footer.entityTag, sig.footer.modifiedMs], ['"v1"', 1_700_000_000_123]);
  for (const layer of LAYERS.keys()) {
    const count = sig.recordCount(layer);
    const all = await sig.records(layer, 0, count);
    // One at a time, and across the borders of frames.
    for (const [from, to] of [[0, 1], [count - 1, count], [1020, 1030], [1024, 1025], [500, 1600]] as const) {
      if (to > count) continue;
      const some = await sig.records(layer, from, to);
      assert.deepEqual(some.weak, all.weak.slice(from, to));
      assert.deepEqual(some.strong, all.strong.slice(4 * from, 4 * to));
    }
  }
  assert.equal(sig.bytesRead, reads.reduce((sum, [, length]) => sum + length, 0));
});

const small = base.slice(58_000, 63_000);
const smallPublished = await publish(small, { entityTag: "tag" });

Deno.test("a layered signature that was cut anywhere is refused with a typed error", async () => {
  for (let length = 0; length < smallPublished.length; length++) {
    const cut = smallPublished.slice(0, length);
    await assert.rejects(LayeredSig.open(cut), RsyncError);
    await assert.rejects(loadSigs(cut), RsyncError);
  }
});

Deno.test("LayeredSig.open() says that a source is empty, whatever it is", async () => {
  const path = await Deno.makeTempFile();
  const file = await fileBasis(path);
  try {
    const seeking = { seek() {}, read: () => 0, size: 0 };
    for (const empty of [new Uint8Array(0), new ArrayBuffer(0), new Blob([]), seeking, file]) {
      await assert.rejects(LayeredSig.open(empty), {
        name: "RsyncError",
        code: "bad-magic",
        message: "Cannot read the layered signature: it is empty, a footer was expected (at byte 0)",
      });
    }
  } finally {
    await file.close();
    await Deno.remove(path);
  }
  const unknown = { read: () => new Uint8Array(1) };
  await assert.rejects(LayeredSig.open(unknown), /^TypeError: .* its size is unknown/);
});

Deno.test("a layered signature with bytes behind it, or in it, is refused", async () => {
  for (const at of [0, 32, 40, 100, smallPublished.length - 5, smallPublished.length]) {
    const longer = insert(smallPublished, at, Uint8Array.of(0));
    await assert.rejects(LayeredSig.open(longer), RsyncError);
    await assert.rejects(loadSigs(longer), RsyncError);
  }
});

Deno.test("a flipped byte of a layered signature is refused, noticed by the digest, or harmless", async () => {
  const local = insert(small, 2500, randomBytes(1, 10));
  for (let at = 0; at < smallPublished.length; at++) {
    const flipped = smallPublished.slice();
    flipped[at]! ^= 1 << (at % 8);
    try {
      const plan = await planSync(await LayeredSig.open(flipped), local);
      const result = apply(plan, small, local);
      const isRight = createHash("sha256").update(result).digest("hex") === plan.digest;
      if (isRight) assertBytes(result, small);
    } catch (error) {
      assert.ok(error instanceof RsyncError, String(error));
    }
  }
});

Deno.test("LayeredSig.open() allocates nothing for what a footer claims", async () => {
  const huge = smallPublished.slice();
  const view = new DataView(huge.buffer);
  // The length of the file, in the footer: layers, sums and salt come before it.
  const footerLength = view.getUint32(huge.length - 8, true);
  view.setBigUint64(huge.length - footerLength + 1 + 15 + 2 + 16, 2n ** 52n, true);
  await assert.rejects(LayeredSig.open(huge), { name: "RsyncError", code: "truncated" });
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

/** A layered signature of a file of 2^40 bytes, in zeros that need no memory, and the longest read of it. */
async function hugeSig() {
  const one = await publish(new Uint8Array(LAYERS[0]!.blockLength));
  const footer = one.slice(one.length - new DataView(one.buffer).getUint32(one.length - 8, true));
  const claimed = 2 ** 40;
  new DataView(footer.buffer).setBigUint64(1 + 15 + 2 + 16, BigInt(claimed), true);
  const [coarse, middle, fine] = LAYERS.map(({ blockLength }) => claimed / blockLength);
  const records = coarse! + middle! + fine!;
  // In place of the 73 records of one block, and the one frame of its 64 finest.
  const size = (one.length - footer.length - (1 + 8 + 64) * 8 - 4) + 8 * records + 4 * Math.ceil(fine! / 1024) +
    footer.length;
  let longest = 0;
  const basis = {
    size,
    read(offset: number, length: number) {
      longest = Math.max(longest, length);
      const bytes = new Uint8Array(length);
      const start = size - footer.length - offset;
      if (start < length) bytes.set(footer.subarray(0, length - start), start);
      return bytes;
    },
  };
  return { basis, longest: () => longest };
}

Deno.test("planSync() reads no layer that is longer than maxInputLength, whatever a signature claims", async () => {
  const { basis, longest } = await hugeSig();
  const plan = await planSync(await LayeredSig.open(basis), base);
  assert.deepEqual(plan.blockLengths, []);
  assert.equal(plan.missingLength, 2 ** 40);
  assert.ok(longest() <= 2048);
});

Deno.test("planSync() stops at maxInputLength with a plan that is right", async () => {
  const local = insert(base, 30_011, randomBytes(9, 50));
  const published = await publish(base);
  const seen = [];
  // Records of 8 bytes: 25 of the coarsest layer, and 8 under one block of it.
  for (const maxInputLength of [0, 199, 200, 263, 264, 2 ** 26]) {
    const plan = await planSync(await LayeredSig.open(published), local, { maxInputLength });
    assertBytes(apply(plan, base, local), base);
    seen.push(plan.blockLengths.length);
  }
  assert.deepEqual(seen, [0, 0, 1, 1, 2, 3]);
  const sig = await LayeredSig.open(published);
  await assert.rejects(planSync(sig, local, { maxInputLength: 2 ** 26 + 1 }), RangeError);
  await assert.rejects(planSync(sig, local, { maxInputLength: "1" as unknown as number }), TypeError);
});

Deno.test("layeredSigStream() checks its options", () => {
  const refused: [LayeredOptions, ErrorConstructor][] = [
    [{ layers: [] }, TypeError],
    [{ layers: [{ blockLength: 100, strongLength: 4 }, { blockLength: 64, strongLength: 4 }] }, RangeError],
    [{ layers: [{ blockLength: 64, strongLength: 4 }, { blockLength: 64, strongLength: 4 }] }, RangeError],
    [{ layers: [{ blockLength: 8, strongLength: 4 }] }, RangeError],
    [{ layers: [{ blockLength: 64, strongLength: 1 }] }, RangeError],
    [{ layers: [{ blockLength: 64 } as unknown as Layer] }, TypeError],
    [{ layers: [{ strongLength: 4 } as unknown as Layer] }, TypeError],
    [{ layers: [null as unknown as Layer] }, TypeError],
    [{ salt: new Uint8Array(15) }, RangeError],
    [{ salt: "0123456789abcdef" as unknown as Uint8Array }, TypeError],
    [{ entityTag: "x".repeat(1025) }, RangeError],
    [{ fileLength: -1 }, RangeError],
    [{ modifiedMs: 0.5 }, RangeError],
  ];
  for (const [options, error] of refused) assert.throws(() => layeredSigStream(options), error);
});

Deno.test("recommendedLayers() returns layers that layeredSigStream() takes, for files of any length", () => {
  for (let power = 0; power <= 50; power++) {
    for (const fileLength of [2 ** power - 1, 2 ** power]) {
      const layers = recommendedLayers(fileLength);
      layeredSigStream({ layers }).writable.abort();
      assert.ok(layers.length >= 1 && layers.at(-1)!.blockLength >= 64);
    }
  }
});

Deno.test("recommendedLayers() checks the length", () => {
  for (const fileLength of [-1, 1.5, NaN, Infinity, 2 ** 53]) {
    assert.throws(() => recommendedLayers(fileLength), RangeError, String(fileLength));
  }
  for (const fileLength of ["1", null, 1n]) {
    assert.throws(() => recommendedLayers(fileLength as unknown as number), TypeError);
  }
});

Deno.test("planSync() checks costs and signal", async () => {
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
});

Deno.test("LayeredSig refuses layers and records that it does not have", async () => {
  const sig = await LayeredSig.open(await publish(base));
  const count = sig.recordCount(2);
  for (
    const [from, to] of [[-1, 2], [0, 0], [5, 2], [0, count + 1], [count, count + 1], [0.5, 1.5], [0, NaN]] as const
  ) {
    await assert.rejects(
      sig.records(2, from, to),
      /^RangeError: Cannot use the (first record|end of the records):/,
      `${from} ${to}`,
    );
  }
  for (const layer of [-1, 3, 0.5, NaN]) {
    assert.throws(() => sig.recordCount(layer), RangeError);
    assert.throws(() => sig.recordLength(layer), RangeError);
    await assert.rejects(sig.records(layer, 0, 1), RangeError);
  }
  assert.equal((await sig.records(2, count - 1, count)).count, 1);
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

Deno.test("a layer is searched if it is expected to save more than its records and an eighth of a read", () => {
  const outlook = {
    missingLength: 1000,
    missingCount: 1,
    blockLength: 100,
    recordLength: 8,
    searchedCount: 2,
    literalCost: 1,
    readCost: 200,
  };
  // Ten records of 8 bytes, and 25.
  assert.equal(isWorthwhile({ ...outlook, share: 0.105 }), false);
  assert.equal(isWorthwhile({ ...outlook, share: 0.106 }), true);
  assert.equal(isWorthwhile({ ...outlook, share: 0.106, literalCost: 0.5 }), false);
  assert.equal(isWorthwhile({ ...outlook, share: 0, searchedCount: 1 }), true);
});

Deno.test("loadSigs() refuses a layered signature with a frame after one that is not full", async () => {
  const published = await publish(randomBytes(22, 100 * 64), { layers: [{ blockLength: 64, strongLength: 4 }] });
  const start = 32 + 6;
  const half = start + 4 + 50 * 8;
  const split = concat([published.subarray(0, half), Uint8Array.of(50, 0, 0, 0), published.subarray(half)]);
  split[start] = 50;
  await loadSigs(published);
  await assert.rejects(loadSigs(split), (error) => error instanceof RsyncError && error.code === "unsupported");
});
