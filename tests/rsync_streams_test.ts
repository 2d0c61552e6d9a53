/** The bytes of the rsync-streams format, against tests/vectors/rsync_streams.json, which another program has made. */
import assert from "node:assert/strict";
import {
  decodeDeltaStream,
  type DeltaCommand,
  encodeDeltaStream,
  loadSigs,
  RsyncError,
  type RsyncErrorCode,
  type StrongSum,
  type WeakSum,
} from "rsync-streams";
import { type Layer, LayeredSig, layeredSigStream } from "rsync-streams/sync";
import {
  assertBytes,
  type Chunking,
  fromBase64,
  hex,
  makeDelta,
  makeSig,
  patch,
  SALT,
  sha256,
  source,
  toBytes,
} from "./_helpers.ts";
import { concat, make, randomBytes } from "./_recipes.ts";
import vectors from "./vectors/rsync_streams.json" with { type: "json" };

type Bytes = Uint8Array<ArrayBuffer>;
type Recipe = Parameters<typeof make>[0];

/** What is known of some bytes. */
interface Golden {
  len: number;
  sha256: string;
  base64?: string;
}

/** Some that were made by a recipe. */
interface Input extends Golden {
  recipe: Recipe;
}

interface Sums {
  weakSum: WeakSum;
  strongSum: StrongSum;
  blockLength: number;
  strongLength: number;
}

interface SigCase extends Sums {
  basis: Input;
  digest: boolean;
  salt: string;
  sig: Golden;
}

interface DeltaCase {
  commands: { copy?: { offset: number; length: number }; data?: Recipe }[];
  digest: boolean;
  targetLength: number;
  basis?: Input;
  target?: Golden;
  /** Sums of a signature whose search finds these commands. */
  search?: Sums;
  delta: Golden;
}

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

const signatures = vectors.signatures as SigCase[];
const deltas = vectors.deltas as DeltaCase[];
const layered = vectors.layered as LayeredCase[];

const CHUNKINGS: readonly Chunking[] = ["whole", 61, { seed: 3, most: 5000 }];

function fromHex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g)!, (byte) => parseInt(byte, 16));
}

async function assertGolden(bytes: Uint8Array, golden: Golden, what: string): Promise<void> {
  // The bytes first: they show where the difference is.
  if (golden.base64 !== undefined) assertBytes(bytes, fromBase64(golden.base64), what);
  assert.equal(bytes.length, golden.len, `length of the ${what}`);
  assert.equal(await sha256(bytes), golden.sha256, `SHA-256 of the ${what}`);
}

async function inputOf(golden: Input): Promise<Bytes> {
  const bytes = make(golden.recipe);
  await assertGolden(bytes, golden, "input");
  return bytes;
}

// ---- signatures

for (const strongSum of ["blake3", "blake2b"]) {
  for (const weakSum of ["rollsum", "rabinkarp"]) {
    const cases = signatures.filter((one) => one.strongSum === strongSum && one.weakSum === weakSum);
    Deno.test(`sigStream() writes the golden signatures: ${strongSum}, ${weakSum}`, async () => {
      assert.ok(cases.length >= 35, `${cases.length} cases`);
      for (const { basis, salt, sig, ...options } of cases) {
        const bytes = await inputOf(basis);
        for (const chunking of CHUNKINGS) {
          const made = await makeSig(bytes, { ...options, salt: fromHex(salt) }, chunking);
          await assertGolden(made.bytes, sig, `signature, ${JSON.stringify({ ...options, length: basis.len })},`);
        }
      }
    });

    Deno.test(`loadSigs() reads the golden signatures: ${strongSum}, ${weakSum}`, async () => {
      for (const { basis, sig, digest, ...sums } of cases) {
        if (sig.base64 === undefined) continue;
        for (const chunking of ["whole", 1] as const) {
          const sigs = await loadSigs(source(fromBase64(sig.base64), chunking));
          assert.deepEqual([sigs.weakSum, sigs.strongSum], [sums.weakSum, sums.strongSum]);
          assert.deepEqual([sigs.blockLength, sigs.strongLength], [sums.blockLength, sums.strongLength]);
          assert.deepEqual([sigs.fileLength, sigs.sigCount], [basis.len, Math.ceil(basis.len / sums.blockLength)]);
          assert.equal(sigs.digest, digest ? basis.sha256 : undefined);
        }
      }
    });
  }
}

// ---- deltas

/** The commands of a case, as `decodeDeltaStream()` gives them. */
function commandsOf({ commands, digest, target }: DeltaCase): DeltaCommand[] {
  const all = commands.map(({ copy, data }): DeltaCommand => copy ? { copy } : { data: make(data!) });
  if (!digest) return all;
  const [data, algorithm] = [new Uint8Array(), "sha-256"] as const;
  return [{ data, digest: { algorithm } }, ...all, { data, digest: { algorithm, sum: fromHex(target!.sha256) } }];
}

/** A command as text: a difference between many bytes would take long to show. */
function show(command: DeltaCommand): string {
  if (command.copy) return `copy ${command.copy.offset} ${command.copy.length}`;
  const { data, digest } = command;
  return `data ${hex(data)} ${digest?.algorithm} ${digest?.sum && hex(digest.sum)}`;
}

