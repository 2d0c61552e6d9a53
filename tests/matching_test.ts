import assert from "node:assert/strict";
import { decodeDeltaStream, type DeltaCommand, type SigStreamOptions, type WeakSum } from "rsync-streams";
import { assertBytes, makeDelta, makeSigs, patch, source } from "./_helpers.ts";
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
