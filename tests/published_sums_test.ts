/** Every sum of both backends, at each length from 0 to 1,100 and in each number of lanes, by another program. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { kernelBytes } from "rsync-streams/kernel-bytes";
import type { Kernel, StrongSum, SumBatch, SumParams, WeakSum } from "../src/kernel/interface.ts";
import { PortableKernel } from "../src/kernel/portable/kernel.ts";
import { STRONG_SUMS, WEAK_SUMS } from "../src/kernel/rules/sums.ts";
import { WasmKernel } from "../src/kernel/wasm/kernel.ts";
import { assertBytes, fromBase64, hex, SALT } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";
import golden from "./vectors/sums.json" with { type: "json" };

const PORTABLE = new PortableKernel();
const WASM = new WasmKernel(new WebAssembly.Module(kernelBytes()));
const KERNELS: readonly Kernel[] = [PORTABLE, WASM];
const { maxLength } = golden;
const MESSAGE = Uint8Array.from({ length: maxLength }, (_, i) => i % 251);

/** The marks of one sum: the first four bytes of the SHA-256 of each, by the length of the message. */
function marksOf(name: string): (length: number) => string {
  const marks = fromBase64((golden.sums as Record<string, string>)[name]!);
  assert.equal(marks.length, 4 * (maxLength + 1));
  return (length) => hex(marks.subarray(4 * length, 4 * length + 4));
}

function markOf(sum: Uint8Array): string {
  return createHash("sha256").update(sum).digest("hex").slice(0, 8);
}

interface Sums {
  weak: Uint32Array;
  strong: Uint8Array;
}

/** The sums of all blocks, the short last one too. */
function sumsOf(kernel: Kernel, params: SumParams, bytes: Uint8Array): Sums {
  const summer = kernel.summer(params);
  const weak: number[] = [];
  const strong: number[] = [];
  // A batch is valid until the next call.
  const add = (batch: SumBatch) => {
    weak.push(...batch.weak.subarray(0, batch.count));
    strong.push(...batch.strong.subarray(0, batch.count * params.strongLength));
  };
  add(summer.sum(bytes));
  add(summer.finish(true));
  return { weak: Uint32Array.from(weak), strong: Uint8Array.from(strong) };
}

function paramsOf(weakSum: WeakSum, strongSum: StrongSum, blockLength: number, salt?: Uint8Array): SumParams {
  return { weakSum, strongSum, blockLength, strongLength: STRONG_SUMS[strongSum].length, salt };
}

const CASES: readonly { name: string; strongSum: StrongSum; salt?: Uint8Array }[] = [
  ...(Object.keys(STRONG_SUMS) as StrongSum[]).map((strongSum) => ({ name: strongSum, strongSum })),
  { name: "keyed blake3", strongSum: "blake3", salt: SALT },
  { name: "keyed blake2b", strongSum: "blake2b", salt: SALT },
];

for (const kernel of KERNELS) {
  for (const { name, strongSum, salt } of CASES) {
    Deno.test(`${kernel.backend}: ${name} of a block is the published one at each length`, () => {
      const mark = marksOf(name);
      for (let length = 1; length <= maxLength; length++) {
        const { strong } = sumsOf(kernel, paramsOf("rollsum", strongSum, length, salt), MESSAGE.subarray(0, length));
        assert.equal(markOf(strong), mark(length), `${length} bytes`);
      }
    });
  }

  for (const weakSum of Object.keys(WEAK_SUMS) as WeakSum[]) {
    Deno.test(`${kernel.backend}: ${weakSum} of a block is the published one at each length`, () => {
      const mark = marksOf(weakSum);
      for (let length = 1; length <= maxLength; length++) {
        const { weak } = sumsOf(kernel, paramsOf(weakSum, "md4", length), MESSAGE.subarray(0, length));
        assert.equal(markOf(new Uint8Array(weak.buffer)), mark(length), `${length} bytes`);
      }
    });
  }
}

for (const { name, strongSum, salt } of CASES) {
  Deno.test(`wasm: ${name} of 1 to 9 blocks and a short one are those of single blocks, at each length`, () => {
    const bytes = randomBytes(101, 10 * maxLength);
    for (let length = 1; length <= maxLength; length++) {
      const weakSum = length % 2 ? "rollsum" : "rabinkarp";
      const params = paramsOf(weakSum, strongSum, length, salt);
      const count = 9;
      const short = Math.floor(length * 5 / 8);
      const single = PORTABLE.summer(params);
      const whole = single.sum(bytes.subarray(0, count * length + short));
      const [weak, strong] = [whole.weak.slice(0, count), whole.strong.slice(0, count * params.strongLength)];
      const last = single.finish(true);
      const lastStrong = last.strong.slice(0, last.count * params.strongLength);
      // Each number of blocks at some lengths, one or two of them at the others: all lanes at all lengths modulo 9.
      const counts = length % 16 < 2 || length % 16 === 15 ? [1, 2, 3, 4, 5, 6, 7, 8, 9] : [1 + length % 9, 9];
      for (const n of counts) {
        const sums = sumsOf(WASM, params, bytes.subarray(0, n * length));
        assertBytes(sums.strong, strong.subarray(0, n * params.strongLength), `${n} blocks of ${length} bytes`);
        assert.deepEqual(sums.weak, weak.slice(0, n), `${n} blocks of ${length} bytes`);
        if (short === 0) continue;
        // The short block has the bytes that follow nine blocks.
        const from = (count - n) * length;
        const shorter = sumsOf(WASM, params, bytes.subarray(from, count * length + short));
        assertBytes(
          shorter.strong,
          concat([strong.subarray((count - n) * params.strongLength), lastStrong]),
          `${n} blocks of ${length} bytes and one of ${short}`,
        );
        assert.deepEqual(shorter.weak, Uint32Array.of(...weak.subarray(count - n), last.weak[0]!));
      }
    }
  });
}
