import assert from "node:assert/strict";
import zlib from "node:zlib";
import type { SigStreamOptions } from "rsync-streams";
import { layeredSigStream } from "rsync-streams/sync";
import { assertBytes, makeSig, patch, source, toBytes } from "../_helpers.ts";
import { concat, make, randomBytes } from "../_recipes.ts";
import { assertProblem, bytesOf, send, Store } from "./_store.ts";

const SIG = "application/vnd.rsync-streams.sig";
const OLD = concat([make({ gen: "text", seed: 1, len: 200_000 }), randomBytes(2, 100_000)]);
const NEW = concat([OLD.subarray(0, 150_000), randomBytes(3, 333), OLD.subarray(150_000)]);
const files = () => new Store({ "/f": NEW });

const ask = (sig: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}, method = "QUERY") =>
  send(method, "/f", sig, { "Content-Type": SIG, ...headers });

const SIGS: Record<string, () => Promise<Uint8Array<ArrayBuffer>>> = {
  "rsync-streams": async () => (await makeSig(OLD)).bytes,
  "rsync-streams with a digest": async () => (await makeSig(OLD, { digest: true })).bytes,
  librsync: async () => (await makeSig(OLD, { format: "librsync" } as SigStreamOptions)).bytes,
  layered: async () => await toBytes(source(OLD).pipeThrough(layeredSigStream({ fileLength: OLD.length }))),
};

for (const [name, make] of Object.entries(SIGS)) {
  Deno.test(`a delta is the answer to a signature: ${name}`, async () => {
    const store = files();
    const handler = store.reader();
    const sig = await make();
    for (const method of ["QUERY", "POST"]) {
      const response = await handler(ask(sig, { "If-Match": '"v1"' }, method));
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("Content-Type"), "application/vnd.rsync-streams.delta");
      assert.equal(response.headers.get("ETag"), '"v1"');
      const delta = await bytesOf(response);
      assert.ok(delta.length < 10_000, `${delta.length} bytes`);
      assertBytes(await patch(OLD, delta), NEW);
    }
    const gzipped = Uint8Array.from(zlib.gzipSync(sig));
    const response = await handler(ask(gzipped, { "Content-Encoding": "gzip", "Accept-Encoding": "br" }));
    assert.equal(response.headers.get("Content-Encoding"), "br");
    assertBytes(await patch(OLD, zlib.brotliDecompressSync(await bytesOf(response))), NEW);
    store.assertClosed();
  });
}

Deno.test("what is no signature is refused", async () => {
  const store = files();
  const handler = store.reader();
  const sig = (await makeSig(OLD)).bytes;
  await assertProblem(await handler(ask(sig.slice(0, -1))), 400, "truncated");
  await assertProblem(await handler(ask(new Uint8Array(0))), 400, "truncated");
  await assertProblem(await handler(ask(concat([sig, sig]))), 400, "trailing-data");
  const delta = await bytesOf(await handler(ask(sig)));
  await assertProblem(await handler(ask(delta)), 400, "bad-magic");
  const luapower = (await makeSig(OLD, { format: "luapower" })).bytes;
  await assertProblem(await handler(ask(luapower)), 400, "bad-magic");
  await assertProblem(await handler(ask(sig, { "If-Match": '"v0"' })), 412);
  const big = (await makeSig(OLD, { blockLength: 2 ** 23 })).bytes;
  await assertProblem(await handler(ask(big)), 413, "limit");
  await assertProblem(await handler(ask(new Uint8Array(2 ** 24 + 1))), 413, "limit");
  store.assertClosed();
});

Deno.test("a signature is cut at every byte of its start and end: 400, and nothing stays open", async () => {
  const store = files();
  const handler = store.reader();
  const sig = (await makeSig(OLD.slice(0, 5000), { blockLength: 512 })).bytes;
  for (let length = 0; length < sig.length; length++) {
    const response = await handler(ask(sig.slice(0, length)));
    await assertProblem(response, 400, "truncated");
  }
  store.assertClosed();
});

Deno.test("a delta is made as it is read, and a reader that leaves stops it", async () => {
  const long = randomBytes(5, 20 * 2 ** 20);
  const store = new Store({ "/f": long });
  const response = await store.reader()(ask((await makeSig(OLD)).bytes));
  const reader = response.body!.getReader();
  await reader.read();
  const { readCount } = store;
  assert.ok(readCount < 20, `${readCount} reads`);
  await reader.cancel("enough");
  assert.equal(store.readCount, readCount);
  store.assertClosed();
});

Deno.test("no two chunks of a compressed body share a buffer", async () => {
  for (const coding of ["br", "zstd", "gzip"]) {
    const store = new Store({ "/f": randomBytes(6, 2 ** 20) });
    const response = await store.reader()(ask((await makeSig(OLD)).bytes, { "Accept-Encoding": coding }));
    const buffers: ArrayBufferLike[] = [];
    for await (const { buffer, byteLength } of response.body!) {
      assert.equal(buffer.byteLength, byteLength);
      buffers.push(buffer);
    }
    assert.ok(buffers.length > 1);
    assert.equal(new Set(buffers).size, buffers.length);
  }
});

Deno.test("compression stops as well, with any coding", async () => {
  for (const coding of ["br", "zstd", "gzip"]) {
    const store = new Store({ "/f": randomBytes(6, 20 * 2 ** 20) });
    const response = await store.reader()(ask((await makeSig(OLD)).bytes, { "Accept-Encoding": coding }));
    const reader = response.body!.getReader();
    await reader.read();
    assert.ok(store.readCount < 40, `${store.readCount} reads`);
    await reader.cancel("enough");
    store.assertClosed();
  }
});
