import assert from "node:assert/strict";
import fc from "fast-check";
import { createStrongHash } from "../src/kernel/portable/kernel.ts";
import { chosenKernel } from "../src/kernel/mod.ts";
import type { WasmKernel } from "../src/kernel/wasm/kernel.ts";
import { STRONG_SUMS, WEAK_SUMS } from "../src/kernel/rules/sums.ts";
import { KernelInstance } from "../src/kernel/wasm/instance.ts";
import { RunningStrongSum } from "../src/kernel/wasm/running_sums.ts";
import { kernelBytes } from "rsync-streams/kernel-bytes";
import { type Backend, loadSigs, type Signature, type StrongSum, type WeakSum } from "rsync-streams";
import { budgetOf } from "./_budget.ts";
import { assertBytes, type Chunking, makeDelta, makeSig } from "./_helpers.ts";
import { concat, randomBytes, xorshift } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

interface Sums {
  weakSum: WeakSum;
  strongSum: StrongSum;
  strongLength: number;
  blockLength: number;
}

async function sign(backend: Backend, basis: Uint8Array, sums: Sums, chunking?: Chunking): Promise<Bytes> {
  return (await makeSig(basis, { ...sums, digest: true, backend }, chunking)).bytes;
}

async function load(backend: Backend, sig: Uint8Array): Promise<Signature> {
  return await loadSigs(sig, { backend });
}

async function delta(signature: Signature, target: Uint8Array, chunking?: Chunking) {
  const { bytes, stats } = await makeDelta(target, signature, {}, chunking);
  return { bytes, stats: { ...stats } };
}

async function assertSame(basis: Uint8Array, target: Uint8Array, sums: Sums, chunking?: Chunking) {
  const sig = await sign("portable", basis, sums);
  assertBytes(await sign("wasm", basis, sums, chunking), sig, "signatures");
  const [a, b] = [await load("portable", sig), await load("wasm", sig)];
  assert.deepEqual([a.backend, b.backend], ["portable", "wasm"]);
  const expected = await delta(a, target);
  const seen = await delta(b, target, chunking);
  assert.deepEqual(seen.stats, expected.stats);
  assertBytes(seen.bytes, expected.bytes, "deltas");
  return expected.stats;
}

/** Bytes with structure: random, few symbols, zeros, periodic. */
const piece = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 2 ** 31 }), fc.integer({ min: 0, max: 3000 }), fc.constantFrom(1, 2, 4)).map(
    ([seed, n, period]) => Uint8Array.from({ length: n }, (_, i) => randomBytes(seed, period)[i % period]!),
  ),
  fc.tuple(fc.integer({ min: 1, max: 2 ** 31 }), fc.integer({ min: 0, max: 3000 })).map(([seed, n]) =>
    randomBytes(seed, n)
  ),
  fc.integer({ min: 0, max: 3000 }).map((n) => new Uint8Array(n)),
  fc.tuple(fc.integer({ min: 1, max: 2 ** 31 }), fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 1, max: 300 }))
    .map(
      ([seed, n, period]) => Uint8Array.from({ length: n }, (_, i) => randomBytes(seed, period)[i % period]!),
    ),
  fc.tuple(fc.integer({ min: 1, max: 2 ** 31 }), fc.integer({ min: 0, max: 3000 })).map(
    ([seed, n]) => randomBytes(seed, n).map((byte) => byte & 1),
  ),
);
const basisBytes = fc.array(piece, { maxLength: 6 }).map(concat);

/** A target of slices of the basis and new pieces. */
const pair = basisBytes.chain((basis) =>
  fc.tuple(
    fc.constant(basis),
    fc.array(
      fc.oneof(
        piece,
        fc.tuple(fc.nat(basis.length), fc.nat(basis.length)).map(([a, b]) =>
          basis.slice(Math.min(a, b), Math.max(a, b))
        ),
      ),
      { maxLength: 6 },
    ).map(concat),
  )
);

