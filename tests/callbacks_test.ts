import assert from "node:assert/strict";
import { deltaStream, RsyncError } from "rsync-streams";
import {
  basisFromCallbacks,
  type DeltaCommand,
  readableFromRead,
  readFromReadable,
  Rsync,
  type SigRecord,
  writableFromWrite,
  writeToWritable,
} from "rsync-streams/callbacks";
import { assertBytes, type Chunking, patch, source, toBytes } from "./_helpers.ts";
import { callbacks, collector } from "./_callbacks.ts";
import { FiveByteSum, RollingSumOfBytes } from "./_custom_sums.ts";
import { concat, randomBytes } from "./_recipes.ts";

const CHUNKINGS: Chunking[] = ["whole", 1, 1009, { seed: 3, most: 5000 }];

const basis = randomBytes(11, 40_000);
const target = concat([basis.subarray(20_000), randomBytes(12, 777), basis.subarray(0, 20_000)]);

Deno.test("Rsync works with async callbacks, records and commands", async () => {
  const rsync = new Rsync({ blockLength: 512 });
  const records: SigRecord[] = [];
  const count = await rsync.genSigs(callbacks(basis, 3333, true).read, (record) => records.push(record));
  assert.equal(count, 78);
  assert.equal(records.length, 78);
  const rest = records.slice();
  const sigs = await rsync.loadSigs(() => Promise.resolve(rest.shift()));
  const commands: DeltaCommand[] = [];
  const alarms = await rsync.genDeltas(callbacks(target, 3333, true).read, sigs, (command) => commands.push(command));
  assert.ok(alarms.goodAlarms > 70);
  assert.ok(commands.some(({ copy }) => copy) && commands.some(({ data }) => data));
  const out = collector();
  const { seek, read } = callbacks(basis, 1000, true);
  await rsync.patch(() => commands.shift(), seek, read, out.write);
  assertBytes(out.bytes(), target);
});

Deno.test("Rsync with format rsync-streams verifies what it patched", async () => {
  const rsync = new Rsync({ format: "rsync-streams" });
  const [sig, delta, out] = [collector(), collector(), collector()];
  await rsync.genSigsFile(callbacks(basis, "whole").read, sig.write);
  const sigs = await rsync.loadSigsFile(callbacks(sig.bytes(), "whole").read);
  await rsync.genDeltasFile(callbacks(target, "whole").read, sigs, delta.write);
  const right = callbacks(basis, "whole");
  await rsync.patchFile(callbacks(delta.bytes(), "whole").read, right.seek, right.read, out.write);
  assertBytes(out.bytes(), target);
  const wrong = callbacks(randomBytes(1, basis.length), "whole");
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
  assert.equal(await rsync.genSigsFile(callbacks(basis, 999).read, sig.write), 400);
  assert.equal(sig.bytes().length, 400 * (4 + 5));
  const sigs = await rsync.loadSigsFile(callbacks(sig.bytes(), 999).read);
  assert.equal(sigs.backend, "portable");
  const alarms = await rsync.genDeltasFile(callbacks(target, 999).read, sigs, delta.write);
  assert.ok(alarms.goodAlarms >= 398 && alarms.falseAlarms > 0);
  assert.ok(ByteSum.made > made, "with() dropped the weak sum");
  const { seek, read } = callbacks(basis, 999);
  await rsync.patchFile(callbacks(delta.bytes(), 999).read, seek, read, out.write);
  assertBytes(out.bytes(), target);
});

Deno.test("readFromReadable() releases the lock when the readable fails, and when cancel() does", async () => {
  const reason = new Error("of the source");
  const failing = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(reason) });
  const { read, cancel } = readFromReadable(failing);
  for (let i = 0; i < 2; i++) await assert.rejects(read(new Uint8Array(4), 4), (error) => error === reason);
  assert.equal(failing.locked, false);
  await cancel();
  const stuck = new ReadableStream<Uint8Array>({ cancel: () => Promise.reject(reason) });
  await assert.rejects(readFromReadable(stuck).cancel(), (error) => error === reason);
  assert.equal(stuck.locked, false);
});

