/** Options are checked in the factory, and have the defaults of their documentation. */
import assert from "node:assert/strict";
import {
  decodeDeltaStream,
  deltaStream,
  encodeDeltaStream,
  loadSigs,
  patchStream,
  Signature,
  sigStream,
  type StreamPair,
} from "rsync-streams";
import { assertBytes, makeSig, SALT, source, toBytes } from "./_helpers.ts";
import { type Anything, BASIS, type Bytes, DELTA, QUICK, show, SIG, SIGS, TARGET } from "./_small_files.ts";

const LUAPOWER = { format: "luapower", blockLength: 1024 };

const FACTORIES: Record<string, (options: Anything) => unknown> = {
  "sigStream()": (options) => sigStream(options),
  "deltaStream()": (options) => deltaStream(SIGS, options),
  "patchStream()": (options) => patchStream(BASIS, options),
  "decodeDeltaStream()": (options) => decodeDeltaStream(options),
  "encodeDeltaStream()": (options) => encodeDeltaStream(options),
};

/** Of the wrong kind; each field alone. */
const WRONG_KINDS: Record<string, Anything[]> = {
  "sigStream()": [
    { blockLength: "1024" },
    { blockLength: 1024n },
    { blockLength: null },
    { weakSum: "adler32" },
    { weakSum: 3 },
    { weakSum: "anchor" },
    { weakSum: "RABINKARP" },
    { strongSum: "sha256" },
    { strongSum: null },
    { strongSum: "toString" },
    { strongSum: "blake2sp" },
    { strongSum: "md4" },
    { strongLength: "32" },
    { format: "zip" },
    { format: "constructor" },
    { format: 1 },
    { digest: 1 },
    { digest: "yes" },
    { salt: "0123456789abcdef" },
    { salt: SALT.buffer },
    { salt: null },
    { fileLength: "5" },
    { fileLength: null },
    { ...LUAPOWER, salt: SALT },
    { format: "librsync", salt: SALT },
    { ...LUAPOWER, weakSum: "rabinkarp" },
    { ...LUAPOWER, strongSum: "blake3" },
    { ...LUAPOWER, digest: true },
  ],
  "deltaStream()": [
    { format: "zip" },
    { format: null },
    { digest: 1 },
    { digest: null },
    { format: "luapower", digest: true },
    { memLength: "65536" },
    { format: "luapower", memLength: null },
  ],
  "patchStream()": [
    { format: "zip" },
    { format: "luapower" },
    { format: "luapower", blockLength: "1024" },
    { maxOutputLength: "5" },
    { maxOutputLength: null },
    { maxOutputLength: 5n },
  ],
  "decodeDeltaStream()": [{ format: "zip" }, { format: "luapower" }, { format: "luapower", blockLength: null }],
  "encodeDeltaStream()": [{ format: "zip" }, { format: "luapower" }, { format: "luapower", blockLength: {} }],
};

/** What each takes: not an object, and a hook that is none. */
const WRONG_ANYWHERE: Anything[] = [null, 5, "options", true, { onProgress: 5 }, { onProgress: null }, {
  onProgress: {},
}];

const OUT_OF_RANGE: Record<string, Anything[]> = {
  "sigStream()": [
    { blockLength: 0 },
    { blockLength: 15 },
    { blockLength: -1024 },
    { blockLength: 1024.5 },
    { blockLength: NaN },
    { blockLength: Infinity },
    { blockLength: 2 ** 30 + 1 },
    { blockLength: 15, weakSum: "rollsum" },
    { ...LUAPOWER, blockLength: 0 },
    { ...LUAPOWER, blockLength: 2 ** 30 + 1 },
    { strongLength: 1 },
    { strongLength: 33 },
    { strongLength: 8.5 },
    { strongLength: NaN },
    { ...LUAPOWER, strongLength: 16 },
    { salt: SALT.subarray(1) },
    { salt: new Uint8Array(17) },
    { salt: new Uint8Array(0) },
    { fileLength: -1 },
    { fileLength: 0.5 },
    { fileLength: 2 ** 53 },
  ],
  "deltaStream()": [
    { memLength: 0 },
    { memLength: -1 },
    { memLength: 1.5 },
    { memLength: 2 ** 30 + 1 },
  ],
  "patchStream()": [
    { maxOutputLength: -1 },
    { maxOutputLength: 1.5 },
    { maxOutputLength: NaN },
    { maxOutputLength: -Infinity },
    { maxOutputLength: 2 ** 53 },
    { format: "luapower", blockLength: 0 },
    { format: "luapower", blockLength: 2 ** 30 + 1 },
    { format: "luapower", blockLength: 1.5 },
  ],
  "decodeDeltaStream()": [{ format: "luapower", blockLength: 0 }, { format: "luapower", blockLength: NaN }],
  "encodeDeltaStream()": [{ format: "luapower", blockLength: 0 }, { format: "luapower", blockLength: 2 ** 30 + 1 }],
};

