import assert from "node:assert/strict";
import process from "node:process";
import fc from "fast-check";
import {
  type BasisSource,
  decodeDeltaStream,
  deltaStream,
  loadSigs,
  type LoadSigsOptions,
  patchStream,
  type PatchStreamOptions,
  RsyncError,
  type RsyncErrorCode,
  type SigStreamOptions,
} from "rsync-streams";
import { type Layer, layeredSigStream } from "rsync-streams/sync";
import { assertBytes, type Chunking, makeDelta, makeSig, makeSigs, patch, SALT, source, toBytes } from "./_helpers.ts";
import { concat, make, randomBytes } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const CODES: readonly RsyncErrorCode[] = [
  "bad-magic",
  "unsupported",
  "truncated",
  "trailing-data",
  "unknown-command",
  "copy-out-of-range",
  "limit",
  "digest-mismatch",
  "basis-short-read",
];

/** Checks all that is promised of an error over bytes of this length; gives it in short. */
function inShort(error: unknown, length: number): string {
  if (!(error instanceof RsyncError)) throw error;
  assert.ok(CODES.includes(error.code), `unknown code ${error.code}`);
  assert.equal(error.name, "RsyncError");
  assert.match(error.message, /^Cannot .{10,}/, "a message that tells what was being done and what was seen");
  assert.ok(
    Number.isInteger(error.offset) && error.offset! >= 0 && error.offset! <= length,
    `offset ${error.offset} of ${length}`,
  );
  return `${error.code} at ${error.offset}`;
}

/** What comes of a piece of work: its bytes, or the error in short. */
async function outcome(work: Promise<Bytes>, length: number): Promise<Bytes | string> {
  try {
    return await work;
  } catch (error) {
    return inShort(error, length);
  }
}

async function assertFails(
  work: Promise<unknown>,
  code: RsyncErrorCode,
  offset: number | undefined,
  length: number,
): Promise<void> {
  const error = await work.then(() => assert.fail("it ended well"), (reason) => reason);
  const seen = inShort(error, length);
  assert.equal(
    offset === undefined ? error.code : seen,
    offset === undefined ? code : `${code} at ${offset}`,
    error.message,
  );
}

/** The file with each byte changed: one bit at a time, and all of them. */
function* flips(bytes: Bytes): Generator<{ at: number; flipped: Bytes }> {
  for (let at = 0; at < bytes.length; at++) {
    for (const mask of [1, 2, 4, 8, 16, 32, 64, 128, 255]) {
      const flipped = bytes.slice();
      flipped[at]! ^= mask;
      yield { at, flipped };
    }
  }
}

const BASIS = concat([randomBytes(1, 150), make({ gen: "text", seed: 2, len: 150 })]);
const TARGET = concat([randomBytes(3, 30), BASIS.subarray(128, 300), BASIS.subarray(0, 128), randomBytes(4, 9)]);

interface Small extends SigStreamOptions {
  blockLength: number;
  /** Of a layered signature. */
  layers?: Layer[];
}

const QUICK = { strongSum: "blake3", strongLength: 8 } as const;
const SMALL: Record<string, Small> = {
  "rabinkarp": { ...QUICK, blockLength: 64 },
  "rabinkarp and a digest": { ...QUICK, blockLength: 64, digest: true },
  "rabinkarp, no short block": { ...QUICK, blockLength: 100 },
  "rollsum": { ...QUICK, blockLength: 64, weakSum: "rollsum" },
  "rollsum and a digest": { ...QUICK, blockLength: 64, weakSum: "rollsum", digest: true },
  "2 bytes of strong sum": { blockLength: 64, strongSum: "blake2b", strongLength: 2 },
  "layered": { blockLength: 64, layers: [{ blockLength: 128, strongLength: 8 }, { blockLength: 64, strongLength: 8 }] },
  "luapower": { blockLength: 64, format: "luapower" },
};

async function smallSig({ layers, ...options }: Small): Promise<Bytes> {
  if (!layers) return (await makeSig(BASIS, options)).bytes;
  return await toBytes(source(BASIS).pipeThrough(layeredSigStream({ layers, salt: SALT })));
}

function told({ format, blockLength }: Small): { format?: "luapower"; blockLength?: number } {
  return format === "luapower" ? { format, blockLength } : {};
}

// ---- signatures: every prefix, every byte

