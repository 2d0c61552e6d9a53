/** Signatures and deltas of librsync that lie, one lie at a time, with the place; and the most that is no lie. */
import assert from "node:assert/strict";
import { decodeDeltaStream, loadSigs } from "rsync-streams";
import { type Chunking, source } from "./_helpers.ts";
import { assertFails, type Bytes, bytesOf, type Lie } from "./_hostile.ts";

/** Big-endian. */
function u32(value: number): Bytes {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

function sigHead(kind = 0x47, blockLength = 64, strongLength = 8): Bytes {
  return bytesOf(0x72, 0x73, 0x01, kind, u32(blockLength), u32(strongLength));
}

const DELTA = bytesOf(0x72, 0x73, 0x02, 0x36);
const CHUNKINGS: readonly Chunking[] = ["whole", 1, 5];

const SIG_LIES: Record<string, Lie> = {
  "half a header": { bytes: sigHead().slice(0, 11), code: "truncated", offset: 0 },
  "kind 0x35": { bytes: sigHead(0x35), code: "bad-magic", offset: 0 },
  "kind 0x38": { bytes: sigHead(0x38), code: "bad-magic", offset: 0 },
  "kind 0x45": { bytes: sigHead(0x45), code: "bad-magic", offset: 0 },
  "kind 0x48": { bytes: sigHead(0x48), code: "bad-magic", offset: 0 },
  "blocks of 0 bytes": { bytes: sigHead(0x47, 0), code: "unsupported", offset: 4 },
  "blocks of 2^30 + 1 bytes": { bytes: sigHead(0x47, 2 ** 30 + 1), code: "unsupported", offset: 4 },
  "blocks of 2^32 - 1 bytes": { bytes: sigHead(0x47, 2 ** 32 - 1), code: "unsupported", offset: 4 },
  "sums of 0 bytes": { bytes: sigHead(0x47, 64, 0), code: "unsupported", offset: 8 },
  "sums of 33 bytes by blake2b": { bytes: sigHead(0x47, 64, 33), code: "unsupported", offset: 8 },
  "sums of 17 bytes by md4": { bytes: sigHead(0x46, 64, 17), code: "unsupported", offset: 8 },
  "sums of 17 bytes by md4 and rollsum": { bytes: sigHead(0x36, 64, 17), code: "unsupported", offset: 8 },
  "a byte of a record": { bytes: bytesOf(sigHead(), 1), code: "truncated", offset: 12 },
  "half a second record": { bytes: bytesOf(sigHead(), new Uint8Array(18)), code: "truncated", offset: 24 },
};

for (const [name, { bytes, code, offset }] of Object.entries(SIG_LIES)) {
  Deno.test(`loadSigs() rejects a signature of librsync with ${name}`, async () => {
    for (const chunking of CHUNKINGS) await assertFails(loadSigs(source(bytes, chunking)), code, offset, bytes.length);
  });
}

Deno.test("loadSigs() takes each kind of librsync's signatures, with the least and the most lengths", async () => {
  const kinds = [[0x36, "rollsum", "md4", 16], [0x37, "rollsum", "blake2b", 32], [0x46, "rabinkarp", "md4", 16]];
  kinds.push([0x47, "rabinkarp", "blake2b", 32]);
  for (const [kind, weakSum, strongSum, most] of kinds as [number, string, string, number][]) {
    for (const [blockLength, strongLength] of [[1, 1], [2 ** 30, most], [0x01020304, 1]] as const) {
      const bytes = bytesOf(sigHead(kind, blockLength, strongLength), new Uint8Array(3 * (4 + strongLength)));
      for (const chunking of CHUNKINGS) {
        const sigs = await loadSigs(source(bytes, chunking));
        assert.deepEqual([sigs.format, sigs.weakSum, sigs.strongSum], ["librsync", weakSum, strongSum]);
        assert.deepEqual([sigs.blockLength, sigs.strongLength, sigs.sigCount], [blockLength, strongLength, 3]);
        assert.deepEqual([sigs.fileLength, sigs.digest], [undefined, undefined]);
      }
    }
  }
});

const DELTA_LIES: Record<string, Lie> = {
  "half a magic": { bytes: DELTA.slice(0, 3), code: "truncated", offset: 0 },
  "another magic": { bytes: bytesOf(0x72, 0x73, 0x02, 0x37), code: "bad-magic", offset: 0 },
  "no end": { bytes: DELTA, code: "truncated", offset: 4 },
  "command 0x55": { bytes: bytesOf(DELTA, 1, 65, 0x55), code: "unknown-command", offset: 6 },
  "command 0xff": { bytes: bytesOf(DELTA, 0xff), code: "unknown-command", offset: 4 },
  "a literal of no bytes": { bytes: bytesOf(DELTA, 0x41, 0), code: "unknown-command", offset: 4 },
  "a copy of no bytes": { bytes: bytesOf(DELTA, 2, 65, 65, 0x45, 0, 0), code: "unknown-command", offset: 7 },
  "a copy without its length": { bytes: bytesOf(DELTA, 0x47, 0, 0, 0, 1), code: "truncated", offset: 4 },
  "a literal without its length": { bytes: bytesOf(DELTA, 0x43, 0, 0, 1), code: "truncated", offset: 4 },
};

for (const [name, { bytes, code, offset }] of Object.entries(DELTA_LIES)) {
  Deno.test(`decodeDeltaStream() rejects a delta of librsync with ${name}`, async () => {
    for (const chunking of CHUNKINGS) {
      const decoded = Array.fromAsync(source(bytes, chunking).pipeThrough(decodeDeltaStream()));
      await assertFails(decoded, code, offset, bytes.length);
    }
  });
}

Deno.test("decodeDeltaStream() takes integers of librsync of each width, wider ones than needed too", async () => {
  const widths = [[0x05], [0, 0x05], [0, 0, 0, 0x05], [0, 0, 0, 0, 0, 0, 0, 0x05]];
  for (const [i, offset] of widths.entries()) {
    for (const [j, length] of widths.entries()) {
      const bytes = bytesOf(DELTA, 0x45 + 4 * i + j, ...offset, ...length, 0);
      for (const chunking of CHUNKINGS) {
        const commands = await Array.fromAsync(source(bytes, chunking).pipeThrough(decodeDeltaStream()));
        assert.deepEqual(commands, [{ copy: { offset: 5, length: 5 } }]);
      }
    }
    const data = Uint8Array.of(1, 2, 3, 4, 5);
    const bytes = bytesOf(DELTA, 0x41 + i, ...offset, data, 0, 77, 78);
    for (const chunking of CHUNKINGS) {
      const stream = decodeDeltaStream();
      assert.deepEqual(await Array.fromAsync(source(bytes, chunking).pipeThrough(stream)), [{ data }]);
      assert.equal(stream.stats.bytesIn, bytes.length, "what follows the end is read too");
    }
  }
});
