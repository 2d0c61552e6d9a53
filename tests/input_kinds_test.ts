/** Each kind of chunk, source and basis that stages take, and those they refuse. */
import assert from "node:assert/strict";
import { decodeDeltaStream, deltaStream, encodeDeltaStream, loadSigs, patchStream, sigStream } from "rsync-streams";
import { assertBytes, makeDelta, makeSig, patch, SALT, source, toBytes } from "./_helpers.ts";
import { concat } from "./_recipes.ts";
import { type Anything, BASIS, type Bytes, DELTA, QUICK, show, SIG, SIGS, TARGET } from "./_small_files.ts";

/** The bytes in each kind of chunk there is. */
function asKinds(bytes: Bytes): BufferSource[] {
  const even = bytes.subarray(0, bytes.length & ~7);
  const padded = concat([new Uint8Array(24), even, new Uint8Array(8)]);
  const { buffer } = padded;
  const rest = bytes.slice(even.length);
  const views: BufferSource[] = [
    new DataView(buffer, 24, even.length),
    new Uint16Array(buffer, 24, even.length / 2),
    new Float64Array(buffer, 24, even.length / 8),
    new Uint8ClampedArray(buffer, 24, even.length),
    padded.subarray(24, 24 + even.length),
    even.slice().buffer,
  ];
  // One after the other, so the stream has the bytes as often as there are kinds.
  return views.flatMap((view) => [view, rest]);
}

Deno.test("every stage takes any view and any ArrayBuffer as a chunk", async () => {
  const times = 6;
  const basis = concat(Array.from({ length: times }, () => BASIS));
  const target = concat(Array.from({ length: times }, () => TARGET));
  const kinds = (bytes: Bytes) => ReadableStream.from(asKinds(bytes));

  const sig = await toBytes(kinds(BASIS).pipeThrough(sigStream({ ...QUICK, salt: SALT })));
  assertBytes(sig, (await makeSig(basis, QUICK)).bytes, "signature bytes");
  const sigs = await loadSigs(sig);
  const delta = await toBytes(kinds(TARGET).pipeThrough(deltaStream(sigs)));
  assertBytes(delta, (await makeDelta(target, sigs)).bytes, "delta bytes");

  const commands = await Array.fromAsync(source(DELTA).pipeThrough(decodeDeltaStream()));
  assert.deepEqual(commands.filter(({ copy }) => copy), [{ copy: { offset: 1024, length: 9216 } }]);
  for (const kind of [DELTA.slice().buffer, new DataView(DELTA.slice().buffer), DELTA]) {
    const one = () => ReadableStream.from<BufferSource>([kind]);
    assertBytes(await toBytes(one().pipeThrough(patchStream(BASIS))), TARGET, "target bytes");
    assert.deepEqual(await Array.fromAsync(one().pipeThrough(decodeDeltaStream())), commands);
  }
});

Deno.test("loadSigs() takes streams, Blobs, views and buffers", async () => {
  const at8 = concat([new Uint8Array(8), SIG]);
  const sources = [
    source(SIG, 100),
    new Blob([SIG]),
    SIG,
    SIG.slice().buffer,
    new DataView(at8.buffer, 8),
    at8.subarray(8),
    ReadableStream.from([SIG.slice().buffer, new DataView(new ArrayBuffer(0))]) as Anything,
  ];
  for (const one of sources) assert.equal((await loadSigs(one)).sigCount, 11);
});

Deno.test("patchStream() takes every kind of basis", async () => {
  const at8 = concat([new Uint8Array(8), BASIS]);
  let position = 0;
  const read = (offset: number, length: number) => BASIS.subarray(offset, Math.min(offset + length, offset + 100));
  const bases = [
    BASIS,
    BASIS.slice().buffer,
    at8.subarray(8),
    new DataView(at8.buffer, 8),
    new Blob([BASIS]),
    new File([BASIS], "basis"),
    { read },
    { read: (offset: number, length: number) => Promise.resolve(read(offset, length)), size: BASIS.length },
    {
      seek: (offset: number) => {
        position = offset;
      },
      read: (buffer: Uint8Array, length: number) => {
        const bytes = read(position, length);
        buffer.set(bytes);
        return bytes.length;
      },
    },
  ];
  for (const basis of bases) assertBytes(await patch(basis, DELTA), TARGET, "target bytes");
});

Deno.test("patchStream() calls the callbacks of a basis on their object", async () => {
  class Table {
    readonly size = BASIS.length;
    #reads = 0;
    read(offset: number, length: number): Uint8Array {
      this.#reads++;
      return BASIS.subarray(offset, offset + length);
    }
    get reads(): number {
      return this.#reads;
    }
  }
  const table = new Table();
  assertBytes(await patch(table, DELTA), TARGET, "target bytes");
  assert.ok(table.reads > 0);
});

Deno.test("chunks that are no bytes are a TypeError at both ends", async () => {
  const stages = [() => sigStream(), () => deltaStream(SIGS), () => patchStream(BASIS), () => decodeDeltaStream()];
  for (const make of stages) {
    for (const chunk of ["text", 5, null, undefined, {}, [1, 2, 3], new Blob(["text"])]) {
      const { readable, writable } = make() as Anything;
      const writer = writable.getWriter();
      const reading = Array.fromAsync(readable).catch((reason) => reason);
      const ofWrite = await writer.write(chunk).catch((reason: unknown) => reason);
      const ofRead = await reading;
      assert.ok(ofRead instanceof TypeError, String(ofRead));
      assert.equal(ofWrite, ofRead);
      assert.equal(await writer.closed.catch((reason: unknown) => reason), ofRead);
    }
  }
  await assert.rejects(loadSigs(ReadableStream.from(["text"]) as Anything), TypeError);
});

Deno.test("encodeDeltaStream() takes commands and nothing else, with the same error at both ends", async () => {
  const data = Uint8Array.of(1);
  const copy = { offset: 0, length: 1 };
  const wrong: [unknown, typeof TypeError | typeof RangeError][] = [
    ...[
      ...[null, undefined, 5, "copy", {}, { data: "text" }, { data: [1] }, { copy: 5 }, { copy, data }, data],
      ...[{ copy: { offset: "0", length: 1 } }, { copy: { offset: 0 } }, { copy: { offset: 0n, length: 1n } }],
    ].map((one) => [one, TypeError] as [unknown, typeof TypeError]),
    ...[
      { offset: -1, length: 1 },
      { offset: 0, length: 0 },
      { offset: 0, length: -1 },
      { offset: 0.5, length: 1 },
      { offset: 0, length: 1.5 },
      { offset: NaN, length: 1 },
    ].map((copy) => [{ copy }, RangeError] as [unknown, typeof RangeError]),
  ];
  for (const [command, kind] of wrong) {
    const { readable, writable } = encodeDeltaStream();
    const writer = writable.getWriter();
    const reading = Array.fromAsync(readable).catch((reason) => reason);
    const ofWrite = await writer.write(command as Anything).catch((reason: unknown) => reason);
    assert.ok(ofWrite instanceof kind, `${show(command)}: ${ofWrite}`);
    assert.equal(await reading, ofWrite);
    assert.equal(await writer.closed.catch((reason: unknown) => reason), ofWrite);
  }
});
