/** The search of both backends at its borders: of lanes, of calls, of strong sums, of tables, of the target. */
import assert from "node:assert/strict";
import {
  type KeptBlock,
  type Kernel,
  KERNELS,
  type SearchIndex,
  type SearchOptions,
  type SumBatch,
  type SumParams,
} from "./_kernels.ts";
import { SALT } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";

const WEAK_SUMS = ["rollsum", "rabinkarp"] as const;
const LAST: SearchOptions = { tail: "last", preferNext: true };

function paramsOf(blockLength: number, more: Partial<SumParams> = {}): SumParams {
  return { weakSum: "rabinkarp", strongSum: "blake2b", strongLength: 32, blockLength, ...more };
}

/** The records of a basis, each batch copied, since it is valid until the next call. */
function recordsOf(kernel: Kernel, params: SumParams, basis: Uint8Array): SumBatch[] {
  const summer = kernel.summer(params);
  const copy = ({ count, weak, strong }: SumBatch) => ({ count, weak: weak.slice(), strong: strong.slice() });
  return [copy(summer.sum(basis)), copy(summer.finish(true))];
}

function indexOf(
  kernel: Kernel,
  params: SumParams,
  records: readonly SumBatch[],
  lastLength?: number,
  kept: KeptBlock = "first",
): SearchIndex {
  const builder = kernel.index(params, kept);
  for (const batch of records) builder.add(batch);
  for (;;) {
    const index = builder.finish(lastLength);
    if (index) return index;
  }
}

/** An index of a whole basis. */
function indexBasis(kernel: Kernel, params: SumParams, basis: Uint8Array, kept?: KeptBlock): SearchIndex {
  const lastLength = basis.length % params.blockLength || params.blockLength;
  return indexOf(kernel, params, recordsOf(kernel, params, basis), lastLength, kept);
}

interface Found {
  matches: number[][];
  falseAlarms: number;
  goodAlarms: number;
  settled: number;
}

/** Searches a target that arrives in two calls, cut at `cut`. Matches are in the target, consecutive ones joined. */
function search(index: SearchIndex, target: Uint8Array, options = LAST, cut = target.length): Found {
  const searcher = index.searcher(options);
  const matches: number[][] = [];
  const call = (pieces: Uint8Array[], isLast: boolean) => {
    do {
      const count = searcher.search(pieces, isLast);
      for (let i = 0; i < count; i++) matches.push([...searcher.matches.subarray(3 * i, 3 * i + 3)]);
    } while (searcher.isCutShort);
  };
  if (cut < target.length) call([target.subarray(0, cut)], false);
  call(cut < target.length ? [target.subarray(0, cut), target.subarray(cut)] : [target], true);
  const { falseAlarms, goodAlarms, settled } = searcher;
  searcher.release();
  return { matches, falseAlarms, goodAlarms, settled };
}