for (const [name, options] of Object.entries(SMALL)) {
  Deno.test(`loadSigs() rejects every prefix of a signature: ${name}`, async () => {
    const bytes = await smallSig(options);
    for (let length = 0; length < bytes.length; length++) {
      // Luapower's records are all alike: what can be told is a record that is cut.
      if (options.format === "luapower" && length % 36 === 0) {
        assert.equal((await loadSigs(bytes.slice(0, length), told(options))).sigCount, length / 36);
        continue;
      }
      for (const chunking of ["whole", 1] as Chunking[]) {
        await assertFails(
          loadSigs(source(bytes.slice(0, length), chunking), told(options)),
          "truncated",
          undefined,
          length,
        );
      }
    }
  });

  Deno.test(`a signature with any byte flipped is an error, or its delta gives the target: ${name}`, async () => {
    const bytes = await smallSig(options);
    let errors = 0;
    for (const { at, flipped } of flips(bytes)) {
      const ends = [];
      for (const chunking of ["whole", 7] as Chunking[]) {
        ends.push(
          await outcome(
            (async () => {
              const sigs = await loadSigs(source(flipped, chunking), told(options));
              const { bytes: delta } = await makeDelta(TARGET, sigs);
              return await patch(BASIS, delta, told(options));
            })(),
            flipped.length,
          ),
        );
      }
      for (const end of ends) {
        if (typeof end !== "string") assertBytes(end, TARGET, `target bytes with byte ${at} flipped`);
      }
      assert.deepEqual(ends[0], ends[1], "what comes of it does not depend on chunks");
      if (typeof ends[0] === "string") errors++;
    }
    if (options.format !== "luapower") {
      assert.ok(errors >= 100, `${errors} errors: most of header and trailer is checked`);
    }
  });
}

// ---- deltas: every prefix, every byte

interface SmallDelta {
  digest: boolean;
  sig: Small;
}

const DELTAS: Record<string, SmallDelta> = {
  "with a digest": { digest: true, sig: { ...QUICK, blockLength: 64 } },
  "without a digest": { digest: false, sig: { ...QUICK, blockLength: 64 } },
};

for (const [name, { digest, sig }] of Object.entries(DELTAS)) {
  Deno.test(`patchStream() and decodeDeltaStream() reject every prefix of a delta ${name}`, async () => {
    const { bytes } = await makeDelta(TARGET, await makeSigs(BASIS, sig), { digest });
    for (let length = 0; length < bytes.length; length++) {
      for (const chunking of ["whole", 1] as Chunking[]) {
        const prefix = () => source(bytes.slice(0, length), chunking);
        await assertFails(toBytes(prefix().pipeThrough(patchStream(BASIS))), "truncated", undefined, length);
        await assertFails(Array.fromAsync(prefix().pipeThrough(decodeDeltaStream())), "truncated", undefined, length);
      }
    }
  });
}

Deno.test("patchStream() gives the target or an error for every byte of a delta with a digest flipped", async () => {
  for (const strongSum of ["blake3", "blake2b"] as const) {
    const { bytes } = await makeDelta(TARGET, await makeSigs(BASIS, { blockLength: 64, strongSum }));
    for (const { at, flipped } of flips(bytes)) {
      const ends = [
        await outcome(patch(BASIS, flipped), flipped.length),
        await outcome(patch(BASIS, flipped, {}, 5), flipped.length),
      ];
      assert.deepEqual(ends[0], ends[1], "what comes of it does not depend on chunks");
      if (typeof ends[0] !== "string") assertBytes(ends[0]!, TARGET, `target bytes with byte ${at} flipped`);
    }
  }
});

Deno.test("patchStream() makes the told length or fails for every flipped byte of a delta with no digest", async () => {
  const { bytes } = await makeDelta(TARGET, await makeSigs(BASIS, { ...QUICK, blockLength: 64 }), { digest: false });
  for (const { at, flipped } of flips(bytes)) {
    const end = await outcome(patch(BASIS, flipped), flipped.length);
    if (typeof end === "string") continue;
    assert.equal(end.length, TARGET.length, `length of the target with byte ${at} flipped`);
  }
});

/** Where the commands of a luapower delta start, and where the last ends. */
function borders(delta: Bytes): number[] {
  const view = new DataView(delta.buffer);
  const out = [0];
  for (let at = 0; at < delta.length;) {
    at += delta[at] === 2 ? 6 : 5 + view.getUint32(at + 1, true);
    out.push(at);
  }
  return out;
}

Deno.test("patchStream() rejects a luapower delta that is cut in a command", async () => {
  const options = SMALL.luapower!;
  const { bytes } = await makeDelta(TARGET, await makeSigs(BASIS, options));
  const whole = borders(bytes);
  assert.ok(whole.length > 4, "a few commands");
  for (let length = 0; length < bytes.length; length++) {
    for (const chunking of ["whole", 1] as Chunking[]) {
      const work = patch(BASIS, bytes.slice(0, length), told(options), chunking);
      // Between two commands it looks whole: this is what the format cannot tell.
      if (whole.includes(length)) await work;
      else await assertFails(work, "truncated", undefined, length);
    }
  }
});

Deno.test("patchStream() rejects each opcode of a luapower delta that is none", async () => {
  const options = SMALL.luapower!;
  const { bytes } = await makeDelta(TARGET, await makeSigs(BASIS, options));
  for (const at of borders(bytes).slice(0, -1)) {
    for (let opcode = 0; opcode < 256; opcode++) {
      if (opcode === 1 || opcode === 2) continue;
      const wrong = bytes.slice();
      wrong[at] = opcode;
      await assertFails(patch(BASIS, wrong, told(options)), "unknown-command", at, wrong.length);
    }
  }
});