const sumsOf = fc.record({
  weakSum: fc.constantFrom<WeakSum>("rabinkarp", "rollsum"),
  strongSum: fc.constantFrom<StrongSum>("blake3", "blake2b"),
  strongLength: fc.integer({ min: 2, max: 32 }),
  blockLength: fc.oneof(fc.integer({ min: 16, max: 700 }), fc.constantFrom(16, 64, 128, 512, 1024, 4096)),
});

Deno.test("both backends give the same signatures, deltas and counts", async () => {
  await fc.assert(
    fc.asyncProperty(pair, sumsOf, fc.integer({ min: 1, max: 2000 }), async ([basis, target], sums, most) => {
      await assertSame(basis, target, sums, { seed: most, most });
    }),
    { numRuns: Deno.env.get("RSYNC_STREAMS_SLOW") ? 600 : 120 },
  );
});

Deno.test("RunningStrongSum gives the sums of the portable backend, of bytes in pieces", () => {
  const bytes = randomBytes(13, 300_000);
  for (const strongSum of ["blake2sp", "blake3", "blake2b"] as const) {
    const params = { weakSum: "rollsum", strongSum, strongLength: 32, blockLength: bytes.length } as const;
    const sums = [
      new RunningStrongSum(params, (chosenKernel("wasm") as WasmKernel).pool.shared),
      createStrongHash(params),
    ].map((sum) => {
      sum.reset();
      sum.update(bytes.subarray(0, 77), 77);
      sum.update(bytes.subarray(77), bytes.length - 77);
      assert.equal(sum.length, 32);
      return sum.digest();
    });
    assertBytes(sums[0]!, sums[1]!, strongSum);
  }
});

Deno.test("the wasm kernel traps on a number that stands for no sum", () => {
  const instance = new KernelInstance(new WebAssembly.Module(kernelBytes()));
  const { exports, bytesAt: at } = instance;
  const strong = STRONG_SUMS.blake3.kind;
  exports.index_init(at, 0, WEAK_SUMS.rabinkarp, strong, 1024, 32, 0);
  const { RuntimeError } = WebAssembly;
  for (const kind of [0, 5]) {
    assert.throws(() => exports.digest_init(kind, 0, at), RuntimeError);
    assert.throws(() => exports.strong_blocks(kind, 0, at, 64, 1, 64, 16, at), RuntimeError);
    assert.throws(() => exports.index_init(at, 0, kind, strong, 1024, 32, 0), RuntimeError);
  }
  assert.throws(() => exports.digest_init(STRONG_SUMS.md4.kind, 0, at), RuntimeError);
  for (const sum of ["md4", "blake2sp"] as const) {
    assert.throws(() => exports.strong_key_init(STRONG_SUMS[sum].kind, at, at), RuntimeError, `${sum} has no key`);
  }
});

Deno.test("both backends agree on 2 MiB with edits, at every weak sum", async () => {
  const basis = randomBytes(5, 2 * 2 ** 20 + 777);
  const random = xorshift(9);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < basis.length;) {
    const end = at + 1 + random.below(100_000);
    parts.push(basis.subarray(at, end), randomBytes(at + 1, random.below(3000)));
    at = end + random.below(50);
  }
  const target = concat(parts);
  for (const weakSum of ["rabinkarp", "rollsum"] as const) {
    const stats = await assertSame(basis, target, {
      weakSum,
      strongSum: "blake2b",
      strongLength: 32,
      blockLength: 1024,
    });
    assert.ok(stats.copiedBytes > 0.9 * basis.length);
  }
});

