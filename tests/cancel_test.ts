/** Cancel, abort, failing ends and signals of pipes in the middle of their work. */
import assert from "node:assert/strict";
import { decodeDeltaStream, deltaStream, encodeDeltaStream, patchStream, sigStream } from "rsync-streams";
import { chunks } from "./_helpers.ts";
import {
  assertReleased,
  BASIS,
  type Bytes,
  CountingBasis,
  DELTA,
  endless,
  type Pair,
  QUICK,
  readableReason,
  rejection,
  SIGS,
  TARGET,
  writableReason,
} from "./_cancel.ts";
import { settle } from "./_until.ts";

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
