/** How a source is read: how far, in which pieces, and what it hears at its end. */
import assert from "node:assert/strict";
import { lengthOf, readChunks, readerOf, toReadable } from "../src/streams/byte_source.ts";
import { givesWay } from "./_clock.ts";
import { randomBytes } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const REASON = { reason: "a test" };
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));
const CHUNKS = [randomBytes(1, 700), new Uint8Array(0), randomBytes(2, 1)];

/** An iterator of chunks that notes what is asked of it. */
function notedIterable(chunks: readonly Bytes[], isAsync: boolean, failure?: unknown) {
  const calls: string[] = [];
  let at = 0;
  const next = () => {
    calls.push("next");
    if (at === chunks.length && failure !== undefined) throw failure;
    return at < chunks.length ? { done: false, value: chunks[at++]! } : { done: true, value: undefined };
  };
  const iterator = {
    next: () => isAsync ? Promise.resolve().then(next) : next(),
    return: () => {
      calls.push("return");
      return isAsync ? Promise.resolve({ done: true }) : { done: true };
    },
  };
  const key = isAsync ? Symbol.asyncIterator : Symbol.iterator;
  const iterable = { [key]: () => iterator } as unknown as AsyncIterable<Bytes>;
  return { calls, iterable };
}

/** A stream that notes what it hears. */
function notedStream(chunks: readonly Bytes[]) {
  const calls: unknown[] = [];
  let at = 0;
  const stream = new ReadableStream<Bytes>({
    pull(controller) {
      calls.push("pull");
      if (at < chunks.length) controller.enqueue(chunks[at++]!);
      else controller.close();
    },
    cancel: (reason) => void calls.push(reason),
  }, { highWaterMark: 0 });
  return { calls, stream };
}

for (const isAsync of [false, true]) {
  const kind = isAsync ? "an async iterable" : "an iterable";

  Deno.test(`readChunks() reads ${kind} to its end, and asks no more then`, async () => {
    const { calls, iterable } = notedIterable(CHUNKS, isAsync);
    const lengths: number[] = [];
    await readChunks(iterable, ({ length }) => void lengths.push(length), { pieceLength: 300 });
    assert.deepEqual(lengths, [300, 300, 100, 1]);
    assert.deepEqual(calls, ["next", "next", "next", "next"]);
  });

  Deno.test(`readChunks() ends ${kind} early where what takes the pieces fails`, async () => {
    const { calls, iterable } = notedIterable(CHUNKS, isAsync);
    const reading = readChunks(iterable, () => {
      throw REASON;
    });
    assert.equal(await reading.catch((error) => error), REASON);
    assert.deepEqual(calls, ["next", "return"]);
  });

  Deno.test(`a reader of ${kind} gives no more once it has ended or was cancelled`, async () => {
    const { calls, iterable } = notedIterable(CHUNKS.slice(0, 1), isAsync);
    const reader = readerOf(iterable);
    assert.equal((await reader.read()).value, CHUNKS[0]);
    assert.equal((await reader.read()).done, true);
    assert.equal((await reader.read()).done, true);
    await reader.cancel(REASON);
    assert.deepEqual(calls, ["next", "next"], "what has ended is not ended again");

    const other = notedIterable(CHUNKS, isAsync);
    const cancelled = readerOf(other.iterable);
    await cancelled.read();
    await cancelled.cancel(REASON);
    await cancelled.cancel(REASON);
    assert.equal((await cancelled.read()).done, true);
    assert.deepEqual(other.calls, ["next", "return"]);
  });

  Deno.test(`a stream of ${kind} reads when it is read, and ends it when it is cancelled`, async () => {
    const { calls, iterable } = notedIterable(CHUNKS, isAsync);
    const reader = toReadable(iterable).getReader();
    await settle();
    assert.deepEqual(calls, []);
    assert.equal((await reader.read()).value, CHUNKS[0]);
    await settle();
    assert.deepEqual(calls, ["next"]);
    await reader.cancel(REASON);
    assert.deepEqual(calls, ["next", "return"]);
  });

  Deno.test(`a stream of ${kind} fails with what it fails with, and asks no more`, async () => {
    const { calls, iterable } = notedIterable([CHUNKS[0]!], isAsync, REASON);
    const reader = toReadable(iterable).getReader();
    await reader.read();
    assert.equal(await reader.read().catch((error) => error), REASON);
    assert.equal(await reader.closed.catch((error) => error), REASON);
    // One that has failed may never answer, as in a loop of the language.
    assert.deepEqual(calls, ["next", "next"]);
  });
}

