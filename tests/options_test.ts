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
import { Rsync } from "rsync-streams/callbacks";
import { LayeredSig, layeredSigStream, planSync } from "rsync-streams/sync";
import { Rollsum } from "../src/kernel/portable/rollsum.ts";
import { assertBytes, chunks, makeDelta, makeSig, makeSigs, patch, SALT, sha256, source, toBytes } from "./_helpers.ts";
import { concat, make, randomBytes } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;
// What a caller without types may write.
// deno-lint-ignore no-explicit-any
type Anything = any;

const QUICK = { strongSum: "blake3" } as const;
const BASIS = make({ gen: "text", seed: 1, len: 10_300 });
const TARGET = concat([randomBytes(2, 700), BASIS.subarray(1024), randomBytes(3, 50)]);
const SIGS = await makeSigs(BASIS, QUICK);
const SIG = (await makeSig(BASIS, QUICK)).bytes;
const DELTA = (await makeDelta(TARGET, SIGS)).bytes;

// ---- options are checked in the factory

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

function assertThrows(work: () => unknown, kind: typeof TypeError | typeof RangeError, what: string): void {
  assert.throws(work, (error) => {
    assert.ok(error instanceof Error && error.constructor === kind, `${what} gives ${error}`);
    assert.match(error.message, /^Cannot use .{10,}/);
    return true;
  }, `${what} is taken`);
}

