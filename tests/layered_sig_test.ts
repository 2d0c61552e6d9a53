/** Layered signatures: their stream, their records, and bytes that lie. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { deltaStream, loadSigs, patchStream, RsyncError } from "rsync-streams";
import { fileBasis } from "rsync-streams/files";
import { type Layer, LayeredSig, layeredSigStream, planSync, recommendedLayers } from "rsync-streams/sync";
import { assertBytes, source, toBytes } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";
import { apply, base, insert, type LayeredOptions, LAYERS, publish } from "./_sync.ts";

Deno.test("layeredSigStream() writes the same bytes however the file is cut", async () => {
  const expected = await publish(base);
  for (const chunking of [1009, 70_000, { seed: 1, most: 5000 }]) {
    assertBytes(await publish(base, {}, chunking), expected);
  }
});

Deno.test("layeredSigStream() counts what it took and wrote, and the records of its finest layer", async () => {
  const { stats, ...pair } = layeredSigStream({ layers: LAYERS, fileLength: base.length });
  assert.equal(stats.total, base.length);
  const { length } = await toBytes(source(base).pipeThrough(pair));
  assert.deepEqual([stats.bytesIn, stats.bytesOut], [base.length, length]);
  assert.equal(stats.sigCount, Math.ceil(base.length / 64));
  assert.equal(stats.digest, createHash("sha256").update(base).digest("hex"));
  assert.equal(layeredSigStream().stats.total, undefined);
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
  const counts = { refused: 0, noticed: 0, harmless: 0 };
  for (let at = 0; at < smallPublished.length; at++) {
    const flipped = smallPublished.slice();
    flipped[at]! ^= 1 << (at % 8);
    try {
      const plan = await planSync(await LayeredSig.open(flipped), local);
      const result = apply(plan, small, local);
      const isRight = createHash("sha256").update(result).digest("hex") === plan.digest;
      if (isRight) assertBytes(result, small);
      counts[isRight ? "harmless" : "noticed"]++;
    } catch (error) {
      assert.ok(error instanceof RsyncError, String(error));
      counts.refused++;
    }
  }
  // Of the header, the table of layers and the footer; of the digest; of records.
  for (const [end, count] of Object.entries(counts)) assert.ok(count >= 32, `${count} are ${end}`);
});

Deno.test("LayeredSig.open() allocates nothing for what a footer claims", async () => {
  const huge = smallPublished.slice();
  const view = new DataView(huge.buffer);
  // The length of the file, in the footer: layers, sums and salt come before it.
  const footerLength = view.getUint32(huge.length - 8, true);
  view.setBigUint64(huge.length - footerLength + 1 + 15 + 2 + 16, 2n ** 52n, true);
  await assert.rejects(LayeredSig.open(huge), { name: "RsyncError", code: "truncated" });
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

Deno.test("recommendedLayers() chooses the layers of the format page, by hand", () => {
  const chosen = (...args: Parameters<typeof recommendedLayers>) => {
    return recommendedLayers(...args).map(({ blockLength, strongLength }) => [blockLength, strongLength]);
  };
  const of64MiB = [[131_072, 2], [8192, 3], [512, 3]];
  assert.deepEqual(chosen(0), [[64, 2]]);
  assert.deepEqual(chosen(2 ** 20), [[16_384, 2], [1024, 2], [64, 3]]);
  assert.deepEqual(chosen(2 ** 26), of64MiB);
  assert.deepEqual(chosen(undefined), of64MiB);
  assert.deepEqual(chosen(2 ** 26, 40).at(-1), [512, 7]);
  // 16 blocks of 16,384 bytes, and a byte less.
  assert.deepEqual(chosen(262_144), [[16_384, 2], [1024, 2], [64, 2]]);
  assert.deepEqual(chosen(262_143), [[1024, 2], [64, 2]]);
  // The power of two that is nearest, on a scale of logarithms: 2^21 bytes are halfway.
  assert.deepEqual([2_090_000, 2_110_000].map((length) => chosen(length).at(-1)![0]), [64, 128]);
});

Deno.test("recommendedLayers() checks the length", () => {
  for (const fileLength of [-1, 1.5, NaN, Infinity, 2 ** 53]) {
    assert.throws(() => recommendedLayers(fileLength), RangeError, String(fileLength));
  }
  for (const fileLength of ["1", null, 1n]) {
    assert.throws(() => recommendedLayers(fileLength as unknown as number), TypeError);
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

Deno.test("loadSigs() refuses a layered signature with a frame after one that is not full", async () => {
  const published = await publish(randomBytes(22, 100 * 64), { layers: [{ blockLength: 64, strongLength: 4 }] });
  const start = 32 + 6;
  const half = start + 4 + 50 * 8;
  const split = concat([published.subarray(0, half), Uint8Array.of(50, 0, 0, 0), published.subarray(half)]);
  split[start] = 50;
  await loadSigs(published);
  await assert.rejects(loadSigs(split), (error) => error instanceof RsyncError && error.code === "unsupported");
});
