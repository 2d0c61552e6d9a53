/** What is found out about a signature or a delta by reading it: exact, in each format, however it arrives. */
import assert from "node:assert/strict";
import { type DeltaCommand, encodeDeltaStream, type EncodeDeltaStreamOptions, type Format } from "rsync-streams";
import { layeredSigStream } from "rsync-streams/sync";
import { type DeltaInfo, inspect, type InspectOptions, type SigInfo } from "../src/stages/inspect.ts";
import { givesWay, withClock } from "./_clock.ts";
import { type Chunking, makeSig, SALT, source, toBytes } from "./_helpers.ts";
import { assertFails } from "./_hostile.ts";
import { concat, randomBytes } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const CHUNKINGS: readonly Chunking[] = ["whole", 1, { seed: 3, most: 50 }];
const BASIS = randomBytes(1, 1000);
const DIGEST = new Uint8Array(await crypto.subtle.digest("SHA-256", BASIS));
const NONE = new Uint8Array(0);

async function assertInfo(bytes: Bytes, options: InspectOptions, expected: SigInfo | DeltaInfo): Promise<void> {
  for (const chunking of CHUNKINGS) {
    if (chunking === 1 && bytes.length > 10_000) continue;
    assert.deepEqual(await inspect(source(bytes, chunking), "the test", options), expected);
  }
}

/** A signature of a thousand bytes in blocks of 64, without what its format may have. */
const PLAIN = {
  kind: "signature",
  blockLength: 64,
  sigCount: 16,
  layerBlockLengths: null,
  entityTag: null,
  modifiedMs: null,
  fileLength: null,
  digest: null,
} as const;

Deno.test("inspect() says what a signature of each format is", async () => {
  const options = { blockLength: 64, strongLength: 9 } as const;
  const own = (await makeSig(BASIS, { ...options, weakSum: "rollsum", strongSum: "blake2b" })).bytes;
  await assertInfo(own, {}, {
    ...PLAIN,
    format: "rsync-streams",
    weakSum: "rollsum",
    strongSum: "blake2b",
    strongLength: 9,
    fileLength: 1000,
    length: 32 + 4 + 16 * 13 + 12,
  });
  const digested = (await makeSig(BASIS, { ...options, digest: true })).bytes;
  await assertInfo(digested, {}, {
    ...PLAIN,
    format: "rsync-streams",
    weakSum: "rabinkarp",
    strongSum: "blake3",
    strongLength: 9,
    fileLength: 1000,
    digest: DIGEST,
    length: 32 + 4 + 16 * 13 + 12 + 32,
  });
  const librsync = (await makeSig(BASIS, { ...options, format: "librsync", strongSum: "md4" })).bytes;
  await assertInfo(librsync, {}, {
    ...PLAIN,
    format: "librsync",
    weakSum: "rabinkarp",
    strongSum: "md4",
    strongLength: 9,
    length: 12 + 16 * 13,
  });
  const luapower = { format: "luapower", blockLength: 64 } as const;
  await assertInfo((await makeSig(BASIS, luapower)).bytes, { ...luapower, kind: "signature" }, {
    ...PLAIN,
    format: "luapower",
    weakSum: "rollsum",
    strongSum: "blake2sp",
    strongLength: 32,
    sigCount: 15,
    length: 15 * 36,
  });
});

Deno.test("inspect() says what a layered signature is, of its finest layer", async () => {
  const layers = [{ blockLength: 256, strongLength: 5 }, { blockLength: 64, strongLength: 3 }];
  const stream = layeredSigStream({ layers, salt: SALT, entityTag: "tag", modifiedMs: 77 });
  const bytes = await toBytes(source(BASIS).pipeThrough(stream));
  await assertInfo(bytes, {}, {
    ...PLAIN,
    format: "rsync-streams",
    weakSum: "rabinkarp",
    strongSum: "blake3",
    strongLength: 3,
    layerBlockLengths: [256, 64],
    entityTag: "tag",
    modifiedMs: 77,
    fileLength: 1000,
    digest: DIGEST,
    length: bytes.length,
  });
});

const DELTA = { kind: "delta", commandCount: 0, copyCount: 0, dataCount: 0, copiedBytes: 0, literalBytes: 0 } as const;
const EMPTY = { ...DELTA, targetLength: 0, minFileLength: 0, digest: null };

async function encode(commands: DeltaCommand[], options: EncodeDeltaStreamOptions): Promise<Bytes> {
  return await toBytes(ReadableStream.from(commands).pipeThrough(encodeDeltaStream(options)));
}

const TOLD: Record<Format, InspectOptions & EncodeDeltaStreamOptions> = {
  "rsync-streams": {},
  librsync: {},
  luapower: { format: "luapower", blockLength: 64 },
};

