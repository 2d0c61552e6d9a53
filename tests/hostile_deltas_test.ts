/** Deltas that lie, one lie at a time. They are read a byte at a time as well: the error is the same. */
import assert from "node:assert/strict";
import { type BasisSource, decodeDeltaStream, patchStream, type PatchStreamOptions } from "rsync-streams";
import { assertBytes, type Chunking, makeDelta, makeSigs, patch, source } from "./_helpers.ts";
import {
  assertFails,
  BASIS,
  bytesOf,
  copyHead,
  dataHead,
  deltaHead,
  inShort,
  type Lie,
  LUAPOWER,
  SIG_MAGIC,
  TARGET,
  TEN,
  TEN_UNTOLD,
  u32,
  varint,
  zigzag,
} from "./_hostile.ts";

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
