/** Each end of each adapter between callbacks and streams, with callbacks that are sync and async. */
import assert from "node:assert/strict";
import {
  basisFromCallbacks,
  readableFromRead,
  readFromReadable,
  Rsync,
  writableFromWrite,
  writeToWritable,
} from "rsync-streams/callbacks";
import { deltaStream, loadSigs, patchStream, sigStream } from "rsync-streams";
import { assertBytes, makeSig, makeSigs, source, toBytes } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";
import { settle, turn } from "./_until.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const REASON = { reason: "a test" };
const BYTES = randomBytes(1, 200_000);

/** A read callback over bytes, whose calls are counted. */
function reader(bytes: Uint8Array, isAsync: boolean, most = Infinity) {
  const counted = {
    calls: 0,
    at: 0,
    read(buffer: Uint8Array, length: number): number | Promise<number> {
      counted.calls++;
      const piece = bytes.subarray(counted.at, counted.at + Math.min(length, most));
      buffer.set(piece);
      counted.at += piece.length;
      return isAsync ? Promise.resolve(piece.length) : piece.length;
    },
  };
  return counted;
}

/** A write callback that waits until it is let go, and says when a second write begins meanwhile. */
function slowWriter() {
  const state = {
    chunks: [] as Uint8Array[],
    running: 0,
    overlaps: 0,
    write: async (bytes: Uint8Array, length: number) => {
      if (++state.running > 1) state.overlaps++;
      assert.equal(bytes.length, length);
      state.chunks.push(bytes.slice());
      await turn();
      state.running--;
    },
  };
  return state;
}