Deno.test("patchStream() ends in a known error or well for every byte of a luapower delta flipped", async () => {
  const options = SMALL.luapower!;
  const { bytes } = await makeDelta(TARGET, await makeSigs(BASIS, options));
  const seen = new Set<string>();
  for (const { flipped } of flips(bytes)) {
    const end = await outcome(patch(BASIS, flipped, told(options)), flipped.length);
    seen.add(typeof end === "string" ? end.split(" ")[0]! : "well");
  }
  assert.deepEqual([...seen].sort(), ["copy-out-of-range", "truncated", "unknown-command", "well"]);
});

// ---- noise

Deno.test("loadSigs(), patchStream() and decodeDeltaStream() end in a known error or well for any bytes", async () => {
  const heads = [
    Uint8Array.of(),
    sigHead({ weakSum: 2, strongSum: 3, blockLength: 64 }),
    sigHead({ flags: 1, strongLength: 2 }),
    bytesOf(sigHead({ flags: 3 }), 1, u32(16), 8),
    deltaHead(),
    deltaHead({ digest: 4 }),
  ];
  const command = fc.oneof(fc.uint8Array({ maxLength: 12 }), fc.nat(6).map((byte) => Uint8Array.of(byte)));
  const arbitrary = fc.tuple(fc.constantFrom(...heads), fc.array(command, { maxLength: 8 }))
    .map(([head, rest]) => concat([head, ...rest]));
  // A delta may ask for 2^52 bytes of the basis it has: not so here.
  const limits = { maxOutputLength: 100_000 };
  await fc.assert(
    fc.asyncProperty(arbitrary, fc.integer({ min: 1, max: 9 }), async (bytes, chunking) => {
      for (const format of [{}, { format: "luapower", blockLength: 16 }] as const) {
        await outcome(loadSigs(source(bytes, chunking), format).then(() => bytes), bytes.length);
        await outcome(patch(BASIS, bytes, { ...format, ...limits }, chunking), bytes.length);
        const commands = source(bytes, chunking).pipeThrough(decodeDeltaStream(format));
        await outcome(Array.fromAsync(commands).then(() => bytes), bytes.length);
      }
    }),
    { numRuns: 400 },
  );
});

// ---- lies, one by one. Sources are read a byte at a time as well: the error is the same.

