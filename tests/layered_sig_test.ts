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
  assert.deepEqual(reads, [[published.length - 2048, 2048]]);
  assert.deepEqual([sig.bytesRead, sig.readCount], [2048, 1]);
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
  assert.equal(sig.readCount, reads.length);
});

Deno.test("LayeredSig reads no record that is among the bytes read first, and each that starts before", async () => {
  const layers = [{ blockLength: 256, strongLength: 4 }, { blockLength: 64, strongLength: 4 }];
  // So that records of 8 bytes start in each place around the first of those bytes.
  for (let tagLength = 1; tagLength <= 8; tagLength++) {
    const published = await publish(base, { layers, entityTag: "x".repeat(tagLength) });
    const sig = await LayeredSig.open(published);
    assert.deepEqual([sig.recordLength(0), sig.recordLength(1)], [8, 8]);
    const footerLength = new DataView(published.buffer).getUint32(published.length - 8, true);
    const count = sig.recordCount(0);
    // Records of the coarsest layer end where the footer starts.
    const there = Math.floor((2048 - footerLength) / 8);
    assert.ok(there < count);
    for (const k of [count - there - 1, count - there]) await sig.records(0, k, k + 1);
    assert.deepEqual([sig.readCount, sig.bytesRead], [2, 2048 + 8]);
  }
});

Deno.test("LayeredSig checks what a source of several ranges returns", async () => {
  const published = await publish(base);
  const open = (change: (bytes: Uint8Array[]) => Uint8Array[]) => {
    const read = (offset: number, length: number) => published.subarray(offset, offset + length);
    return LayeredSig.open({
      size: published.length,
      read,
      async *readRanges(ranges) {
        yield* change(ranges.map(({ offset, length }) => read(offset, length)));
      },
    });
  };
  const counts = async (sig: LayeredSig) => {
    const batches = sig.recordsOf(2, [{ start: 0, end: 3 }, { start: 5, end: 9 }]);
    return (await Array.fromAsync(batches)).map(({ count, weak }) => [count, weak.length]);
  };
  const expected = [[3, 3], [4, 4]];
  assert.deepEqual(await counts(await open((pieces) => pieces)), expected);
  assert.deepEqual(await counts(await open((pieces) => [...pieces, Uint8Array.of(1)])), expected);
  const short: [(pieces: Uint8Array[]) => Uint8Array[], string][] = [
    [([first]) => [first!], "0 bytes came, 32 were expected"],
    [([first, second]) => [first!, second!.subarray(1)], "31 bytes came, 32 were expected"],
  ];
  for (const [change, why] of short) {
    await assert.rejects(counts(await open(change)), (error) => {
      return error instanceof RsyncError && error.code === "basis-short-read" && error.message.endsWith(why);
    });
  }
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

Deno.test("LayeredSig.open() says how many bytes were expected, also of a part of a footer", async () => {
  const footerLength = new DataView(smallPublished.buffer).getUint32(smallPublished.length - 8, true);
  for (const length of [footerLength - 1, footerLength, footerLength + 1, smallPublished.length - 1]) {
    const size = length < footerLength ? footerLength : smallPublished.length;
    await assert.rejects(LayeredSig.open(smallPublished.slice(-length)), {
      code: "truncated",
      message:
        `Cannot read the layered signature: it has ${length} bytes, ${size} were expected by what its end says ` +
        `(at byte ${length})`,
    });
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
    [{ entityTag: 5 as unknown as string }, TypeError],
    [{ layers: Array.from({ length: 9 }, (_, j) => ({ blockLength: 2 ** (14 - j), strongLength: 4 })) }, TypeError],
    [{ fileLength: -1 }, RangeError],
    [{ modifiedMs: 0.5 }, RangeError],
  ];
  for (const [options, error] of refused) assert.throws(() => layeredSigStream(options), error);
  layeredSigStream({ fileLength: 0, modifiedMs: -1, entityTag: "" });
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
  assert.deepEqual(chosen(2 ** 19), [[16_384, 2], [1024, 2], [64, 2]]);
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
  for (const marginBits of [-1, 0.5, 129]) assert.throws(() => recommendedLayers(2 ** 20, marginBits), RangeError);
  for (const marginBits of [0, 128]) assert.equal(recommendedLayers(2 ** 20, marginBits).length, 3);
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
