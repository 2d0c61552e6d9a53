import assert from "node:assert/strict";
import { decodeDeltaStream, encodeDeltaStream, loadSigs } from "rsync-streams";
import {
  assertBytes,
  type Chunking,
  FEW_BYTES,
  fromBase64,
  hex,
  makeDelta,
  makeSig,
  MAX_SINGLE_BYTES,
  patch,
  sha256,
  source,
  toBytes,
} from "./_helpers.ts";
import { make } from "./_recipes.ts";
import vectors from "./vectors/luapower.json" with { type: "json" };
import { Blake2sp } from "../src/kernel/portable/blake2sp.ts";
import { Rollsum } from "../src/kernel/portable/rollsum.ts";

const CHUNKINGS: Chunking[] = ["whole", 1, 1009, { seed: 7, most: 3000 }];

Deno.test("luapower golden file has all its cases", () => {
  assert.equal(vectors.cases.length, 78);
});

Deno.test("Blake2sp and Rollsum agree with the original's sums", () => {
  for (const { recipe, weak, blake2sp } of vectors.sums) {
    const bytes = make(recipe);
    const strong = new Blake2sp();
    strong.update(bytes, bytes.length);
    assert.equal(hex(strong.digest()), blake2sp);
    const rollsum = new Rollsum();
    rollsum.update(bytes, bytes.length);
    assert.equal(rollsum.digest() | 0, weak);
  }
});

Deno.test("Rollsum.rotate() agrees with the original's rolling", () => {
  for (const { recipe, window, weak } of vectors.rolls) {
    const bytes = make(recipe);
    const rollsum = new Rollsum();
    rollsum.update(bytes, window);
    for (let i = 0; i < weak.length; i++) {
      assert.equal(rollsum.digest() | 0, weak[i]);
      if (i + 1 < weak.length) rollsum.rotate(bytes[i]!, bytes[i + window]!);
    }
  }
});

for (const golden of vectors.cases) {
  Deno.test(`streams give the golden luapower files: ${golden.name}`, async () => {
    const blockLength = golden.block_len;
    const memLength = golden.mem_len;
    const basis = make(golden.basis.recipe);
    const target = make(golden.new.recipe, basis);
    assert.equal(await sha256(basis), golden.basis.sha256);
    assert.equal(await sha256(target), golden.new.sha256);

    for (const wanted of CHUNKINGS) {
      const chunking = wanted === 1 && target.length > MAX_SINGLE_BYTES ? FEW_BYTES : wanted;
      const sig = await makeSig(basis, { format: "luapower", blockLength }, chunking);
      assert.equal(await sha256(sig.bytes), golden.sig.sha256, `signature, chunks ${JSON.stringify(chunking)}`);
      assert.equal(sig.stats.sigCount, golden.sig_count);

      const sigs = await loadSigs(source(sig.bytes, chunking), { format: "luapower", blockLength });
      assert.equal(sigs.sigCount, golden.sig_count);
      const delta = await makeDelta(target, sigs, { memLength }, chunking);
      if (golden.delta.base64) assertBytes(delta.bytes, fromBase64(golden.delta.base64), "delta bytes");
      assert.equal(await sha256(delta.bytes), golden.delta.sha256, `delta, chunks ${JSON.stringify(chunking)}`);
      assert.equal(delta.stats.falseAlarms, golden.false_alarms);
      assert.equal(delta.stats.goodAlarms, golden.good_alarms);

      const patched = await patch(basis, delta.bytes, { format: "luapower", blockLength }, chunking);
      assertBytes(patched, target, "patched bytes");

      const again = await toBytes(
        source(delta.bytes, chunking)
          .pipeThrough(decodeDeltaStream({ format: "luapower", blockLength }))
          .pipeThrough(encodeDeltaStream({ format: "luapower", blockLength })),
      );
      assertBytes(again, delta.bytes, "transcoded bytes");
    }
  });
}