function u32(value: number): Bytes {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

function u64(value: bigint): Bytes {
  return new Uint8Array(BigUint64Array.of(value).buffer);
}

function bytesOf(...parts: (number | Uint8Array)[]): Bytes {
  return concat(parts.map((part) => typeof part === "number" ? Uint8Array.of(part) : part));
}

interface HeaderFields {
  magic?: Uint8Array;
  version?: number;
  flags?: number;
  weakSum?: number;
  strongSum?: number;
  blockLength?: number;
  strongLength?: number;
  reserved?: [number, number, number];
  salt?: Uint8Array;
}

const SIG_MAGIC = Uint8Array.of(0x92, 0x52, 0x53, 0x53);
const DELTA_MAGIC = Uint8Array.of(0x92, 0x52, 0x53, 0x44);

/** A header of rollsum, BLAKE3, blocks of 16 bytes and 8 bytes of strong sum, save for what is said. */
function sigHead(fields: HeaderFields = {}): Bytes {
  const { magic = SIG_MAGIC, version = 1, flags = 0, weakSum = 1, strongSum = 2 } = fields;
  const { blockLength = 16, strongLength = 8, reserved = [0, 0, 0], salt = SALT } = fields;
  return bytesOf(magic, version, flags, weakSum, strongSum, u32(blockLength), strongLength, ...reserved, salt);
}

const RECORD = new Uint8Array(12);

/** The table of layers after the header of a layered signature. */
function table(...layers: (readonly [blockLength: number, strongLength: number])[]): Bytes {
  return bytesOf(layers.length, ...layers.flatMap(([blockLength, strongLength]) => [u32(blockLength), strongLength]));
}

interface Lie {
  bytes: Bytes;
  code: RsyncErrorCode;
  /** Where the error is; undefined where the truth is a matter of taste. */
  offset?: number;
}

const SIG_LIES: Record<string, Lie & { options?: LoadSigsOptions }> = {
  "no bytes at all": { bytes: bytesOf(), code: "truncated", offset: 0 },
  "a foreign magic": { bytes: sigHead({ magic: Uint8Array.of(0x1f, 0x8b, 8, 0) }), code: "bad-magic", offset: 0 },
  "the magic of a delta": { bytes: sigHead({ magic: DELTA_MAGIC }), code: "bad-magic", offset: 0 },
  "the magic of a delta, where the format is told": {
    bytes: sigHead({ magic: DELTA_MAGIC }),
    options: { format: "rsync-streams" },
    code: "bad-magic",
    offset: 0,
  },
  "version 0": { bytes: sigHead({ version: 0 }), code: "unsupported", offset: 4 },
  "version 2": { bytes: sigHead({ version: 2 }), code: "unsupported", offset: 4 },
  "an unknown flag": { bytes: sigHead({ flags: 4 }), code: "unsupported", offset: 5 },
  "an unknown flag beside a known one": { bytes: sigHead({ flags: 0x81 }), code: "unsupported", offset: 5 },
  "weak sum 0": { bytes: sigHead({ weakSum: 0 }), code: "unsupported", offset: 6 },
  "weak sum 3": { bytes: sigHead({ weakSum: 3, blockLength: 64 }), code: "unsupported", offset: 6 },
  "strong sum 0": { bytes: sigHead({ strongSum: 0 }), code: "unsupported", offset: 7 },
  "strong sum 1": { bytes: sigHead({ strongSum: 1 }), code: "unsupported", offset: 7 },
  "strong sum 4": { bytes: sigHead({ strongSum: 4 }), code: "unsupported", offset: 7 },
  "blocks of 0 bytes": { bytes: sigHead({ blockLength: 0 }), code: "unsupported", offset: 8 },
  "blocks of 15 bytes": { bytes: sigHead({ blockLength: 15 }), code: "unsupported", offset: 8 },
  "blocks of 2^30 + 1 bytes": { bytes: sigHead({ blockLength: 2 ** 30 + 1 }), code: "unsupported", offset: 8 },
  "blocks of 2^32 - 1 bytes": { bytes: sigHead({ blockLength: 2 ** 32 - 1 }), code: "unsupported", offset: 8 },
  "strong sums of 1 byte": { bytes: sigHead({ strongLength: 1 }), code: "unsupported", offset: 12 },
  "strong sums of 33 bytes": { bytes: sigHead({ strongLength: 33 }), code: "unsupported", offset: 12 },
  "strong sums of 0 bytes": { bytes: sigHead({ strongLength: 0 }), code: "unsupported", offset: 12 },
  "a first reserved byte": { bytes: sigHead({ reserved: [1, 0, 0] }), code: "unsupported", offset: 13 },
  "a last reserved byte": { bytes: sigHead({ reserved: [0, 0, 128] }), code: "unsupported", offset: 15 },
  "a frame of 65,537 records": { bytes: bytesOf(sigHead(), u32(65_537), RECORD), code: "limit", offset: 32 },
  "a frame of 2^32 - 1 records": { bytes: bytesOf(sigHead(), u32(2 ** 32 - 1), RECORD), code: "limit", offset: 32 },
  "a frame of more records than there are": {
    bytes: bytesOf(sigHead(), u32(3), RECORD, RECORD),
    code: "truncated",
    offset: 60,
  },
  "more records than the file has blocks": {
    bytes: bytesOf(sigHead(), u32(2), RECORD, RECORD, u32(0), u64(16n)),
    code: "trailing-data",
    offset: 64,
  },
  "a record of an empty file": {
    bytes: bytesOf(sigHead(), u32(1), RECORD, u32(0), u64(0n)),
    code: "trailing-data",
    offset: 52,
  },
  "fewer records than the file has blocks": {
    bytes: bytesOf(sigHead(), u32(1), RECORD, u32(0), u64(17n)),
    code: "truncated",
    offset: 52,
  },
  "a file of 2^53 bytes": { bytes: bytesOf(sigHead(), u32(0), u64(2n ** 53n)), code: "unsupported", offset: 36 },
  "a file of 2^64 - 1 bytes": {
    bytes: bytesOf(sigHead(), u32(0), u64(2n ** 64n - 1n)),
    code: "unsupported",
    offset: 36,
  },
  "a file of 2^53 - 1 bytes without records": {
    bytes: bytesOf(sigHead(), u32(0), u64(2n ** 53n - 1n)),
    code: "truncated",
    offset: 36,
  },
  "a byte after the trailer": { bytes: bytesOf(sigHead(), u32(0), u64(0n), 0), code: "trailing-data", offset: 44 },
  "a frame after the trailer": {
    bytes: bytesOf(sigHead(), u32(0), u64(0n), u32(1), RECORD),
    code: "trailing-data",
    offset: 44,
  },
  "no digest, where there shall be one": { bytes: bytesOf(sigHead({ flags: 1 }), u32(0), u64(0n)), code: "truncated" },
  "a digest, where there shall be none": {
    bytes: bytesOf(sigHead(), u32(0), u64(0n), new Uint8Array(32)),
    code: "trailing-data",
    offset: 44,
  },
  "a layered signature without a digest": {
    bytes: bytesOf(sigHead({ flags: 2 }), table([16, 8])),
    code: "unsupported",
    offset: 32,
  },
  "a layered signature of no layers": {
    bytes: bytesOf(sigHead({ flags: 3 }), table()),
    code: "unsupported",
    offset: 32,
  },
  "a layered signature of 9 layers": {
    bytes: bytesOf(sigHead({ flags: 3 }), table(...Array.from({ length: 9 }, (_, i) => [2 ** (12 - i), 8] as const))),
    code: "unsupported",
    offset: 32,
  },
  "a layer that does not divide the one before": {
    bytes: bytesOf(sigHead({ flags: 3 }), table([40, 8], [16, 8])),
    code: "unsupported",
    offset: 32,
  },
  "a layer like the one before": {
    bytes: bytesOf(sigHead({ flags: 3 }), table([16, 8], [16, 8])),
    code: "unsupported",
    offset: 32,
  },
  "a layer of 15 bytes": {
    bytes: bytesOf(sigHead({ flags: 3 }), table([30, 8], [15, 8])),
    code: "unsupported",
    offset: 32,
  },
  "a layer of strong sums of 1 byte": {
    bytes: bytesOf(sigHead({ flags: 3 }), table([32, 1], [16, 8])),
    code: "unsupported",
    offset: 32,
  },
  "a finest layer of other blocks than the header's": {
    bytes: bytesOf(sigHead({ flags: 3 }), table([32, 8])),
    code: "unsupported",
    offset: 32,
  },
  "a finest layer of other strong sums than the header's": {
    bytes: bytesOf(sigHead({ flags: 3 }), table([16, 9])),
    code: "unsupported",
    offset: 32,
  },
  "a frame of 1,025 records in a layered signature": {
    bytes: bytesOf(sigHead({ flags: 3 }), table([16, 8]), u32(1025), RECORD),
    code: "unsupported",
    offset: 38,
  },
  "a frame after one that is not full in a layered signature": {
    bytes: bytesOf(sigHead({ flags: 3 }), table([16, 8]), u32(1), RECORD, u32(1), RECORD),
    code: "unsupported",
    offset: 54,
  },
  "luapower: half a record": {
    bytes: new Uint8Array(36 + 18),
    options: { format: "luapower", blockLength: 16 },
    code: "truncated",
    offset: 36,
  },
  "more than maxInputLength": {
    bytes: bytesOf(sigHead(), u32(0), u64(0n)),
    options: { maxInputLength: 43 },
    code: "limit",
    offset: 43,
  },
};

for (const [name, { bytes, options, code, offset }] of Object.entries(SIG_LIES)) {
  Deno.test(`loadSigs() rejects ${name}`, async () => {
    await assertFails(loadSigs(bytes, options), code, offset, bytes.length);
    await assertFails(loadSigs(source(bytes, 1), options), code, offset, bytes.length);
  });
}

Deno.test("loadSigs() takes the least and the most that its header may say", async () => {
  for (const strongLength of [2, 32]) {
    const empty = await loadSigs(bytesOf(sigHead({ blockLength: 2 ** 30, strongLength }), u32(0), u64(0n)));
    assert.deepEqual([empty.sigCount, empty.strongLength], [0, strongLength]);
  }
  const sigs = await loadSigs(bytesOf(sigHead(), u32(1), RECORD, u32(1), RECORD, u32(0), u64(32n)));
  assert.equal(sigs.sigCount, 2);
  assert.equal(sigs.fileLength, 32);
});

Deno.test("loadSigs() takes as many bytes as maxInputLength says", async () => {
  const bytes = bytesOf(sigHead(), u32(0), u64(0n));
  assert.equal((await loadSigs(source(bytes, 1), { maxInputLength: bytes.length })).sigCount, 0);
});

Deno.test("loadSigs() stops to read at maxInputLength and cancels the source with its error", async () => {
  const bytes = bytesOf(sigHead(), u32(65_536));
  let given = 0;
  let reason: unknown;
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(given++ === 0 ? bytes : new Uint8Array(1000)),
    cancel: (why) => {
      reason = why;
    },
  }, { highWaterMark: 0 });
  const error = await loadSigs(endless, { maxInputLength: 10_000 }).catch((error) => error);
  assert.equal(inShort(error, 10_000), "limit at 10000");
  assert.equal(reason, error);
  assert.equal(given, 11);
  assert.equal(endless.locked, false);
});