Deno.test("read() and write() of the adapters refuse a length that the buffer does not have", async () => {
  const { read } = readFromReadable(new Blob(["abc"]).stream());
  const sink = collector();
  const { write } = writeToWritable(writableFromWrite(sink.write));
  for (const length of [5, -1, 1.5, NaN, undefined]) {
    await assert.rejects(read(new Uint8Array(4), length as number), /^(Type|Range)Error: Cannot use length/);
    await assert.rejects(write(new Uint8Array(4), length as number), /^(Type|Range)Error: Cannot use length/);
  }
  assert.equal(await read(new Uint8Array(4), 4), 3);
  assert.equal(sink.bytes().length, 0);
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
  await rsync.genSigsFile(callbacks(basis, "whole").read, sig.write);
  const sigs = await rsync.loadSigsFile(callbacks(sig.bytes(), "whole").read);
  await assert.rejects(rsync.genDeltasFile(callbacks(target, "whole").read, sigs, () => {}, 1024), RangeError);
  const cut = sig.bytes().subarray(0, -1);
  await assert.rejects(
    rsync.loadSigsFile(callbacks(cut, "whole").read),
    (error) => error instanceof RsyncError && error.code === "truncated",
  );
  const unknown = Uint8Array.of(2, 0, 0, 0, 0, 1, 3);
  const { seek, read } = callbacks(basis, "whole");
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
  const { read } = callbacks(basis, "whole");
  await assert.rejects(rsync.genSigsFile(throwing, () => {}), isReason);
  await assert.rejects(rsync.genSigsFile(callbacks(basis, "whole").read, throwing), isReason);
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

Deno.test("adapters carry bytes between callbacks and streams, short reads included", async () => {
  for (const chunking of CHUNKINGS) {
    assertBytes(await toBytes(readableFromRead(callbacks(target, chunking).read)), target);
    const out = collector();
    await source(target, chunking).pipeTo(writableFromWrite(out.write));
    assertBytes(out.bytes(), target);
    const { read } = readFromReadable(source(target, chunking));
    assertBytes(await toBytes(readableFromRead(read)), target);
  }
});

Deno.test("writeToWritable() lets the caller fill its buffer again", async () => {
  const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>(
    undefined,
    new CountQueuingStrategy({ highWaterMark: 10 }),
    new CountQueuingStrategy({ highWaterMark: 10 }),
  );
  const { write, close } = writeToWritable(writable);
  const buffer = new Uint8Array(4);
  for (const byte of [1, 2, 3]) {
    buffer.fill(byte);
    await write(buffer, byte);
  }
  await close();
  assert.equal(writable.locked, false);
  assertBytes(await toBytes(readable), Uint8Array.of(1, 2, 2, 3, 3, 3));
});

Deno.test("readFromReadable().cancel() cancels and releases the lock", async () => {
  let seen: unknown;
  const readable = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(10)),
    cancel: (reason) => {
      seen = reason;
    },
  });
  const { read, cancel } = readFromReadable(readable);
  assert.equal(await read(new Uint8Array(4), 4), 4);
  const reason = new Error("enough");
  await cancel(reason);
  assert.equal(seen, reason);
  assert.equal(readable.locked, false);
});

Deno.test("basisFromCallbacks() and { seek, read } make a basis for patchStream()", async () => {
  const rsync = new Rsync();
  const sig = collector();
  await rsync.genSigsFile(callbacks(basis, "whole").read, sig.write);
  const sigs = await rsync.loadSigsFile(callbacks(sig.bytes(), "whole").read);
  const delta = await toBytes(source(target).pipeThrough(deltaStream(sigs, { format: "rsync-streams" })));
  assertBytes(await patch(basisFromCallbacks(callbacks(basis, 777)), delta), target);
  assertBytes(await patch(callbacks(basis, 777, true), delta), target);
});

Deno.test("Rsync.loadSigs() refuses a record whose strong sum has another length", async () => {
  for (const length of [0, 31, 33]) {
    const records: SigRecord[] = [{ weak: 1, strong: new Uint8Array(length) }];
    await assert.rejects(new Rsync().loadSigs(() => records.shift()), /^TypeError: Cannot load the record/);
  }
});
