/** A call of a search does bounded work, so that others can work, and the next call goes on where it stopped. */
import assert from "node:assert/strict";
import { kernelBytes } from "rsync-streams/kernel-bytes";
import type { Kernel, SearchIndex, SearchOptions, SumBatch, SumParams } from "../src/kernel/interface.ts";
import { createRollingSum, createStrongHash, PortableKernel } from "../src/kernel/portable/kernel.ts";
import type { RollingSum, StrongHash } from "../src/kernel/portable/sums.ts";
import { WasmKernel } from "../src/kernel/wasm/kernel.ts";
import { concat, randomBytes } from "./_recipes.ts";

const MIB = 2 ** 20;
/** Pieces of a window: a search works on one to its end. */
const PIECE = 64 * 1024;

/** Bytes that sums took in, byte by byte or together. */
let work = 0;

function countedWeak(): RollingSum {
  const sum = createRollingSum("rabinkarp");
  return {
    reset: () => sum.reset(),
    update(bytes, length) {
      work += length;
      sum.update(bytes, length);
    },
    rotate(out, into) {
      work++;
      sum.rotate(out, into);
    },
    shrink(out) {
      work++;
      sum.shrink!(out);
    },
    digest: () => sum.digest(),
  };
}

/** A strong sum of the first bytes and the length, since what it is does not matter. */
function countedStrong(): StrongHash {
  let head = new Uint8Array(0);
  let total = 0;
  return {
    length: 8,
    reset() {
      head = new Uint8Array(0);
      total = 0;
    },
    update(bytes, length) {
      work += length;
      total += length;
      if (head.length < 4) head = concat([head, bytes.subarray(0, length)]).slice(0, 4);
    },
    digest: () => concat([head, new Uint8Array(new Uint32Array([total]).buffer)]),
  };
}

function indexOf(kernel: Kernel, params: SumParams, records: readonly SumBatch[], lastLength?: number): SearchIndex {
  const builder = kernel.index(params, "first");
  for (const batch of records) builder.add(batch);
  for (;;) {
    const index = builder.finish(lastLength);
    if (index) return index;
  }
}

function recordsOf(kernel: Kernel, params: SumParams, basis: Uint8Array): SumBatch[] {
  const summer = kernel.summer(params);
  const copy = ({ count, weak, strong }: SumBatch) => ({ count, weak: weak.slice(), strong: strong.slice() });
  return [copy(summer.sum(basis)), copy(summer.finish(true))];
}

/** Records with wrong strong sums. */
function lying(records: readonly SumBatch[]): SumBatch[] {
  return records.map((batch) => ({ ...batch, strong: batch.strong.map((byte) => byte ^ 1) }));
}

interface Call {
  readonly work: number;
  readonly falseAlarms: number;
}

/** Searches a target that is all there, and returns what each call did. */
function callsOf(index: SearchIndex, target: Uint8Array, options: SearchOptions): { calls: Call[]; good: number } {
  const searcher = index.searcher(options);
  const pieces = Array.from({ length: Math.ceil(target.length / PIECE) }, (_, i) => {
    return target.subarray(i * PIECE, (i + 1) * PIECE);
  });
  const calls: Call[] = [];
  let alarms = 0;
  do {
    work = 0;
    searcher.search(pieces, true);
    calls.push({ work, falseAlarms: searcher.falseAlarms - alarms });
    alarms = searcher.falseAlarms;
  } while (searcher.isCutShort);
  assert.equal(searcher.settled, target.length);
  searcher.release();
  return { calls, good: searcher.goodAlarms };
}

const noise = randomBytes(1, 3 * MIB);
const periodic = Uint8Array.from({ length: 3 * MIB }, (_, i) => noise[i % 7]!);
const params = (blockLength: number): SumParams => {
  return { weakSum: "rabinkarp", strongSum: "blake2b", strongLength: 8, blockLength };
};

interface Case {
  readonly blockLength: number;
  readonly basis: Uint8Array;
  readonly target: Uint8Array;
  readonly isLying?: boolean;
  readonly tail?: SearchOptions["tail"];
  /** Blocks that are found. */
  readonly good: number;
}

const CASES: Record<string, Case> = {
  "windows that are unknown": { blockLength: 4096, basis: randomBytes(2, 4096), target: noise, good: 0 },
  "blocks that are found": { blockLength: 4096, basis: noise, target: noise, good: 768 },
  "false alarms": {
    blockLength: 16_384,
    basis: periodic.subarray(0, 7 * 16_384),
    target: periodic.subarray(0, 500_000),
    isLying: true,
    good: 0,
  },
  "a long block": { blockLength: 2 * MIB + 5, basis: noise.subarray(0, 2 * MIB + 5), target: noise, good: 1 },
  "short windows of any length": {
    blockLength: 3 * MIB,
    basis: randomBytes(2, 100),
    target: noise.subarray(0, 2 * MIB),
    tail: "any",
    good: 0,
  },
  "a short window behind long ones": {
    blockLength: 3 * MIB,
    basis: noise.subarray(2 * MIB - 100, 2 * MIB),
    target: noise.subarray(0, 2 * MIB),
    tail: "any",
    good: 1,
  },
};