function deltaHead(
  { magic = DELTA_MAGIC, version = 1, digest = 0, reserved = [0, 0] as [number, number] } = {},
): Bytes {
  return bytesOf(magic, version, digest, ...reserved);
}

/** Unsigned LEB128 of any value. */
function varint(value: bigint): Bytes {
  const out = [];
  for (; value >= 128n; value >>= 7n) out.push(Number(value & 127n) | 128);
  return Uint8Array.of(...out, Number(value));
}

const copyHead = (length: bigint) => varint(2n * length + 1n);
const dataHead = (length: bigint) => varint(2n * length);
const zigzag = (distance: bigint) => varint(distance < 0n ? -2n * distance - 1n : 2n * distance);

/** Basis of the deltas below. */
const TEN = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
/** The same, and it does not tell its length. */
const TEN_UNTOLD: BasisSource = { read: (offset, length) => TEN.subarray(offset, offset + length) };
const LUAPOWER = { format: "luapower", blockLength: 4 } as const;

interface DeltaLie extends Lie {
  options?: PatchStreamOptions;
  basis?: BasisSource;
  /** Whether it can be told without the basis and the limits of a patch. */
  isPatchOnly?: boolean;
}

const DELTA_LIES: Record<string, DeltaLie> = {
  "no bytes at all": { bytes: bytesOf(), code: "truncated", offset: 0 },
  "a foreign magic": { bytes: bytesOf(0x1f, 0x8b, 8, 0, 0), code: "bad-magic", offset: 0 },
  "the magic of a signature": { bytes: deltaHead({ magic: SIG_MAGIC }), code: "bad-magic", offset: 0 },
  "the magic of a signature, where the format is told": {
    bytes: deltaHead({ magic: SIG_MAGIC }),
    options: { format: "rsync-streams" },
    code: "bad-magic",
    offset: 0,
  },
  "version 2": { bytes: deltaHead({ version: 2 }), code: "unsupported", offset: 4 },
  "a digest by BLAKE3": { bytes: deltaHead({ digest: 2 }), code: "unsupported", offset: 5 },
  "a digest by BLAKE2b": { bytes: deltaHead({ digest: 3 }), code: "unsupported", offset: 5 },
  "an unknown digest": { bytes: deltaHead({ digest: 5 }), code: "unsupported", offset: 5 },
  "a digest far from any": { bytes: deltaHead({ digest: 255 }), code: "unsupported", offset: 5 },
  "a first reserved byte": { bytes: deltaHead({ reserved: [1, 0] }), code: "unsupported", offset: 6 },
  "a last reserved byte": { bytes: deltaHead({ reserved: [0, 1] }), code: "unsupported", offset: 7 },
  "a header and no more": { bytes: deltaHead(), code: "truncated", offset: 8 },
  "commands without an end": { bytes: bytesOf(deltaHead(), dataHead(1n), 65), code: "truncated", offset: 10 },
  "a copy of no bytes": { bytes: bytesOf(deltaHead(), 1, 0), code: "unknown-command", offset: 8 },
  "a head not in its shortest form": { bytes: bytesOf(deltaHead(), 0x82, 0x00, 65), code: "unsupported", offset: 8 },
  "an end not in its shortest form": { bytes: bytesOf(deltaHead(), 0x80, 0x00, 0), code: "unsupported", offset: 8 },
  "an offset not in its shortest form": {
    bytes: bytesOf(deltaHead(), copyHead(1n), 0x80, 0x80, 0x00),
    code: "unsupported",
    offset: 9,
  },
  "a target length not in its shortest form": {
    bytes: bytesOf(deltaHead(), 0, 0x80, 0x00),
    code: "unsupported",
    offset: 9,
  },
  "a head of 2^53": { bytes: bytesOf(deltaHead(), varint(2n ** 53n)), code: "unsupported", offset: 8 },
  "a head of 2^56 - 1": { bytes: bytesOf(deltaHead(), varint(2n ** 56n - 1n)), code: "unsupported", offset: 8 },
  "a head of 9 bytes": { bytes: bytesOf(deltaHead(), varint(2n ** 56n)), code: "unsupported", offset: 8 },
  "a head that never ends": {
    bytes: bytesOf(deltaHead(), new Uint8Array(50).fill(255)),
    code: "unsupported",
    offset: 8,
  },
  "an offset of 2^53": { bytes: bytesOf(deltaHead(), copyHead(1n), varint(2n ** 53n)), code: "unsupported", offset: 9 },
  "a target length of 2^53": { bytes: bytesOf(deltaHead(), 0, varint(2n ** 53n)), code: "unsupported", offset: 9 },
  "data of 2^52 - 1 bytes that do not come": {
    bytes: bytesOf(deltaHead(), dataHead(2n ** 52n - 1n), 65, 66),
    code: "truncated",
  },
  "data of a gigabyte that ends early": {
    bytes: bytesOf(deltaHead(), dataHead(2n ** 30n), new Uint8Array(1000)),
    code: "truncated",
  },
  "a copy before the start of the basis": {
    bytes: bytesOf(deltaHead(), copyHead(1n), zigzag(-1n)),
    code: "copy-out-of-range",
    offset: 8,
  },
  "a copy before the start, after another": {
    bytes: bytesOf(deltaHead(), copyHead(2n), zigzag(3n), copyHead(1n), zigzag(-6n)),
    code: "copy-out-of-range",
    offset: 10,
  },
  "a copy 2^52 before the start": {
    bytes: bytesOf(deltaHead(), copyHead(1n), zigzag(-(2n ** 52n))),
    code: "copy-out-of-range",
    offset: 8,
  },
  "copies that go past 2^53": {
    bytes: bytesOf(
      deltaHead(),
      copyHead(1n),
      zigzag(2n ** 52n - 1n),
      copyHead(1n),
      zigzag(2n ** 52n - 1n),
    ),
    basis: { read: (_, length) => new Uint8Array(length) },
    code: "copy-out-of-range",
  },
  "a copy past the end of the basis": {
    bytes: bytesOf(deltaHead(), copyHead(11n), 0, 0, 11),
    code: "copy-out-of-range",
    isPatchOnly: true,
  },
  "a copy that starts past the end of the basis": {
    bytes: bytesOf(deltaHead(), copyHead(1n), zigzag(2n ** 52n - 1n), 0, 1),
    code: "copy-out-of-range",
    isPatchOnly: true,
  },
  "a copy past the end of a basis of untold length": {
    bytes: bytesOf(deltaHead(), copyHead(11n), 0, 0, 11),
    basis: TEN_UNTOLD,
    code: "basis-short-read",
    isPatchOnly: true,
  },
  "a copy that starts past the end of a basis of untold length": {
    bytes: bytesOf(deltaHead(), copyHead(1n), zigzag(10n), 0, 1),
    basis: TEN_UNTOLD,
    code: "basis-short-read",
    isPatchOnly: true,
  },
  "a basis shorter than it tells": {
    bytes: bytesOf(deltaHead(), copyHead(11n), 0, 0, 11),
    basis: { read: (offset, length) => TEN.subarray(offset, offset + length), size: 11 },
    code: "basis-short-read",
    isPatchOnly: true,
  },
  "a byte after the end": { bytes: bytesOf(deltaHead(), 0, 0, 0), code: "trailing-data", offset: 10 },
  "a second delta after the end": {
    bytes: bytesOf(deltaHead(), 0, 0, deltaHead(), 0, 0),
    code: "trailing-data",
    offset: 10,
  },
  "a target length too great": { bytes: bytesOf(deltaHead(), dataHead(1n), 65, 0, 2), code: "digest-mismatch" },
  "a target length too small": { bytes: bytesOf(deltaHead(), dataHead(1n), 65, 0, 0), code: "digest-mismatch" },
  "a target length that forgets the copies": {
    bytes: bytesOf(deltaHead(), copyHead(3n), 0, dataHead(1n), 65, 0, 1),
    code: "digest-mismatch",
  },
  "a wrong digest": {
    bytes: bytesOf(deltaHead({ digest: 4 }), dataHead(1n), 65, 0, 1, new Uint8Array(32)),
    code: "digest-mismatch",
    isPatchOnly: true,
  },
  "half a digest": { bytes: bytesOf(deltaHead({ digest: 4 }), 0, 0, new Uint8Array(16)), code: "truncated", offset: 8 },
  "a digest, where there shall be none": {
    bytes: bytesOf(deltaHead(), 0, 0, new Uint8Array(32)),
    code: "trailing-data",
    offset: 10,
  },
  "more data than maxOutputLength": {
    bytes: bytesOf(deltaHead(), dataHead(3n), 65, 66, 67, 0, 3),
    options: { maxOutputLength: 2 },
    code: "limit",
    isPatchOnly: true,
  },
  "a longer copy than maxOutputLength": {
    bytes: bytesOf(deltaHead(), dataHead(1n), 65, copyHead(10n), 0, 0, 11),
    options: { maxOutputLength: 10 },
    code: "limit",
    isPatchOnly: true,
  },
  "luapower: command 0": { bytes: bytesOf(0), options: LUAPOWER, code: "unknown-command", offset: 0 },
  "luapower: command 3 after a copy": {
    bytes: bytesOf(2, u32(0), 1, 3),
    options: LUAPOWER,
    code: "unknown-command",
    offset: 6,
  },
  "luapower: a copy of no blocks": {
    bytes: bytesOf(2, u32(0), 0),
    options: LUAPOWER,
    code: "unknown-command",
    offset: 0,
  },
  "luapower: a copy of a block that is not there": {
    bytes: bytesOf(2, u32(2), 1),
    options: LUAPOWER,
    code: "copy-out-of-range",
    isPatchOnly: true,
  },
  "luapower: a copy of too many blocks": {
    bytes: bytesOf(2, u32(0), 3),
    options: LUAPOWER,
    code: "copy-out-of-range",
    isPatchOnly: true,
  },
  "luapower: a copy of a block far away": {
    bytes: bytesOf(2, u32(2 ** 32 - 1), 255),
    options: LUAPOWER,
    code: "copy-out-of-range",
    isPatchOnly: true,
  },
  "luapower: a copy beyond 2^53": {
    bytes: bytesOf(2, u32(2 ** 32 - 1), 1),
    options: { format: "luapower", blockLength: 2 ** 30 },
    basis: { read: (_, length) => new Uint8Array(length) },
    code: "copy-out-of-range",
    offset: 0,
  },
  "luapower: a copy past the end of a basis of untold length": {
    bytes: bytesOf(2, u32(2), 1),
    options: LUAPOWER,
    basis: TEN_UNTOLD,
    code: "basis-short-read",
    isPatchOnly: true,
  },
  "luapower: data of 2^32 - 1 bytes that do not come": {
    bytes: bytesOf(1, u32(2 ** 32 - 1), 65),
    options: LUAPOWER,
    code: "truncated",
  },
  "luapower: a longer target than maxOutputLength": {
    bytes: bytesOf(2, u32(0), 2, 1, u32(1), 65),
    options: { ...LUAPOWER, maxOutputLength: 8 },
    code: "limit",
    isPatchOnly: true,
  },
};

