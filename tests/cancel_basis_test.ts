/** Reads of a basis that are under way, or never end, when a patch ends. */
import assert from "node:assert/strict";
import { encodeDeltaStream, patchStream } from "rsync-streams";
import { assertBytes, makeDelta, makeSigs, source, toBytes } from "./_helpers.ts";
import { randomBytes } from "./_recipes.ts";
import { type Bytes, reason, rejection } from "./_cancel.ts";
import { settle } from "./_until.ts";

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
