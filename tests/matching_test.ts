import assert from "node:assert/strict";
import { decodeDeltaStream, type DeltaCommand, loadSigs, type SigStreamOptions, type WeakSum } from "rsync-streams";
import { budgetOf } from "./_budget.ts";
import { assertBytes, type Chunking, makeDelta, makeSig, makeSigs, patch, source } from "./_helpers.ts";
import { concat, make, randomBytes } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const WEAK_SUMS: readonly WeakSum[] = ["rabinkarp", "rollsum"];

/** The quickest strong sum of the portable backend; which one it is does not matter to the search. */
const QUICK = { strongSum: "blake3" } as const;

async function commandsOf(delta: Uint8Array): Promise<DeltaCommand[]> {
  return await Array.fromAsync(source(delta).pipeThrough(decodeDeltaStream()));
}

function copiesOf(commands: DeltaCommand[]): { offset: number; length: number }[] {
  return commands.flatMap(({ copy }) => copy ? [copy] : []);
}

/** The copies of the delta of a target, which has to patch right. */
async function copiesIn(basis: Bytes, target: Bytes, options: SigStreamOptions) {
  const { bytes } = await makeDelta(target, await makeSigs(basis, { ...QUICK, ...options }), { digest: false });
  assertBytes(await patch(basis, bytes), target, "target bytes");
  return copiesOf(await commandsOf(bytes));
}

for (const weakSum of WEAK_SUMS) {
  Deno.test(`deltaStream() finds every block of the basis at any offset: ${weakSum}`, async () => {
    const blockLength = 100;
    const basis = randomBytes(11, 6 * blockLength);
    const sigs = await makeSigs(basis, { ...QUICK, blockLength, weakSum });
    for (let block = 0; block < 6; block++) {
      const found = basis.subarray(block * blockLength, (block + 1) * blockLength);
      for (let offset = 0; offset <= 130; offset++) {
        const target = concat([randomBytes(12, offset), found, randomBytes(13, offset % 77)]);
        const { bytes } = await makeDelta(target, sigs, { digest: false });
        assert.deepEqual(
          copiesOf(await commandsOf(bytes)),
          [{ offset: block * blockLength, length: blockLength }],
          `block ${block} at offset ${offset}`,
        );
      }
    }
  });

  Deno.test(`deltaStream() finds blocks of zeros, of a short period or of few symbols: ${weakSum}`, async () => {
    const blockLength = 128;
    const blocks = [
      make({ gen: "fill", byte: 0, len: blockLength }),
      make({ gen: "fill", byte: 255, len: blockLength }),
      make({ gen: "periodic", seed: 8, period: 2, len: blockLength }),
      make({ gen: "periodic", seed: 9, period: 4, len: blockLength }),
      make({ gen: "periodic", seed: 3, period: 3, len: blockLength }),
      make({ gen: "periodic", seed: 4, period: 40, len: blockLength }),
      make({ gen: "alpha", seed: 5, symbols: 2, len: blockLength }),
    ];
    const sigs = await makeSigs(concat(blocks), { ...QUICK, blockLength, weakSum });
    for (const [k, block] of blocks.entries()) {
      const target = concat([randomBytes(6, 77), block, randomBytes(7, 50)]);
      const { stats } = await makeDelta(target, sigs);
      assert.equal(stats.copiedBytes, blockLength, `block ${k}`);
    }
  });
}

// ---- both rolling sums find the same

