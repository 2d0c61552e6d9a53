/** Records of a layered signature that are read by their place: each range of a layer is as in a plain signature. */
import assert from "node:assert/strict";
import { type Layer, LayeredSig, layeredSigStream } from "rsync-streams/sync";
import { assertBytes, makeSig, SALT, source, toBytes } from "./_helpers.ts";
import { concat, randomBytes, xorshift } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A last block of 7 bytes, and frames that are full but the last. */
const FILE = randomBytes(1, 16 * 3_000 + 7);
const LAYERS = [
  { blockLength: 256, strongLength: 9 },
  { blockLength: 64, strongLength: 2 },
  { blockLength: 16, strongLength: 3 },
];
const BYTES = await toBytes(source(FILE).pipeThrough(layeredSigStream({ layers: LAYERS, salt: SALT })));

/** The records of a layer out of an ordinary signature. */
async function recordsOf(file: Bytes, { blockLength, strongLength }: Layer) {
  const { bytes } = await makeSig(file, { blockLength, strongLength });
  const fields = new DataView(bytes.buffer);
  const records: { weak: number; strong: Bytes }[] = [];
  for (let at = 32, left = fields.getUint32(at, true); left > 0; left = fields.getUint32(at, true)) {
    at += 4;
    for (; left > 0; left--, at += 4 + strongLength) {
      records.push({ weak: fields.getUint32(at, true), strong: bytes.slice(at + 4, at + 4 + strongLength) });
    }
  }
  return records;
}

const RECORDS = await Promise.all(LAYERS.map((layer) => recordsOf(FILE, layer)));

async function assertRange(sig: LayeredSig, layer: number, from: number, to: number): Promise<void> {
  const batch = await sig.records(layer, from, to);
  const expected = RECORDS[layer]!.slice(from, to);
  const { strongLength } = LAYERS[layer]!;
  assert.equal(batch.count, expected.length);
  assert.deepEqual([...batch.weak.subarray(0, batch.count)], expected.map(({ weak }) => weak), `${from} to ${to}`);
  for (const [i, { strong }] of expected.entries()) {
    assertBytes(batch.strong.slice(i * strongLength, (i + 1) * strongLength), strong, `strong sum ${from + i}`);
  }
}

for (const layer of LAYERS.keys()) {
  Deno.test(`LayeredSig.records() has each range of layer ${layer}`, async () => {
    const sig = await LayeredSig.open(BYTES);
    const count = sig.recordCount(layer);
    assert.equal(count, Math.ceil(FILE.length / LAYERS[layer]!.blockLength));
    assert.equal(count, RECORDS[layer]!.length);
    const { below } = xorshift(layer + 1);
    await assertRange(sig, layer, 0, count);
    for (let i = 0; i < 30; i++) {
      const from = below(count);
      await assertRange(sig, layer, from, from + 1 + below(count - from));
    }
    for (const border of [1023, 1024, 1025, 2047, 2048, 2049].filter((border) => border < count)) {
      await assertRange(sig, layer, border, border + 1);
      await assertRange(sig, layer, border - 1, Math.min(count, border + 1));
    }
    await assertRange(sig, layer, count - 1, count);
  });
}

Deno.test("LayeredSig.records() has ranges of more records than it takes at once", async () => {
  const file = randomBytes(2, 16 * 40_000);
  const layer = { blockLength: 16, strongLength: 2 };
  const sig = await LayeredSig.open(
    await toBytes(source(file).pipeThrough(layeredSigStream({ layers: [layer], salt: SALT }))),
  );
  const records = await recordsOf(file, layer);
  for (const [from, to] of [[0, 40_000], [5, 16_384 + 6], [1_000, 39_999]] as const) {
    const batch = await sig.records(0, from, to);
    const expected = records.slice(from, to);
    assert.equal(batch.count, expected.length);
    assert.deepEqual(batch.weak.slice(0, batch.count), Uint32Array.from(expected, ({ weak }) => weak));
    assertBytes(batch.strong.slice(0, 2 * batch.count), concat(expected.map(({ strong }) => strong)));
  }
});

Deno.test("a layered signature is read at its places alone, and not as a whole", async () => {
  let total = 0;
  const basis = {
    size: BYTES.length,
    read: (offset: number, length: number) => {
      total += length;
      return BYTES.subarray(offset, offset + length);
    },
  };
  const sig = await LayeredSig.open(basis);
  assert.ok(total <= 2048, `${total} bytes of the footer`);
  total = 0;
  await sig.records(2, 1_000, 1_100);
  // Records of 7 bytes, and the count of a frame between them.
  assert.equal(total, 100 * 7 + 4);
  total = 0;
  await sig.records(0, 5, 9);
  assert.equal(total, 4 * 13);
});

Deno.test("LayeredSig.records() lets a source of several ranges come to its end", async () => {
  let open = 0;
  const sig = await LayeredSig.open({
    size: BYTES.length,
    read: (offset: number, length: number) => BYTES.subarray(offset, offset + length),
    async *readRanges(ranges) {
      open++;
      for (const { offset, length } of ranges) yield BYTES.subarray(offset, offset + length);
      open--;
    },
  });
  await sig.records(2, 0, 10);
  assert.equal(open, 0);
});