/** What each takes. */
const INPUTS: Record<string, () => ReadableStream> = {
  "sigStream()": () => source(BASIS),
  "deltaStream()": () => source(TARGET),
  "patchStream()": () => source(DELTA),
  "decodeDeltaStream()": () => source(DELTA),
  "encodeDeltaStream()": () => ReadableStream.from([{ copy: { offset: 5, length: 7 } }, { data: SALT }]),
};

/** What a signature is, but for its salt. */
function describe({ format, blockLength, weakSum, strongSum, strongLength, fileLength, digest }: Signature) {
  return [format, blockLength, weakSum, strongSum, strongLength, fileLength, digest];
}

function assertThrows(work: () => unknown, kind: typeof TypeError | typeof RangeError, what: string): void {
  assert.throws(work, (error) => {
    assert.ok(error instanceof Error && error.constructor === kind, `${what} gives ${error}`);
    assert.match(error.message, /^Cannot use .{10,}/);
    return true;
  }, `${what} is taken`);
}

for (const [name, make] of Object.entries(FACTORIES)) {
  Deno.test(`${name} throws a TypeError for an option of the wrong kind, at once`, () => {
    for (const options of [...WRONG_KINDS[name]!, ...WRONG_ANYWHERE]) {
      assertThrows(() => make(options), TypeError, show(options));
    }
  });

  Deno.test(`${name} throws a RangeError for an option out of range, at once`, () => {
    for (const options of OUT_OF_RANGE[name]!) assertThrows(() => make(options), RangeError, show(options));
  });

  Deno.test(`${name} takes undefined for each option as if it were left out`, async () => {
    const names =
      "fileLength salt blockLength weakSum strongSum strongLength format digest memLength maxOutputLength " +
      "onProgress";
    const none = Object.fromEntries(names.split(" ").map((one) => [one, undefined]));
    const strategies = { writableStrategy: undefined, readableStrategy: undefined };
    const outputs = [{ ...none, ...strategies }, undefined, {}].map(async (options) => {
      const output = await Array.fromAsync(INPUTS[name]!().pipeThrough(make(options) as ReadableWritablePair));
      return name === "sigStream()" ? describe(await loadSigs(output)) : output;
    });
    const [first, ...others] = await Promise.all(outputs);
    for (const other of others) assert.deepEqual(other, first);
  });

  Deno.test(`${name} hands strategies to the platform's streams`, async () => {
    const { readable, writable } = make({
      writableStrategy: { highWaterMark: 7 },
      readableStrategy: { highWaterMark: 0 },
    }) as StreamPair<unknown, unknown, unknown>;
    const writer = writable.getWriter();
    assert.equal(writer.desiredSize, 7);
    await readable.cancel();
    await assert.rejects(writer.closed, (reason) => reason === undefined);
    assert.throws(() => make({ writableStrategy: { highWaterMark: -1 } }), RangeError);
    assert.throws(() => make({ readableStrategy: { highWaterMark: NaN } }), RangeError);
  });

  Deno.test(`${name} has one chunk wait, or as much as the size() of a strategy says`, async () => {
    const chunk = name.startsWith("encode") ? { data: new Uint8Array(4) } : new Uint8Array(4);
    const strategies = [undefined, { highWaterMark: 100, size: () => 30 }];
    const sizes = [];
    for (const writableStrategy of strategies) {
      const { writable } = make({ writableStrategy }) as StreamPair<unknown, unknown, unknown>;
      const writer = writable.getWriter();
      const before = writer.desiredSize;
      const write = writer.write(chunk).catch(() => {});
      sizes.push([before, writer.desiredSize]);
      await writer.abort();
      await write;
    }
    assert.deepEqual(sizes, [[1, 0], [100, 70]]);
  });
}

