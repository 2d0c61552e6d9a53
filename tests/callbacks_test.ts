/** What `Rsync` makes of its callbacks, sums, lengths and formats. */
import assert from "node:assert/strict";
import { deltaStream, loadSigs, patchStream, RsyncError, sigStream } from "rsync-streams";
import { type DeltaCommand, Rsync, type SigRecord } from "rsync-streams/callbacks";
import { callbacks, collector, countedReader, slowWriter } from "./_callbacks.ts";
import { FiveByteSum, RollingSumOfBytes } from "./_custom_sums.ts";
import { assertBytes, makeSig, makeSigs, source, toBytes } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";
import { turn } from "./_until.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const BASIS = randomBytes(11, 40_000);
const TARGET = concat([BASIS.subarray(20_000), randomBytes(12, 777), BASIS.subarray(0, 20_000)]);

Deno.test("Rsync works with async callbacks, records and commands", async () => {
  const rsync = new Rsync({ blockLength: 512 });
  const records: SigRecord[] = [];
  const count = await rsync.genSigs(callbacks(BASIS, 3333, true).read, (record) => records.push(record));
  assert.equal(count, 78);
  assert.equal(records.length, 78);
  const rest = records.slice();
  const sigs = await rsync.loadSigs(() => Promise.resolve(rest.shift()));
  const commands: DeltaCommand[] = [];
  const alarms = await rsync.genDeltas(callbacks(TARGET, 3333, true).read, sigs, (command) => commands.push(command));
  assert.ok(alarms.goodAlarms > 70);
  assert.ok(commands.some(({ copy }) => copy) && commands.some(({ data }) => data));
  const out = collector();
  const { seek, read } = callbacks(BASIS, 1000, true);
  await rsync.patch(() => commands.shift(), seek, read, out.write);
  assertBytes(out.bytes(), TARGET);
});

Deno.test("Rsync with format rsync-streams verifies what it patched", async () => {
  const rsync = new Rsync({ format: "rsync-streams" });
  const [sig, delta, out] = [collector(), collector(), collector()];
  await rsync.genSigsFile(callbacks(BASIS, "whole").read, sig.write);
  const sigs = await rsync.loadSigsFile(callbacks(sig.bytes(), "whole").read);
  await rsync.genDeltasFile(callbacks(TARGET, "whole").read, sigs, delta.write);
  const right = callbacks(BASIS, "whole");
  await rsync.patchFile(callbacks(delta.bytes(), "whole").read, right.seek, right.read, out.write);
  assertBytes(out.bytes(), TARGET);
  const wrong = callbacks(randomBytes(1, BASIS.length), "whole");
  await assert.rejects(
    rsync.patchFile(callbacks(delta.bytes(), "whole").read, wrong.seek, wrong.read, () => {}),
    (error) => error instanceof RsyncError && error.code === "digest-mismatch",
  );
});

/** A weak sum of the user's own, whose instances are counted. Weak indeed, so there are false alarms. */
class ByteSum extends RollingSumOfBytes {
  static made = 0;
  constructor() {
    super();
    ByteSum.made++;
  }
}

Deno.test("Rsync uses sums of the user's own, and with() keeps them", async () => {
  const own = new Rsync({ blockLength: 64, weakSum: () => new ByteSum(), strongSum: () => new FiveByteSum() });
  const rsync = own.with({ blockLength: 100 });
  assert.equal(rsync.blockLength, 100);
  const made = ByteSum.made;
  const [sig, delta, out] = [collector(), collector(), collector()];
  assert.equal(await rsync.genSigsFile(callbacks(BASIS, 999).read, sig.write), 400);
  assert.equal(sig.bytes().length, 400 * (4 + 5));
  const sigs = await rsync.loadSigsFile(callbacks(sig.bytes(), 999).read);
  assert.equal(sigs.backend, "portable");
  const alarms = await rsync.genDeltasFile(callbacks(TARGET, 999).read, sigs, delta.write);
  assert.ok(alarms.goodAlarms >= 398 && alarms.falseAlarms > 0);
  assert.ok(ByteSum.made > made, "with() dropped the weak sum");
  const { seek, read } = callbacks(BASIS, 999);
  await rsync.patchFile(callbacks(delta.bytes(), 999).read, seek, read, out.write);
  assertBytes(out.bytes(), TARGET);
});

