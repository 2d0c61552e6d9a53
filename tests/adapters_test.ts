/** The adapters between callbacks and streams together: the basis, what they refuse, and bytes that go through. */
import assert from "node:assert/strict";
import { deltaStream } from "rsync-streams";
import {
  basisFromCallbacks,
  readableFromRead,
  readFromReadable,
  Rsync,
  writableFromWrite,
  writeToWritable,
} from "rsync-streams/callbacks";
import { callbacks, collector } from "./_callbacks.ts";
import { assertBytes, type Chunking, patch, source, toBytes } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";
import { turn } from "./_until.ts";

const CHUNKINGS: Chunking[] = ["whole", 1, 1009, { seed: 3, most: 5000 }];
const BASIS = randomBytes(11, 40_000);
const TARGET = concat([BASIS.subarray(20_000), randomBytes(12, 777), BASIS.subarray(0, 20_000)]);

for (const isAsync of [false, true]) {
  const kind = isAsync ? "async" : "sync";

  Deno.test(`basisFromCallbacks() goes to a place, then reads there, with its own this: ${kind}`, async () => {
    const calls: string[] = [];
    const seekable = {
      size: BASIS.length,
      at: 0,
      async seek(offset: number) {
        if (isAsync) await turn();
        calls.push(`seek ${offset}`);
        this.at = offset;
      },
      read(buffer: Uint8Array, length: number) {
        calls.push(`read ${this.at} ${length}`);
        buffer.set(BASIS.subarray(this.at, this.at + length));
        return isAsync ? Promise.resolve(length) : length;
      },
    };
    const basis = basisFromCallbacks(seekable);
    assert.equal(basis.size, BASIS.length);
    assertBytes(await basis.read(70, 30), BASIS.subarray(70, 100));
    assert.deepEqual(calls, ["seek 70", "read 70 30"]);
  });
}

Deno.test("basisFromCallbacks() and { seek, read } make a basis for patchStream()", async () => {
  const rsync = new Rsync();
  const sig = collector();
  await rsync.genSigsFile(callbacks(BASIS, "whole").read, sig.write);
  const sigs = await rsync.loadSigsFile(callbacks(sig.bytes(), "whole").read);
  const delta = await toBytes(source(TARGET).pipeThrough(deltaStream(sigs, { format: "rsync-streams" })));
  assertBytes(await patch(basisFromCallbacks(callbacks(BASIS, 777)), delta), TARGET);
  assertBytes(await patch(callbacks(BASIS, 777, true), delta), TARGET);
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

Deno.test("read() and write() of the adapters refuse a length that the buffer does not have", async () => {
  const { read } = readFromReadable(new Blob(["abc"]).stream());
  const sink = collector();
  const { write } = writeToWritable(writableFromWrite(sink.write));
  for (const length of [5, -1, 1.5, NaN, undefined]) {
    await assert.rejects(read(new Uint8Array(4), length as number), /^(Type|Range)Error: Cannot use length/);
    await assert.rejects(write(new Uint8Array(4), length as number), /^(Type|Range)Error: Cannot use length/);
  }
  assert.equal(await read(new Uint8Array(4), 4), 3);
  assert.equal(sink.bytes().length, 0);
});

Deno.test("adapters carry bytes between callbacks and streams, short reads included", async () => {
  for (const chunking of CHUNKINGS) {
    assertBytes(await toBytes(readableFromRead(callbacks(TARGET, chunking).read)), TARGET);
    const out = collector();
    await source(TARGET, chunking).pipeTo(writableFromWrite(out.write));
    assertBytes(out.bytes(), TARGET);
    const { read } = readFromReadable(source(TARGET, chunking));
    assertBytes(await toBytes(readableFromRead(read)), TARGET);
  }
});
