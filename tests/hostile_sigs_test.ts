/** Signatures that lie, one lie at a time. They are read a byte at a time as well: the error is the same. */
import assert from "node:assert/strict";
import { loadSigs, type LoadSigsOptions } from "rsync-streams";
import { source } from "./_helpers.ts";
import { assertFails, bytesOf, DELTA_MAGIC, inShort, type Lie, RECORD, sigHead, table, u32, u64 } from "./_hostile.ts";

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
