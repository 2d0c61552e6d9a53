/** Whose a chunk is: a caller's after its write, and emitted ones, which share no buffer. */
import assert from "node:assert/strict";
import {
  decodeDeltaStream,
  type DeltaCommand,
  deltaStream,
  encodeDeltaStream,
  patchStream,
  sigStream,
} from "rsync-streams";
import {
  assertBytes,
  chunks,
  encode,
  hex,
  makeDelta,
  makeSig,
  makeSigs,
  patch,
  SALT,
  source,
  toBytes,
} from "./_helpers.ts";
import { concat, make, randomBytes } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Writes through one buffer that is overwritten as soon as the write has resolved. */
async function throughOneBuffer(
  bytes: Bytes,
  { readable, writable }: { readable: ReadableStream; writable: WritableStream },
  length: number,
) {
  const output = Array.fromAsync(readable);
  const writer = writable.getWriter();
  const buffer = new Uint8Array(length);
  for (let at = 0; at < bytes.length; at += length) {
    const piece = bytes.subarray(at, at + length);
    buffer.set(piece);
    await writer.write(buffer.subarray(0, piece.length));
    buffer.fill(0xee);
  }
  await writer.close();
  return await output;
}

/** Commands in a line each: a difference of long arrays would take long to show. */
function inText(commands: DeltaCommand[]): string {
  return commands.map(({ copy, data }) => copy ? `${copy.offset} ${copy.length}` : hex(data)).join("\n");
}

Deno.test("a caller may change a chunk after its write has resolved, at each stage", async () => {
  const basis = make({ gen: "text", seed: 5, len: 40_000 });
  const target = make({ gen: "basis", edits: [{ op: "scatter", seed: 6, count: 30, kind: "mixed" }] }, basis);
  for (const options of [{ strongSum: "blake3" }, { format: "luapower" }] as const) {
    const told = "format" in options ? { format: options.format, blockLength: 1024 } : {};
    const salted = "format" in options ? options : { ...options, salt: SALT };
    const sig = (await makeSig(basis, options)).bytes;
    const sigs = await makeSigs(basis, options);
    const delta = (await makeDelta(target, sigs)).bytes;
    const commands = await Array.fromAsync(source(delta).pipeThrough(decodeDeltaStream(told)));
    for (const length of [3, 100, 9_000]) {
      assertBytes(concat(await throughOneBuffer(basis, sigStream(salted), length)), sig, "signature bytes");
      assertBytes(concat(await throughOneBuffer(target, deltaStream(sigs), length)), delta, "delta bytes");
      assertBytes(concat(await throughOneBuffer(delta, patchStream(basis, told), length)), target, "target bytes");
      const again = await throughOneBuffer(delta, decodeDeltaStream(told), length);
      assert.ok(inText(again) === inText(commands), "commands differ");
    }
  }
});

Deno.test("a caller may change the data of a command after its write has resolved", async () => {
  const { readable, writable } = encodeDeltaStream();
  const output = toBytes(readable);
  const writer = writable.getWriter();
  const data = new Uint8Array(3);
  for (let i = 0; i < 5; i++) {
    await writer.write({ data: data.fill(i) });
    data.fill(0xee);
  }
  await writer.close();
  assertBytes(
    await patch(new Uint8Array(), await output),
    Uint8Array.from({ length: 15 }, (_, i) => Math.floor(i / 3)),
  );
});

/**
 * Reads a stream, and overwrites each chunk as soon as it was copied, so that a buffer used twice is noticed.
 *
 * @returns The chunks, overwritten, and the bytes that were in them.
 */
async function overwriteAll(
  readable: ReadableStream<Uint8Array>,
): Promise<{ buffers: ArrayBufferLike[]; bytes: Bytes }> {
  const buffers: ArrayBufferLike[] = [];
  const pieces: Uint8Array[] = [];
  for await (const chunk of readable) {
    pieces.push(chunk.slice());
    buffers.push(chunk.buffer);
    new Uint8Array(chunk.buffer).fill(0xee);
  }
  return { buffers, bytes: concat(pieces) };
}

function assertDistinct(buffers: ArrayBufferLike[], least: number): void {
  assert.ok(buffers.length >= least, `${buffers.length} chunks`);
  assert.equal(new Set(buffers).size, buffers.length, "two chunks share a buffer");
}

Deno.test("emitted chunks share no buffer with each other, with what was written, or with the basis", async () => {
  const basis = randomBytes(8, 1_200_000);
  const kept = basis.slice();
  const target = concat([basis.subarray(600_000), randomBytes(9, 400_000), basis.subarray(0, 600_000)]);
  const chunked = (bytes: Bytes) => [...chunks(bytes, 200_000)];
  const ins = { basis: chunked(basis), target: chunked(target) };
  const quick = { strongSum: "blake3", salt: SALT } as const;

  const sig = await overwriteAll(ReadableStream.from(ins.basis).pipeThrough(sigStream(quick)));
  assertBytes(sig.bytes, (await makeSig(basis, quick)).bytes, "signature bytes");
  assertDistinct([...sig.buffers, ...ins.basis.map(({ buffer }) => buffer)], 8);

  const sigs = await makeSigs(basis, quick);
  const delta = await overwriteAll(ReadableStream.from(ins.target).pipeThrough(deltaStream(sigs)));
  assertBytes(delta.bytes, (await makeDelta(target, sigs)).bytes, "delta bytes");
  assertDistinct([...delta.buffers, ...ins.target.map(({ buffer }) => buffer)], 10);

  const written = chunked(delta.bytes);
  const patched = await overwriteAll(ReadableStream.from(written).pipeThrough(patchStream(basis)));
  assertBytes(patched.bytes, target, "target bytes");
  assertDistinct([...patched.buffers, ...written.map(({ buffer }) => buffer), basis.buffer], 7);
  assertBytes(basis, kept, "basis bytes");

  const again = chunked(delta.bytes);
  const commands = await Array.fromAsync(ReadableStream.from(again).pipeThrough(decodeDeltaStream()));
  const data = commands.flatMap(({ data }) => data ? [data.buffer] : []);
  assertDistinct([...data, ...again.map(({ buffer }) => buffer)], 8);

  const encoded = await overwriteAll(ReadableStream.from(commands).pipeThrough(encodeDeltaStream()));
  assertBytes(encoded.bytes, delta.bytes, "delta bytes");
  assertDistinct([...encoded.buffers, ...data], 12);
});

Deno.test("patchStream() gives small targets in buffers that are not the basis'", async () => {
  const basis = Uint8Array.of(1, 2, 3, 4);
  for (const one of [basis, basis.buffer, new Blob([basis])]) {
    const delta = await encode([{ copy: { offset: 0, length: 4 } }]);
    const { buffers, bytes } = await overwriteAll(source(delta).pipeThrough(patchStream(one)));
    assertBytes(bytes, Uint8Array.of(1, 2, 3, 4));
    assert.equal(buffers.length, 1);
    assertBytes(basis, Uint8Array.of(1, 2, 3, 4), "basis bytes");
  }
});