for (const [name, { bytes, basis, options, code, offset, isPatchOnly }] of Object.entries(DELTA_LIES)) {
  Deno.test(`patchStream() rejects ${name}`, async () => {
    for (const chunking of ["whole", 1] as Chunking[]) {
      await assertFails(patch(basis ?? TEN, bytes, options, chunking), code, offset, bytes.length);
    }
  });

  const { format, blockLength } = options ?? {};
  const decode = (chunking: Chunking) => {
    return Array.fromAsync(source(bytes, chunking).pipeThrough(decodeDeltaStream({ format, blockLength })));
  };
  if (isPatchOnly) {
    Deno.test(`decodeDeltaStream() leaves it to the patch to reject ${name}`, async () => {
      assert.ok((await decode("whole")).length > 0);
    });
  } else {
    Deno.test(`decodeDeltaStream() rejects ${name}`, async () => {
      for (const chunking of ["whole", 1] as Chunking[]) {
        await assertFails(decode(chunking), code, offset, bytes.length);
      }
    });
  }
}

Deno.test("decodeDeltaStream() rejects commands that make more than 2^53 - 1 bytes", async () => {
  const most = 2n ** 52n - 1n;
  const commands = [zigzag(0n), zigzag(-most), zigzag(-most)].map((distance) => bytesOf(copyHead(most), distance));
  const bytes = bytesOf(deltaHead(), ...commands);
  const offset = bytes.length - commands[2]!.length;
  await assertFails(
    Array.fromAsync(source(bytes).pipeThrough(decodeDeltaStream())),
    "unsupported",
    offset,
    bytes.length,
  );
});