for (const [name, { blockLength, basis, target, isLying, tail = "last", good }] of Object.entries(CASES)) {
  Deno.test(`portable: each call of a search sums a MiB, and little more: ${name}`, () => {
    const kernel = new PortableKernel({ weak: countedWeak, strong: countedStrong });
    const records = recordsOf(kernel, params(blockLength), basis);
    const lastLength = tail === "any" ? undefined : basis.length % blockLength || blockLength;
    const index = indexOf(kernel, params(blockLength), isLying ? lying(records) : records, lastLength);
    const seen = callsOf(index, target, { tail, preferNext: true });
    assert.equal(seen.good, good);
    const last = seen.calls.pop()!;
    assert.ok(last.work <= 1.1 * MIB, `${last.work} bytes in the last call`);
    assert.ok(seen.calls.length > 0, "the case takes one call");
    for (const { work } of seen.calls) assert.ok(work >= MIB && work <= 1.1 * MIB, `${work} bytes in a call`);
  });
}

Deno.test("portable: a weak sum that cannot shrink sums each short window anew, as far as the budget goes", () => {
  const blockLength = 5000;
  const length = 4000;
  // The first window is free, and each of the others costs its length.
  let last = 0;
  for (let spent = 0; spent <= MIB + 2 * last; spent += length - last) last++;
  last--;
  assert.ok(last > 100 && last < length / 2);
  const weak = (): RollingSum => {
    const { reset, update, rotate, digest } = countedWeak();
    return { reset, update, rotate, digest };
  };
  const kernel = new PortableKernel({ weak, strong: countedStrong });
  const target = noise.subarray(0, length);
  const goodAlarmsAt = (start: number) => {
    const records = recordsOf(kernel, params(blockLength), target.subarray(start));
    const index = indexOf(kernel, params(blockLength), records);
    const { calls, good } = callsOf(index, target, { tail: "any", preferNext: true });
    const total = calls.reduce((sum, { work }) => sum + work, 0);
    assert.ok(total <= MIB + 4 * length, `${total} bytes`);
    return good;
  };
  for (const start of [0, 1, 2, last - 1, last]) assert.equal(goodAlarmsAt(start), 1, `${start}`);
  for (const start of [last + 1, last + 2, length - 1]) assert.equal(goodAlarmsAt(start), 0, `${start}`);
});

Deno.test("wasm: each call of a search sums 16 MiB for false alarms, and little more", () => {
  const kernel = new WasmKernel(new WebAssembly.Module(kernelBytes()));
  const records = lying(recordsOf(kernel, params(MIB), periodic.subarray(0, MIB)));
  const index = indexOf(kernel, params(MIB), records, MIB);
  const { calls } = callsOf(index, concat(Array.from({ length: 5 }, () => periodic)), {
    tail: "last",
    preferNext: true,
  });
  const last = calls.pop()!;
  assert.ok(last.falseAlarms <= 20);
  assert.ok(calls.length > 0, "the case takes one call");
  for (const { falseAlarms } of calls) {
    // Four sums are computed together. Those beyond the budget are in vain, and no false alarms.
    assert.ok(falseAlarms >= 12 && falseAlarms <= 20, `${falseAlarms} in a call`);
  }
});

Deno.test("a call of a search returns 4096 matches at most, and the next one those behind them", () => {
  const blockLength = 16;
  const basis = randomBytes(3, 10_000 * blockLength);
  const blocks = Array.from({ length: 10_000 }, (_, k) => basis.subarray(k * blockLength, (k + 1) * blockLength));
  const target = concat(blocks.toReversed());
  const strong = () => createStrongHash({ ...params(blockLength), strongSum: "blake3" });
  for (const kernel of [new WasmKernel(new WebAssembly.Module(kernelBytes())), new PortableKernel({ strong })]) {
    const told: SumParams = { ...params(blockLength), strongSum: "blake3" };
    const searcher = indexOf(kernel, told, recordsOf(kernel, told, basis)).searcher({ tail: "last", preferNext: true });
    const counts: number[] = [];
    const found: number[] = [];
    do {
      const count = searcher.search([target], true);
      counts.push(count);
      for (let i = 0; i < count; i++) found.push(searcher.matches[3 * i + 1]!);
    } while (searcher.isCutShort);
    searcher.release();
    assert.deepEqual(counts, [4096, 4096, 10_000 - 2 * 4096], kernel.backend);
    assert.deepEqual(found, blocks.map((_, i) => 9_999 - i), kernel.backend);
  }
});

