/** What each method of `Rsync` asks of its callbacks, and what it refuses before it asks anything. */
import assert from "node:assert/strict";
import { type DeltaCommand, type Format, RsyncError } from "rsync-streams";
import { type ReadCallback, Rsync, type RsyncOptions, type SigRecord } from "rsync-streams/callbacks";
import { FiveByteSum, RollingSumOfBytes } from "./_custom_sums.ts";
import { callbacks, collector } from "./_callbacks.ts";
import { givesWay } from "./_clock.ts";
import { assertBytes, makeDelta, makeSig, makeSigs } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";

// What a caller without types may write.
// deno-lint-ignore no-explicit-any
type Anything = any;

const L = 512;
const LUAPOWER = { format: "luapower", blockLength: L } as const;
const BASIS = randomBytes(1, 150_000);
const TARGET = concat([BASIS.subarray(50_000), randomBytes(2, 500), BASIS.subarray(0, 50_000)]);
const SIG = (await makeSig(BASIS, LUAPOWER)).bytes;
const SIGS = await makeSigs(BASIS, LUAPOWER);
const DELTA = (await makeDelta(TARGET, SIGS)).bytes;

const rsync = new Rsync({ blockLength: L });
const read = (bytes: Uint8Array) => callbacks(bytes, "whole").read;
const ignore = () => {};

async function commands(): Promise<DeltaCommand[]> {
  const all: DeltaCommand[] = [];
  await rsync.genDeltas(read(TARGET), SIGS, (command) => all.push(command));
  return all;
}

async function records(): Promise<SigRecord[]> {
  const all: SigRecord[] = [];
  await rsync.genSigs(read(BASIS), (record) => all.push(record));
  return all;
}

/** Each method with a callback that reads bytes: which bytes. */
const READERS: Record<string, [Uint8Array, (read: ReadCallback) => Promise<unknown>]> = {
  genSigsFile: [BASIS, (read) => rsync.genSigsFile(read, ignore)],
  genSigs: [BASIS, (read) => rsync.genSigs(read, ignore)],
  loadSigsFile: [SIG, (read) => rsync.loadSigsFile(read)],
  genDeltasFile: [TARGET, (read) => rsync.genDeltasFile(read, SIGS, ignore)],
  genDeltas: [TARGET, (read) => rsync.genDeltas(read, SIGS, ignore)],
  patchFile: [DELTA, (read) => {
    const basis = callbacks(BASIS, "whole");
    return rsync.patchFile(read, basis.seek, basis.read, ignore);
  }],
};

for (const [name, [bytes, work]] of Object.entries(READERS)) {
  Deno.test(`Rsync.${name}() asks for 64 KiB at a time, up to the end and no more`, async () => {
    for (const isAsync of [false, true]) {
      const asked: number[] = [];
      const from = callbacks(bytes, "whole", isAsync);
      await work((buffer, length) => {
        asked.push(length);
        assert.equal(buffer.length, length);
        return from.read(buffer, length);
      });
      assert.deepEqual(asked, Array(Math.ceil(bytes.length / 65_536) + 1).fill(65_536));
    }
  });
}

const TASKS: Record<string, () => Promise<unknown>> = {
  ...Object.fromEntries(Object.entries(READERS).map(([name, [bytes, work]]) => [name, () => work(read(bytes))])),
  loadSigs: async () => {
    const all = await records();
    return () => rsync.loadSigs(() => all.shift());
  },
  patch: async () => {
    const all = await commands();
    const basis = callbacks(BASIS, "whole");
    return () => rsync.patch(() => all.shift(), basis.seek, basis.read, ignore);
  },
};

for (const [name, prepare] of Object.entries(TASKS)) {
  Deno.test(`Rsync.${name}() lets other tasks run, also where no callback waits`, async () => {
    const work = name in READERS ? prepare : await prepare() as () => Promise<unknown>;
    assert.equal(await givesWay(work), true);
  });
}

Deno.test("Rsync.genSigs() lets other tasks run between the records of one batch", async () => {
  let hadTurn = false;
  let count = 0;
  const made = await givesWay(() =>
    rsync.genSigs(read(BASIS), () => {
      // Since the first record of the only batch.
      if (count++ === 0) setImmediate(() => hadTurn = true);
    })
  );
  assert.ok(made && hadTurn && count > 100);
});

Deno.test("Rsync returns its counts, and the parts of a signature and a delta with buffers of their own", async () => {
  const all = await records();
  assert.equal(all.length, Math.floor(BASIS.length / L));
  assertBytes(concat(all.flatMap(({ weak, strong }) => [new Uint8Array(Uint32Array.of(weak).buffer), strong])), SIG);
  assert.equal(new Set(all.map(({ strong }) => strong.buffer)).size, all.length);
  const delta = collector();
  const alarms = await rsync.genDeltasFile(read(TARGET), SIGS, delta.write);
  assertBytes(delta.bytes(), DELTA);
  const { stats } = await makeDelta(TARGET, SIGS);
  assert.deepEqual(alarms, { falseAlarms: stats.falseAlarms, goodAlarms: stats.goodAlarms });
  assert.deepEqual(await rsync.genDeltas(read(TARGET), SIGS, ignore), alarms);
  assert.deepEqual(Object.keys(alarms), ["falseAlarms", "goodAlarms"]);
});

