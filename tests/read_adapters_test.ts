/** Streams from read callbacks, and read callbacks from streams: how much is read, and how each end ends. */
import assert from "node:assert/strict";
import { readableFromRead, readFromReadable } from "rsync-streams/callbacks";
import { countedReader } from "./_callbacks.ts";
import { assertBytes, source, toBytes } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";
import { settle } from "./_until.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const REASON = { reason: "a test" };
const BYTES = randomBytes(1, 200_000);

for (const isAsync of [false, true]) {
  const kind = isAsync ? "async" : "sync";

  Deno.test(`readableFromRead() reads nothing before it is read, and then no more than that: ${kind}`, async () => {
    const counted = countedReader(BYTES, isAsync);
    const readable = readableFromRead(counted.read);
    await settle();
    assert.equal(counted.calls, 0);
    const lock = readable.getReader();
    await lock.read();
    await settle();
    assert.equal(counted.calls, 1);
    await lock.cancel(REASON);
    await settle();
    assert.equal(counted.calls, 1);
  });

  Deno.test(`readableFromRead() reads 0 once, and then never again: ${kind}`, async () => {
    const counted = countedReader(BYTES, isAsync, 7_001);
    assertBytes(await toBytes(readableFromRead(counted.read)), BYTES);
    await settle();
    assert.equal(counted.calls, Math.ceil(BYTES.length / 7_001) + 1);
  });

  Deno.test(`readableFromRead() ends in what the callback throws: ${kind}`, async () => {
    const fail = () => {
      if (!isAsync) throw REASON;
      return Promise.reject(REASON);
    };
    const readable = readableFromRead(fail);
    assert.equal(await readable.getReader().read().catch((error) => error), REASON);
  });
}

Deno.test("readableFromRead() keeps no long buffer for a short read, and no two chunks share one", async () => {
  for (const most of [1, 100, 32_767, 32_768, 65_536]) {
    const counted = countedReader(BYTES.subarray(0, 70_000), false, most);
    const given = new Set<ArrayBufferLike>();
    const readable = readableFromRead((buffer, length) => {
      given.add(buffer.buffer);
      return counted.read(buffer, length);
    });
    const buffers = new Set<ArrayBufferLike>();
    let count = 0;
    for await (const chunk of readable) {
      assert.ok(chunk.buffer.byteLength < 2 * chunk.length + 1, `${chunk.length} of ${chunk.buffer.byteLength} bytes`);
      buffers.add(chunk.buffer);
      assert.equal(given.has(chunk.buffer), chunk.length >= 32_768, "a copy if the read was short, else none");
      if (++count === 20) break;
    }
    assert.equal(buffers.size, count);
  }
});

Deno.test("readFromReadable() reads what fits, and 0 at the end, which releases the lock", async () => {
  const readable = source(BYTES, 1_000);
  const { read } = readFromReadable(readable);
  const parts: Uint8Array[] = [];
  for (let length = 1;; length = length % 700 + 33) {
    const buffer = new Uint8Array(length + 5).fill(7);
    const count = await read(buffer, length);
    assert.ok(count <= length);
    assert.deepEqual([...buffer.subarray(length)], [7, 7, 7, 7, 7]);
    if (count === 0) break;
    parts.push(buffer.slice(0, count));
  }
  assertBytes(concat(parts), BYTES);
  assert.equal(readable.locked, false);
  assert.equal(await read(new Uint8Array(9), 9), 0);
});

Deno.test("readFromReadable() passes over empty chunks, and reads no bytes where none are asked for", async () => {
  const readable = ReadableStream.from([new Uint8Array(0), Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2)]);
  const { read } = readFromReadable(readable);
  const buffer = new Uint8Array(4);
  const counts = [];
  for (const length of [0, 4, 4, 4, 4, 0]) counts.push(await read(buffer, length));
  assert.deepEqual(counts, [0, 1, 1, 0, 0, 0]);
});

Deno.test("readFromReadable() reads 0 bytes of a source that has none", async () => {
  for (const empty of [new Blob([]), new Uint8Array(0), [], [new Uint8Array(0)], ReadableStream.from([])]) {
    const { read } = readFromReadable(empty);
    assert.deepEqual([await read(new Uint8Array(4), 4), await read(new Uint8Array(4), 4)], [0, 0]);
  }
});

Deno.test("readFromReadable() fails as its readable did, each time, with the lock released", async () => {
  const readable = new ReadableStream<Bytes>({ pull: (controller) => controller.error(REASON) });
  const { read, cancel } = readFromReadable(readable);
  for (let i = 0; i < 3; i++) assert.equal(await read(new Uint8Array(9), 9).catch((error) => error), REASON);
  assert.equal(readable.locked, false);
  await cancel();
});

Deno.test("readFromReadable() fails for good at a chunk that is no bytes, and lets go of its source", async () => {
  const chunks = [Uint8Array.of(1), "text" as unknown as Uint8Array, Uint8Array.of(2)];
  let cancelledWith: unknown;
  const readable = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(chunks.shift()!),
    cancel: (reason) => void (cancelledWith = reason),
  }, { highWaterMark: 0 });
  const { read } = readFromReadable(readable);
  const buffer = new Uint8Array(5);
  assert.equal(await read(buffer, 5), 1);
  const failure = await read(buffer, 5).catch((error) => error);
  assert.match(failure.message, /a string was seen/);
  assert.equal(readable.locked, false);
  assert.equal(cancelledWith, failure);
  assert.equal(await read(buffer, 5).catch((error) => error), failure);
});

Deno.test("readFromReadable() does not mind what becomes of a chunk that was read to its end", async () => {
  const chunk = Uint8Array.of(1, 2, 3);
  const source = function* () {
    yield chunk;
    structuredClone(chunk, { transfer: [chunk.buffer] });
  };
  const { read } = readFromReadable(source());
  assert.equal(await read(new Uint8Array(5), 5), 3);
  assert.equal(await read(new Uint8Array(5), 5), 0);
});

Deno.test("readFromReadable().cancel() cancels with the reason, releases the lock, and ends the reads", async () => {
  const reasons: unknown[] = [];
  const readable = new ReadableStream<Bytes>({
    pull: (controller) => controller.enqueue(randomBytes(3, 100)),
    cancel: (reason) => void reasons.push(reason),
  });
  const { read, cancel } = readFromReadable(readable);
  assert.equal(await read(new Uint8Array(9), 9), 9);
  await cancel(REASON);
  await cancel("again");
  assert.deepEqual(reasons, [REASON]);
  assert.equal(readable.locked, false);
  assert.equal(await read(new Uint8Array(9), 9), 0);
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
