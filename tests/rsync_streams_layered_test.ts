/** The bytes of layered signatures, against tests/vectors/rsync_streams.json. */
import assert from "node:assert/strict";
import { loadSigs, type StrongSum, type WeakSum } from "rsync-streams";
import { type Layer, LayeredSig, layeredSigStream } from "rsync-streams/sync";
import { assertBytes, type Chunking, hex, makeSig, source, toBytes } from "./_helpers.ts";
import { concat } from "./_recipes.ts";
import vectors from "./vectors/rsync_streams.json" with { type: "json" };
import { assertGolden, type Bytes, CHUNKINGS, fromHex, type Golden, type Input, inputOf, u32, u64 } from "./_golden.ts";

interface LayeredCase {
  file: Input;
  weakSum: WeakSum;
  strongSum: StrongSum;
  salt: string;
  layers: Layer[];
  entityTag?: string;
  modifiedMs?: number;
  layered: Golden;
}

const layered = vectors.layered as LayeredCase[];

/** One that the library writes: it always takes the default sums. */
function isWritten({ weakSum, strongSum }: LayeredCase): boolean {
  return weakSum === "rabinkarp" && strongSum === "blake3";
}

/** Offsets by arithmetic alone, as the page of the format has them. */
function offsetsOf({ layers, file }: LayeredCase) {
  const count = ({ blockLength }: Layer) => Math.ceil(file.len / blockLength);
  const record = ({ strongLength }: Layer) => 4 + strongLength;
  const finest = layers.at(-1)!;
  const first = 33 + 5 * layers.length;
  const trailer = first + 4 * Math.ceil(count(finest) / 1024) + count(finest) * record(finest);
  let at = trailer + 44;
  const starts = layers.map(() => 0);
  for (const [j, layer] of [...layers.entries()].reverse().slice(1)) {
    starts[j] = at;
    at += count(layer) * record(layer);
  }
  return { first, trailer, starts, footer: at, count, record };
}

/** The bytes of a layered signature, put together of golden-checked plain ones where the library does not write it. */
async function layeredBytes(one: LayeredCase, chunking: Chunking = "whole"): Promise<Bytes> {
  const { file, salt, layers, entityTag, modifiedMs } = one;
  const stream = layeredSigStream({ salt: fromHex(salt), layers, entityTag, modifiedMs });
  return await toBytes(source(await inputOf(file), chunking).pipeThrough(stream));
}

Deno.test("layeredSigStream() writes the golden layered signatures", async () => {
  const written = layered.filter(isWritten);
  assert.equal(written.length, 13);
  for (const one of written) {
    for (const chunking of CHUNKINGS) {
      await assertGolden(await layeredBytes(one, chunking), one.layered, `layered signature of ${one.file.len} bytes`);
    }
  }
});

Deno.test("loadSigs() and LayeredSig read the golden layered signatures", async () => {
  for (const one of layered) {
    const file = await inputOf(one.file);
    const bytes = isWritten(one) ? await layeredBytes(one) : await assembled(one);
    await assertGolden(bytes, one.layered, "layered signature");
    const finest = one.layers.at(-1)!;
    const { count } = offsetsOf(one);

    for (const chunking of CHUNKINGS) {
      const sigs = await loadSigs(source(bytes, chunking));
      assert.deepEqual([sigs.weakSum, sigs.strongSum], [one.weakSum, one.strongSum]);
      assert.deepEqual([sigs.blockLength, sigs.strongLength], [finest.blockLength, finest.strongLength]);
      assert.deepEqual([sigs.fileLength, sigs.sigCount], [file.length, count(finest)]);
      assert.equal(sigs.digest, one.file.sha256);
    }

    const sig = await LayeredSig.open(bytes);
    const { salt, digest, ...footer } = sig.footer;
    assert.deepEqual([hex(salt), digest], [one.salt, one.file.sha256]);
    const { layers, weakSum, strongSum, entityTag, modifiedMs } = one;
    assert.deepEqual({ entityTag: undefined, modifiedMs: undefined, ...footer }, {
      layers,
      weakSum,
      strongSum,
      fileLength: file.length,
      entityTag,
      modifiedMs,
    });
    for (const [layer, { blockLength, strongLength }] of layers.entries()) {
      assert.equal(sig.recordCount(layer), count(layers[layer]!));
      if (file.length === 0) continue;
      // The records are those of an ordinary signature of these blocks.
      const plain = await makeSig(file, { weakSum, strongSum, blockLength, strongLength, salt });
      const batch = await sig.records(layer, 0, count(layers[layer]!));
      const records = recordsOf(plain.bytes);
      assert.deepEqual([...batch.weak.subarray(0, batch.count)], records.map(({ weak }) => weak));
      assertBytes(batch.strong.slice(0, batch.count * strongLength), concat(records.map(({ strong }) => strong)));
    }
  }
});

/** The records of an ordinary signature without a digest. */
function recordsOf(sig: Bytes): { bytes: Bytes; weak: number; strong: Bytes }[] {
  const view = new DataView(sig.buffer, sig.byteOffset, sig.byteLength);
  const length = 4 + sig[12]!;
  const records = [];
  for (let at = 32, left = view.getUint32(at, true); left > 0; left = view.getUint32(at, true)) {
    at += 4;
    for (; left > 0; left--, at += length) {
      const bytes = sig.slice(at, at + length);
      records.push({ bytes, weak: view.getUint32(at, true), strong: bytes.slice(4) });
    }
  }
  return records;
}

/** A layered signature with sums that the library does not choose, made of ordinary signatures of its layers. */
async function assembled(one: LayeredCase): Promise<Bytes> {
  const { weakSum, strongSum, layers } = one;
  const file = await inputOf(one.file);
  const salt = fromHex(one.salt);
  const plain: Bytes[] = await Promise.all(
    layers.map(async (layer) => (await makeSig(file, { weakSum, strongSum, salt, ...layer })).bytes),
  );
  const finest = recordsOf(plain.at(-1)!).map(({ bytes }) => bytes);
  const frames = [];
  for (let at = 0; at < finest.length; at += 1024) {
    const frame = finest.slice(at, at + 1024);
    frames.push(u32(frame.length), ...frame);
  }
  const head = plain.at(-1)!.slice(0, 32);
  head[5] = 3;
  const table = concat([
    Uint8Array.of(layers.length),
    ...layers.flatMap(({ blockLength, strongLength }) => [u32(blockLength), Uint8Array.of(strongLength)]),
  ]);
  const digest = fromHex(one.file.sha256);
  const footer = concat([table, head.subarray(6, 8), salt, u64(file.length), digest, new Uint8Array(2), u64(2 ** 63)]);
  const end = [u32(footer.length + 8), Uint8Array.of(0x92, 0x52, 0x53, 0x4c)];
  const coarser = plain.slice(0, -1).reverse().flatMap((sig) => recordsOf(sig).map(({ bytes }) => bytes));
  return concat([head, table, ...frames, u32(0), u64(file.length), digest, ...coarser, footer, ...end]);
}
