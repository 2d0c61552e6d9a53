/** The files of the original, byte for byte, through the callback API. */
import assert from "node:assert/strict";
import { Rsync } from "rsync-streams/callbacks";
import { callbacks, collector } from "./_callbacks.ts";
import { assertBytes, type Chunking, FEW_BYTES, MAX_SINGLE_BYTES, sha256 } from "./_helpers.ts";
import { make } from "./_recipes.ts";
import vectors from "./vectors/luapower.json" with { type: "json" };

const CHUNKINGS: Chunking[] = ["whole", 1, 1009, { seed: 3, most: 5000 }];

for (const golden of vectors.cases) {
  Deno.test(`Rsync gives the golden luapower files: ${golden.name}`, async () => {
    const rsync = new Rsync({ blockLength: golden.block_len, memLength: golden.mem_len });
    const basis = make(golden.basis.recipe);
    const target = make(golden.new.recipe, basis);
    for (const wanted of CHUNKINGS) {
      const chunking = wanted === 1 && target.length + basis.length > MAX_SINGLE_BYTES ? FEW_BYTES : wanted;
      const sig = collector();
      assert.equal(await rsync.genSigsFile(callbacks(basis, chunking).read, sig.write), golden.sig_count);
      assert.equal(await sha256(sig.bytes()), golden.sig.sha256);
      const sigs = await rsync.loadSigsFile(callbacks(sig.bytes(), chunking).read);
      const delta = collector();
      const alarms = await rsync.genDeltasFile(callbacks(target, chunking).read, sigs, delta.write);
      assert.deepEqual(alarms, { falseAlarms: golden.false_alarms, goodAlarms: golden.good_alarms });
      assert.equal(await sha256(delta.bytes()), golden.delta.sha256);
      const out = collector();
      const { seek, read } = callbacks(basis, chunking);
      await rsync.patchFile(callbacks(delta.bytes(), chunking).read, seek, read, out.write);
      assertBytes(out.bytes(), target, "patched bytes");
    }
  });
}
