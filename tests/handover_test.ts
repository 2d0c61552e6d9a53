/** Chunks whose bytes are taken away, or change, while they wait in a stream. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  decodeDeltaStream,
  type DeltaCommand,
  deltaStream,
  encodeDeltaStream,
  loadSigs,
  patchStream,
  sigStream,
} from "rsync-streams";
import { readFromReadable, writableFromWrite } from "rsync-streams/callbacks";
import { assertBytes, makeDelta, makeSigs, SALT, toBytes } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";

const basis = randomBytes(1, 300_000);
const sigs = await makeSigs(basis);
const { bytes: delta } = await makeDelta(randomBytes(2, 200_000), sigs);

const STREAMS: Record<string, () => { readable: ReadableStream; writable: WritableStream }> = {
  "sigStream()": () => sigStream({ salt: SALT }),
  "deltaStream()": () => deltaStream(sigs),
  "patchStream()": () => patchStream(basis),
};

/** Writes chunks without waiting, lets something happen to them, and reads what comes of it. */
async function failure(
  { readable, writable }: { readable: ReadableStream; writable: WritableStream },
  chunks: unknown[],
  happen: () => void,
): Promise<unknown> {
  const writer = writable.getWriter();
  const writes = [...chunks.map((chunk) => writer.write(chunk)), writer.close()];
  for (const write of writes) write.catch(() => {});
  happen();
  return await Array.fromAsync(readable).then(() => "no failure", (error) => error);
}

function assertNamed(error: unknown): void {
  assert.ok(error instanceof TypeError, String(error));
  assert.match(error.message, /^Cannot use the (chunk: \d+ bytes are left of the \d+|bytes: their buffer is detached)/);
}

/** Bytes that a stream of the given name takes, in two parts. */
function parts(name: string): [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>] {
  const bytes = name === "patchStream()" ? delta : randomBytes(3, 200_000);
  return [bytes.slice(0, 100_000), bytes.slice(100_000)];
}

for (const [name, make] of Object.entries(STREAMS)) {
  for (const which of [0, 1]) {
    Deno.test(`${name} fails when a waiting chunk is transferred: the ${which ? "second" : "first"}`, async () => {
      const chunks = parts(name);
      const { buffer } = chunks[which]!;
      assertNamed(await failure(make(), chunks, () => structuredClone(buffer, { transfer: [buffer] })));
    });
  }

  Deno.test(`${name} keeps nothing of a chunk whose write has ended`, async () => {
    const bytes = concat(parts(name));
    const run = async (length: number, isReused: boolean) => {
      const { readable, writable } = make();
      const made = toBytes(readable);
      const writer = writable.getWriter();
      const place = new Uint8Array(length);
      for (let at = 0; at < bytes.length; at += length) {
        const piece = bytes.slice(at, at + length);
        place.set(piece);
        await writer.write(isReused ? place.subarray(0, piece.length) : piece);
        place.fill(0xaa);
      }
      await writer.close();
      return await made;
    };
    for (const length of [10, 997, 70_000]) assertBytes(await run(length, true), await run(length, false));
  });

  Deno.test(`${name} fails when a chunk is transferred before it is written`, async () => {
    const [chunk] = parts(name);
    structuredClone(chunk.buffer, { transfer: [chunk.buffer] });
    assertNamed(await failure(make(), [chunk], () => {}));
  });

  Deno.test(`${name} fails when the buffer of a chunk shrinks while it waits`, async () => {
    const chunks = parts(name).map((part) => {
      const buffer = new ArrayBuffer(part.length, { maxByteLength: 2 * part.length });
      new Uint8Array(buffer).set(part);
      return new Uint8Array(buffer);
    });
    assertNamed(await failure(make(), chunks, () => chunks[1]!.buffer.resize(10)));
  });

  Deno.test(`${name} fails when the memory of WebAssembly grows that a chunk lies in`, async () => {
    const memory = new WebAssembly.Memory({ initial: 4 });
    const chunks = parts(name).map((part, i) => {
      const chunk = new Uint8Array(memory.buffer, i * 100_000, part.length);
      chunk.set(part);
      return chunk;
    });
    assertNamed(await failure(make(), chunks, () => memory.grow(1)));
  });
}

Deno.test("encodeDeltaStream() fails when the data of a command is transferred while it waits", async () => {
  const commands: DeltaCommand[] = [{ data: randomBytes(1, 1000) }, { data: randomBytes(2, 1000) }];
  const { buffer } = commands[1]!.data!;
  const transfer = () => structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
  assertNamed(await failure(encodeDeltaStream(), commands, transfer));
});

Deno.test("loadSigs() fails when a chunk of its source was transferred", async () => {
  const stream = sigStream();
  const [sig] = await Promise.all([
    Array.fromAsync(stream.readable),
    new Blob([basis]).stream().pipeTo(stream.writable),
  ]);
  const lost = sig.at(-1)!;
  structuredClone(lost.buffer, { transfer: [lost.buffer] });
  await assert.rejects(loadSigs(ReadableStream.from(sig)), (error) => {
    assertNamed(error);
    return true;
  });
});

