/** Objects of another realm: those of an iframe, of `node:vm`, of test runners that have a realm for each file. */
import assert from "node:assert/strict";
import { createContext, runInContext } from "node:vm";
import { decodeDeltaStream, deltaStream, encodeDeltaStream, loadSigs, patchStream, sigStream } from "rsync-streams";
import { assertBytes, makeDelta, makeSig, makeSigs, patch, source, toBytes } from "./_helpers.ts";
import { randomBytes } from "./_recipes.ts";

const other = createContext({});
/** The same bytes as an object of the other realm. */
function foreign(bytes: Uint8Array, kind: "Uint8Array" | "ArrayBuffer" | "DataView") {
  const copy = runInContext(`new Uint8Array(${bytes.length})`, other);
  copy.set(bytes);
  assert.equal(copy instanceof Uint8Array, false);
  return kind === "Uint8Array"
    ? copy
    : kind === "ArrayBuffer"
    ? copy.buffer
    : runInContext("(b) => new DataView(b)", other)(copy.buffer);
}

/** A Blob of another realm has the same methods, and is no instance of this one's. */
function foreignBlob(bytes: Uint8Array<ArrayBuffer>): Blob {
  const blob = new Blob([bytes]);
  return {
    size: blob.size,
    type: "",
    slice: (...args: [number, number]) => foreignBlob(bytes.slice(...args)),
    stream: () => blob.stream(),
    arrayBuffer: () => blob.arrayBuffer(),
  } as unknown as Blob;
}

const basis = randomBytes(1, 50_000);
const target = randomBytes(2, 3000);
const { bytes: sig } = await makeSig(basis);
const sigs = await makeSigs(basis);
const { bytes: delta } = await makeDelta(target, sigs);

for (const kind of ["Uint8Array", "ArrayBuffer", "DataView"] as const) {
  Deno.test(`chunks may be of another realm: ${kind}`, async () => {
    const chunks = (bytes: Uint8Array) => ReadableStream.from([foreign(bytes, kind)]);
    assert.equal((await toBytes(chunks(basis).pipeThrough(sigStream()))).length, sig.length);
    assertBytes(await toBytes(chunks(target).pipeThrough(deltaStream(sigs))), delta);
    assertBytes(await toBytes(chunks(delta).pipeThrough(patchStream(basis))), target);
  });

  Deno.test(`a basis and a source may be of another realm: ${kind}`, async () => {
    assertBytes(await patch(foreign(basis, kind), delta), target);
    assert.equal((await loadSigs(foreign(sig, kind))).sigCount, sigs.sigCount);
    assertBytes(
      await patch({ read: (at: number, n: number) => foreign(basis.slice(at, at + n), kind) }, delta),
      target,
    );
  });
}

Deno.test("a Blob of another realm is a basis and a source", async () => {
  assertBytes(await patch(foreignBlob(basis), delta), target);
  assert.equal((await loadSigs(foreignBlob(sig))).sigCount, sigs.sigCount);
});

Deno.test("data of a command may be of another realm", async () => {
  const commands = await Array.fromAsync(source(delta).pipeThrough(decodeDeltaStream()));
  const moved = commands.map((one) => one.data ? { ...one, data: foreign(one.data, "Uint8Array") } : one);
  assertBytes(await toBytes(ReadableStream.from(moved).pipeThrough(encodeDeltaStream())), delta);
});

const WRONG: [string, unknown][] = [
  ["a string", "0123456789"],
  ["an array", [1, 2, 3]],
  ["an object with a length", { length: 3 }],
  ["null", null],
  ["a number", 5],
];
for (const [name, wrong] of WRONG) {
  Deno.test(`patchStream() says what read() of a basis returned, and takes it for no bytes: ${name}`, async () => {
    const { bytes } = await makeDelta(basis, sigs);
    await assert.rejects(patch({ read: () => wrong as Uint8Array }, bytes), {
      name: "TypeError",
      message: /^Cannot read the basis: read\(\) returned .+ at offset 0, a Uint8Array was expected$/,
    });
  });
}
