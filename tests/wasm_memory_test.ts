/** What the backend of WebAssembly does where the runtime refuses it an instance, or more memory. */
import assert from "node:assert/strict";
import { kernelBytes } from "rsync-streams/kernel-bytes";
import { RsyncError } from "rsync-streams";
import type { SearchIndex, SumParams } from "../src/kernel/interface.ts";
import { WasmKernel } from "../src/kernel/wasm/kernel.ts";
import { randomBytes } from "./_recipes.ts";

const PAGE = 65_536;
const MIB = 2 ** 20;
const module = new WebAssembly.Module(kernelBytes());

/** Refuses to make memories, and to grow one by more than some bytes, until the end of the scope. */
function refuse(
  { newMemory = false, growBeyond = Infinity }: { newMemory?: boolean; growBeyond?: number },
): Disposable & { asked: number } {
  const { Memory } = WebAssembly;
  const { grow } = Memory.prototype;
  const refusal = {
    /** How often a new memory was asked for. */
    asked: 0,
    [Symbol.dispose]() {
      WebAssembly.Memory = Memory;
      Memory.prototype.grow = grow;
    },
  };
  if (newMemory) {
    WebAssembly.Memory = class {
      constructor() {
        refusal.asked++;
        throw new RangeError("no memory, says a test");
      }
    } as unknown as typeof Memory;
  }
  Memory.prototype.grow = function (this: WebAssembly.Memory, pages: number) {
    if (pages * PAGE > growBeyond) throw new RangeError("no more memory, says a test");
    return grow.call(this, pages);
  };
  return refusal;
}

function paramsOf(blockLength: number): SumParams {
  return { weakSum: "rabinkarp", strongSum: "blake3", strongLength: 32, blockLength };
}

function indexOf(kernel: WasmKernel, params: SumParams, basis: Uint8Array): SearchIndex {
  const summer = kernel.summer(params);
  const builder = kernel.index(params, "first");
  for (let at = 0; at < basis.length; at += 200_000) builder.add(summer.sum(basis.subarray(at, at + 200_000)));
  builder.add(summer.finish(true));
  for (;;) {
    const index = builder.finish(basis.length % params.blockLength || params.blockLength);
    if (index) return index;
  }
}

function blocksFound(index: SearchIndex, target: Uint8Array): number {
  const searcher = index.searcher({ tail: "last", preferNext: true });
  do searcher.search([target], true); while (searcher.isCutShort);
  searcher.release();
  return searcher.goodAlarms;
}

const BASIS = randomBytes(1, 32 * 30_000);

Deno.test("a long index has an instance of its own, else the shared one, else it is the portable backend's", () => {
  const cases = [
    { refused: {}, made: 2, backend: "wasm" },
    { refused: { newMemory: true }, made: 1, backend: "wasm" },
    { refused: { newMemory: true, growBeyond: 0 }, made: 1, backend: "portable" },
    // It asks for an eighth more first, and is content with what is missing.
    { refused: { newMemory: true, growBeyond: 8 * PAGE }, made: 1, backend: "portable" },
    { refused: { newMemory: true, growBeyond: 16 * PAGE }, made: 1, backend: "wasm" },
  ];
  for (const { refused, made, backend } of cases) {
    const kernel = new WasmKernel(module);
    using refusal = refuse(refused);
    const index = indexOf(kernel, paramsOf(32), BASIS);
    assert.equal(refusal.asked, refused.newMemory ? 1 : 0, "it asks once, not with each batch");
    assert.equal(index.backend, backend, JSON.stringify(refused));
    assert.equal(index.count, 30_000);
    assert.equal(kernel.pool.made, made);
    assert.equal(blocksFound(index, BASIS.subarray(0, 3_200)), 100);
  }
});

Deno.test("a long block is searched in the shared memory if there is no other instance", () => {
  const kernel = new WasmKernel(module);
  const basis = randomBytes(2, MIB + 1000);
  const index = indexOf(kernel, paramsOf(MIB + 100), basis);
  const { shared } = kernel.pool;
  using _ = refuse({ newMemory: true });
  assert.equal(blocksFound(index, basis), 2);
  assert.equal(kernel.pool.made, 1);
  assert.ok(shared.byteLength >= shared.indexAt + basis.length);
});

Deno.test("a long index that lies elsewhere is brought to the instance of its search", () => {
  const kernel = new WasmKernel(module);
  const count = 40_000;
  const basis = randomBytes(3, MIB + 1000);
  const builder = kernel.index(paramsOf(MIB + 100), "last");
  const batch = { count, weak: new Uint32Array(randomBytes(4, 4 * count).buffer), strong: randomBytes(5, 32 * count) };
  const block = kernel.summer(paramsOf(MIB + 100)).sum(basis);
  let index: SearchIndex | undefined;
  {
    using _ = refuse({ newMemory: true });
    builder.add(batch);
    builder.add(block);
    while (!index) index = builder.finish(undefined);
  }
  assert.ok(index.backend === "wasm" && index.byteLength > 2 * MIB);
  assert.equal(blocksFound(index, basis), 1);
  assert.equal(kernel.pool.made, 2);
});

Deno.test("a search whose bytes find no room is an error that says how much it needs", () => {
  const kernel = new WasmKernel(module);
  const index = indexOf(kernel, paramsOf(32), BASIS.subarray(0, 3_200));
  const before = kernel.pool.shared.byteLength;
  using _ = refuse({ newMemory: true, growBeyond: MIB });
  const failed = (length: number) => {
    try {
      blocksFound(index, new Uint8Array(length));
    } catch (error) {
      assert.ok(error instanceof RsyncError && error.code === "limit");
      const [, held, needed] = /longer than (\d+) bytes, (\d+) are needed$/.exec(error.message)!;
      assert.equal(Number(held), before);
      return Number(needed);
    }
    return undefined;
  };
  assert.equal(failed(1000), undefined);
  const needed = failed(8 * MIB)!;
  assert.ok(needed > 8 * MIB && needed < before + 9 * MIB, `${needed} bytes`);
  // What fits is searched as before.
  assert.equal(blocksFound(index, BASIS.subarray(0, 3_200)), 100);
});

Deno.test("memory grows by an eighth at least", () => {
  const { shared } = new WasmKernel(module).pool;
  const before = shared.byteLength;
  shared.require(before);
  assert.equal(shared.byteLength, before);
  shared.require(before + 1);
  assert.equal(shared.byteLength, Math.ceil(before * 9 / 8 / PAGE) * PAGE);
  const grown = shared.byteLength;
  shared.require(grown + MIB);
  assert.equal(shared.byteLength, grown + MIB);
  shared.require(grown + 2 * MIB + 1);
  assert.equal(shared.byteLength, grown + 2 * MIB + PAGE);
});

Deno.test("blocks of more than 64 MiB are searched by the portable backend", () => {
  const kernel = new WasmKernel(module);
  const batch = { count: 1, weak: new Uint32Array(1), strong: new Uint8Array(32) };
  for (const [blockLength, backend] of [[64 * MIB, "wasm"], [64 * MIB + 1, "portable"]] as const) {
    const builder = kernel.index(paramsOf(blockLength), "first");
    builder.add(batch);
    assert.equal(builder.finish(100)!.backend, backend);
  }
});