Deno.test("a reader of bytes notices that they are not as many as when they were given", async () => {
  const buffer = new ArrayBuffer(100, { maxByteLength: 200 });
  for (const source of [buffer, new Uint8Array(buffer), new DataView(buffer)]) {
    assert.equal((await readerOf(source).read()).value, source);
    for (const length of [99, 101, 0]) {
      const reader = readerOf(source);
      buffer.resize(length);
      await assert.rejects(reader.read(), new RegExp(`^TypeError: .*: ${length} bytes are left of the 100`));
      buffer.resize(100);
    }
  }
});

Deno.test("readChunks() releases a stream at its end, and cancels it with what fails", async () => {
  const { calls, stream } = notedStream(CHUNKS);
  const lengths: number[] = [];
  await readChunks(stream, ({ length }) => void lengths.push(length));
  assert.deepEqual([lengths, stream.locked], [[700, 1], false]);
  assert.deepEqual(calls, ["pull", "pull", "pull", "pull"]);

  const failing = notedStream(CHUNKS);
  const reading = readChunks(failing.stream, () => {
    throw REASON;
  });
  assert.equal(await reading.catch((error) => error), REASON);
  assert.deepEqual([failing.calls, failing.stream.locked], [["pull", REASON], false]);
});

Deno.test("readChunks() waits for the cancel of its source, and not where its signal ended it", async () => {
  let answer!: () => void;
  const slow = () => new Promise<void>((resolve) => answer = resolve);
  const { signal } = new AbortController();
  const failing = new ReadableStream({ start: (it) => it.enqueue(CHUNKS[0]!), cancel: slow });
  let isOver = false;
  const reading = readChunks(failing, () => {
    throw REASON;
  }, { signal }).catch((error) => error).finally(() => isOver = true);
  await settle();
  assert.equal(isOver, false);
  answer();
  assert.equal(await reading, REASON);

  const controller = new AbortController();
  const waiting = new ReadableStream({ cancel: slow });
  const aborted = readChunks(waiting, () => {}, { signal: controller.signal }).catch((error) => error);
  controller.abort(REASON);
  assert.equal(await aborted, REASON);
  answer();
});

Deno.test("readChunks() ends if its signal aborts as a read begins that never answers", async () => {
  const controller = new AbortController();
  const next = () => {
    controller.abort(REASON);
    return new Promise<never>(() => {});
  };
  const source = { [Symbol.asyncIterator]: () => ({ next }) };
  const { signal } = controller;
  assert.equal(await readChunks(source, () => assert.fail(), { signal }).catch((error) => error), REASON);
});

Deno.test("readChunks() listens to its signal while it reads, and no longer", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  for (const [name, step] of [["addEventListener", 1], ["removeEventListener", -1]] as const) {
    const call = signal[name].bind(signal) as (...args: unknown[]) => void;
    Object.defineProperty(signal, name, {
      value: (...args: unknown[]) => {
        listeners += step;
        call(...args);
      },
    });
  }
  let reads = 0;
  const whileReading = new ReadableStream<Uint8Array>({
    async pull(source) {
      await undefined; // until somebody waits
      assert.equal(listeners, 1);
      if (++reads > 3) source.close();
      else source.enqueue(CHUNKS[0]!);
    },
  }, { highWaterMark: 0 });
  await readChunks(whileReading, () => {}, { signal });
  assert.equal(listeners, 0);
  controller.abort(REASON);
  const { calls, stream } = notedStream(CHUNKS);
  assert.equal(await readChunks(stream, () => assert.fail(), { signal }).catch((error) => error), REASON);
  assert.deepEqual([calls, stream.locked], [[REASON], false]);
});