Deno.test("the last whole block is found where the call before it returned all matches that it could", () => {
  const blockLength = 16;
  const count = 4097;
  const basis = randomBytes(4, count * blockLength + 5);
  const blocks = Array.from({ length: count }, (_, k) => basis.subarray(k * blockLength, (k + 1) * blockLength));
  const target = concat(blocks.toReversed());
  for (const kernel of [new WasmKernel(new WebAssembly.Module(kernelBytes())), new PortableKernel()]) {
    const told: SumParams = { ...params(blockLength), strongSum: "blake3" };
    const index = indexOf(kernel, told, recordsOf(kernel, told, basis), 5);
    for (const tail of ["none", "last"] as const) {
      const searcher = index.searcher({ tail, preferNext: true });
      const counts: number[] = [];
      do counts.push(searcher.search([target], true)); while (searcher.isCutShort);
      searcher.release();
      assert.deepEqual(counts, [4096, 1], `${kernel.backend}, ${tail}`);
    }
  }
});

Deno.test("portable: an index of 16,384 records is made in one call, and one more takes another", () => {
  for (const [count, calls] of [[16_384, 1], [16_385, 2], [2 * 16_384, 2], [2 * 16_384 + 1, 3]] as const) {
    const builder = new PortableKernel().index(params(64), "first");
    builder.add({ count, weak: new Uint32Array(count), strong: randomBytes(5, 8 * count) });
    let seen = 1;
    while (!builder.finish(64)) seen++;
    assert.equal(seen, calls, `${count} records`);
  }
});

Deno.test("portable: a search gives a sum a short window in one piece, and a long one in several", () => {
  const lengths: Record<"weak" | "strong", number[]> = { weak: [], strong: [] };
  const seen = (name: "weak" | "strong") => ({
    length: 1,
    reset: () => {},
    update: (bytes: Uint8Array, length: number) => {
      assert.equal(bytes.length, length);
      lengths[name].push(length);
    },
    rotate: () => {},
    digest: () => (name === "weak" ? 0 : new Uint8Array(1)) as number & Uint8Array,
  });
  const kernel = new PortableKernel({ weak: () => seen("weak"), strong: () => seen("strong") });
  const pieces = (blockLength: number, chunkLength: number) => {
    const told = { ...params(blockLength), strongLength: 1 };
    const index = indexOf(kernel, told, [{ count: 1, weak: new Uint32Array(1), strong: new Uint8Array(1) }]);
    lengths.weak.length = lengths.strong.length = 0;
    const searcher = index.searcher({ tail: "none", preferNext: true });
    const window: Uint8Array[] = [];
    for (let at = 0; at < blockLength; at += chunkLength) {
      window.push(new Uint8Array(Math.min(chunkLength, blockLength - at)));
      const isLast = at + chunkLength >= blockLength;
      do searcher.search(window, isLast); while (searcher.isCutShort && isLast);
      // What is there of a longer window is summed before the rest comes.
      const summed = lengths.weak.reduce((sum, length) => sum + length, 0);
      assert.equal(summed, isLast || blockLength > MIB ? Math.min(at + chunkLength, blockLength) : 0);
    }
    assert.equal(searcher.goodAlarms, 1);
    return lengths;
  };
  assert.deepEqual(pieces(100, 33), { weak: [100], strong: [100] });
  assert.deepEqual(pieces(MIB, MIB / 4), { weak: [MIB], strong: [MIB] });
  const { weak, strong } = pieces(MIB + 1, MIB / 4);
  assert.deepEqual(weak, [MIB / 4, MIB / 4, MIB / 4, MIB / 4, 1]);
  assert.deepEqual(strong, [MIB / 4, MIB / 4, MIB / 4, MIB / 4, 1]);
});

Deno.test("an index says how many bytes it holds", () => {
  for (const kernel of [new WasmKernel(new WebAssembly.Module(kernelBytes())), new PortableKernel()]) {
    const lengths = [1, 100, 4096, 5000, 20_000].map((count) => {
      const batch = {
        count,
        weak: new Uint32Array(randomBytes(1, 4 * count).buffer),
        strong: randomBytes(2, 32 * count),
      };
      const { byteLength } = indexOf(kernel, { ...params(64), strongLength: 32 }, [batch]);
      // Two sums, and a slot of four bytes in each of two tables, which are at least half full; then a filter.
      const [least, most] = [(4 + 32 + 8) * count, 64 * count + 1200];
      assert.ok(byteLength >= least && byteLength <= most, `${kernel.backend}: ${byteLength} bytes for ${count}`);
      return byteLength;
    });
    assert.deepEqual(lengths, lengths.toSorted((a, b) => a - b));
  }
});
