/** What a header claims is not what is allocated. */
import assert from "node:assert/strict";
import process from "node:process";
import { deltaStream, loadSigs, patchStream } from "rsync-streams";
import { type Bytes, bytesOf, dataHead, deltaHead, LUAPOWER, sigHead, TEN, u32, u64 } from "./_hostile.ts";

/** Bytes of buffers that each of `count` takes. Not what the process takes: pages that nobody touches are not in it. */
async function memoryOfEach(count: number, make: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage().external;
  const kept = [];
  for (let i = 0; i < count; i++) kept.push(await make());
  const grown = process.memoryUsage().external - before;
  assert.equal(kept.length, count);
  return grown / count;
}

/** Writes without an end, so that what is waited for stays waited for. */
async function feed<T>(pair: { readable: ReadableStream<T>; writable: WritableStream<BufferSource> }, bytes: Bytes) {
  const reader = pair.readable.getReader();
  const writer = pair.writable.getWriter();
  await Promise.race([writer.write(bytes), reader.read()]);
  return { reader, writer };
}

Deno.test("patchStream() allocates nothing for a gigabyte that a delta claims", async () => {
  const claims = [
    { bytes: bytesOf(deltaHead(), dataHead(2n ** 30n), 65), options: {} },
    { bytes: bytesOf(1, u32(2 ** 30), 65), options: LUAPOWER },
  ];
  for (const { bytes, options } of claims) {
    const taken = await memoryOfEach(1000, () => feed(patchStream(TEN, options), bytes));
    assert.ok(taken < 2 ** 16, `each stream takes ${taken} bytes`);
  }
});

Deno.test("loadSigs() allocates nothing for the records and blocks that a signature claims", async () => {
  // 65,536 records of 36 bytes in the first frame alone, of blocks of 2^30 bytes.
  const head = sigHead({ blockLength: 2 ** 30, strongLength: 32 });
  const claim = bytesOf(head, u32(65_536), new Uint8Array(38));
  const taken = await memoryOfEach(200, async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const loading = loadSigs(readable).catch(() => {});
    const writer = writable.getWriter();
    await writer.write(claim);
    return { loading, writer };
  });
  assert.ok(taken < 2 ** 20, `each signature takes ${taken} bytes`);
});

Deno.test("deltaStream() allocates no block for the block length that a signature claims", async () => {
  const sigs = await loadSigs(bytesOf(sigHead({ blockLength: 2 ** 30 }), u32(0), u64(0n)));
  const taken = await memoryOfEach(20, () => feed(deltaStream(sigs), Uint8Array.of(1, 2, 3)));
  assert.ok(taken < 2 ** 24, `each stream takes ${taken} bytes`);
});