Deno.test("readChunks() ends where its source aborts the signal in a call that never answers", async () => {
  const controller = new AbortController();
  let count = 0;
  const stuck = new ReadableStream<Uint8Array>({
    pull(source) {
      if (++count < 3) return source.enqueue(CHUNKS[0]!);
      controller.abort(REASON);
      return new Promise(() => {});
    },
  }, { highWaterMark: 0 });
  assert.equal(await readChunks(stuck, () => {}, { signal: controller.signal }).catch((error) => error), REASON);
  assert.equal(stuck.locked, false);
});

Deno.test("readChunks() hands on 1 MiB at a time where nothing else is said", async () => {
  const lengths: number[] = [];
  await readChunks(new Uint8Array(2 ** 21 + 5), ({ length }) => void lengths.push(length));
  assert.deepEqual(lengths, [2 ** 20, 2 ** 20, 5]);
});

Deno.test("readChunks() lets other tasks run between pieces, and between chunks", async () => {
  for (const source of [new Uint8Array(5_000), Array.from({ length: 50 }, () => new Uint8Array(100))]) {
    assert.ok(await givesWay(() => readChunks(source, () => {}, { pieceLength: 100 })));
  }
});

Deno.test("readChunks() notices that a chunk has shrunk between two pieces of it", async () => {
  const chunk = new Uint8Array(new ArrayBuffer(1000, { maxByteLength: 1000 }));
  const lengths: number[] = [];
  const reading = readChunks([chunk], ({ length }) => {
    lengths.push(length);
    chunk.buffer.resize(900);
  }, { pieceLength: 300 });
  await assert.rejects(reading, { name: "TypeError", message: /900 bytes are left of the 1000/ });
  assert.deepEqual(lengths, [300]);
});

Deno.test("toReadable() of a stream lets go of it at its end, on failure and on cancel", async () => {
  const { calls, stream } = notedStream(CHUNKS);
  const readable = toReadable(stream);
  await settle();
  assert.deepEqual(calls, [], "nothing is read before it is asked for");
  const lengths = (await Array.fromAsync(readable)).map(({ length }) => length);
  assert.deepEqual([lengths, stream.locked], [[700, 0, 1], false]);

  const cancelled = notedStream(CHUNKS);
  await toReadable(cancelled.stream).cancel(REASON);
  assert.deepEqual([cancelled.calls, cancelled.stream.locked], [[REASON], false]);

  const wrong = notedStream(["text"] as unknown as Bytes[]);
  const error = await toReadable(wrong.stream).getReader().read().catch((error) => error);
  assert.match(String(error), /^TypeError: Cannot take the chunk as bytes: a string was seen/);
  assert.deepEqual([wrong.calls, wrong.stream.locked], [["pull", error], false]);
});

Deno.test("toReadable() waits for the cancel of its source, passes its failure on, and lets go of it", async () => {
  let answer!: () => void;
  const slow = new ReadableStream<Bytes>({ cancel: () => new Promise<void>((resolve) => answer = resolve) });
  let isOver = false;
  const cancelling = toReadable(slow).cancel(REASON).then(() => isOver = true);
  await settle();
  assert.deepEqual([isOver, slow.locked], [false, true]);
  answer();
  await cancelling;
  assert.equal(slow.locked, false);

  const failing = new ReadableStream<Bytes>({ cancel: () => Promise.reject(REASON) });
  assert.equal(await toReadable(failing).cancel().catch((error) => error), REASON);
  assert.equal(failing.locked, false);
});

Deno.test("lengthOf() is what bytes and Blobs say, and nothing else says it", () => {
  const known = [new Uint8Array(5), new Uint8Array(5).buffer, new DataView(new ArrayBuffer(9), 2, 5)];
  for (const source of [...known, new Blob(["hello"])]) assert.equal(lengthOf(source), 5);
  assert.equal(lengthOf(new Uint8Array(0)), 0);
  for (const source of [new Blob([]), [new Uint8Array(5)], new Response("hello"), new Blob(["hello"]).stream()]) {
    assert.equal(lengthOf(source), undefined);
  }
});