const PAIRS: Record<string, () => [basis: Bytes, target: Bytes]> = {
  "text with scattered edits": () => {
    const basis = make({ gen: "text", seed: 21, len: 600_000 });
    return [basis, make({ gen: "basis", edits: [{ op: "scatter", seed: 22, count: 150, kind: "mixed" }] }, basis)];
  },
  "noise with pieces moved, doubled and inserted": () => {
    const basis = randomBytes(23, 600_000);
    const edits = [
      { op: "shuffle", seed: 24, chunk: 17_001 },
      { op: "duplicate", from: 3, len: 70_000, to: 300_123 },
      { op: "insert", at: 77_777, data: { gen: "rand", seed: 25, len: 9_999 } },
    ];
    return [basis, make({ gen: "basis", edits }, basis)];
  },
  "zeros with islands": () => {
    const parts = [1, 2, 3, 4].flatMap((
      seed,
    ) => [{ gen: "fill", byte: 0, len: 60_001 }, { gen: "rand", seed, len: 20_003 }]);
    const basis = make({ gen: "concat", parts });
    return [
      basis,
      make({ gen: "basis", edits: [{ op: "delete", at: 30_000, len: 777 }, { op: "rotate", at: 123_457 }] }, basis),
    ];
  },
  "a table of lines that differ little": () => {
    const lines = Array.from(
      { length: 12_000 },
      (_, i) => `${i % 97}\t2020-01-${10 + i % 20}\t${i * i}\tnothing to tell\n`,
    );
    const edited = lines.map((line, i) => i % 401 === 0 ? line.replace("nothing", "something") : line);
    const encoder = new TextEncoder();
    return [encoder.encode(lines.join("")), encoder.encode(edited.join(""))];
  },
  "a long period": () => {
    const basis = make({ gen: "periodic", seed: 26, period: 5_003, len: 300_000 });
    return [basis, make({ gen: "basis", edits: [{ op: "scatter", seed: 27, count: 40, kind: "mixed" }] }, basis)];
  },
};

for (const [name, pair] of Object.entries(PAIRS)) {
  Deno.test(`deltaStream() copies the same by both weak sums: ${name}`, async () => {
    const [basis, target] = pair();
    const copied = async (weakSum: WeakSum) => {
      const sigs = await makeSigs(basis, { ...QUICK, blockLength: 512, weakSum });
      const { bytes, stats } = await makeDelta(target, sigs, { digest: false });
      assertBytes(await patch(basis, bytes), target, "target bytes");
      return stats.copiedBytes;
    };
    const [rabinkarp, rollsum] = [await copied("rabinkarp"), await copied("rollsum")];
    assert.ok(rollsum > target.length / 2, `the pair has little in common: ${rollsum} of ${target.length} bytes`);
    assert.equal(rabinkarp, rollsum);
  });
}

// ---- the short last block

for (const weakSum of WEAK_SUMS) {
  for (const length of [1, 31, 32, 63, 99]) {
    Deno.test(`deltaStream() matches a last block of ${length} bytes at the target's end: ${weakSum}`, async () => {
      const basis = randomBytes(31, 300 + length);
      const last = { offset: 300, length };
      const options = { blockLength: 100, weakSum };

      assert.deepEqual(await copiesIn(basis, basis, options), [{ offset: 0, length: 300 + length }]);
      const after = concat([randomBytes(32, 250), basis.subarray(300)]);
      assert.deepEqual(await copiesIn(basis, after, options), [last], "after new data");
      assert.deepEqual(await copiesIn(basis, basis.slice(300), options), [last], "alone");
      const run = concat([randomBytes(33, 7), basis.subarray(200)]);
      assert.deepEqual(
        await copiesIn(basis, run, options),
        [{ offset: 200, length: 100 + length }],
        "after its neighbour",
      );
    });
  }
}

// ---- equal blocks

