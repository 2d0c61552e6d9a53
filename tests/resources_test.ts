/** What streams take from the backend of WebAssembly they give back, however they end, once. */
import assert from "node:assert/strict";
import { kernelBytes } from "rsync-streams/kernel-bytes";
import { Rsync } from "rsync-streams/callbacks";
import { formats } from "../src/formats/mod.ts";
import type { SearchIndex, SearchOptions } from "../src/kernel/interface.ts";
import { defaultKernel } from "../src/kernel/mod.ts";
import { WasmKernel } from "../src/kernel/wasm/kernel.ts";
import { loadSignature } from "../src/stages/loader.ts";
import { createDeltaStage } from "../src/stages/matcher.ts";
import { createPair } from "../src/streams/create_pair.ts";
import { makeSig, source, toBytes } from "./_helpers.ts";
import { randomBytes } from "./_recipes.ts";

/** Blocks of which a search takes an instance of the kernel for itself. */
const LONG = 2 ** 20 + 16;
const OPTIONS: SearchOptions = { tail: "last", preferNext: true };
const REASON = { reason: "a test" };
const codec = formats["rsync-streams"];

const module = new WebAssembly.Module(kernelBytes());

function makeIndex(kernel: WasmKernel, blockLength: number, count = 1): SearchIndex {
  const params = { weakSum: "rollsum", strongSum: "blake3", strongLength: 32, blockLength } as const;
  const builder = kernel.index(params, "first");
  builder.add({ count, weak: new Uint32Array(count), strong: randomBytes(1, 32 * count) });
  for (;;) {
    const index = builder.finish(undefined);
    if (index) return index;
  }
}

/** Searches with searchers that are all in use at once, then gives all of them back. */
function useTogether(index: SearchIndex, count: number, bytes: Uint8Array = new Uint8Array(100)): void {
  const searchers = Array.from({ length: count }, () => index.searcher(OPTIONS));
  for (const searcher of searchers) searcher.search([bytes], false);
  for (const searcher of searchers) searcher.release();
}

Deno.test("searches of long blocks one after another use one instance", () => {
  const kernel = new WasmKernel(module);
  const index = makeIndex(kernel, LONG);
  for (let i = 0; i < 1_000; i++) useTogether(index, 1);
  assert.equal(kernel.pool.made, 2); // the shared one, and one more
});

Deno.test("a search that is released twice gives its instance back once", () => {
  const kernel = new WasmKernel(module);
  const index = makeIndex(kernel, LONG);
  const searcher = index.searcher(OPTIONS);
  searcher.search([new Uint8Array(100)], false);
  searcher.release();
  searcher.release();
  useTogether(index, 2);
  assert.equal(kernel.pool.made, 3);
});

Deno.test("a search that was never used takes and gives nothing", () => {
  const kernel = new WasmKernel(module);
  const index = makeIndex(kernel, LONG);
  index.searcher(OPTIONS).release();
  assert.equal(kernel.pool.made, 1);
});

Deno.test("at most four instances are kept for later, and none that has grown", () => {
  const kernel = new WasmKernel(module);
  const index = makeIndex(kernel, LONG);
  useTogether(index, 10);
  assert.equal(kernel.pool.made, 11);
  useTogether(index, 10);
  assert.equal(kernel.pool.made, 17);
  // What is searched lies in the memory of the instance, so it grows.
  useTogether(index, 4, new Uint8Array(9 * 2 ** 20));
  assert.equal(kernel.pool.made, 17);
  useTogether(index, 4);
  assert.equal(kernel.pool.made, 21);
});

Deno.test("an index of some hundred records has no instance, one of ten thousand has its own", () => {
  const kernel = new WasmKernel(module);
  const few = makeIndex(kernel, 1024, 300);
  for (let i = 0; i < 100; i++) useTogether(few, 3);
  assert.equal(kernel.pool.made, 1);
  const many = makeIndex(kernel, 1024, 10_000);
  assert.equal(kernel.pool.made, 2);
  for (let i = 0; i < 100; i++) useTogether(many, 3);
  assert.equal(kernel.pool.made, 2);
});

Deno.test("delta streams give their instance back at the end, on cancel, on abort and on failure", async () => {
  const kernel = new WasmKernel(module);
  const basis = randomBytes(2, LONG + 1000);
  const { bytes } = await makeSig(basis, { blockLength: LONG });
  const told = { format: "rsync-streams", header: undefined, maxInputLength: Infinity, kernel } as const;
  const sigs = await loadSignature(bytes, told);
  const open = () => createPair(createDeltaStage(sigs, codec, { digest: false, memLength: undefined }), {});
  const ends: Record<string, () => Promise<unknown>> = {
    async end() {
      assert.ok((await toBytes(source(basis, 300_000).pipeThrough(open()))).length < 200);
    },
    async cancel() {
      const { readable, writable } = open();
      const writing = source(basis, 300_000).pipeTo(writable).catch((error: unknown) => error);
      const reader = readable.getReader();
      const reading = reader.read();
      await new Promise((resolve) => setTimeout(resolve, 5));
      await reader.cancel(REASON);
      await reading;
      assert.equal(await writing, REASON);
    },
    async abort() {
      const { readable, writable } = open();
      const reading = toBytes(readable).catch((error: unknown) => error);
      const writer = writable.getWriter();
      await writer.write(basis.slice(0, 400_000));
      await writer.write(basis.slice(400_000, 900_000));
      await writer.abort(REASON);
      assert.equal(await reading, REASON);
    },
    async failure() {
      const { readable, writable } = open();
      let left = 5;
      const failing = new ReadableStream<Uint8Array<ArrayBuffer>>({
        pull(controller) {
          controller.enqueue(randomBytes(3, 300_000));
          if (--left === 0) controller.error(REASON);
        },
      });
      const writing = failing.pipeTo(writable).catch((error: unknown) => error);
      assert.equal(await toBytes(readable).catch((error: unknown) => error), REASON);
      assert.equal(await writing, REASON);
    },
  };
  for (const [name, work] of Object.entries(ends)) {
    for (let i = 0; i < 12; i++) await work();
    assert.ok(kernel.pool.made <= 2, `${name}: ${kernel.pool.made} instances were made`);
  }
});

Deno.test("Rsync gives its instance back, also where a callback fails", async () => {
  const { pool } = defaultKernel() as WasmKernel;
  const rsync = new Rsync({ format: "rsync-streams", blockLength: LONG });
  const basis = randomBytes(4, LONG + 100);
  const read = (bytes: Uint8Array) => {
    let at = 0;
    return (buffer: Uint8Array, length: number) => {
      const piece = bytes.subarray(at, at += Math.min(length, bytes.length - at));
      buffer.set(piece);
      return piece.length;
    };
  };
  const sigs = await rsync.loadSigsFile(read((await makeSig(basis, { blockLength: LONG })).bytes));
  const before = pool.made;
  for (let i = 0; i < 6; i++) {
    await rsync.genDeltasFile(read(basis), sigs, () => {});
    const failing = rsync.genDeltasFile(read(basis), sigs, () => Promise.reject(REASON));
    assert.equal(await failing.catch((error) => error), REASON);
  }
  assert.ok(pool.made <= before + 1, `${pool.made - before} instances were made`);
});