Deno.test("both backends give up on the same windows of a hostile target", async () => {
  for (const weakSum of ["rabinkarp", "rollsum"] as const) {
    const sums: Sums = { weakSum, strongSum: "blake3", strongLength: 8, blockLength: 16384 };
    const unit = randomBytes(7, 7);
    const target = Uint8Array.from({ length: 3 * 2 ** 20 }, (_, i) => unit[i % 7]!);
    const sig = await sign("portable", target.subarray(0, sums.blockLength), sums);
    const lying = sig.slice();
    lying[32 + 4 + 4]! ^= 1; // the strong sum of the only record
    const a = await delta(await load("portable", lying), target);
    const b = await delta(await load("wasm", lying), target);
    assert.deepEqual(a.stats, b.stats);
    assertBytes(a.bytes, b.bytes);
    assert.ok(
      a.stats.falseAlarms > 100 &&
        a.stats.falseAlarms * sums.blockLength < budgetOf(sums.blockLength, target.length) + 2 * sums.blockLength,
    );
  }
});

Deno.test("both backends take the same blocks between false alarms in a row", async () => {
  const count = 400;
  for (const strongSum of ["blake3", "blake2b"] as const) {
    for (const weakSum of ["rollsum", "rabinkarp"] as const) {
      const sums: Sums = { weakSum, strongSum, strongLength: 16, blockLength: 128 };
      const basis = randomBytes(11, count * sums.blockLength);
      const lying = await sign("portable", basis, sums);
      const [head, weak] = [32, 4];
      const random = xorshift(17);
      // One block in eight is told as it is.
      const isTrue = Array.from({ length: count }, () => random.below(8) === 0);
      for (let k = 0; k < count; k++) if (!isTrue[k]) lying[head + 4 + k * (weak + 16) + weak]! ^= 1;
      const order = Array.from({ length: count }, () => random.below(count));
      const target = concat(order.flatMap((k) => [
        basis.subarray(k * sums.blockLength, (k + 1) * sums.blockLength),
        randomBytes(k + 1, random.below(300)),
      ]));
      const expected = await delta(await load("portable", lying), target);
      for (const chunking of ["whole", { seed: 3, most: 5000 }] as const) {
        const seen = await delta(await load("wasm", lying), target, chunking);
        assert.deepEqual(seen.stats, expected.stats);
        assertBytes(seen.bytes, expected.bytes);
      }
      const good = order.filter((k) => isTrue[k]).length;
      assert.ok(good > 30 && expected.stats.goodAlarms >= good && expected.stats.falseAlarms > 200);
    }
  }
});

Deno.test("both backends take the same blocks where some of a run have a wrong strong sum", async () => {
  const count = 300;
  for (const [every, weakSum] of [[2, "rabinkarp"], [3, "rollsum"], [7, "rabinkarp"], [11, "rollsum"]] as const) {
    const sums: Sums = { weakSum, strongSum: "blake3", strongLength: 16, blockLength: 128 };
    const basis = randomBytes(12, count * sums.blockLength);
    const lying = await sign("portable", basis, sums);
    for (let k = 0; k < count; k += every) lying[32 + 4 + k * 20 + 4]! ^= 1;
    const expected = await delta(await load("portable", lying), basis);
    assert.equal(expected.stats.falseAlarms, Math.ceil(count / every));
    assert.equal(expected.stats.goodAlarms, count - expected.stats.falseAlarms);
    const seen = await delta(await load("wasm", lying), basis, { seed: 3, most: 5000 });
    assert.deepEqual(seen.stats, expected.stats);
    assertBytes(seen.bytes, expected.bytes);
  }
});

Deno.test("a wasm index takes at most 64 bytes for each block, its fixed part aside", async () => {
  for (const weakSum of ["rabinkarp", "rollsum"] as const) {
    const sums: Sums = { weakSum, strongSum: "blake3", strongLength: 32, blockLength: 64 };
    const byteLength = async (blocks: number) =>
      (await load("wasm", await sign("wasm", randomBytes(3, 64 * blocks), sums))).byteLength;
    const small = await byteLength(1);
    // The filter's length is a power of two: it is longest for each block where their number is one.
    for (const blocks of [100_000, 2 ** 17]) {
      const each = (await byteLength(blocks) - small) / blocks;
      assert.ok(each <= 64, `${each} bytes a block`);
    }
  }
});