for (const weakSum of WEAK_SUMS) {
  Deno.test(`the delta of an unchanged file of N equal blocks does not grow with N: ${weakSum}`, async () => {
    for (const tail of [0, 1, 50]) {
      const lengths: number[] = [];
      for (const count of [300, 1200, 4800]) {
        const basis = make({ gen: "periodic", seed: 41, period: 80, len: 80 * count + tail });
        const { bytes } = await makeDelta(basis, await makeSigs(basis, { ...QUICK, blockLength: 80, weakSum }));
        assert.deepEqual(copiesOf(await commandsOf(bytes)), [{ offset: 0, length: basis.length }]);
        lengths.push(bytes.length);
      }
      // Three lengths of file that take as many bytes as varints.
      assert.equal(lengths[0], lengths[1]);
      assert.equal(lengths[1], lengths[2]);
      assert.ok(lengths[2]! < 60, `${lengths[2]} bytes`);
    }
  });

  Deno.test(`deltaStream() keeps runs merged among equal blocks: ${weakSum}`, async () => {
    const [a, b, c] = [1, 2, 3].map((seed) => randomBytes(seed, 100)) as [Bytes, Bytes, Bytes];
    for (const blocks of [[a, a, b], [a, b, a, c], [a, a, a, b, a, a, c], [b, a, a, a, a]]) {
      const basis = concat(blocks);
      const copies = await copiesIn(basis, basis, { blockLength: 100, weakSum });
      assert.deepEqual(copies, [{ offset: 0, length: basis.length }]);
      const moved = concat([randomBytes(9, 13), basis]);
      assert.deepEqual(await copiesIn(basis, moved, { blockLength: 100, weakSum }), [{
        offset: 0,
        length: basis.length,
      }]);
    }
  });

  Deno.test(`deltaStream() writes adjacent copies as one: ${weakSum}`, async () => {
    const basis = randomBytes(42, 1000);
    const target = concat([basis.subarray(300, 700), basis.subarray(700), basis.subarray(0, 300)]);
    const copies = await copiesIn(basis, target, { blockLength: 100, weakSum });
    assert.deepEqual(copies, [{ offset: 300, length: 700 }, { offset: 0, length: 300 }]);
  });
}

// ---- work is linear: a signature whose weak sums are known everywhere, and whose strong sums are wrong

/** Where the records of a signature without digest of the default format are. */
function recordsOf(sig: Uint8Array): { start: number; end: number }[] {
  const view = new DataView(sig.buffer, sig.byteOffset, sig.byteLength);
  const length = 4 + sig[12]!;
  const records = [];
  for (let at = 32; view.getUint32(at, true) > 0;) {
    const count = view.getUint32(at, true);
    for (at += 4; records.length < count; at += length) records.push({ start: at, end: at + length });
  }
  return records;
}

/** The signature with a wrong strong sum in each record. */
function withWrongStrongSums(sig: Bytes): Bytes {
  const out = sig.slice();
  for (const { end } of recordsOf(sig)) out[end - 1]! ^= 1;
  return out;
}

/** Bytes of the window that a search sees at the end of what is searched may be granted before they are. */
function assertInBudget(falseAlarms: number, targetLength: number, blockLength: number): void {
  const bound = budgetOf(blockLength, targetLength) + blockLength;
  const work = falseAlarms * blockLength;
  assert.ok(work <= bound, `${work} bytes were summed for false alarms, the bound is ${bound}`);
  assert.ok(work > budgetOf(blockLength, 0) / 2, `${work} bytes: the target does not try the budget`);
}

const HOSTILE: Record<string, { basis: () => Bytes; target: () => Bytes }> = {
  "zeros": {
    basis: () => new Uint8Array(8 * 1024),
    target: () => new Uint8Array(150_000),
  },
  "a period of which every phase is known": {
    basis: () => make({ gen: "periodic", seed: 51, period: 7, len: 14 * 1024 }),
    target: () => make({ gen: "periodic", seed: 51, period: 7, len: 150_000 }),
  },
};