function show(options: unknown): string {
  return JSON.stringify(
    options,
    (_, value) => typeof value === "bigint" || Number.isNaN(value) ? String(value) : value,
  );
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

  Deno.test(`${name} takes undefined for each option as if it were left out`, () => {
    const names =
      "fileLength salt blockLength weakSum strongSum strongLength format digest memLength maxOutputLength " +
      "onProgress";
    const options = Object.fromEntries(names.split(" ").map((one) => [one, undefined]));
    make({ ...options, writableStrategy: undefined, readableStrategy: undefined });
    make(undefined);
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

Deno.test("Signature.digest is the one that the stats had, in hexadecimal digits", async () => {
  const { bytes, stats } = await makeSig(BASIS, { ...QUICK, digest: true });
  const sigs = await loadSigs(bytes);
  assert.equal(sigs.digest, await sha256(BASIS));
  assert.equal(sigs.digest, stats.digest);
});

// ---- stats

Deno.test("stats are final once the streams have closed", async () => {
  const sig = sigStream({ ...QUICK, digest: true });
  const sigBytes = await toBytes(source(BASIS, 777).pipeThrough(sig));
  const signed = { bytesIn: BASIS.length, bytesOut: sigBytes.length, sigCount: 11 };
  assert.deepEqual({ ...sig.stats }, { ...signed, digest: await sha256(BASIS) });
  const plain = sigStream({ ...QUICK, salt: SALT });
  await toBytes(source(BASIS, 777).pipeThrough(plain));
  assert.deepEqual({ ...plain.stats }, { ...signed, bytesOut: sigBytes.length - 32 });

  const delta = deltaStream(await loadSigs(sigBytes));
  const deltaBytes = await toBytes(source(TARGET, 777).pipeThrough(delta));
  // The short last block is not at the end of the target.
  const copiedBytes = 9 * 1024;
  const literalBytes = TARGET.length - copiedBytes;
  assert.deepEqual({ ...delta.stats }, {
    bytesIn: TARGET.length,
    bytesOut: deltaBytes.length,
    sigCount: 11,
    falseAlarms: 0,
    goodAlarms: 9,
    copiedBytes,
    literalBytes,
    digest: await sha256(TARGET),
  });

  const patched = patchStream(BASIS);
  await toBytes(source(deltaBytes, 777).pipeThrough(patched));
  const made = { bytesOut: TARGET.length, copiedBytes, literalBytes };
  assert.deepEqual({ ...patched.stats }, { bytesIn: deltaBytes.length, ...made, digest: await sha256(TARGET) });

  const decoded = decodeDeltaStream();
  const commands = await Array.fromAsync(source(deltaBytes, 777).pipeThrough(decoded));
  assert.deepEqual({ ...decoded.stats }, { bytesIn: deltaBytes.length, ...made });

  const encoded = encodeDeltaStream();
  const again = await toBytes(ReadableStream.from(commands).pipeThrough(encoded));
  assert.deepEqual({ ...encoded.stats }, { bytesIn: literalBytes, bytesOut: again.length, copiedBytes, literalBytes });
});

Deno.test("stats can be read while the streams work", async () => {
  const { readable, writable, stats } = patchStream(new Uint8Array());
  const data = randomBytes(4, 600_000);
  const commands = ReadableStream.from([{ data }]).pipeThrough(encodeDeltaStream());
  const piped = source(await toBytes(commands), 10_000).pipeTo(writable as WritableStream<Bytes>);
  let received = 0;
  for await (const chunk of readable) {
    received += chunk.length;
    assert.equal(stats.bytesOut, received);
    assert.ok(stats.bytesIn >= received);
  }
  await piped;
  assert.equal(received, data.length);
});

// ---- progress

/** Runs with a clock that stands still unless it is told. */
async function withClock(work: (advance: (ms: number) => void) => Promise<void>): Promise<void> {
  let clock = 1000;
  const { now } = performance;
  Object.defineProperty(performance, "now", { value: () => clock, configurable: true, writable: true });
  try {
    await work((ms) => clock += ms);
  } finally {
    Object.defineProperty(performance, "now", { value: now, configurable: true, writable: true });
  }
}

type Progress = { onProgress: (stats: Anything) => void };

const STAGES: Record<string, [make: (options: Progress) => Anything, input: Bytes]> = {
  "sigStream()": [(options) => sigStream({ ...QUICK, ...options }), BASIS],
  "deltaStream()": [(options) => deltaStream(SIGS, options), TARGET],
  "patchStream()": [(options) => patchStream(BASIS, options), DELTA],
  "decodeDeltaStream()": [(options) => decodeDeltaStream(options), DELTA],
};

for (const [name, [make, input]] of Object.entries(STAGES)) {
  Deno.test(`${name} calls onProgress once, at the end, if it takes no time`, () =>
    withClock(async () => {
      const seen: Anything[] = [];
      const pair = make({ onProgress: (stats) => seen.push({ ...stats }) });
      await Array.fromAsync(source(input, 10).pipeThrough(pair));
      assert.deepEqual(seen, [{ ...pair.stats }]);
      assert.equal(pair.stats.bytesIn, input.length);
    }));

  Deno.test(`${name} calls onProgress at most every 100 ms, and at the end`, () =>
    withClock(async (advance) => {
      const calls: number[] = [];
      let clock = 0;
      const pair = make({
        onProgress: ({ bytesIn }) => {
          calls.push(clock);
          assert.ok(bytesIn <= input.length);
        },
      });
      const output = Array.fromAsync(pair.readable);
      const writer = pair.writable.getWriter();
      for (const chunk of chunks(input, Math.ceil(input.length / 100))) {
        advance(30);
        clock += 30;
        await writer.write(chunk);
      }
      await writer.close();
      await output;
      const between = calls.slice(1, -1).map((call, i) => call - calls[i]!);
      assert.ok(between.every((ms) => ms >= 100), `calls ${between} ms apart`);
      // Some 100 chunks in steps of 30 ms: a call for each four of them, and one at the end.
      assert.ok(calls.length >= clock / 120 - 1, `${calls.length} calls in ${clock} ms`);
      assert.ok(calls.length <= clock / 100 + 1, `${calls.length} calls in ${clock} ms`);
    }));
}

// ---- backend

Deno.test("each pair that computes sums, and a signature, tells its backend", () => {
  for (const { backend } of [sigStream(), deltaStream(SIGS), SIGS]) {
    assert.ok(backend === "portable" || backend === "wasm", backend);
  }
});

Deno.test("the backend can be asked for, and deltas have that of their signature", async () => {
  for (const backend of ["portable", sigStream().backend] as const) {
    const pair = sigStream({ backend });
    const sigs = await loadSigs(new Blob([BASIS]).stream().pipeThrough(pair), { backend });
    assert.deepEqual([pair.backend, sigs.backend, deltaStream(sigs).backend], [backend, backend, backend]);
    assert.equal(layeredSigStream({ backend }).backend, backend);
    assert.equal(new Rsync({ backend }).format, "luapower");
  }
});

Deno.test("a backend that does not exist is refused", async () => {
  const backend = "native" as "wasm";
  const expected = { name: "TypeError", message: /^Cannot use backend: one of "wasm", "portable" was expected/ };
  assert.throws(() => sigStream({ backend }), expected);
  assert.throws(() => layeredSigStream({ backend }), expected);
  assert.throws(() => new Rsync({ backend }), expected);
  await assert.rejects(loadSigs(new Uint8Array(0), { backend }), expected);
  const published = await new Response(new Blob([BASIS]).stream().pipeThrough(layeredSigStream())).bytes();
  await assert.rejects(planSync(await LayeredSig.open(published), new Blob([BASIS]), { backend }), expected);
  assert.throws(() => new Rsync({ weakSum: () => new Rollsum(), backend: "wasm" }), {
    name: "TypeError",
    message: /sums of your own run in the portable one/,
  });
});

// ---- kinds of chunks

/** The bytes in each kind of chunk there is. */
function asKinds(bytes: Bytes): BufferSource[] {
  const even = bytes.subarray(0, bytes.length & ~7);
  const padded = concat([new Uint8Array(24), even, new Uint8Array(8)]);
  const { buffer } = padded;
  const rest = bytes.slice(even.length);
  const views: BufferSource[] = [
    new DataView(buffer, 24, even.length),
    new Uint16Array(buffer, 24, even.length / 2),
    new Float64Array(buffer, 24, even.length / 8),
    new Uint8ClampedArray(buffer, 24, even.length),
    padded.subarray(24, 24 + even.length),
    even.slice().buffer,
  ];
  // One after the other, so the stream has the bytes as often as there are kinds.
  return views.flatMap((view) => [view, rest]);
}

Deno.test("every stage takes any view and any ArrayBuffer as a chunk", async () => {
  const times = 6;
  const basis = concat(Array.from({ length: times }, () => BASIS));
  const target = concat(Array.from({ length: times }, () => TARGET));
  const kinds = (bytes: Bytes) => ReadableStream.from(asKinds(bytes));

  const sig = await toBytes(kinds(BASIS).pipeThrough(sigStream({ ...QUICK, salt: SALT })));
  assertBytes(sig, (await makeSig(basis, QUICK)).bytes, "signature bytes");
  const sigs = await loadSigs(sig);
  const delta = await toBytes(kinds(TARGET).pipeThrough(deltaStream(sigs)));
  assertBytes(delta, (await makeDelta(target, sigs)).bytes, "delta bytes");

  for (const kind of [DELTA.slice().buffer, new DataView(DELTA.slice().buffer), DELTA]) {
    const one = () => ReadableStream.from<BufferSource>([kind]);
    assertBytes(await toBytes(one().pipeThrough(patchStream(BASIS))), TARGET, "target bytes");
    const commands = await Array.fromAsync(one().pipeThrough(decodeDeltaStream()));
    assert.ok(commands.length > 3);
  }
});

Deno.test("loadSigs() takes streams, Blobs, views and buffers", async () => {
  const at8 = concat([new Uint8Array(8), SIG]);
  const sources = [
    source(SIG, 100),
    new Blob([SIG]),
    SIG,
    SIG.slice().buffer,
    new DataView(at8.buffer, 8),
    at8.subarray(8),
    ReadableStream.from([SIG.slice().buffer, new DataView(new ArrayBuffer(0))]) as Anything,
  ];
  for (const one of sources) assert.equal((await loadSigs(one)).sigCount, 11);
});

Deno.test("patchStream() takes every kind of basis", async () => {
  const at8 = concat([new Uint8Array(8), BASIS]);
  let position = 0;
  const read = (offset: number, length: number) => BASIS.subarray(offset, Math.min(offset + length, offset + 100));
  const bases = [
    BASIS,
    BASIS.slice().buffer,
    at8.subarray(8),
    new DataView(at8.buffer, 8),
    new Blob([BASIS]),
    new File([BASIS], "basis"),
    { read },
    { read: (offset: number, length: number) => Promise.resolve(read(offset, length)), size: BASIS.length },
    {
      seek: (offset: number) => {
        position = offset;
      },
      read: (buffer: Uint8Array, length: number) => {
        const bytes = read(position, length);
        buffer.set(bytes);
        return bytes.length;
      },
    },
  ];
  for (const basis of bases) assertBytes(await patch(basis, DELTA), TARGET, "target bytes");
});

Deno.test("patchStream() calls the callbacks of a basis on their object", async () => {
  class Table {
    readonly size = BASIS.length;
    #reads = 0;
    read(offset: number, length: number): Uint8Array {
      this.#reads++;
      return BASIS.subarray(offset, offset + length);
    }
    get reads(): number {
      return this.#reads;
    }
  }
  const table = new Table();
  assertBytes(await patch(table, DELTA), TARGET, "target bytes");
  assert.ok(table.reads > 0);
});

Deno.test("chunks that are no bytes are a TypeError at both ends", async () => {
  const stages = [() => sigStream(), () => deltaStream(SIGS), () => patchStream(BASIS), () => decodeDeltaStream()];
  for (const make of stages) {
    for (const chunk of ["text", 5, null, undefined, {}, [1, 2, 3], new Blob(["text"])]) {
      const { readable, writable } = make() as Anything;
      const writer = writable.getWriter();
      const reading = Array.fromAsync(readable).catch((reason) => reason);
      const ofWrite = await writer.write(chunk).catch((reason: unknown) => reason);
      const ofRead = await reading;
      assert.ok(ofRead instanceof TypeError, String(ofRead));
      assert.equal(ofWrite, ofRead);
      assert.equal(await writer.closed.catch((reason: unknown) => reason), ofRead);
    }
  }
  await assert.rejects(loadSigs(ReadableStream.from(["text"]) as Anything), TypeError);
});

Deno.test("encodeDeltaStream() takes commands and nothing else, with the same error at both ends", async () => {
  const data = Uint8Array.of(1);
  const copy = { offset: 0, length: 1 };
  const wrong: [unknown, typeof TypeError | typeof RangeError][] = [
    ...[
      ...[null, undefined, 5, "copy", {}, { data: "text" }, { data: [1] }, { copy: 5 }, { copy, data }, data],
      ...[{ copy: { offset: "0", length: 1 } }, { copy: { offset: 0 } }, { copy: { offset: 0n, length: 1n } }],
    ].map((one) => [one, TypeError] as [unknown, typeof TypeError]),
    ...[
      { offset: -1, length: 1 },
      { offset: 0, length: 0 },
      { offset: 0, length: -1 },
      { offset: 0.5, length: 1 },
      { offset: 0, length: 1.5 },
      { offset: NaN, length: 1 },
    ].map((copy) => [{ copy }, RangeError] as [unknown, typeof RangeError]),
  ];
  for (const [command, kind] of wrong) {
    const { readable, writable } = encodeDeltaStream();
    const writer = writable.getWriter();
    const reading = Array.fromAsync(readable).catch((reason) => reason);
    const ofWrite = await writer.write(command as Anything).catch((reason: unknown) => reason);
    assert.ok(ofWrite instanceof kind, `${show(command)}: ${ofWrite}`);
    assert.equal(await reading, ofWrite);
    assert.equal(await writer.closed.catch((reason: unknown) => reason), ofWrite);
  }
});