Deno.test("Rsync.with() of a derived class gives the derived class", () => {
  class Derived extends Rsync {}
  assert.ok(new Derived().with({ blockLength: 32 }) instanceof Derived);
});

Deno.test("Rsync rejects what the original lets pass", async () => {
  for (const blockLength of [0, -5, 10.5]) assert.throws(() => new Rsync({ blockLength }), RangeError);
  assert.throws(() => new Rsync({ weakSum: () => new ByteSum(), format: "rsync-streams" }), TypeError);
  const rsync = new Rsync({ blockLength: 512 });
  const sig = collector();
  await rsync.genSigsFile(callbacks(BASIS, "whole").read, sig.write);
  const sigs = await rsync.loadSigsFile(callbacks(sig.bytes(), "whole").read);
  await assert.rejects(rsync.genDeltasFile(callbacks(TARGET, "whole").read, sigs, () => {}, 1024), RangeError);
  const cut = sig.bytes().subarray(0, -1);
  await assert.rejects(
    rsync.loadSigsFile(callbacks(cut, "whole").read),
    (error) => error instanceof RsyncError && error.code === "truncated",
  );
  const unknown = Uint8Array.of(2, 0, 0, 0, 0, 1, 3);
  const { seek, read } = callbacks(BASIS, "whole");
  await assert.rejects(
    rsync.patchFile(callbacks(unknown, "whole").read, seek, read, () => {}),
    (error) => error instanceof RsyncError && error.code === "unknown-command" && error.offset === 6,
  );
  const past = Uint8Array.of(2, 78, 0, 0, 0, 1);
  await assert.rejects(
    rsync.patchFile(callbacks(past, "whole").read, seek, read, () => {}),
    (error) => error instanceof RsyncError && error.code === "basis-short-read",
  );
});

Deno.test("Rsync passes on what a callback throws, as the same object", async () => {
  const rsync = new Rsync();
  const reason = { mine: true };
  const throwing = () => {
    throw reason;
  };
  const isReason = (error: unknown) => error === reason;
  const { read } = callbacks(BASIS, "whole");
  await assert.rejects(rsync.genSigsFile(throwing, () => {}), isReason);
  await assert.rejects(rsync.genSigsFile(callbacks(BASIS, "whole").read, throwing), isReason);
  await assert.rejects(rsync.loadSigsFile(throwing), isReason);
  await assert.rejects(rsync.genSigsFile(read, () => Promise.reject(reason)), isReason);
  const copy = Uint8Array.of(2, 0, 0, 0, 0, 1);
  await assert.rejects(rsync.patchFile(callbacks(copy, "whole").read, throwing, read, () => {}), isReason);
  await assert.rejects(rsync.patchFile(callbacks(copy, "whole").read, () => {}, throwing, () => {}), isReason);
});

Deno.test("Rsync rejects a count that read() cannot have read", async () => {
  for (const count of [-1, 1.5, 2 ** 30, undefined as unknown as number]) {
    await assert.rejects(new Rsync().genSigsFile(() => count, () => {}), TypeError);
  }
});

Deno.test("Rsync.loadSigs() refuses a record whose strong sum has another length", async () => {
  for (const length of [0, 31, 33]) {
    const records: SigRecord[] = [{ weak: 1, strong: new Uint8Array(length) }];
    await assert.rejects(new Rsync().loadSigs(() => records.shift()), /^TypeError: Cannot load the record/);
  }
});