Deno.test("Rsync takes the block length of a call where the format does not tell it", async () => {
  const other = new Rsync({ blockLength: 64 });
  const out = collector();
  const basis = callbacks(BASIS, "whole");
  await other.patchFile(read(DELTA), basis.seek, basis.read, out.write, L);
  assertBytes(out.bytes(), TARGET);
  const all = await records();
  assert.equal((await other.loadSigs(() => all.shift(), L)).blockLength, L);
  for (const blockLength of [0, 0.5, 2 ** 30 + 1]) {
    await assert.rejects(other.genSigsFile(read(BASIS), ignore, blockLength), RangeError);
    await assert.rejects(other.loadSigsFile(read(SIG), blockLength), RangeError);
    await assert.rejects(other.patchFile(read(DELTA), ignore, read(BASIS), ignore, blockLength), RangeError);
  }
  // A format that tells it does not ask.
  for (const format of ["librsync", "rsync-streams"] as const) {
    const telling = new Rsync({ format, blockLength: 64 });
    const sig = (await makeSig(BASIS, { format, blockLength: L })).bytes;
    assert.equal((await telling.loadSigsFile(read(sig), 0)).blockLength, L);
  }
});

Deno.test("Rsync refuses what is no function, with its name, before it calls anything", async () => {
  const never = () => assert.fail("it was called");
  const calls: Record<string, (wrong: Anything) => Promise<unknown>> = {
    "read of genSigsFile": (wrong) => rsync.genSigsFile(wrong, never),
    "write of genSigsFile": (wrong) => rsync.genSigsFile(never, wrong),
    "read of genSigs": (wrong) => rsync.genSigs(wrong, never),
    "writeRecord of genSigs": (wrong) => rsync.genSigs(never, wrong),
    "read of loadSigsFile": (wrong) => rsync.loadSigsFile(wrong),
    "readRecord of loadSigs": (wrong) => rsync.loadSigs(wrong),
    "read of genDeltasFile": (wrong) => rsync.genDeltasFile(wrong, SIGS, never),
    "write of genDeltasFile": (wrong) => rsync.genDeltasFile(never, SIGS, wrong),
    "read of genDeltas": (wrong) => rsync.genDeltas(wrong, SIGS, never),
    "writeCommand of genDeltas": (wrong) => rsync.genDeltas(never, SIGS, wrong),
    "readDelta of patchFile": (wrong) => rsync.patchFile(wrong, never, never, never),
    "write of patchFile": (wrong) => rsync.patchFile(never, never, never, wrong),
    "readCommand of patch": (wrong) => rsync.patch(wrong, never, never, never),
    "write of patch": (wrong) => rsync.patch(never, never, never, wrong),
  };
  for (const [name, call] of Object.entries(calls)) {
    const message = new RegExp(`^Cannot use ${name.split(" ")[0]}: a function was expected, `);
    for (const wrong of [undefined, null, 5, {}]) await assert.rejects(call(wrong), { name: "TypeError", message });
  }
  for (const wrong of [undefined, null, 5] as Anything[]) {
    const message = /^Cannot use the basis: seek and read have to be functions$/;
    await assert.rejects(rsync.patchFile(never, wrong, never, never), { name: "TypeError", message });
    await assert.rejects(rsync.patch(never, never, wrong, never), { name: "TypeError", message });
  }
});

const weakSum = () => new RollingSumOfBytes();
const strongSum = () => new FiveByteSum();

Deno.test("Rsync has the lengths and the format of the original, where nothing else is said", () => {
  const plain = new Rsync();
  assert.deepEqual([plain.blockLength, plain.memLength, plain.format], [1024, 65_536, "luapower"]);
});

Deno.test("Rsync takes the least and the most of each option, and refuses the next", () => {
  for (const blockLength of [1, 2 ** 30]) assert.equal(new Rsync({ blockLength }).blockLength, blockLength);
  for (const memLength of [1, 2 ** 30]) assert.equal(new Rsync({ memLength }).memLength, memLength);
  for (const length of [0, 2 ** 30 + 1, 1.5, NaN]) {
    assert.throws(() => new Rsync({ blockLength: length }), { name: "RangeError", message: /blockLength/ });
    assert.throws(() => new Rsync({ memLength: length }), { name: "RangeError", message: /memLength/ });
  }
  assert.throws(() => new Rsync({ format: "rsync-streams", blockLength: 15 }), RangeError);
  const wrong: [Anything, RegExp][] = [
    [{ format: "zip" }, /^Cannot use format: one of /],
    [{ backend: "gpu" }, /^Cannot use backend: one of /],
    [{ blockLength: "64" }, /^Cannot use blockLength: a number was expected/],
    [{ memLength: null }, /^Cannot use memLength: a number was expected/],
    [{ blocklength: 5 }, /^Cannot use the options: "blocklength" was given/],
    [null, /^Cannot use the options: an object was expected/],
  ];
  for (const name of ["weakSum", "strongSum"]) {
    for (const value of [5, {}, null, "adler32"]) {
      wrong.push([{ [name]: value }, new RegExp(`^Cannot use ${name}: a function was expected`)]);
    }
  }
  for (const [options, message] of wrong) assert.throws(() => new Rsync(options), { name: "TypeError", message });
});

