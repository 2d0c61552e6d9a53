/** Times loops in memory, one after another in this process: both backends, and other libraries. */
import { createHash } from "node:crypto";
import { createBLAKE2b, createBLAKE2s, createBLAKE3 } from "hash-wasm";
import type { Kernel, StrongSum, WeakSum } from "../src/kernel/interface.ts";
import { PortableKernel } from "../src/kernel/portable/kernel.ts";
import { WasmKernel } from "../src/kernel/wasm/kernel.ts";
import { kernelBytes } from "rsync-streams/kernel-bytes";
import { MIB, randomBytes, randomChunks } from "./_data.ts";
import { finishIndex, median, row } from "./_run.ts";

const BLOCK = 1024;
const portable = new PortableKernel();
const wasm = new WasmKernel(new WebAssembly.Module(kernelBytes()));
const data = randomBytes(1, 8 * MIB);

/** The speed of `work` over `length` bytes in MB/s: the median of five runs after a warm-up. */
function measure(length: number, work: () => unknown): number {
  const rates = Array.from({ length: 6 }, () => {
    const start = performance.now();
    work();
    return length / 1e3 / (performance.now() - start);
  });
  return median(rates.slice(1));
}

function sums(kernel: Kernel, weakSum: WeakSum, strongSum: StrongSum, length: number): number {
  return measure(length, () => {
    const summer = kernel.summer({ weakSum, strongSum, blockLength: BLOCK, strongLength: 32 });
    for (let at = 0; at < length; at += MIB) {
      summer.sum(data.subarray(at, Math.min(length, at + MIB)));
    }
  });
}

function blocks(hash: (block: Uint8Array) => unknown): number {
  return measure(data.length, () => {
    for (let at = 0; at < data.length; at += BLOCK) hash(data.subarray(at, at + BLOCK));
  });
}

/** Searches new data with an index of `count` blocks. */
function search(kernel: Kernel, weakSum: WeakSum, count: number, length: number): number {
  const builder = kernel.index({ weakSum, strongSum: "blake3", blockLength: BLOCK, strongLength: 32 }, "first");
  const summer = wasm.summer({ weakSum, strongSum: "blake3", blockLength: BLOCK, strongLength: 32 });
  for (const chunk of randomChunks(7, count * BLOCK)) builder.add(summer.sum(chunk));
  builder.add(summer.finish(false));
  const index = finishIndex(builder, BLOCK);
  const rate = measure(length, () => {
    const searcher = index.searcher({ tail: "last", preferNext: true });
    do searcher.search([data.subarray(0, length)], true); while (searcher.isCutShort);
    searcher.release();
  });
  return rate;
}

export async function kernel(): Promise<void> {
  console.log(`Blocks of ${BLOCK} bytes, MB/s, medians of 5\n`);
  console.log(row(["loop", "portable", "wasm", "wasm / portable", "hash-wasm", "node:crypto"]));
  console.log(row(Array(6).fill("---")));
  const line = (name: string, slow: number, fast: number, peers: (number | string)[] = ["", ""]) =>
    console.log(
      row([
        name,
        ...[slow, fast].map((x) => x.toFixed(1)),
        (fast / slow).toFixed(1),
        ...peers.map((x) => typeof x === "number" ? x.toFixed(0) : x),
      ]),
    );

  const blake2s = await createBLAKE2s(256), blake3 = await createBLAKE3(256), blake2b = await createBLAKE2b(256);
  const others: Record<string, [number | string, number | string]> = {
    blake2sp: [
      blocks((block) => blake2s.init().update(block).digest("binary")),
      blocks((block) => createHash("blake2s256").update(block).digest()),
    ],
    blake3: [blocks((block) => blake3.init().update(block).digest("binary")), ""],
    blake2b: [
      blocks((block) => blake2b.init().update(block).digest("binary")),
      blocks((block) => createHash("blake2b512").update(block).digest()),
    ],
  };
  for (const strongSum of ["blake2sp", "blake3", "blake2b"] as const) {
    for (const weakSum of ["rabinkarp", "rollsum"] as const) {
      const slow = sums(portable, weakSum, strongSum, MIB);
      const fast = sums(wasm, weakSum, strongSum, data.length);
      line(`signature, ${weakSum} and ${strongSum}`, slow, fast, weakSum === "rollsum" ? ["", ""] : others[strongSum]!);
    }
  }
  for (const count of [4096, 32_768, 262_144]) {
    for (const weakSum of ["rabinkarp", "rollsum"] as const) {
      line(
        `search in new data, ${weakSum}, ${count} blocks`,
        search(portable, weakSum, count, MIB),
        search(wasm, weakSum, count, data.length),
      );
    }
  }
  console.log("\nThe other libraries hash the same blocks one at a time; their BLAKE2s stands beside our BLAKE2sp.");
}
