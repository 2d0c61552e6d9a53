import assert from "node:assert/strict";
import fc from "fast-check";
import { loadSigs, minStrongLength, recommendedBlockLength } from "rsync-streams";
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
  // The square root, and (log2(length + 2^24) + log2(blocks + 1) + 40 - 32) / 8, by hand: also of blocks of 700 bytes.
  const cases = [[0, 128, 4, 4], [5000, 128, 5, 5], [10 ** 6, 1008, 6, 6], [2 ** 40, 2 ** 20, 9, 10]] as const;
  for (const [fileLength, blockLength, strongLength, strongOf700] of cases) {
    const sigs = await loadSigs((await makeSig(basis, { fileLength })).bytes);
    assert.deepEqual([sigs.blockLength, sigs.strongLength], [blockLength, strongLength]);
    // What it says of the file is what it has seen.
    assert.equal(sigs.fileLength, basis.length);

    const told = await loadSigs((await makeSig(basis, { fileLength, blockLength: 100, strongLength: 3 })).bytes);
    assert.deepEqual([told.blockLength, told.strongLength], [100, 3]);
    const given = await loadSigs((await makeSig(basis, { fileLength, blockLength: 700 })).bytes);
    assert.deepEqual([given.blockLength, given.strongLength], [700, strongOf700]);
  }
  // Other formats have lengths of their own.
  const { bytes } = await makeSig(basis, { format: "librsync", fileLength: 2 ** 40 });
  const sigs = await loadSigs(bytes);
  assert.deepEqual([sigs.blockLength, sigs.strongLength], [1024, 32]);
});

/** Floor of the logarithm to base 2. */
const log2 = (value: bigint) => value.toString(2).length - 1;

/** Lengths of files around each power of two and around squares, where what is chosen changes. */
const BORDERS = Array.from({ length: 53 }, (_, n) => 2 ** n).concat([255, 256, 257, 383, 384, 1000].map((n) => n * n))
  .flatMap((length) => [length - 1, length, length + 1]).filter((length) => length <= Number.MAX_SAFE_INTEGER);

Deno.test("recommendedBlockLength() is what librsync's rs_sig_args() says, at each border", () => {
  assert.equal(recommendedBlockLength(), 2048);
  for (const fileLength of [...BORDERS, 2 ** 62]) {
    const blockLength = recommendedBlockLength(fileLength);
    if (fileLength <= 65_536) {
      assert.equal(blockLength, 256, `${fileLength} bytes`);
      continue;
    }
    // The largest multiple of 128 whose square is not larger than the file.
    const [least, more] = [BigInt(blockLength), BigInt(blockLength) + 128n];
    assert.equal(blockLength % 128, 0);
    assert.ok(least * least <= BigInt(fileLength) && more * more > BigInt(fileLength), `${blockLength}: ${fileLength}`);
  }
  assert.throws(() => recommendedBlockLength(2 ** 62 + 1024), RangeError);
  assert.throws(() => recommendedBlockLength(-1), RangeError);
});

Deno.test("minStrongLength() is what librsync's rs_sig_args() says, at each border", () => {
  assert.equal(minStrongLength(), 12);
  assert.equal(minStrongLength(undefined, 1), 12);
  for (const fileLength of [0, ...BORDERS]) {
    for (const blockLength of [1, 2, 3, 256, 2048, 2 ** 31 - 1]) {
      const bits = log2(BigInt(fileLength) + 2n ** 24n) + log2(BigInt(fileLength) / BigInt(blockLength) + 1n);
      const expected = 2 + Math.floor((bits + 7) / 8);
      assert.equal(minStrongLength(fileLength, blockLength), expected, `${fileLength} in ${blockLength}`);
    }
    assert.equal(minStrongLength(fileLength), minStrongLength(fileLength, recommendedBlockLength(fileLength)));
  }
  for (const bad of [0, 2 ** 31]) assert.throws(() => minStrongLength(1000, bad), RangeError, `${bad}`);
  assert.throws(() => minStrongLength(2 ** 62 + 1024, 1024), RangeError);
});
