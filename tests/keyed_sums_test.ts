import assert from "node:assert/strict";
import { blake2b } from "@noble/hashes/blake2.js";
import { blake3 } from "@noble/hashes/blake3.js";
import { kernelBytes } from "rsync-streams/kernel-bytes";
import type { Kernel, StrongSum, SumBatch, SumParams } from "../src/kernel/interface.ts";
import { PortableKernel } from "../src/kernel/portable/kernel.ts";
import { STRONG_SUMS } from "../src/kernel/rules/sums.ts";
import { KernelInstance } from "../src/kernel/wasm/instance.ts";
import { WasmKernel } from "../src/kernel/wasm/kernel.ts";
import { RunningStrongSum } from "../src/kernel/wasm/running_sums.ts";
import { assertBytes, hex } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";

type Keyed = "blake3" | "blake2b";

const KEYED: readonly Keyed[] = ["blake3", "blake2b"];
const SALT = randomBytes(77, 16);
const module = new WebAssembly.Module(kernelBytes());
const wasm = new WasmKernel(module);
const KERNELS: readonly Kernel[] = [wasm, new PortableKernel()];

/** The sum by noble-hashes, keyed as the kernel's interface says. */
function expected(sum: Keyed, bytes: Uint8Array, salt = SALT): Uint8Array {
  if (sum === "blake2b") return blake2b(bytes, { dkLen: 32, key: salt });
  return blake3(bytes, { key: concat([salt, new Uint8Array(16)]) });
}

/** The strong sums of the blocks of `bytes`. */
function sumBlocks(kernel: Kernel, params: SumParams, bytes: Uint8Array): Uint8Array {
  const summer = kernel.summer(params);
  const sumsOf = ({ count, strong }: SumBatch) => strong.slice(0, count * params.strongLength);
  return concat([sumsOf(summer.sum(bytes)), sumsOf(summer.finish(true))]);
}

for (const strongSum of KEYED) {
  Deno.test(`the wasm kernel keys ${strongSum} at any length, in any number of lanes`, () => {
    const instance = new KernelInstance(module);
    const key = instance.keyOf(strongSum, SALT);
    const { kind } = STRONG_SUMS[strongSum];
    const dst = instance.strongAt;
    const src = instance.indexAt;
    instance.require(src + 9 * 40_000);
    const bytes = randomBytes(5, 9 * 40_000);
    instance.bytes.set(bytes, src);
    const check = (length: number, count: number, lastLength: number) => {
      instance.exports.strong_blocks(kind, key, src, length, count, lastLength, 32, dst);
      for (let k = 0; k < count; k++) {
        const block = bytes.subarray(k * length, k * length + (k + 1 === count ? lastLength : length));
        const sum = instance.bytes.subarray(dst + 32 * k, dst + 32 * k + 32);
        assertBytes(sum, expected(strongSum, block), `sum of block ${k} of ${count}, ${length} bytes`);
      }
    };
    for (let length = 0; length <= 1100; length++) check(length, 1 + length % 9, length);
    const lengths = [0, 1, 63, 64, 65, 127, 128, 129, 1023, 1024, 1025, 2048, 3000, 4096, 4097, 10_000, 40_000];
    for (const length of lengths) {
      // Eight blocks of no bytes have one address, which would stand for four: there are none.
      for (let count = 1; count <= (length === 0 ? 7 : 9); count++) {
        check(length, count, length);
        if (count > 1) check(length, count, length >> 1);
      }
    }
  });

  Deno.test(`both backends key ${strongSum}, whatever the block and strong lengths`, () => {
    const bytes = randomBytes(6, 9 * 1100);
    for (const [i, blockLength] of [1, 2, 16, 100, 700, 1024, 1100].entries()) {
      for (let strongLength = 2; strongLength <= 32; strongLength += i === 3 ? 1 : 6) {
        const params = { weakSum: "rabinkarp", strongSum, strongLength, blockLength, salt: SALT } as const;
        const basis = bytes.subarray(0, 8 * blockLength + (blockLength >> 1));
        const blocks = Array.from({ length: Math.ceil(basis.length / blockLength) }, (_, k) => {
          const block = basis.subarray(k * blockLength, (k + 1) * blockLength);
          return expected(strongSum, block).subarray(0, strongLength);
        });
        for (const kernel of KERNELS) {
          assertBytes(sumBlocks(kernel, params, basis), concat(blocks), `${kernel.backend}: sums`);
        }
      }
    }
  });

  Deno.test(`both backends key ${strongSum} for long blocks that come in pieces`, () => {
    const blockLength = 300_001;
    const bytes = randomBytes(8, 2 * blockLength + 1);
    const params = { weakSum: "rabinkarp", strongSum, strongLength: 32, blockLength, salt: SALT } as const;
    for (const kernel of KERNELS) {
      const summers = [kernel.summer(params), kernel.summer({ ...params, salt: randomBytes(80, 16) })];
      const sums: Uint8Array[] = [];
      const take = ({ count, strong }: SumBatch) => sums.push(strong.slice(0, 32 * count));
      for (let at = 0; at < bytes.length; at += 70_000) {
        for (const summer of summers) {
          const batch = summer.sum(bytes.subarray(at, at + 70_000));
          if (summer === summers[0]) take(batch);
        }
      }
      take(summers[0]!.finish(true));
      const blocks = [0, 1, 2].map((k) => bytes.subarray(k * blockLength, (k + 1) * blockLength));
      assertBytes(concat(sums), concat(blocks.map((block) => expected(strongSum, block))), kernel.backend);
    }
  });

  Deno.test(`a search finds blocks by sums of ${strongSum} with the same salt, and none with another`, () => {
    const basis = randomBytes(9, 50 * 64 + 20);
    const target = concat([randomBytes(1, 100), basis.subarray(640, 1920), randomBytes(2, 33), basis.subarray(2560)]);
    for (const weakSum of ["rabinkarp", "rollsum"] as const) {
      const seen = KERNELS.flatMap((kernel) =>
        [SALT, randomBytes(78, 16), undefined].map((salt) => {
          const params = { weakSum, strongSum, strongLength: 8, blockLength: 64 } as const;
          const summer = kernel.summer({ ...params, salt: SALT });
          const builder = kernel.index({ ...params, salt }, "first");
          builder.add(summer.sum(basis));
          builder.add(summer.finish(true));
          const searcher = builder.finish(20)!.searcher({ tail: "last", preferNext: true });
          const count = searcher.search([target], true);
          const matches = searcher.matches.slice(0, 3 * count);
          const { goodAlarms, falseAlarms } = searcher;
          return { matches: [...matches], goodAlarms, isFalse: falseAlarms > 0 };
        })
      );
      const found = { matches: [100, 10, 1280, 1413, 40, 660], goodAlarms: 31, isFalse: false };
      const missed = { matches: [], goodAlarms: 0, isFalse: true };
      assert.deepEqual(seen, [found, missed, missed, found, missed, missed]);
    }
  });
}

