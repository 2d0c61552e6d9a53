/** Streams into write callbacks, and write callbacks into streams: what waits for what, and how each end ends. */
import assert from "node:assert/strict";
import { writableFromWrite, writeToWritable } from "rsync-streams/callbacks";
import { slowWriter } from "./_callbacks.ts";
import { assertBytes, source, toBytes } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";
import { turn } from "./_until.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const REASON = { reason: "a test" };
const BYTES = randomBytes(1, 200_000);

for (const isAsync of [false, true]) {
  const kind = isAsync ? "async" : "sync";

  Deno.test(`writableFromWrite() ends in what the callback throws: ${kind}`, async () => {
    const writer = writableFromWrite(() => {
      if (!isAsync) throw REASON;
      return Promise.reject(REASON);
    }).getWriter();
    const failures = [writer.write(BYTES), writer.closed].map((promise) => promise.catch((error) => error));
    assert.deepEqual(await Promise.all(failures), [REASON, REASON]);
  });
}

Deno.test("writableFromWrite() waits for each write before the next one, and before its close", async () => {
  const slow = slowWriter();
  await source(BYTES, 20_000).pipeTo(writableFromWrite(slow.write));
  assert.equal(slow.running, 0);
  assert.equal(slow.overlaps, 0);
  assertBytes(concat(slow.chunks), BYTES);
});

Deno.test("writableFromWrite() has room for one chunk", () => {
  const writer = writableFromWrite(() => new Promise(() => {})).getWriter();
  assert.equal(writer.desiredSize, 1);
  writer.write(BYTES).catch(() => {});
  assert.equal(writer.desiredSize, 0);
});

/** A sink that notes what happens to it. */
function notingSink(write: (chunk: Uint8Array) => unknown = () => {}) {
  const events: unknown[] = [];
  const writable = new WritableStream<Bytes>({
    write: async (chunk) => {
      await write(chunk);
      events.push(chunk.length);
    },
    close: () => void events.push("close"),
    abort: (reason) => void events.push(reason),
  }, { highWaterMark: 0 });
  return { events, writable };
}

Deno.test("writeToWritable().write() is done when the writable has taken the chunk", async () => {
  let isTaken = false;
  const { writable } = notingSink(async () => {
    await turn();
    isTaken = true;
  });
  const { write, close } = writeToWritable(writable);
  await write(BYTES, 10);
  assert.ok(isTaken);
  await close();
});

Deno.test("writeToWritable() hands over a copy, of as many bytes as it is told", async () => {
  const taken: Uint8Array[] = [];
  const { writable } = notingSink((chunk) => taken.push(chunk));
  const buffer = randomBytes(2, 100);
  const { write, close } = writeToWritable(writable);
  await write(buffer, 60);
  buffer.fill(0);
  await close();
  assertBytes(taken[0]!, randomBytes(2, 100).subarray(0, 60));
});

Deno.test("writeToWritable().write() takes no bytes, too, and none that are not there", async () => {
  const { events, writable } = notingSink();
  const { write, close } = writeToWritable(writable);
  await write(BYTES, 0);
  await assert.rejects(async () => await write(BYTES, -1), RangeError);
  await assert.rejects(async () => await write(BYTES, BYTES.length + 1), RangeError);
  await close();
  assert.deepEqual(events, [0, "close"]);
});

Deno.test("writeToWritable().close() closes, and releases the lock", async () => {
  const { events, writable } = notingSink();
  const { write, close } = writeToWritable(writable);
  await write(BYTES, 3);
  await close();
  assert.deepEqual(events, [3, "close"]);
  assert.equal(writable.locked, false);
});

Deno.test("writeToWritable().abort() aborts with the reason, does not close, and releases the lock", async () => {
  const { events, writable } = notingSink();
  const { write, abort } = writeToWritable(writable);
  await write(BYTES, 3);
  await abort(REASON);
  assert.deepEqual(events, [3, REASON]);
  assert.equal(writable.locked, false);
});

Deno.test("writeToWritable() passes the failure of the writable on, and releases the lock at the end", async () => {
  const writable = new WritableStream<Bytes>({
    write: () => Promise.reject(REASON),
    close: () => assert.fail("it was closed"),
  });
  const { write, close } = writeToWritable(writable);
  assert.equal(await write(BYTES, 3).catch((error) => error), REASON);
  assert.equal(await close().catch((error) => error), REASON);
  assert.equal(writable.locked, false);
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