Deno.test("Rsync waits for each write of bytes, records and commands", async () => {
  const rsync = new Rsync({ blockLength: 512, memLength: 2_048 });
  const [sig, delta, target] = [slowWriter(), slowWriter(), slowWriter()];
  await rsync.genSigsFile(countedReader(BASIS, true).read, sig.write);
  const sigs = await rsync.loadSigsFile(countedReader(concat(sig.chunks), true).read);
  await rsync.genDeltasFile(countedReader(TARGET, true).read, sigs, delta.write);
  const basis = {
    seek: (offset: number) => void (counted.at = offset),
    read: (b: Uint8Array, n: number) => counted.read(b, n),
  };
  const counted = countedReader(BASIS, true);
  await rsync.patchFile(countedReader(concat(delta.chunks), true).read, basis.seek, basis.read, target.write);
  assertBytes(concat(target.chunks), TARGET);
  let running = 0;
  let overlaps = 0;
  let count = 0;
  const slow = async () => {
    if (++running > 1) overlaps++;
    count++;
    await turn();
    running--;
  };
  await rsync.genSigs(countedReader(BASIS, true).read, slow);
  // Whole blocks: the luapower format has no others.
  assert.equal(count, 78);
  count = 0;
  await rsync.genDeltas(countedReader(TARGET, true).read, sigs, slow);
  assert.ok(count >= 3, `${count} commands`);
  assert.equal(running, 0);
  assert.equal(overlaps + sig.overlaps + delta.overlaps + target.overlaps, 0);
});

Deno.test("Rsync takes the block length of a call before its own, and refuses that of another signature", async () => {
  const rsync = new Rsync({ blockLength: 1024 });
  const count = async (blockLength?: number) => {
    return await rsync.genSigsFile(countedReader(BASIS, false).read, () => {}, blockLength);
  };
  assert.deepEqual([await count(), await count(400), await count(4_000)], [39, 100, 10]);
  const records: number[] = [];
  await rsync.genSigs(countedReader(BASIS, false).read, ({ weak }) => records.push(weak), 400);
  assert.equal(records.length, 100);
  const sig = (await makeSig(BASIS, { format: "luapower", blockLength: 400 })).bytes;
  const sigs = await rsync.loadSigsFile(countedReader(sig, false).read, 400);
  assert.equal(sigs.blockLength, 400);
  const none = () => {};
  for (const blockLength of [1, 399, 1024]) {
    await assert.rejects(
      rsync.genDeltasFile(countedReader(TARGET, false).read, sigs, none, blockLength),
      new RangeError(`Cannot use blockLength: ${blockLength} was given, the signature has blocks of 400`),
    );
  }
  await rsync.genDeltasFile(countedReader(TARGET, false).read, sigs, none, 400);
});

Deno.test("Rsync splits data as its memLength says, with and without bytes", async () => {
  const sigs = await makeSigs(BASIS, { format: "luapower", blockLength: 512 });
  const literal = randomBytes(6, 10_000);
  for (const memLength of [2_048, 4_096, 65_536]) {
    const rsync = new Rsync({ blockLength: 512, memLength });
    const delta: Bytes[] = [];
    const read = () => countedReader(literal, false).read;
    await rsync.genDeltasFile(read(), sigs, (bytes) => delta.push(new Uint8Array(bytes)));
    const stream = deltaStream(sigs, { memLength });
    assertBytes(concat(delta), await toBytes(source(literal).pipeThrough(stream)));
    const lengths: number[] = [];
    await rsync.genDeltas(read(), sigs, ({ data }) => lengths.push(data!.length));
    assert.equal(lengths.reduce((sum, length) => sum + length, 0), literal.length);
    assert.ok(Math.max(...lengths) <= memLength && lengths.length >= literal.length / memLength, lengths.join());
  }
});

Deno.test("what streams write, Rsync reads, in each format", async () => {
  for (const format of ["rsync-streams", "librsync", "luapower"] as const) {
    const told = format === "luapower" ? { format, blockLength: 512 } : { format };
    const rsync = new Rsync({ format, blockLength: 512 });
    const sig = await toBytes(source(BASIS).pipeThrough(sigStream({ format, blockLength: 512 })));
    const sigs = await rsync.loadSigsFile(countedReader(sig, false).read);
    const delta: Bytes[] = [];
    await rsync.genDeltasFile(countedReader(TARGET, false).read, sigs, (bytes) => delta.push(new Uint8Array(bytes)));
    assertBytes(await toBytes(source(concat(delta)).pipeThrough(patchStream(BASIS, told))), TARGET);
    assert.equal((await loadSigs(sig, told)).sigCount, sigs.sigCount);
  }
});