Deno.test("summers and sums in pieces at work at the same time keep their keys apart", () => {
  const bytes = randomBytes(3, 300);
  const params = { weakSum: "rollsum", strongLength: 32, blockLength: 100 } as const;
  const salts = [SALT, undefined, randomBytes(79, 16)];
  for (const strongSum of KEYED) {
    const summers = salts.map((salt) => wasm.summer({ ...params, strongSum, salt }));
    const digest = new RunningStrongSum({ ...params, strongSum }, wasm.pool.shared);
    for (const [i, salt] of salts.entries()) {
      const summer = summers[i]!;
      digest.update(bytes, bytes.length);
      const plain = strongSum === "blake3" ? blake3 : (block: Uint8Array) => blake2b(block, { dkLen: 32 });
      const block = bytes.subarray(0, 100);
      const sum = salt ? expected(strongSum, block, salt) : plain(block);
      const first = summer.sum(bytes);
      const batch = first.count > 0 ? first : summer.finish(true);
      assertBytes(batch.strong.slice(0, 32), sum, `sum ${i}`);
    }
    const whole = concat([bytes, bytes, bytes]);
    const plain = strongSum === "blake3" ? blake3(whole) : blake2b(whole, { dkLen: 32 });
    assert.equal(hex(digest.digest()), hex(plain));
  }
});

Deno.test("a summer does not see its salt change", () => {
  for (const kernel of KERNELS) {
    const salt = SALT.slice();
    const params = { weakSum: "rollsum", strongSum: "blake3", strongLength: 32, blockLength: 10, salt } as const;
    const summer = kernel.summer(params);
    salt.fill(0);
    const bytes = randomBytes(4, 9);
    assert.equal(summer.sum(bytes).count, 0);
    assertBytes(summer.finish(true).strong.slice(0, 32), expected("blake3", bytes));
  }
});

Deno.test("both backends refuse a salt of another length, or for a strong sum without a key", () => {
  const params = (strongSum: StrongSum, salt: unknown) => {
    return { weakSum: "rollsum", strongSum, strongLength: 8, blockLength: 64, salt: salt as Uint8Array } as const;
  };
  for (const kernel of KERNELS) {
    const works = [
      (params: SumParams) => kernel.summer(params),
      (params: SumParams) => kernel.index(params, "first"),
    ];
    for (const work of works) {
      for (const sum of ["blake2sp", "md4"] as const) {
        assert.throws(() => work(params(sum, SALT)), { name: "TypeError", message: new RegExp(`"${sum}" was given`) });
      }
      assert.throws(() => work(params("blake3", "salt")), TypeError);
      for (const length of [0, 15, 17, 32]) {
        assert.throws(() => work(params("blake2b", new Uint8Array(length))), RangeError);
      }
    }
  }
  const custom = new PortableKernel({ strong: () => ({ length: 1, reset() {}, update() {}, digest: () => SALT }) });
  assert.throws(() => custom.summer(params("blake3", SALT)), TypeError);
});

Deno.test("an index with a salt keeps its records, whatever their number", () => {
  const params: SumParams = {
    weakSum: "rabinkarp",
    strongSum: "blake3",
    strongLength: 4,
    blockLength: 64,
    salt: SALT,
  };
  for (const kernel of KERNELS) {
    for (let count = 1; count <= 20; count++) {
      const bytes = randomBytes(count, 64 * count);
      const summer = kernel.summer(params);
      const builder = kernel.index(params, "first");
      builder.add(summer.sum(bytes));
      builder.add(summer.finish(true));
      const searcher = builder.finish(64)!.searcher({ tail: "last", preferNext: false });
      searcher.search([bytes], true);
      assert.equal(searcher.goodAlarms, count, `${kernel.backend}, ${count} records`);
      searcher.release();
    }
  }
});
