/** The backend of WebAssembly at its borders: of what is gathered, zeroed, inserted, shared, pooled and copied. */
import assert from "node:assert/strict";
import { kernelBytes } from "rsync-streams/kernel-bytes";
import type { SearchIndex, SumParams } from "../src/kernel/interface.ts";
import { WasmKernel } from "../src/kernel/wasm/kernel.ts";
import { indexLayout } from "../src/kernel/wasm/search_index.ts";
import { concat, randomBytes } from "./_recipes.ts";

const PAGE = 65_536;
const MIB = 2 ** 20;
const module = new WebAssembly.Module(kernelBytes());

function paramsOf(blockLength: number, strongLength = 32): SumParams {
  return { weakSum: "rabinkarp", strongSum: "blake3", strongLength, blockLength };
}

/** Makes an index of so many records, and returns how many calls that took. */
function build(kernel: WasmKernel, count: number, params = paramsOf(64)): { index: SearchIndex; calls: number } {
  const builder = kernel.index(params, "first");
  const weak = new Uint32Array(randomBytes(1, 4 * count).buffer);
  builder.add({ count, weak, strong: new Uint8Array(count * params.strongLength) });
  for (let calls = 1;; calls++) {
    const index = builder.finish(params.blockLength);
    if (index) return { index, calls };
  }
}

/** The greatest number from 0 on for which something is true. */
function greatest(isTrue: (n: number) => boolean): number {
  let [low, high] = [0, 2 ** 30];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isTrue(middle)) low = middle;
    else high = middle;
  }
  return low;
}

Deno.test("wasm: blocks wait until there are 128 KiB, or one if it is longer", () => {
  for (
    const [blockLength, length] of [[1000, 131_072], [64, 131_072], [131_072, 131_072], [200_000, 200_000]] as const
  ) {
    const summer = new WasmKernel(module).summer(paramsOf(blockLength));
    assert.equal(summer.sum(new Uint8Array(length - 1)).count, 0, `${blockLength}`);
    assert.equal(summer.sum(new Uint8Array(1)).count, Math.floor(length / blockLength));
    assert.equal(summer.finish(false).count, 0);
  }
});

Deno.test("wasm: a batch has room for the blocks of a call, and columns that are long enough are used again", () => {
  const summer = new WasmKernel(module).summer(paramsOf(1000));
  const first = summer.sum(new Uint8Array(200_300));
  const { weak, strong } = first;
  assert.deepEqual([first.count, weak.length, strong.length], [200, 200, 200 * 32]);
  for (const [length, count] of [[100, 0], [131_000, 131], [68_600 + 131_000, 200]] as const) {
    const batch = summer.sum(new Uint8Array(length));
    assert.deepEqual([batch.count, batch.weak === weak, batch.strong === strong], [count, true, true], `${length}`);
  }
  const other = new WasmKernel(module).summer(paramsOf(1000));
  other.sum(new Uint8Array(5_001));
  const last = other.finish(true);
  assert.deepEqual([last.count, last.weak.length, last.strong.length], [6, 6, 6 * 32]);
});

Deno.test("wasm: an instance has room for 256 KiB, 4096 sums and matches, a key, and a MiB behind them", () => {
  const instance = new WasmKernel(module).pool.shared;
  const { digest, search, bytesAt, weakAt, strongAt, matchesAt, indexAt, byteLength, exports } = instance;
  const places: [at: number, length: number][] = [
    [digest.address, exports.digest_state_size()],
    [search.address, exports.searcher_size()],
    [bytesAt, 256 * 1024],
    [weakAt, 4 * 4096],
    [strongAt, 32 * 4096],
    [matchesAt, 3 * 4 * 4096],
    [matchesAt + 3 * 4 * 4096, exports.strong_key_size()],
  ];
  // The first page is the kernel's own.
  let end = PAGE;
  for (const [at, length] of places) {
    assert.equal(at, end);
    end = 16 * Math.ceil((at + length) / 16);
  }
  assert.deepEqual([digest.length, search.length], [exports.digest_state_size(), exports.searcher_size()]);
  assert.equal(indexAt, end);
  assert.equal(byteLength, PAGE * Math.ceil((end + MIB) / PAGE));
});

Deno.test("wasm: a window that just fits takes no more memory, and one of a byte more does", () => {
  const kernel = new WasmKernel(module);
  const { shared } = kernel.pool;
  const block = randomBytes(2, 64);
  const builder = kernel.index(paramsOf(64), "first");
  builder.add({ ...kernel.summer(paramsOf(64)).sum(block), count: 0 });
  const index = builder.finish(64)!;
  const before = shared.byteLength;
  const room = before - shared.indexAt - index.byteLength;
  for (const [length, byteLength] of [[room, before], [room + 1, PAGE * Math.ceil(before * 9 / 8 / PAGE)]] as const) {
    const searcher = index.searcher({ tail: "none", preferNext: true });
    searcher.search([new Uint8Array(length)], true);
    searcher.release();
    assert.equal(shared.byteLength, byteLength);
  }
});