async function encode(commands: DeltaCommand[]): Promise<Bytes> {
  return await toBytes(ReadableStream.from(commands).pipeThrough(encodeDeltaStream()));
}

Deno.test("encodeDeltaStream() writes the golden deltas", async () => {
  for (const one of deltas) {
    await assertGolden(await encode(commandsOf(one)), one.delta, `delta of ${JSON.stringify(one.commands)}`);
  }
});

Deno.test("decodeDeltaStream() reads the golden deltas", async () => {
  for (const one of deltas) {
    const expected = commandsOf(one);
    const delta = await encode(expected);
    for (const chunking of delta.length < 1000 ? ["whole", 1] as const : ["whole", 61] as const) {
      const pair = decodeDeltaStream();
      const commands = await Array.fromAsync(source(delta, chunking).pipeThrough(pair));
      // Literal bytes come as one command, however they arrive.
      assert.deepEqual(commands.map(show), expected.map(show));
      assert.equal(pair.stats.bytesOut, one.targetLength);
    }
  }
});

Deno.test("patchStream() makes the targets of the golden deltas", async () => {
  for (const one of deltas) {
    if (!one.basis) continue;
    const basis = await inputOf(one.basis);
    const delta = await encode(commandsOf(one));
    for (const chunking of CHUNKINGS) {
      await assertGolden(await patch(basis, delta, {}, chunking), one.target!, "target");
    }
  }
});

Deno.test("deltaStream() writes the golden deltas that a search finds", async () => {
  const searches = deltas.filter(({ search }) => search);
  assert.equal(searches.length, 36);
  for (const one of searches) {
    const basis = await inputOf(one.basis!);
    const sigs = await loadSigs((await makeSig(basis, one.search)).bytes);
    const target = await patch(basis, await encode(commandsOf(one)));
    for (const chunking of CHUNKINGS) {
      const { bytes } = await makeDelta(target, sigs, { digest: one.digest }, chunking);
      await assertGolden(bytes, one.delta, `delta, ${JSON.stringify(one.search)},`);
    }
  }
});

// ---- layered signatures

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

