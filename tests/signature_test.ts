/** What a signature says of itself, and that nobody else makes one. */
import assert from "node:assert/strict";
import { inspect } from "node:util";
import { loadSigs, type LoadSigsOptions, Signature, type SigStreamOptions } from "rsync-streams";
import { LayeredSig, layeredSigStream } from "rsync-streams/sync";
import { isSignature, signatureParts } from "../src/stages/signature.ts";
import { makeSig, SALT, sha256, source, toBytes } from "./_helpers.ts";
import { randomBytes } from "./_recipes.ts";

const BASIS = randomBytes(1, 1000);

const LUAPOWER = { format: "luapower", blockLength: 64 } as const;
const CASES: [SigStreamOptions, LoadSigsOptions, string][] = [
  [
    { blockLength: 64, strongLength: 9 },
    {},
    "Signature { rsync-streams, 16 blocks of 64 bytes, rabinkarp, blake3 (9 bytes), file of 1000 bytes }",
  ],
  [
    { format: "librsync", blockLength: 128, weakSum: "rollsum", strongSum: "md4" },
    {},
    "Signature { librsync, 8 blocks of 128 bytes, rollsum, md4 (16 bytes) }",
  ],
  [LUAPOWER, LUAPOWER, "Signature { luapower, 15 blocks of 64 bytes, rollsum, blake2sp (32 bytes) }"],
];

for (const [options, told, line] of CASES) {
  Deno.test(`a signature describes itself: ${line}`, async () => {
    const sigs = await loadSigs((await makeSig(BASIS, options)).bytes, told);
    assert.equal(String(sigs), line);
    assert.equal(inspect(sigs), line);
    assert.equal(Deno.inspect(sigs), line);
    assert.ok(isSignature(sigs));
    assert.ok(signatureParts(sigs).index.count === sigs.sigCount);
  });
}

Deno.test("a signature has the digest and the length of the file, if they are in it", async () => {
  const plain = await loadSigs((await makeSig(BASIS)).bytes);
  assert.deepEqual([plain.fileLength, plain.digest], [1000, undefined]);
  const digested = await loadSigs((await makeSig(BASIS, { digest: true })).bytes);
  assert.deepEqual([digested.fileLength, digested.digest], [1000, await sha256(BASIS)]);
  const layered = await toBytes(source(BASIS).pipeThrough(layeredSigStream({ salt: SALT })));
  assert.equal((await loadSigs(layered)).digest, await sha256(BASIS));
  const empty = await loadSigs((await makeSig(new Uint8Array(0))).bytes);
  assert.deepEqual([empty.fileLength, empty.sigCount], [0, 0]);
});

Deno.test("a layered signature has a tag of 1,024 bytes and 8 layers at most", async () => {
  const layers = Array.from({ length: 8 }, (_, i) => ({ blockLength: 2 ** (11 - i), strongLength: 4 }));
  for (const entityTag of ["x".repeat(1024), "\u00e9".repeat(512)]) {
    const bytes = await toBytes(source(BASIS).pipeThrough(layeredSigStream({ layers, salt: SALT, entityTag })));
    const { footer } = await LayeredSig.open(bytes);
    assert.deepEqual([footer.entityTag, footer.layers], [entityTag, layers]);
    assert.throws(() => layeredSigStream({ entityTag: `${entityTag}x` }), RangeError);
  }
  const more = [{ blockLength: 2 ** 12, strongLength: 4 }, ...layers];
  assert.throws(() => layeredSigStream({ layers: more }), TypeError);
});

Deno.test("nobody makes a signature but loadSigs()", () => {
  const make = Signature as unknown as new (parts?: unknown) => Signature;
  for (const parts of [undefined, null, {}, { index: undefined }]) {
    assert.throws(() => new make(parts), { name: "TypeError", message: /loadSigs\(\) makes it/ });
  }
  for (const value of [undefined, null, 5, "text", {}, [], Object.create(Signature.prototype)]) {
    assert.equal(isSignature(value), false);
    assert.throws(() => signatureParts(value), { name: "TypeError", message: /was given, what loadSigs\(\) returns/ });
  }
});