for (const format of Object.keys(TOLD) as Format[]) {
  const { blockLength } = TOLD[format];
  const told: InspectOptions = format === "luapower" ? { format, blockLength, kind: "delta" } : {};

  Deno.test(`inspect() counts the commands and the bytes of a delta: ${format}`, async () => {
    const copies = [[640, 128], [64, 64], [0, 64], [192, 192]].map(([offset, length]) => {
      return { copy: { offset: offset!, length: length! } };
    });
    const commands: DeltaCommand[] = [
      ...copies.slice(0, 2),
      { data: randomBytes(2, 5) },
      ...copies.slice(2),
      { data: randomBytes(3, 300) },
      { data: randomBytes(4, 1) },
    ];
    const bytes = await encode(commands, { format, blockLength });
    await assertInfo(bytes, told, {
      kind: "delta",
      format,
      commandCount: 7,
      copyCount: 4,
      dataCount: 3,
      copiedBytes: 448,
      literalBytes: 306,
      targetLength: 754,
      // The first copy goes furthest.
      minFileLength: 768,
      digest: null,
      length: bytes.length,
    });
    const none = await encode([], { format, blockLength });
    await assertInfo(none, told, { ...EMPTY, format, length: none.length });
  });

  Deno.test(`inspect() counts data of more than a MiB as one command: ${format}`, async () => {
    const lengths = [2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1, 1, 2.5 * 2 ** 20];
    const bytes = await encode(lengths.map((length) => ({ data: new Uint8Array(length) })), { format, blockLength });
    const literalBytes = lengths.reduce((sum, length) => sum + length);
    const counts = { commandCount: 5, dataCount: 5, literalBytes, targetLength: literalBytes };
    for (const chunking of ["whole", 70_000] as const) {
      const info = await inspect(source(bytes, chunking), "the test", told);
      assert.deepEqual(info, { ...EMPTY, format, ...counts, length: bytes.length });
    }
  });
}

Deno.test("inspect() finds the digest of a delta", async () => {
  const algorithm = "sha-256";
  const commands = [{ data: NONE, digest: { algorithm } }, { data: NONE, digest: { algorithm, sum: DIGEST } }] as const;
  const bytes = await encode([...commands], {});
  await assertInfo(bytes, {}, { ...EMPTY, format: "rsync-streams", digest: DIGEST, length: 8 + 2 + 32 });
});

Deno.test("inspect() goes on to the end of a file, and says where it is damaged", async () => {
  const { bytes } = await makeSig(BASIS, { blockLength: 64, strongLength: 9 });
  for (const chunking of CHUNKINGS) {
    const longer = concat([bytes, Uint8Array.of(0)]);
    await assertFails(inspect(source(longer, chunking), "the test"), "trailing-data", bytes.length, longer.length);
    const cut = bytes.slice(0, -1);
    await assertFails(inspect(source(cut, chunking), "the test"), "truncated", bytes.length - 12, cut.length);
  }
  await assert.rejects(inspect(NONE, "the test", { format: "luapower", kind: "delta" }), TypeError);
  await assert.rejects(inspect(NONE, "the test", { format: "luapower", kind: "signature" }), TypeError);
});

Deno.test("inspect() looks at the clock before each 64 KiB, and lets other tasks run when it is time", async () => {
  const bytes = await encode([{ data: new Uint8Array(2 ** 20 - 100) }], {});
  let looks = 0;
  await withClock(() => ++looks / 1_000, () => inspect(bytes, "the test"));
  assert.equal(looks, Math.ceil(bytes.length / 2 ** 16));
  assert.ok(await givesWay(() => inspect(bytes, "the test")));
});

const MAGICS: [string, number[]][] = [
  ["gzip", [0x1f, 0x8b, 8, 0]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58]],
  ["bzip2", [0x42, 0x5a, 0x68, 0x39]],
];

Deno.test("inspect() says in words what a file is that it does not take", async () => {
  const sig = (await makeSig(BASIS)).bytes;
  const delta = await encode([], {});
  const cases: [Bytes, InspectOptions, RegExp][] = [
    [sig, { kind: "delta" }, /: this is a signature; the first bytes are 92 52 53 53/],
    [delta, { kind: "signature" }, /: this is a delta; the first bytes are 92 52 53 44/],
    [Uint8Array.of(1, 2, 3, 4), {}, /: it is not a signature or a delta \(.*named: "luapower"\); .* 01 02 03 04/],
    [Uint8Array.of(1, 2, 3, 4), { kind: "delta" }, /: it is not a delta \(/],
    [Uint8Array.of(1, 2, 3, 4), { kind: "signature" }, /: it is not a signature \(/],
    [sig, { format: "librsync" }, /: it is not a signature or a delta of the format librsync \(/],
    ...MAGICS.map(([name, bytes]): [Bytes, InspectOptions, RegExp] => {
      return [Uint8Array.from(bytes), {}, new RegExp(`: it is compressed with ${name}: decompress it first; `)];
    }),
  ];
  for (const [bytes, options, message] of cases) {
    await assert.rejects(inspect(bytes, "the test", options), { code: "bad-magic", offset: 0, message });
  }
  // A magic that is one byte off is none.
  for (const [name, magic] of MAGICS) {
    for (const at of magic.keys()) {
      if (name === "gzip" && at > 1 || name === "bzip2" && at > 2) continue;
      const other = magic.map((byte, i) => i === at ? byte ^ 1 : byte);
      await assert.rejects(inspect(Uint8Array.from(other), "the test"), { message: /: it is not a signature or/ });
    }
  }
});