function u32(value: number): Bytes {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

function u64(value: number): Bytes {
  return new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
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

// ---- lies in the end of a layered signature, one by one

const LAYERS = [{ blockLength: 64, strongLength: 3 }, { blockLength: 32, strongLength: 2 }];
const TAG = "\ufefftag";
const FILE = randomBytes(5, 100);
const GOOD = await toBytes(
  source(FILE).pipeThrough(layeredSigStream({ layers: LAYERS, salt: SALT, entityTag: TAG, modifiedMs: 5 })),
);
const TAG_LENGTH = new TextEncoder().encode(TAG).length;
const FOOTER = GOOD.length - (77 + 10 + TAG_LENGTH);
/** Offsets in the footer. */
const AT = {
  layers: 0,
  sums: 11,
  salt: 13,
  fileLength: 29,
  digest: 37,
  tagLength: 69,
  tag: 71,
  time: 71 + TAG_LENGTH,
  length: 79 + TAG_LENGTH,
};

/** Other bytes somewhere. */
function withBytes(at: number, bytes: Uint8Array): Bytes {
  const out = GOOD.slice();
  out.set(bytes, at);
  return out;
}

interface FooterLie {
  bytes: Bytes;
  /** What an ordinary reader says. */
  whole: [RsyncErrorCode, number];
  /** What a reader by offset says; undefined if it cannot notice it. */
  byOffset: [RsyncErrorCode, number] | undefined;
}

function inFooter(at: number, bytes: Uint8Array, place = at): FooterLie {
  const error: [RsyncErrorCode, number] = ["unsupported", FOOTER + place];
  return { bytes: withBytes(FOOTER + at, bytes), whole: error, byOffset: error };
}

/** Something that is possible, and is not what the start says. */
function contradiction(at: number, bytes: Uint8Array, byOffset?: FooterLie["byOffset"]): FooterLie {
  return { bytes: withBytes(FOOTER + at, bytes), whole: ["unsupported", FOOTER], byOffset };
}

const FOOTER_LIES: Record<string, FooterLie> = {
  "no layers": inFooter(AT.layers, Uint8Array.of(0)),
  "9 layers": inFooter(AT.layers, Uint8Array.of(9)),
  "a layer of 15 bytes": inFooter(AT.layers + 1, u32(15), AT.layers),
  "a layer that does not divide the one before": inFooter(AT.layers + 1, u32(80), AT.layers),
  "a layer like the one before": inFooter(AT.layers + 1, u32(32), AT.layers),
  "a strong length of 1": inFooter(AT.layers + 5, Uint8Array.of(1), AT.layers),
  "a strong length of 33": inFooter(AT.layers + 10, Uint8Array.of(33), AT.layers),
  "weak sum 0": inFooter(AT.sums, Uint8Array.of(0)),
  "weak sum 3": inFooter(AT.sums, Uint8Array.of(3)),
  "strong sum 1": inFooter(AT.sums + 1, Uint8Array.of(1), AT.sums),
  "strong sum 4": inFooter(AT.sums + 1, Uint8Array.of(4), AT.sums),
  "a file length of 2^53": inFooter(AT.fileLength, u64(2 ** 53)),
  "a tag one byte too long": {
    ...inFooter(AT.tagLength, Uint8Array.of(TAG_LENGTH + 1), AT.time + 1),
    whole: ["truncated", FOOTER],
  },
  "a tag one byte too short": {
    ...inFooter(AT.tagLength, Uint8Array.of(TAG_LENGTH - 1), AT.length - 1),
    whole: ["bad-magic", FOOTER + AT.length - 1],
  },
  "a tag that is not UTF-8": inFooter(AT.tag, Uint8Array.of(0xff)),
  "a footer length one too great": {
    bytes: withBytes(FOOTER + AT.length, u32(GOOD.length - FOOTER + 1)),
    whole: ["unsupported", FOOTER + AT.length],
    // What stands before the footer is not its start.
    byOffset: ["unsupported", FOOTER - 1],
  },
  "a footer length of 2,049": inFooter(AT.length, u32(2049)),
  "another magic": {
    bytes: withBytes(GOOD.length - 4, Uint8Array.of(0)),
    whole: ["bad-magic", FOOTER + AT.length],
    byOffset: ["bad-magic", FOOTER + AT.length],
  },
  "another strong length than the table": contradiction(AT.layers + 5, Uint8Array.of(4), ["truncated", GOOD.length]),
  "another weak sum than the header": contradiction(AT.sums, Uint8Array.of(1)),
  "another strong sum than the header": contradiction(AT.sums + 1, Uint8Array.of(3)),
  "another salt than the header": contradiction(AT.salt + 15, Uint8Array.of(0)),
  "another file length than the trailer, of as many blocks": contradiction(AT.fileLength, u64(101)),
  "another digest than the trailer": contradiction(AT.digest + 31, Uint8Array.of(GOOD[FOOTER + 68]! ^ 1)),
  "a byte after the end": {
    bytes: concat([GOOD, Uint8Array.of(0)]),
    whole: ["trailing-data", GOOD.length],
    byOffset: ["bad-magic", GOOD.length - 7],
  },
};

Deno.test("LayeredSig keeps a tag with a byte order mark, and a time", async () => {
  const { footer } = await LayeredSig.open(GOOD);
  assert.deepEqual([footer.entityTag, footer.modifiedMs], [TAG, 5]);
  assert.equal((await loadSigs(GOOD)).sigCount, 4);
});

for (const [name, { bytes, whole, byOffset }] of Object.entries(FOOTER_LIES)) {
  Deno.test(`loadSigs() and LayeredSig.open() reject a footer with ${name}`, async () => {
    const seen = async (work: Promise<unknown>) => {
      const error = await work.then(() => undefined, (reason) => reason);
      if (error === undefined) return undefined;
      assert.ok(error instanceof RsyncError, `${error}`);
      assert.match(error.message, /^Cannot read the .{10,}/);
      return [error.code, error.offset];
    };
    for (const chunking of ["whole", 1] as const) {
      assert.deepEqual(await seen(loadSigs(source(bytes, chunking))), whole);
    }
    assert.deepEqual(await seen(LayeredSig.open(bytes)), byOffset);
  });
}

Deno.test("LayeredSig.open() says where it ends if it is too short or too long for what its end says", async () => {
  const cut = concat([GOOD.subarray(0, 40), GOOD.subarray(41)]);
  const longer = concat([GOOD.subarray(0, 40), Uint8Array.of(0), GOOD.subarray(40)]);
  for (
    const [bytes, code, offset] of [[cut, "truncated", cut.length], [longer, "trailing-data", GOOD.length]] as const
  ) {
    await assert.rejects(
      LayeredSig.open(bytes),
      (error) => error instanceof RsyncError && error.code === code && error.offset === offset,
    );
  }
  for (const length of [0, 1, 7]) {
    await assert.rejects(
      LayeredSig.open(GOOD.slice(GOOD.length - length)),
      (error) => error instanceof RsyncError && error.code === "bad-magic" && error.offset === 0,
    );
  }
});

Deno.test("LayeredSig.records() rejects a frame with a wrong count, and says where", async () => {
  const file = randomBytes(6, 1500 * 16);
  const layers = [{ blockLength: 16, strongLength: 2 }];
  const bytes = await toBytes(source(file).pipeThrough(layeredSigStream({ layers, salt: SALT })));
  const second = 38 + 4 + 1024 * 6;
  assert.equal(new DataView(bytes.buffer).getUint32(second, true), 1500 - 1024);
  bytes[second]! ^= 1;
  const sig = await LayeredSig.open(bytes);
  assert.equal((await sig.records(0, 0, 1024)).count, 1024);
  assert.equal((await sig.records(0, 1024, 1500)).count, 476);
  await assert.rejects(
    sig.records(0, 1000, 1100),
    (error) => error instanceof RsyncError && error.code === "unsupported" && error.offset === second,
  );
});
