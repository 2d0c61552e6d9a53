/** How much of a signature `loadSigs()` reads, and how it works on it beside others. */
import assert from "node:assert/strict";
import { loadSigs } from "rsync-streams";
import type { IndexBuilder, Kernel } from "../src/kernel/interface.ts";
import { defaultKernel } from "../src/kernel/mod.ts";
import { givesWay } from "./_clock.ts";
import { makeSig, source } from "./_helpers.ts";
import { assertFails } from "./_hostile.ts";
import { randomBytes } from "./_recipes.ts";

Deno.test("loadSigs() reads as many bytes as maxInputLength says, and not one more", async () => {
  const { bytes } = await makeSig(randomBytes(1, 5000));
  for (const chunking of ["whole", 100] as const) {
    const sigs = await loadSigs(source(bytes, chunking), { maxInputLength: bytes.length });
    assert.equal(sigs.sigCount, 5);
    const less = bytes.length - 1;
    await assertFails(loadSigs(source(bytes, chunking), { maxInputLength: less }), "limit", less, bytes.length);
  }
});

Deno.test("loadSigs() reads 1 GiB at most, where nothing else is said", async () => {
  const { bytes } = await makeSig(new Uint8Array(0), { format: "librsync" });
  const records = new Uint8Array(36 * 29_127);
  function* chunks() {
    yield bytes;
    for (let length = 0; length <= 2 ** 30; length += records.length) yield records;
  }
  // An index of that many records would take 2 GB.
  await withIndex({ add() {}, finish: () => assert.fail("more than 1 GiB was read") }, async () => {
    await assertFails(loadSigs(chunks()), "limit", 2 ** 30, 2 ** 30);
  });
});

Deno.test("loadSigs() lets other tasks run while it indexes, and hears of its signal then", async () => {
  const { bytes } = await makeSig(new Uint8Array(0));
  const controller = new AbortController();
  const reason = { reason: "a test" };
  let asked = 0;
  const finish = () => {
    if (++asked === 5) controller.abort(reason);
    return asked > 10 ? assert.fail("it goes on") : undefined;
  };
  const hadTurn = await withIndex({ add() {}, finish }, () =>
    givesWay(async () => {
      const loading = loadSigs(bytes, { signal: controller.signal });
      assert.equal(await loading.catch((error) => error), reason);
    }));
  assert.equal(asked, 5);
  assert.ok(hadTurn);
});

/** Runs with an index that is played. */
async function withIndex<T>(builder: IndexBuilder, work: () => Promise<T>): Promise<T> {
  const kernel = defaultKernel() as { index?: Kernel["index"] };
  kernel.index = () => builder;
  try {
    return await work();
  } finally {
    delete kernel.index;
  }
}
