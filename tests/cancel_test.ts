import assert from "node:assert/strict";
import {
  type BasisSource,
  decodeDeltaStream,
  deltaStream,
  encodeDeltaStream,
  loadSigs,
  patchStream,
  RsyncError,
  sigStream,
  type StreamPair,
} from "rsync-streams";
import { assertBytes, chunks, makeDelta, makeSigs, source, toBytes } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Pair = StreamPair<BufferSource, unknown, unknown>;

/** Lets everything run that can run without a read or a write more. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setTimeout(resolve, 0));
}

/** What a promise is rejected with; it has to be, and soon. */
async function rejection(promise: Promise<unknown>): Promise<unknown> {
  let timer;
  const late = new Promise((_, reject) => timer = setTimeout(() => reject(new Error("it took too long")), 5000));
  try {
    return await Promise.race([
      promise.then(() => assert.fail("it ended well"), (reason) => reason),
      late.catch(assert.fail),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

const BASIS = randomBytes(1, 700_000);
const TARGET = concat([randomBytes(2, 300_000), BASIS.subarray(100_000), randomBytes(3, 200_000)]);
const QUICK = { strongSum: "blake3" } as const;
const SIGS = await makeSigs(BASIS, QUICK);
const DELTA = (await makeDelta(TARGET, SIGS)).bytes;

/** A basis that counts its reads; async, so that a read can be under way when all ends. */
class CountingBasis implements BasisSource {
  reads = 0;
  readonly size = BASIS.length;

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.reads++;
    await new Promise((resolve) => setTimeout(resolve, 0));
    return BASIS.subarray(offset, offset + Math.min(length, 20_000));
  }
}

/** A source in chunks that never ends, and tells why it was cancelled. */
function endless(bytes: Bytes) {
  let at = 0;
  let controller!: ReadableStreamDefaultController<Bytes>;
  const seen: { reason?: unknown; isCancelled: boolean } = { isCancelled: false };
  const readable = new ReadableStream<Bytes>({
    start: (one) => {
      controller = one;
    },
    async pull() {
      await settle();
      if (seen.isCancelled || at >= bytes.length) return;
      controller.enqueue(bytes.slice(at, at += 50_000));
    },
    cancel: (reason) => {
      seen.isCancelled = true;
      seen.reason = reason;
    },
  }, { highWaterMark: 0 });
  return { readable, seen, fail: (reason: unknown) => controller.error(reason) };
}

interface Case {
  input: Bytes;
  /** The stages, first to last. */
  stages: (basis: CountingBasis) => Pair[];
  /** Reads after which the stages are in the middle of their work. */
  reads: number;
}

const CASES: Record<string, Case> = {
  "basis to signature": { input: BASIS, stages: () => [sigStream({ blockLength: 64, ...QUICK }) as Pair], reads: 1 },
  "target to delta": { input: TARGET, stages: () => [deltaStream(SIGS) as Pair], reads: 2 },
  "delta to target": { input: DELTA, stages: (basis) => [patchStream(basis) as Pair], reads: 3 },
  "delta to commands": { input: DELTA, stages: () => [decodeDeltaStream() as Pair], reads: 3 },
  "target to delta to target": {
    input: TARGET,
    stages: (basis) => [deltaStream(SIGS) as Pair, patchStream(basis) as Pair],
    reads: 3,
  },
  "target to delta to commands to delta to target": {
    input: TARGET,
    stages: (basis) => {
      const transcode = [decodeDeltaStream(), encodeDeltaStream()] as unknown as Pair[];
      return [deltaStream(SIGS) as Pair, ...transcode, patchStream(basis) as Pair];
    },
    reads: 3,
  },
};

/** A pipe in the middle of its work. */
function start({ input, stages }: Case) {
  const basis = new CountingBasis();
  const origin = endless(input);
  const pairs = stages(basis);
  const [first, ...rest] = pairs as [Pair, ...Pair[]];
  return {
    basis,
    origin,
    pairs,
    first,
    through: (readable: ReadableStream) => rest.reduce((r, pair) => r.pipeThrough(pair as never), readable),
  };
}

/** Checks that nothing is locked, and that the basis is not read any more. */
async function assertReleased(pairs: Pair[], origin: ReadableStream, basis: CountingBasis): Promise<void> {
  await settle();
  const { reads } = basis;
  await settle();
  assert.equal(basis.reads, reads, "reads of the basis go on");
  assert.equal(origin.locked, false, "the source is locked");
  for (const [i, { readable, writable }] of pairs.entries()) {
    assert.equal(writable.locked, false, `writable ${i} is locked`);
    assert.equal(readable.locked, false, `readable ${i} is locked`);
  }
}

/** The reason that a readable ended with. */
async function readableReason(readable: ReadableStream): Promise<unknown> {
  const reader = readable.getReader();
  try {
    return await rejection(reader.closed);
  } finally {
    reader.releaseLock();
  }
}

/** The reason that a writable ended with. */
async function writableReason(writable: WritableStream): Promise<unknown> {
  const writer = writable.getWriter();
  try {
    return await rejection(writer.closed);
  } finally {
    writer.releaseLock();
  }
}

for (const [name, one] of Object.entries(CASES)) {
  Deno.test(`cancel of the readable reaches the source with the same reason: ${name}`, async () => {
    const { basis, origin, pairs, first, through } = start(one);
    const reader = through(origin.readable.pipeThrough(first as never)).getReader();
    for (let i = 0; i < one.reads; i++) assert.equal((await reader.read()).done, false);
    const reason = { why: "enough" };
    await reader.cancel(reason);
    reader.releaseLock();
    await settle();
    assert.equal(origin.seen.reason, reason);
    for (const { writable } of pairs) assert.equal(await writableReason(writable), reason);
    await assertReleased(pairs, origin.readable, basis);
  });

  Deno.test(`cancel before the first read reaches the source with the same reason: ${name}`, async () => {
    const { basis, origin, pairs, first, through } = start(one);
    const readable = through(origin.readable.pipeThrough(first as never));
    const reason = { why: "never began" };
    await readable.cancel(reason);
    await settle();
    assert.equal(origin.seen.reason, reason);
    assert.equal(basis.reads, 0);
    await assertReleased(pairs, origin.readable, basis);
  });

  Deno.test(`abort of the writable reaches the readable with the same reason: ${name}`, async () => {
    const { basis, pairs, first, through } = start(one);
    const readable = through(first.readable);
    const writer = first.writable.getWriter();
    const reader = readable.getReader();
    const writes = [...chunks(one.input, 50_000)].map((chunk) => writer.write(chunk));
    const writing = Promise.allSettled(writes);
    for (let i = 0; i < one.reads; i++) assert.equal((await reader.read()).done, false);
    const waiting = (async () => {
      while (!(await reader.read()).done);
    })();
    const reason = { why: "the input is bad" };
    const reasons = [rejection(writer.closed), rejection(reader.closed), rejection(waiting), rejection(writes.at(-1)!)];
    await writer.abort(reason);
    const [atWriter, atReader, ofRead, ofWrite] = await Promise.all(reasons);
    assert.equal(atWriter, reason);
    assert.equal(atReader, reason);
    assert.equal(ofRead, reason);
    assert.equal(ofWrite, reason);
    await writing;
    writer.releaseLock();
    reader.releaseLock();
    await assertReleased(pairs, new ReadableStream(), basis);
  });

  Deno.test(`an error of the source reaches the sink with the same reason: ${name}`, async () => {
    const { basis, origin, pairs, first, through } = start(one);
    const reason = { why: "the disk failed" };
    let aborted: unknown;
    let received = 0;
    const sink = new WritableStream({
      write: () => {
        if (++received === one.reads) origin.fail(reason);
      },
      abort: (why) => {
        aborted = why;
      },
    });
    const piped = through(origin.readable.pipeThrough(first as never)).pipeTo(sink);
    assert.equal(await rejection(piped), reason);
    assert.equal(aborted, reason);
    assert.equal(sink.locked, false);
    for (const { writable, readable } of pairs) {
      assert.equal(await writableReason(writable), reason);
      assert.equal(await readableReason(readable), reason);
    }
    await assertReleased(pairs, origin.readable, basis);
  });

  Deno.test(`an error of the sink reaches the source with the same reason: ${name}`, async () => {
    const { basis, origin, pairs, first, through } = start(one);
    const reason = new Error("the disk is full");
    let received = 0;
    const sink = new WritableStream({
      write: () => {
        if (++received === one.reads) throw reason;
      },
    });
    const piped = through(origin.readable.pipeThrough(first as never)).pipeTo(sink);
    assert.equal(await rejection(piped), reason);
    await settle();
    assert.equal(origin.seen.reason, reason);
    assert.equal(sink.locked, false);
    await assertReleased(pairs, origin.readable, basis);
  });

  for (const end of ["first", "last"] as const) {
    Deno.test(`an AbortSignal of the ${end} pipe reaches both ends with the same reason: ${name}`, async () => {
      const { basis, origin, pairs, first, through } = start(one);
      const controller = new AbortController();
      const reason = new DOMException("too slow", "TimeoutError");
      let aborted: unknown;
      let received = 0;
      const sink = new WritableStream({
        write: () => {
          if (++received === one.reads) controller.abort(reason);
        },
        abort: (why) => {
          aborted = why;
        },
      });
      const { signal } = controller;
      const options = (which: string) => which === end ? { signal } : {};
      const began = origin.readable.pipeTo(first.writable as WritableStream<Bytes>, options("first"));
      const reasonOfFirst = rejection(began);
      const piped = through(first.readable).pipeTo(sink, options("last"));
      assert.equal(await rejection(piped), reason);
      assert.equal(await reasonOfFirst, reason);
      await settle();
      assert.equal(aborted, reason);
      assert.equal(origin.seen.reason, reason);
      assert.equal(sink.locked, false);
      await assertReleased(pairs, origin.readable, basis);
    });
  }
}

// ---- failures inside a stage

const PATCHES: Record<string, { input: Bytes; stages: (basis: BasisSource) => Pair[] }> = {
  "delta to target": { input: DELTA, stages: (basis) => [patchStream(basis) as Pair] },
  "target to delta to target": {
    input: TARGET,
    stages: (basis) => [deltaStream(SIGS) as Pair, patchStream(basis) as Pair],
  },
};

const reason = new Error("the basis is gone");
const FAILING: Record<string, BasisSource["read"]> = {
  "throws": () => {
    throw reason;
  },
  "rejects": () => Promise.reject(reason),
  "rejects later": async () => {
    await settle();
    throw reason;
  },
};

for (const [name, { input, stages }] of Object.entries(PATCHES)) {
  for (const [how, read] of Object.entries(FAILING)) {
    Deno.test(`a basis whose read ${how} ends both ends with what it threw: ${name}`, async () => {
      let reads = 0;
      const pairs = stages({
        size: BASIS.length,
        read: (offset, length) => {
          if (++reads === 4) return read(offset, length);
          assert.ok(reads < 4, "the basis is read after it failed");
          return BASIS.subarray(offset, offset + Math.min(length, 1000));
        },
      });
      const origin = endless(input);
      let aborted: unknown;
      const sink = new WritableStream({
        abort: (why) => {
          aborted = why;
        },
      });
      const last = pairs.reduce(
        (readable: ReadableStream, pair) => readable.pipeThrough(pair as never),
        origin.readable,
      );
      assert.equal(await rejection(last.pipeTo(sink)), reason);
      await settle();
      assert.equal(aborted, reason);
      assert.equal(origin.seen.reason, reason);
      await assertReleased(pairs, origin.readable, new CountingBasis());
      assert.equal(reads, 4);
    });
  }
}

Deno.test("a seek or read callback that fails ends both ends of patchStream() with what it threw", async () => {
  const ok = { seek: () => {}, read: (_: Uint8Array, length: number) => length };
  const failure = () => {
    throw reason;
  };
  for (const basis of [{ ...ok, seek: failure }, { ...ok, read: failure }]) {
    const origin = endless(DELTA);
    assert.equal(await rejection(toBytes(origin.readable.pipeThrough(patchStream(basis)))), reason);
    await settle();
    assert.equal(origin.seen.reason, reason);
  }
});

Deno.test("bad bytes end both ends with the same RsyncError", async () => {
  const bad = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  for (const make of [() => patchStream(BASIS) as Pair, () => decodeDeltaStream() as Pair]) {
    const { readable, writable } = make();
    const writer = writable.getWriter();
    const write = rejection(writer.write(bad));
    const closed = rejection(writer.closed);
    const error = await rejection(readable.getReader().read());
    assert.ok(error instanceof RsyncError);
    assert.equal(await write, error);
    assert.equal(await closed, error);
  }
});

Deno.test("a failing onProgress ends both ends with what it threw", async () => {
  const options = {
    onProgress: () => {
      throw reason;
    },
  };
  const stages: [Pair, Bytes][] = [
    [sigStream(options) as Pair, BASIS.slice(0, 2000)],
    [deltaStream(SIGS, options) as Pair, BASIS.slice(0, 2000)],
    [patchStream(BASIS, options) as Pair, DELTA],
    [decodeDeltaStream(options) as Pair, DELTA],
  ];
  for (const [{ readable, writable }, input] of stages) {
    const writer = writable.getWriter();
    const closed = rejection(writer.closed);
    const reading = rejection(Array.fromAsync(readable));
    writer.write(input).catch(() => {});
    writer.close().catch(() => {});
    assert.equal(await reading, reason);
    assert.equal(await closed, reason);
  }
});

Deno.test("loadSigs() rejects with the reason of its source, and releases it", async () => {
  const failing = new ReadableStream<Bytes>({ pull: (controller) => controller.error(reason) });
  assert.equal(await rejection(loadSigs(failing)), reason);
  assert.equal(failing.locked, false);

  const { readable, seen } = endless(Uint8Array.of(1, 2, 3, 4, 5));
  const error = await rejection(loadSigs(readable));
  assert.ok(error instanceof RsyncError && error.code === "bad-magic");
  assert.equal(seen.reason, error);
  assert.equal(readable.locked, false);
});

// ---- what waits does not wait for ever

const STAGES: Record<string, () => Pair> = {
  "sigStream()": () => sigStream(QUICK) as Pair,
  "deltaStream()": () => deltaStream(SIGS) as Pair,
  "patchStream()": () => patchStream(BASIS) as Pair,
  "decodeDeltaStream()": () => decodeDeltaStream() as Pair,
};

for (const [name, make] of Object.entries(STAGES)) {
  const input = name.startsWith("sig") ? BASIS : name.startsWith("delta") ? TARGET : DELTA;

  // In Node 20 and 22, a pipe that its signal aborts never cancels its source if the write under way rejects.
  for (const end of ["cancel", "abort"]) {
    Deno.test(`${name} resolves the write under way on ${end}, and rejects those behind it`, async () => {
      const { readable, writable } = make();
      const writer = writable.getWriter();
      const first = writer.write(input);
      // The close comes last: no write may follow it.
      const rejected = [writer.closed, writer.write(input), writer.close()].map(rejection);
      await settle();
      await (end === "cancel" ? readable.cancel(reason) : writer.abort(reason));
      assert.equal(await first, undefined);
      for (const promise of rejected) assert.equal(await promise, reason);
      if (end === "abort") assert.equal(await readableReason(readable), reason);
    });
  }

  Deno.test(`${name} rejects a close that waits for a reader`, async () => {
    for (const end of ["cancel", "abort"]) {
      const { readable, writable } = make();
      const writer = writable.getWriter();
      const closed = rejection(writer.closed);
      const close = rejection(writer.close());
      await settle();
      // The platform rejects an abort that meets a close, if the close fails.
      if (end === "cancel") await readable.cancel(reason);
      else assert.equal(await rejection(writer.abort(reason)), reason);
      assert.equal(await close, reason);
      assert.equal(await closed, reason);
    }
  });

  Deno.test(`${name} ends a read that waits for input`, async () => {
    const { readable, writable } = make();
    const reader = readable.getReader();
    const read = reader.read();
    await settle();
    await reader.cancel(reason);
    assert.equal((await read).done, true);
    assert.equal(await writableReason(writable), reason);

    const other = make();
    const waiting = rejection(other.readable.getReader().read());
    await settle();
    await other.writable.abort(reason);
    assert.equal(await waiting, reason);
  });
}

Deno.test("patchStream() does not wait for a read of the basis that never ends", async () => {
  for (const end of ["cancel", "abort"]) {
    let reads = 0;
    const stuck = {
      read: () => {
        reads++;
        return new Promise<Uint8Array>(() => {});
      },
    };
    const { readable, writable } = patchStream(stuck);
    const writer = writable.getWriter();
    const commands = [{ copy: { offset: 0, length: 1000 } }];
    const written = writer.write(await toBytes(ReadableStream.from(commands).pipeThrough(encodeDeltaStream())));
    const closed = rejection(writer.closed);
    const reader = readable.getReader();
    const read = reader.read();
    const ended = end === "cancel" ? read : rejection(read);
    await settle();
    assert.equal(reads, 1);
    await (end === "cancel" ? reader.cancel(reason) : writer.abort(reason));
    await written;
    assert.equal(await closed, reason);
    if (end === "cancel") assert.equal((await ended as ReadableStreamReadResult<Uint8Array>).done, true);
    else assert.equal(await ended, reason);
  }
});

Deno.test("patchStream() starts no read of the basis after a cancel during one", async () => {
  let reads = 0;
  let give!: (bytes: Uint8Array) => void;
  const gated = {
    read: () => {
      reads++;
      return new Promise<Uint8Array>((resolve) => give = resolve);
    },
  };
  const commands = [{ copy: { offset: 0, length: 1000 } }, { copy: { offset: 9, length: 1000 } }];
  const delta = await toBytes(ReadableStream.from(commands).pipeThrough(encodeDeltaStream()));
  const origin = source(delta);
  const reader = origin.pipeThrough(patchStream(gated)).getReader();
  const read = reader.read();
  await settle();
  assert.equal(reads, 1);
  await reader.cancel(reason);
  give(new Uint8Array(10));
  await settle();
  assert.equal(reads, 1);
  assert.equal((await read).done, true);
});

Deno.test("a failure of the basis after the cancel goes nowhere", async () => {
  let fail!: (reason: unknown) => void;
  const gated = { read: () => new Promise<Uint8Array>((_, reject) => fail = reject) };
  const commands = [{ copy: { offset: 0, length: 1000 } }];
  const delta = await toBytes(ReadableStream.from(commands).pipeThrough(encodeDeltaStream()));
  const { readable, writable } = patchStream(gated);
  const piped = rejection(source(delta).pipeTo(writable as WritableStream<Bytes>));
  const reader = readable.getReader();
  const read = reader.read();
  await settle();
  const why = { why: "enough" };
  await reader.cancel(why);
  fail(reason);
  assert.equal((await read).done, true);
  assert.equal(await piped, why);
  // An unhandled rejection would fail this test.
  await settle();
});

Deno.test("a read started while a chunk was hashed fails at the next chunk, or nowhere after a cancel", async () => {
  const long = randomBytes(4, 5 * 2 ** 19);
  const { bytes: delta } = await makeDelta(long, await makeSigs(long, { digest: true }));
  const failing = () => {
    let reads = 0;
    return {
      // Asynchronous, as a file is.
      read: async (offset: number, length: number) => {
        await settle();
        if (reads++ > 0) throw reason;
        return long.subarray(offset, offset + length);
      },
    };
  };
  const reader = source(delta).pipeThrough(patchStream(failing())).getReader();
  assertBytes((await reader.read()).value!, long.subarray(0, 2 ** 20), "the first chunk");
  // An unhandled rejection would fail this test.
  await settle();
  await settle();
  assert.equal(await rejection(reader.read()), reason);

  const left = source(delta).pipeThrough(patchStream(failing())).getReader();
  assertBytes((await left.read()).value!, long.subarray(0, 2 ** 20), "the first chunk");
  await left.cancel();
  await settle();
  await settle();
});

Deno.test("patchStream() reads the basis on while it hashes, one chunk ahead", async () => {
  const long = randomBytes(4, 7 * 2 ** 19);
  const { bytes: delta } = await makeDelta(long, await makeSigs(long, { digest: true }));
  const offsets: number[] = [];
  const basis = {
    read: (offset: number, length: number) => {
      offsets.push(offset);
      return Promise.resolve(long.subarray(offset, offset + length));
    },
  };
  const reader = source(delta).pipeThrough(patchStream(basis)).getReader();
  await reader.read();
  await settle();
  assert.deepEqual(offsets, [0, 2 ** 20]);
  await reader.cancel();
});
