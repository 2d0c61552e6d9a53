import assert from "node:assert/strict";
import fc from "fast-check";
import { loadSigs } from "rsync-streams";
import { blockLengthFor, plainStrongLength, strongLengthFor } from "../src/stages/lengths.ts";
import { makeSig } from "./_helpers.ts";
import { randomBytes } from "./_recipes.ts";

const length = fc.oneof(fc.nat(100_000), fc.maxSafeNat(), fc.integer({ min: 0, max: 53 }).map((n) => 2 ** n - 1));
const blockLength = fc.oneof(fc.integer({ min: 16, max: 2 ** 30 }), fc.integer({ min: 4, max: 30 }).map((n) => 2 ** n));

Deno.test("strongLengthFor() is the least that makes wrong blocks as rare as the margin says", () => {
  // By its definition, in whole numbers: windows * blocks * 2^margin <= 2^(32 + 8 * strong).
  const isEnough = (strong: number, fileLength: number, blockLength: number, margin: number) => {
    const windows = BigInt(fileLength) + 2n ** 24n;
    const blocks = (BigInt(fileLength) + BigInt(blockLength) - 1n) / BigInt(blockLength) + 1n;
    return windows * blocks * 2n ** BigInt(margin) <= 2n ** BigInt(32 + 8 * strong);
  };
  fc.assert(fc.property(length, blockLength, fc.constantFrom(0, 10, 40), (fileLength, blockLength, margin) => {
    const strong = strongLengthFor(fileLength, blockLength, margin);
    assert.ok(strong >= 2 && strong <= 32, `${strong} bytes`);
    assert.ok(isEnough(strong, fileLength, blockLength, margin), `${strong} bytes are too few`);
    assert.ok(strong === 2 || !isEnough(strong - 1, fileLength, blockLength, margin), `${strong} bytes are too many`);
  }));
});

Deno.test("strongLengthFor() goes by the length of the file", () => {
  const seen = [0, 2 ** 20, 2 ** 30, 2 ** 40].map((fileLength) => plainStrongLength(fileLength, 1024));
  // (24 + 0 + 40 - 32) / 8; (24.1 + 10 + 8) / 8; (30 + 20 + 8) / 8; (40 + 30 + 8) / 8: rounded up.
  assert.deepEqual(seen, [4, 6, 8, 10]);
  assert.equal(plainStrongLength(undefined, 1024), 10);
  assert.equal(strongLengthFor(0, 64, 10), 2);
});

Deno.test("blockLengthFor() is a multiple of 16 from 128 to 2^20, and grows with the square root", () => {
  assert.equal(blockLengthFor(undefined), 1024);
  assert.equal(blockLengthFor(0), 128);
  assert.equal(blockLengthFor(Number.MAX_SAFE_INTEGER), 2 ** 20);
  fc.assert(fc.property(length, length, (a, b) => {
    const [less, more] = [Math.min(a, b), Math.max(a, b)];
    const chosen = blockLengthFor(less);
    assert.ok(chosen >= 128 && chosen <= 2 ** 20 && chosen % 16 === 0, `${chosen} bytes`);
    assert.ok(chosen <= blockLengthFor(more));
  }));
  for (const fileLength of [2 ** 24, 2 ** 28, 2 ** 32]) {
    assert.ok(Math.abs(blockLengthFor(4 * fileLength) - 2 * blockLengthFor(fileLength)) <= 24);
  }
});

Deno.test("sigStream() chooses its lengths by fileLength, where they are not given", async () => {
  const basis = randomBytes(1, 5000);
  for (const fileLength of [0, 5000, 10 ** 6, 2 ** 40]) {
    const sigs = await loadSigs((await makeSig(basis, { fileLength })).bytes);
    const blockLength = blockLengthFor(fileLength);
    assert.deepEqual([sigs.blockLength, sigs.strongLength], [blockLength, plainStrongLength(fileLength, blockLength)]);
    // What it says of the file is what it has seen.
    assert.equal(sigs.fileLength, basis.length);

    const told = await loadSigs((await makeSig(basis, { fileLength, blockLength: 100, strongLength: 3 })).bytes);
    assert.deepEqual([told.blockLength, told.strongLength], [100, 3]);
    const given = await loadSigs((await makeSig(basis, { fileLength, blockLength: 700 })).bytes);
    assert.deepEqual([given.blockLength, given.strongLength], [700, plainStrongLength(fileLength, 700)]);
  }
  // Other formats have lengths of their own.
  const { bytes } = await makeSig(basis, { format: "librsync", fileLength: 2 ** 40 });
  const sigs = await loadSigs(bytes);
  assert.deepEqual([sigs.blockLength, sigs.strongLength], [1024, 32]);
});