Deno.test("patchStream() makes a target as long as maxOutputLength", async () => {
  const bytes = bytesOf(deltaHead(), dataHead(1n), 65, copyHead(10n), 0, 0, 11);
  assertBytes(await patch(TEN, bytes, { maxOutputLength: 11 }), bytesOf(65, TEN));
});

Deno.test("patchStream() rejects the delta of another basis by its digest", async () => {
  const { bytes } = await makeDelta(TARGET, await makeSigs(BASIS, { blockLength: 64 }));
  const other = BASIS.slice();
  other[200]! ^= 1;
  await assertFails(patch(other, bytes), "digest-mismatch", undefined, bytes.length);
});

Deno.test("patchStream() never closes after a wrong digest, whatever was read before", async () => {
  const data = new Uint8Array(300_000);
  const bytes = bytesOf(deltaHead({ digest: 4 }), dataHead(300_000n), data, 0, varint(300_000n), new Uint8Array(32));
  const reader = source(bytes).pipeThrough(patchStream(TEN)).getReader();
  const error = await (async () => {
    while (!(await reader.read()).done);
  })().catch((error) => error);
  assert.equal(inShort(error, bytes.length).split(" ")[0], "digest-mismatch");
  assert.equal(await reader.closed.catch((reason) => reason), error);
});