Deno.test("factories take the least and the most of each range", () => {
  sigStream({ blockLength: 64 });
  sigStream({ blockLength: 2 ** 30 });
  sigStream({ blockLength: 16, weakSum: "rollsum", strongLength: 2 });
  sigStream({ blockLength: 16, weakSum: "rabinkarp", strongLength: 32 });
  sigStream({ fileLength: 0 });
  sigStream({ fileLength: Number.MAX_SAFE_INTEGER });
  sigStream({ format: "luapower", blockLength: 1 });
  deltaStream(SIGS, { memLength: 1, format: "luapower" });
  deltaStream(SIGS, { memLength: 2 ** 30, format: "luapower" });
  patchStream(BASIS, { maxOutputLength: 0 });
  patchStream(BASIS, { maxOutputLength: Infinity });
  patchStream(BASIS, { maxOutputLength: Number.MAX_SAFE_INTEGER });
  decodeDeltaStream({ format: "luapower", blockLength: 2 ** 30 });
  encodeDeltaStream({ format: "luapower", blockLength: 1 });
});

Deno.test("deltaStream() throws a TypeError for what is no signature", () => {
  const imposter = Object.create(Signature.prototype);
  for (const signature of [undefined, null, {}, SIG, "signature", Promise.resolve(SIGS), imposter]) {
    assert.throws(() => deltaStream(signature as Anything), TypeError);
  }
});

Deno.test("patchStream() throws a TypeError for what is no basis", () => {
  const read = () => new Uint8Array();
  const seek = () => {};
  const none = [undefined, null, 5, "basis", {}, [], { read: 5 }, { seek }, { seek, read: 5 }, { seek: 5 }];
  const sizes = [-1, 1.5, NaN, "5", null, 2 ** 53].flatMap((size) => [{ read, size }, { seek, read, size }]);
  for (const basis of [...none, ...sizes]) {
    assert.throws(() => patchStream(basis as Anything), TypeError, `${show(basis)} is taken`);
  }
});

Deno.test("loadSigs() rejects options of the wrong kind and out of range, and what is no source", async () => {
  const kinds = [null, 5, { format: "zip" }, { format: "luapower" }, { maxInputLength: "5" }, { maxInputLength: null }];
  for (const options of kinds) await assert.rejects(loadSigs(SIG, options as Anything), TypeError, show(options));
  const ranges = [{ maxInputLength: -1 }, { maxInputLength: 1.5 }, { maxInputLength: NaN }, {
    ...LUAPOWER,
    blockLength: 0,
  }];
  for (const options of ranges) await assert.rejects(loadSigs(SIG, options as Anything), RangeError, show(options));
  for (const one of [undefined, null, 5, "signature", {}, [1, 2]]) {
    await assert.rejects(loadSigs(one as Anything), TypeError, show(one));
  }
});

Deno.test("loadSigs() rejects wrong options before it reads a byte", async () => {
  let pulls = 0;
  const readable = new ReadableStream<Bytes>({ pull: () => void pulls++ }, { highWaterMark: 0 });
  await assert.rejects(loadSigs(readable, { maxInputLength: -1 }), RangeError);
  assert.equal(pulls, 0);
  assert.equal(readable.locked, false);
});

Deno.test("sigStream() without options makes the signature that its documentation tells", async () => {
  const sigs = await loadSigs((await makeSig(BASIS)).bytes);
  assert.deepEqual(
    [sigs.format, sigs.blockLength, sigs.weakSum, sigs.strongSum, sigs.strongLength, sigs.digest],
    ["rsync-streams", 1024, "rabinkarp", "blake3", 10, undefined],
  );
  assert.equal(sigs.sigCount, 11);
  assert.equal(sigs.fileLength, BASIS.length);
  assert.ok(sigs.byteLength > 0);
});

Deno.test("sigStream() takes a salt of its own for each signature, and copies the one that it is given", async () => {
  const made = async (salt?: Uint8Array) => await toBytes(source(BASIS).pipeThrough(sigStream({ ...QUICK, salt })));
  const [first, second] = [await made(), await made()];
  assert.notDeepEqual(first.subarray(16, 32), second.subarray(16, 32));
  assertBytes(await made(first.subarray(16, 32)), first, "signature of the same salt");

  const salt = SALT.slice();
  const { readable, writable } = sigStream({ ...QUICK, salt });
  salt.fill(0xee);
  assertBytes(await toBytes(source(BASIS).pipeThrough({ readable, writable })), SIG, "signature bytes");
});