Deno.test("readFromReadable() fails when a chunk is transferred between two reads of it", async () => {
  const chunk = randomBytes(1, 100);
  const { read } = readFromReadable(ReadableStream.from([chunk]));
  const buffer = new Uint8Array(60);
  assert.equal(await read(buffer, 60), 60);
  structuredClone(chunk.buffer, { transfer: [chunk.buffer] });
  await assert.rejects(read(buffer, 60), (error) => {
    assertNamed(error);
    return true;
  });
});

Deno.test("writableFromWrite() fails when a waiting chunk is transferred or its buffer shrinks", async () => {
  const transferred = randomBytes(3, 1000);
  const shrunk = new Uint8Array(new ArrayBuffer(1000, { maxByteLength: 1000 }));
  for (const chunk of [transferred, shrunk]) {
    const lengths: number[] = [];
    const writer = writableFromWrite((_, length) => void lengths.push(length)).getWriter();
    const writes = [writer.write(randomBytes(4, 10)), writer.write(chunk), writer.close()];
    if (chunk === shrunk) shrunk.buffer.resize(500);
    else structuredClone(chunk.buffer, { transfer: [chunk.buffer] });
    const [, second] = await Promise.allSettled([...writes, writer.closed]);
    assert.ok(second?.status === "rejected");
    assertNamed(second.reason);
    assert.deepEqual(lengths, [10]);
  }
});

Deno.test("a chunk that is written twice, and shrinks in between, fails at its first write", async () => {
  const chunk = new Uint8Array(new ArrayBuffer(100_000, { maxByteLength: 100_000 }));
  const lengths: number[] = [];
  const { readable, writable } = sigStream();
  const read = Array.fromAsync(readable).catch((error) => error);
  for (const stream of [writable, writableFromWrite((_, length) => void lengths.push(length))]) {
    chunk.buffer.resize(100_000);
    const writer = stream.getWriter();
    const writes = [writer.write(randomBytes(1, 10)), writer.write(chunk)];
    chunk.buffer.resize(50_000);
    const [, first] = await Promise.allSettled([...writes, writer.write(chunk), writer.close(), writer.closed]);
    assert.ok(first?.status === "rejected");
    assertNamed(first.reason);
  }
  assertNamed(await read);
  assert.deepEqual(lengths, [10]);
});

Deno.test("chunks keep their lengths in a long queue, and in one that is never empty", async () => {
  const lengths: number[] = [];
  const writer = writableFromWrite((_, length) => void lengths.push(length)).getWriter();
  for (let i = 0; i < 1000; i++) {
    const write = writer.write(new Uint8Array(i));
    if (i % 7 === 0) await write;
  }
  await writer.close();
  assert.deepEqual(lengths, Array.from({ length: 1000 }, (_, i) => i));
});

Deno.test("a chunk may be transferred as soon as its write is done", async () => {
  const { readable, writable } = sigStream({ digest: true });
  const result = Array.fromAsync(readable);
  const writer = writable.getWriter();
  for (let i = 0; i < 20; i++) {
    const chunk = randomBytes(i, 300_000);
    await writer.write(chunk);
    structuredClone(chunk.buffer, { transfer: [chunk.buffer] });
  }
  await writer.close();
  assert.ok((await result).length > 0);
});

Deno.test("a Buffer may be used again once its write is done, and what was read of it stays", async () => {
  const commands = decodeDeltaStream();
  const writer = commands.writable.getWriter();
  const buffer = Buffer.from(delta);
  const read = Array.fromAsync(commands.readable);
  await writer.write(buffer);
  buffer.fill(0xff);
  await writer.close();
  const data = (await read).flatMap((command) => command.data ? [...command.data] : []);
  assert.ok(data.length > 0 && data.some((byte) => byte !== 0xff));

  const sig = Buffer.from(await toBytes(new Blob([basis]).stream().pipeThrough(sigStream())));
  const loaded = await loadSigs(sig);
  sig.fill(0);
  const { stats } = await makeDelta(basis, loaded);
  assert.equal(stats.copiedBytes, basis.length);
});

Deno.test("bytes that a chunk gets by growing, once its write is done, are not read", async () => {
  const growing = (bytes: Uint8Array) => {
    const chunk = new Uint8Array(new ArrayBuffer(bytes.length, { maxByteLength: bytes.length + 10 }));
    chunk.set(bytes);
    return { chunk, grow: () => chunk.buffer.resize(bytes.length + 10) };
  };
  const { readable, writable } = patchStream(basis);
  const patched = toBytes(readable);
  patched.catch(() => {});
  const writer = writable.getWriter();
  const written = growing(delta);
  await writer.write(written.chunk);
  written.grow();
  await writer.close();
  assertBytes(await patched, randomBytes(2, 200_000));

  const sig = growing(await toBytes(new Blob([basis]).stream().pipeThrough(sigStream())));
  const loaded = await loadSigs(async function* () {
    yield sig.chunk;
    sig.grow();
  }());
  assert.equal(loaded.sigCount, sigs.sigCount);
});
