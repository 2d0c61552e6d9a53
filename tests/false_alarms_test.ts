/** Work is linear: a signature whose weak sums are known everywhere, and whose strong sums are wrong. */
import assert from "node:assert/strict";
import { loadSigs, type WeakSum } from "rsync-streams";
import { budgetOf } from "./_budget.ts";
import { assertBytes, type Chunking, makeDelta, makeSig, patch } from "./_helpers.ts";
import { concat, make, randomBytes } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const WEAK_SUMS: readonly WeakSum[] = ["rabinkarp", "rollsum"];

/** The quickest strong sum of the portable backend; which one it is does not matter to the search. */
const QUICK = { strongSum: "blake3" } as const;

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