Deno.test("patchStream() takes a hundred thousand empty luapower data commands in one chunk", async () => {
  const bytes = new Uint8Array(500_006);
  for (let at = 0; at < 500_000; at += 5) bytes[at] = 1;
  bytes.set([2, 1, 0, 0, 0, 1], 500_000);
  assertBytes(await patch(TEN, bytes, LUAPOWER), TEN.subarray(4, 8));
});

Deno.test("patchStream() rejects what a basis gives beyond what was asked for", async () => {
  const greedy = { read: (_: number, length: number) => new Uint8Array(length + 1) };
  await assert.rejects(patch(greedy, bytesOf(deltaHead(), copyHead(5n), 0, 0, 5)), TypeError);
});

// ---- memory: what a header claims is not what is allocated

/** Bytes of buffers that each of `count` takes. Not what the process takes: pages that nobody touches are not in it. */
async function memoryOfEach(count: number, make: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage().external;
  const kept = [];
  for (let i = 0; i < count; i++) kept.push(await make());
  const grown = process.memoryUsage().external - before;
  assert.equal(kept.length, count);
  return grown / count;
}

/** Writes without an end, so that what is waited for stays waited for. */
async function feed<T>(pair: { readable: ReadableStream<T>; writable: WritableStream<BufferSource> }, bytes: Bytes) {
  const reader = pair.readable.getReader();
  const writer = pair.writable.getWriter();
  await Promise.race([writer.write(bytes), reader.read()]);
  return { reader, writer };
}

Deno.test("patchStream() allocates nothing for a gigabyte that a delta claims", async () => {
  const claims = [
    { bytes: bytesOf(deltaHead(), dataHead(2n ** 30n), 65), options: {} },
    { bytes: bytesOf(1, u32(2 ** 30), 65), options: LUAPOWER },
  ];
  for (const { bytes, options } of claims) {
    const taken = await memoryOfEach(1000, () => feed(patchStream(TEN, options), bytes));
    assert.ok(taken < 2 ** 16, `each stream takes ${taken} bytes`);
  }
});

Deno.test("loadSigs() allocates nothing for the records and blocks that a signature claims", async () => {
  // 65,536 records of 36 bytes in the first frame alone, of blocks of 2^30 bytes.
  const head = sigHead({ blockLength: 2 ** 30, strongLength: 32 });
  const claim = bytesOf(head, u32(65_536), new Uint8Array(38));
  const taken = await memoryOfEach(200, async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const loading = loadSigs(readable).catch(() => {});
    const writer = writable.getWriter();
    await writer.write(claim);
    return { loading, writer };
  });
  assert.ok(taken < 2 ** 20, `each signature takes ${taken} bytes`);
});

Deno.test("deltaStream() allocates no block for the block length that a signature claims", async () => {
  const sigs = await loadSigs(bytesOf(sigHead({ blockLength: 2 ** 30 }), u32(0), u64(0n)));
  const taken = await memoryOfEach(20, () => feed(deltaStream(sigs), Uint8Array.of(1, 2, 3)));
  assert.ok(taken < 2 ** 24, `each stream takes ${taken} bytes`);
});