for (const kernel of KERNELS) {
  const { backend } = kernel;

  for (const weakSum of WEAK_SUMS) {
    Deno.test(`${backend}, ${weakSum}: a block is found with 0 to 34 bytes before it and behind it`, () => {
      for (const length of [16, 17, 23, 24, 33, 100]) {
        const block = randomBytes(length, length);
        const [before, behind] = [randomBytes(1000 + length, 34), randomBytes(2000 + length, 34)];
        const index = indexBasis(kernel, paramsOf(length, { weakSum }), block);
        for (let at = 0; at <= 34; at++) {
          for (let after = 0; after <= 34; after++) {
            const target = concat([before.subarray(0, at), block, behind.subarray(0, after)]);
            const cut = (at * 35 + after) % (target.length + 1);
            const expected = {
              matches: [[at, 0, length]],
              falseAlarms: 0,
              goodAlarms: 1,
              settled: target.length,
            };
            assert.deepEqual(search(index, target), expected, `${length} bytes at ${at}, ${after} behind`);
            assert.deepEqual(search(index, target, LAST, cut), expected, `${length} at ${at}, cut at ${cut}`);
          }
        }
      }
    });

    Deno.test(`${backend}, ${weakSum}: blocks that stand side by side, 1 to 20 bytes apart, are found`, () => {
      const length = 32;
      const basis = randomBytes(7, 3 * length);
      const [a, b, c] = [0, 1, 2].map((k) => basis.subarray(k * length, (k + 1) * length)) as [
        Uint8Array,
        Uint8Array,
        Uint8Array,
      ];
      const index = indexBasis(kernel, paramsOf(length, { weakSum }), basis);
      for (let gap = 1; gap <= 20; gap++) {
        const literal = randomBytes(3000 + gap, gap);
        const target = concat([c, literal, a, literal, b]);
        assert.deepEqual(search(index, target).matches, [
          [0, 2, length],
          [length + gap, 0, length],
          [2 * (length + gap), 1, length],
        ], `${gap} bytes apart`);
      }
    });

    Deno.test(`${backend}, ${weakSum}: a short last block is found at the end of the target alone`, () => {
      const length = 20;
      for (let last = 1; last < length; last++) {
        const basis = randomBytes(4000 + last, 2 * length + last);
        const short = basis.subarray(2 * length);
        const index = indexBasis(kernel, paramsOf(length, { weakSum }), basis);
        for (let at = 0; at <= 9; at++) {
          const literal = randomBytes(5000 + at, at);
          const target = concat([literal, short]);
          assert.deepEqual(search(index, target).matches, [[at, 2, last]], `${last} bytes at ${at}`);
          assert.deepEqual(search(index, target, { ...LAST, tail: "none" }).matches, [], `${last} bytes at ${at}`);
          assert.deepEqual(search(index, target, LAST, at + last - 1).matches, [[at, 2, last]]);
          // A byte behind it: no window at the end is the last block.
          const behind = concat([target, Uint8Array.of(short.at(-1)! ^ 1)]);
          assert.deepEqual(search(index, behind).matches, [], `${last} bytes at ${at}, and one more`);
        }
      }
    });

    Deno.test(`${backend}, ${weakSum}: where lengths are not known, each short block is found at the end`, () => {
      const length = 20;
      for (let last = 1; last < length; last++) {
        const basis = randomBytes(4000 + last, length + last);
        const params = paramsOf(length, { weakSum });
        const index = indexOf(kernel, params, recordsOf(kernel, params, basis), undefined);
        const target = concat([randomBytes(1, 5), basis.subarray(length)]);
        const { matches } = search(index, target, { tail: "any", preferNext: true });
        assert.deepEqual(matches, [[5, 1, last]], `${last} bytes`);
      }
    });

    Deno.test(`${backend}, ${weakSum}: every byte of a strong sum counts, at each strong length`, () => {
      const length = 16;
      const block = randomBytes(8, length);
      const target = concat([randomBytes(9, 5), block, randomBytes(10, 5)]);
      for (const strongSum of ["blake2b", "blake3", "blake2sp", "md4"] as const) {
        const whole = strongSum === "md4" ? 16 : 32;
        for (let strongLength = 1; strongLength <= whole; strongLength++) {
          const params = paramsOf(length, { weakSum, strongSum, strongLength });
          const record = recordsOf(kernel, params, block).find(({ count }) => count === 1)!;
          assert.equal(search(indexOf(kernel, params, [record], length), target).goodAlarms, 1);
          for (let at = 0; at < strongLength; at++) {
            const strong = record.strong.slice();
            strong[at]! ^= 0x10;
            const { matches, falseAlarms } = search(indexOf(kernel, params, [{ ...record, strong }], length), target);
            assert.deepEqual([matches, falseAlarms], [[], 1], `${strongSum}: byte ${at} of ${strongLength}`);
          }
        }
      }
    });

    Deno.test(`${backend}, ${weakSum}: every one of 1 to 60 blocks is found, whatever the key of the tables`, () => {
      const length = 16;
      const basis = randomBytes(11, 60 * length);
      for (let count = 1; count <= 60; count++) {
        const index = indexBasis(kernel, paramsOf(length, { weakSum }), basis.subarray(0, count * length));
        // Backwards, so that no block is the one expected.
        const blocks = Array.from({ length: count }, (_, i) => count - 1 - i);
        const target = concat(blocks.map((k) => basis.subarray(k * length, (k + 1) * length)));
        const { matches, goodAlarms } = search(index, target);
        assert.deepEqual(matches, blocks.map((k, i) => [i * length, k, length]), `${count} blocks`);
        assert.equal(goodAlarms, count);
      }
    });

    Deno.test(`${backend}, ${weakSum}: of equal blocks the kept one is found, or the one that goes on`, () => {
      const length = 16;
      const [a, b, c] = [21, 22, 23].map((seed) => randomBytes(seed, length)) as [Uint8Array, Uint8Array, Uint8Array];
      const basis = concat([a, b, a, c, a]);
      const params = paramsOf(length, { weakSum });
      const [first, last] = (["first", "last"] as const).map((kept) => indexBasis(kernel, params, basis, kept));
      const plain: SearchOptions = { tail: "last", preferNext: false };
      assert.deepEqual(search(first!, a, plain).matches, [[0, 0, length]]);
      assert.deepEqual(search(last!, a, plain).matches, [[0, 4, length]]);
      assert.deepEqual(search(first!, concat([b, a]), LAST).matches, [[0, 1, 2 * length]]);
      assert.deepEqual(search(first!, concat([b, a]), plain).matches, [[0, 1, length], [length, 0, length]]);
      assert.deepEqual(search(last!, concat([b, a, c, a]), LAST).matches, [[0, 1, 4 * length]]);
    });
  }

  Deno.test(`${backend}: blocks of a byte are found in windows of one or two, whoever works in between`, () => {
    const basis = Uint8Array.of(7, 70, 170, 250);
    const index = indexBasis(kernel, paramsOf(1), basis);
    const work = () => assert.deepEqual(search(index, new Uint8Array(8)).matches, []);
    const orders: Record<string, (shift: () => void) => void> = {
      "nobody": (shift) => shift(),
      "others before the shift": (shift) => [work, shift].forEach((call) => call()),
      "others behind the shift": (shift) => [shift, work].forEach((call) => call()),
    };
    for (const [who, goOn] of Object.entries(orders)) {
      work();
      const searcher = index.searcher(LAST);
      const found: number[] = [];
      const call = (from: number, to: number) => {
        const count = searcher.search([basis.subarray(from, to)], from === basis.length - 1);
        for (let i = 0; i < count; i++) found.push(searcher.matches[3 * i + 1]!);
      };
      call(0, 1);
      for (let at = 1; at < basis.length; at++) {
        call(at - 1, at + 1);
        goOn(() => searcher.shift(1));
      }
      call(basis.length - 1, basis.length);
      searcher.release();
      assert.deepEqual(found, [0, 1, 2, 3], who);
    }
    work();
    assert.deepEqual(search(index, basis.subarray(2, 3)).matches, [[0, 2, 1]]);
  });

  Deno.test(`${backend}: searches that take turns find what each finds alone`, () => {
    const length = 64;
    const jobs = WEAK_SUMS.flatMap((weakSum, i) =>
      (["blake3", "blake2b"] as const).flatMap((strongSum, j) =>
        [undefined, SALT, randomBytes(6, 16)].map((salt, k) => {
          const seed = 100 * i + 10 * j + k + 1;
          const basis = randomBytes(seed, 10 * length + seed);
          const target = concat([basis.subarray(5), randomBytes(seed, 999), basis.subarray(0, 7 * length + 3), basis]);
          const params = paramsOf(length, { weakSum, strongSum, strongLength: 9, salt });
          return { index: indexBasis(kernel, params, basis), target };
        })
      )
    );
    const alone = jobs.map(({ index, target }) => search(index, target));
    const searchers = jobs.map(({ index }) => index.searcher(LAST));
    const found = jobs.map(() => [] as number[][]);
    const longest = Math.max(...jobs.map(({ target }) => target.length));
    for (let end = 100; end < longest + 100; end += 100) {
      searchers.forEach((searcher, i) => {
        const { target } = jobs[i]!;
        if (end - 100 >= target.length) return;
        const count = searcher.search([target.subarray(0, end)], end >= target.length);
        for (let k = 0; k < count; k++) found[i]!.push([...searcher.matches.subarray(3 * k, 3 * k + 3)]);
      });
    }
    searchers.forEach((searcher, i) => {
      const { matches, falseAlarms, goodAlarms, settled } = alone[i]!;
      assert.ok(matches.length >= 3);
      assert.equal(matches.reduce((sum, [, , length]) => sum + length!, 0), lengthOf(found[i]!));
      assert.deepEqual(
        [searcher.falseAlarms, searcher.goodAlarms, searcher.settled],
        [falseAlarms, goodAlarms, settled],
      );
      searcher.release();
    });
  });
}

/** Bytes of all matches. */
function lengthOf(matches: readonly number[][]): number {
  return matches.reduce((sum, [, , length]) => sum + length!, 0);
}