Deno.test("Rsync takes sums of one's own, each alone too, where the format does not name its sums", async () => {
  const sums: RsyncOptions[] = [{ weakSum }, { strongSum }, { weakSum, strongSum }];
  const block = BASIS.subarray(0, 64);
  for (const options of sums) {
    for (const backend of [undefined, "portable"] as const) {
      const own = new Rsync({ blockLength: 64, ...options, backend });
      const made: SigRecord[] = [];
      await own.genSigs(read(block), (record) => made.push(record));
      assert.equal(made[0]!.strong.length, options.strongSum ? 5 : 32);
      const added = block.reduce((sum, byte) => sum + byte, 0);
      assert.equal(made[0]!.weak === added, options.weakSum !== undefined);
      assert.equal((await own.loadSigs(() => made.shift())).backend, "portable");
    }
    for (const format of ["librsync", "rsync-streams"] as Format[]) {
      const message = new RegExp(`^Cannot use sums of your own with the ${format} format`);
      assert.throws(() => new Rsync({ ...options, format }), { name: "TypeError", message });
    }
    const message = /^Cannot use backend: wasm was given, and sums of your own run in the portable one$/;
    assert.throws(() => new Rsync({ ...options, backend: "wasm" }), { name: "TypeError", message });
  }
});

Deno.test("Rsync.with() keeps what it does not name, and refuses names that are none", async () => {
  const own = new Rsync({ blockLength: 64, memLength: 999, weakSum, strongSum, backend: "portable" });
  const same = own.with({});
  assert.deepEqual([same.blockLength, same.memLength, same.format], [64, 999, "luapower"]);
  const other = own.with({ memLength: 77 });
  assert.deepEqual([other.blockLength, other.memLength], [64, 77]);
  const sig = collector();
  assert.equal(await other.genSigsFile(read(BASIS.subarray(0, 640)), sig.write), 10);
  assert.equal(sig.bytes().length, 10 * (4 + 5), "the sums are kept");
  assert.equal(own.memLength, 999);
  assert.throws(() => own.with({ memlength: 5 } as RsyncOptions), { name: "TypeError", message: /"memlength"/ });
  // What was given can be changed without an effect.
  const options: RsyncOptions = { blockLength: 64 };
  const kept = new Rsync(options);
  options.blockLength = 128;
  assert.equal(kept.with({}).blockLength, 64);
});

Deno.test("Rsync.loadSigs() takes each weak sum of 32 bits, and refuses what is none", async () => {
  const strong = new Uint8Array(32);
  const load = (record: Anything) => {
    const all = [record];
    return rsync.loadSigs(() => all.shift());
  };
  for (const weak of [0, 1, 2 ** 31, 2 ** 32 - 1]) assert.equal((await load({ weak, strong })).sigCount, 1);
  for (const weak of [-1, 2 ** 32, 0.5, NaN]) {
    await assert.rejects(load({ weak, strong }), { name: "RangeError", message: /the weak sum of a record/ });
  }
  for (const record of [null, 5, "record", {}, { weak: 1 }, { weak: 1, strong: "text" }, { weak: 1, strong: [1] }]) {
    await assert.rejects(load(record), { name: "TypeError", message: /^Cannot load the record: / });
  }
  assert.equal((await rsync.loadSigs(() => undefined)).sigCount, 0);
  for (const format of ["librsync", "rsync-streams"] as const) {
    const told = new Rsync({ format }).loadSigs(() => assert.fail("it was called"));
    await assert.rejects(told, {
      name: "TypeError",
      message: new RegExp(`^Cannot load records of the ${format} format`),
    });
  }
});

Deno.test("Rsync.patch() ends as its commands end, and checks their digest", async () => {
  const algorithm = "sha-256";
  const target = randomBytes(3, 50);
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", target));
  const none = new Uint8Array(0);
  for (const isRight of [true, false]) {
    if (!isRight) sum[31]! ^= 1;
    const all: DeltaCommand[] = [{ data: none, digest: { algorithm } }, { data: target }];
    all.push({ data: none, digest: { algorithm, sum } });
    const out = collector();
    const patched = rsync.patch(() => Promise.resolve(all.shift()), ignore, () => 0, out.write);
    if (isRight) assert.equal(await patched, undefined);
    else await assert.rejects(patched, (error) => error instanceof RsyncError && error.code === "digest-mismatch");
    assertBytes(out.bytes(), target);
  }
});
