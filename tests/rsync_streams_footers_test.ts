/** Lies in the end of a layered signature, one by one. */
import assert from "node:assert/strict";
import { loadSigs, RsyncError, type RsyncErrorCode } from "rsync-streams";
import { LayeredSig, layeredSigStream } from "rsync-streams/sync";
import { SALT, source, toBytes } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";
import { type Bytes, u32, u64 } from "./_golden.ts";

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
  "the greatest file length": contradiction(AT.fileLength, u64(2 ** 53 - 1), ["truncated", GOOD.length]),
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