for (const weakSum of WEAK_SUMS) {
  for (const [name, { basis, target }] of Object.entries(HOSTILE)) {
    Deno.test(`deltaStream() keeps its budget where each window is a false alarm: ${name}, ${weakSum}`, async () => {
      const options = { ...QUICK, blockLength: 1024, weakSum };
      const sigs = await loadSigs(withWrongStrongSums((await makeSig(basis(), options)).bytes));
      const wanted = target();
      const delta = await makeDelta(wanted, sigs);

      assertInBudget(delta.stats.falseAlarms, wanted.length, 1024);
      assert.equal(delta.stats.goodAlarms, 0);
      assertBytes(await patch(basis(), delta.bytes), wanted, "target bytes");
      const again = await makeDelta(wanted, sigs, {}, { seed: 8, most: 9000 } as Chunking);
      assertBytes(again.bytes, delta.bytes, "delta bytes");
      assert.equal(again.stats.falseAlarms, delta.stats.falseAlarms, "where it gives up does not depend on chunks");
    });
  }
}

for (const weakSum of WEAK_SUMS) {
  Deno.test(`deltaStream() has more to spend the longer the target is: ${weakSum}`, async () => {
    // Longer than what a delta stream sees at once.
    const target = make({ gen: "periodic", seed: 52, period: 7, len: 2_500_000 });
    const options = { ...QUICK, blockLength: 4096, weakSum };
    const basis = target.subarray(0, 7 * 4096);
    const sigs = await loadSigs(withWrongStrongSums((await makeSig(basis, options)).bytes));
    const { falseAlarms } = (await makeDelta(target, sigs, { digest: false })).stats;
    assertInBudget(falseAlarms, target.length, 4096);
    const least = budgetOf(4096, target.length / 2);
    assert.ok(falseAlarms * 4096 >= least, `${falseAlarms * 4096} bytes were summed, ${least} and more may be`);
  });
}

Deno.test("deltaStream() finds blocks again after it gave up on a stretch of false alarms", async () => {
  const blockLength = 1024;
  for (const weakSum of WEAK_SUMS) {
    const real = randomBytes(61, 64 * blockLength);
    const basis = concat([real, new Uint8Array(2 * blockLength)]);
    const { bytes } = await makeSig(basis, { ...QUICK, blockLength, weakSum });
    for (const { end } of recordsOf(bytes).slice(64)) bytes[end - 1]! ^= 1;
    const target = concat([new Uint8Array(30_000), real]);
    const { stats } = await makeDelta(target, await loadSigs(bytes));
    // Until there is a reserve again: four blocks, of two bytes for each byte.
    assert.ok(real.length - stats.copiedBytes <= 2 * blockLength, `${weakSum}: ${stats.copiedBytes} bytes`);
  }
});

/** Where a search with a false alarm at each byte may test a window again, once the budget was used up. */
function firstAfterRest(blockLength: number): number {
  let spent = 0;
  let isResting = false;
  for (let at = 0;; at++) {
    const wasResting: boolean = isResting;
    // Nothing is granted until there is enough for four blocks in a row.
    const reserve: number = isResting ? 4 * blockLength : 0;
    isResting = spent + reserve > budgetOf(blockLength, at);
    if (wasResting && !isResting) return at;
    if (!isResting) spent += blockLength;
  }
}

for (const weakSum of WEAK_SUMS) {
  Deno.test(`deltaStream() tests the first window that has a reserve, and none before: ${weakSum}`, async () => {
    const blockLength = 1024;
    const noise = make({ gen: "periodic", seed: 51, period: 7, len: 30_000 });
    const block = randomBytes(62, blockLength);
    const basis = concat([noise.subarray(0, 7 * blockLength), block]);
    const { bytes } = await makeSig(basis, { ...QUICK, blockLength, weakSum });
    for (const { end } of recordsOf(bytes).slice(0, 7)) bytes[end - 1]! ^= 1;
    const sigs = await loadSigs(bytes);
    const first = firstAfterRest(blockLength);
    for (const [start, copied] of [[first - 1, 0], [first, blockLength]] as const) {
      const target = concat([noise.subarray(0, start), block, randomBytes(63, 500)]);
      for (const chunking of ["whole", 777] as const) {
        assert.equal((await makeDelta(target, sigs, {}, chunking)).stats.copiedBytes, copied, `block at ${start}`);
      }
    }
  });
}