for (const isAsync of [false, true]) {
  const kind = isAsync ? "async" : "sync";

  Deno.test(`readableFromRead() reads nothing before it is read, and then no more than that: ${kind}`, async () => {
    const counted = reader(BYTES, isAsync);
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
    const counted = reader(BYTES, isAsync, 7_001);
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

  Deno.test(`writableFromWrite() ends in what the callback throws: ${kind}`, async () => {
    const writer = writableFromWrite(() => {
      if (!isAsync) throw REASON;
      return Promise.reject(REASON);
    }).getWriter();
    const failures = [writer.write(BYTES), writer.closed].map((promise) => promise.catch((error) => error));
    assert.deepEqual(await Promise.all(failures), [REASON, REASON]);
  });

  Deno.test(`basisFromCallbacks() goes to a place, then reads there, with its own this: ${kind}`, async () => {
    const calls: string[] = [];
    const callbacks = {
      size: BYTES.length,
      at: 0,
      async seek(offset: number) {
        if (isAsync) await turn();
        calls.push(`seek ${offset}`);
        this.at = offset;
      },
      read(buffer: Uint8Array, length: number) {
        calls.push(`read ${this.at} ${length}`);
        buffer.set(BYTES.subarray(this.at, this.at + length));
        return isAsync ? Promise.resolve(length) : length;
      },
    };
    const basis = basisFromCallbacks(callbacks);
    assert.equal(basis.size, BYTES.length);
    assertBytes(await basis.read(70, 30), BYTES.subarray(70, 100));
    assert.deepEqual(calls, ["seek 70", "read 70 30"]);
  });
}

Deno.test("readableFromRead() keeps no long buffer for a short read, and no two chunks share one", async () => {
  for (const most of [1, 100, 32_767, 32_768, 65_536]) {
    const counted = reader(BYTES.subarray(0, 70_000), false, most);
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

Deno.test("adapters refuse at once what is no function", () => {
  for (const wrong of [undefined, null, 5, {}] as never[]) {
    const expected = (name: string) => ({
      name: "TypeError",
      message: new RegExp(`^Cannot use ${name}: a function was`),
    });
    assert.throws(() => readableFromRead(wrong), expected("read"));
    assert.throws(() => writableFromWrite(wrong), expected("write"));
    const message = /^Cannot use the basis: seek and read have to be functions/;
    assert.throws(() => basisFromCallbacks({ seek: wrong, read: () => 0 }), { name: "TypeError", message });
    assert.throws(() => basisFromCallbacks({ seek: () => {}, read: wrong }), { name: "TypeError", message });
  }
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

// ---- the methods of Rsync

const BASIS = randomBytes(4, 40_000);
const TARGET = concat([BASIS.subarray(9_000), randomBytes(5, 3_000), BASIS.subarray(0, 9_000)]);

Deno.test("Rsync waits for each write of bytes, records and commands", async () => {
  const rsync = new Rsync({ blockLength: 512, memLength: 2_048 });
  const [sig, delta, target] = [slowWriter(), slowWriter(), slowWriter()];
  await rsync.genSigsFile(reader(BASIS, true).read, sig.write);
  const sigs = await rsync.loadSigsFile(reader(concat(sig.chunks), true).read);
  await rsync.genDeltasFile(reader(TARGET, true).read, sigs, delta.write);
  const basis = {
    seek: (offset: number) => void (counted.at = offset),
    read: (b: Uint8Array, n: number) => counted.read(b, n),
  };
  const counted = reader(BASIS, true);
  await rsync.patchFile(reader(concat(delta.chunks), true).read, basis.seek, basis.read, target.write);
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
  await rsync.genSigs(reader(BASIS, true).read, slow);
  // Whole blocks: the luapower format has no others.
  assert.equal(count, 78);
  count = 0;
  await rsync.genDeltas(reader(TARGET, true).read, sigs, slow);
  assert.ok(count >= 3, `${count} commands`);
  assert.equal(running, 0);
  assert.equal(overlaps + sig.overlaps + delta.overlaps + target.overlaps, 0);
});

Deno.test("Rsync takes the block length of a call before its own, and refuses that of another signature", async () => {
  const rsync = new Rsync({ blockLength: 1024 });
  const count = async (blockLength?: number) => {
    return await rsync.genSigsFile(reader(BASIS, false).read, () => {}, blockLength);
  };
  assert.deepEqual([await count(), await count(400), await count(4_000)], [39, 100, 10]);
  const records: number[] = [];
  await rsync.genSigs(reader(BASIS, false).read, ({ weak }) => records.push(weak), 400);
  assert.equal(records.length, 100);
  const sig = (await makeSig(BASIS, { format: "luapower", blockLength: 400 })).bytes;
  const sigs = await rsync.loadSigsFile(reader(sig, false).read, 400);
  assert.equal(sigs.blockLength, 400);
  const none = () => {};
  for (const blockLength of [1, 399, 1024]) {
    await assert.rejects(
      rsync.genDeltasFile(reader(TARGET, false).read, sigs, none, blockLength),
      new RangeError(`Cannot use blockLength: ${blockLength} was given, the signature has blocks of 400`),
    );
  }
  await rsync.genDeltasFile(reader(TARGET, false).read, sigs, none, 400);
});

Deno.test("Rsync splits data as its memLength says, with and without bytes", async () => {
  const sigs = await makeSigs(BASIS, { format: "luapower", blockLength: 512 });
  const literal = randomBytes(6, 10_000);
  for (const memLength of [2_048, 4_096, 65_536]) {
    const rsync = new Rsync({ blockLength: 512, memLength });
    const delta: Bytes[] = [];
    const read = () => reader(literal, false).read;
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
    const sigs = await rsync.loadSigsFile(reader(sig, false).read);
    const delta: Bytes[] = [];
    await rsync.genDeltasFile(reader(TARGET, false).read, sigs, (bytes) => delta.push(new Uint8Array(bytes)));
    assertBytes(await toBytes(source(concat(delta)).pipeThrough(patchStream(BASIS, told))), TARGET);
    assert.equal((await loadSigs(sig, told)).sigCount, sigs.sigCount);
  }
});