Deno.test("wasm: an index has two slots and a free one for each table, and a filter of 16 MiB at most", () => {
  assert.deepEqual(indexLayout(1000, 12), {
    count: 1000,
    slotCount: 2001,
    strongTable: 12_000,
    weakTable: 12_000 + 8_016,
    filter: 12_000 + 2 * 8_016,
    filterLength: 4096,
    byteLength: 12_000 + 2 * 8_016 + 4096,
  });
  const filters: [count: number, length: number][] = [
    [0, 8],
    [1, 16],
    [1022, 4096],
    [1023, 8192],
    [2 ** 21 - 2, 2 ** 23],
    [2 ** 21 - 1, 2 ** 24],
    [2 ** 22, 2 ** 24],
    [2 ** 25, 2 ** 24],
  ];
  for (const [count, length] of filters) assert.equal(indexLayout(count, 36).filterLength, length, `${count} records`);
  for (const count of [0, 1, 1000]) {
    assert.equal(build(new WasmKernel(module), count).index.byteLength, indexLayout(count, 36).byteLength);
  }
});

Deno.test("wasm: an index of 256 KiB shares the memory, and a longer one does not", () => {
  const params = paramsOf(64, 28);
  const most = greatest((count) => indexLayout(count, 32).byteLength <= 256 * 1024);
  assert.equal(indexLayout(most, 32).byteLength, 256 * 1024);
  for (const [count, made, calls] of [[most, 1, 1], [most + 1, 2, 2]] as const) {
    const kernel = new WasmKernel(module);
    assert.equal(build(kernel, count, params).calls, calls, "tables of one's own are zeroed, then filled");
    assert.equal(kernel.pool.made, made);
  }
});

Deno.test("wasm: a call zeroes 16 MiB of tables or inserts 65,536 records", () => {
  const params = paramsOf(64, 1);
  const tables = (count: number) => {
    const { byteLength, strongTable } = indexLayout(count, 5);
    return byteLength - strongTable;
  };
  const most = greatest((count) => tables(count) <= 2 ** 24);
  const cases: [count: number, calls: number][] = [
    [65_536, 1 + 1],
    [65_537, 1 + 2],
    [most, 1 + Math.ceil(most / 65_536)],
    [most + 1, 2 + Math.ceil((most + 1) / 65_536)],
  ];
  for (const [count, calls] of cases) {
    assert.equal(build(new WasmKernel(module), count, params).calls, calls, `${count}`);
  }
});

Deno.test("wasm: a search of blocks of a MiB shares the memory, and one of longer blocks does not", () => {
  for (const [blockLength, made] of [[MIB, 1], [MIB + 1, 2]] as const) {
    const kernel = new WasmKernel(module);
    const searcher = build(kernel, 1, paramsOf(blockLength)).index.searcher({ tail: "none", preferNext: true });
    assert.equal(kernel.pool.made, 1);
    searcher.search([new Uint8Array(10)], true);
    searcher.release();
    assert.equal(kernel.pool.made, made);
  }
});

Deno.test("wasm: four instances of up to 8 MiB are kept for the next users", () => {
  const { pool } = new WasmKernel(module);
  const six = () => Array.from({ length: 6 }, () => pool.acquire()!);
  for (const instance of six()) pool.release(instance);
  assert.equal(pool.made, 1 + 6);
  assert.equal(new Set(six()).size, 6);
  assert.equal(pool.made, 1 + 6 + 2);
  const instance = pool.acquire()!;
  instance.require(8 * MIB);
  assert.equal(instance.byteLength, 8 * MIB);
  pool.release(instance);
  assert.equal(pool.acquire(), instance);
  instance.require(8 * MIB + PAGE);
  pool.release(instance);
  assert.notEqual(pool.acquire(), instance);
});

/** Counts the bytes that are copied to memories of WebAssembly until the end of a scope. */
function countCopies(): Disposable & { bytes: number } {
  const { set } = Uint8Array.prototype;
  const counter = {
    bytes: 0,
    [Symbol.dispose]: () => void (Uint8Array.prototype.set = set),
  };
  Uint8Array.prototype.set = function (this: Uint8Array, from: ArrayLike<number>, at?: number) {
    if (this.buffer.byteLength >= MIB) counter.bytes += from.length;
    set.call(this, from, at);
  };
  return counter;
}

Deno.test("wasm: a long window in short chunks is copied as a whole now and then, whatever memory it is in", () => {
  for (const blockLength of [300_000, MIB + 1]) {
    const kernel = new WasmKernel(module);
    const params = paramsOf(blockLength);
    const block = randomBytes(2, blockLength);
    const summer = kernel.summer(params);
    const builder = kernel.index(params, "first");
    builder.add(summer.sum(block));
    builder.add(summer.finish(true));
    const index = builder.finish(blockLength)!;
    const searcher = index.searcher({ tail: "none", preferNext: true });
    const target = concat([randomBytes(3, 5 * MIB), block, randomBytes(4, 1000), block]);
    const found: number[] = [];
    using copies = countCopies();
    for (let start = 0, end = 0; end < target.length;) {
      end = Math.min(target.length, end + 20_000);
      const window = [target.subarray(start, end)];
      do {
        const count = searcher.search(window, end === target.length);
        for (let i = 0; i < count; i++) found.push(start + searcher.matches[3 * i]!);
      } while (searcher.isCutShort);
      start += searcher.settled;
      searcher.shift(searcher.settled);
    }
    searcher.release();
    assert.deepEqual(found, [5 * MIB, 5 * MIB + blockLength + 1000]);
    // While a window fills, it is copied at each doubling.
    assert.ok(copies.bytes <= 3 * target.length, `${copies.bytes} bytes for ${target.length}`);
    const used = blockLength > MIB ? kernel.pool.acquire()! : kernel.pool.shared;
    const room = used.byteLength - used.indexAt - index.byteLength;
    assert.ok(room <= Math.max(MIB, 2 * (blockLength + 20_000)) + PAGE, `${room} bytes for blocks of ${blockLength}`);
  }
});
