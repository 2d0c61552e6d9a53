/** The speed of the weak sums in one runtime, a row for each job: what bench/weak_sums.ts runs in each. */
import process from "node:process";
import type { Kernel, WeakSum } from "../src/kernel/interface.ts";
import { PortableKernel } from "../src/kernel/portable/kernel.ts";
import { WasmKernel } from "../src/kernel/wasm/kernel.ts";
import { kernelBytes } from "rsync-streams/kernel-bytes";
import { MIB, randomBytes, randomChunks } from "./_data.ts";
import { finishIndex, median, row } from "./_run.ts";

const WEAK_SUMS: readonly WeakSum[] = ["rabinkarp", "rollsum"];
const KERNELS: readonly Kernel[] = [new WasmKernel(new WebAssembly.Module(kernelBytes())), new PortableKernel()];

/** MB/s of processor time of each kind of work, which take turns: medians of seven rounds after a warm-up. */
function measure(length: number, works: readonly (() => unknown)[]): number[] {
  const rates = works.map(() => [] as number[]);
  for (let round = -1; round < 7; round++) {
    for (const [i, work] of works.entries()) {
      const start = process.cpuUsage();
      work();
      const { user, system } = process.cpuUsage(start);
      if (round >= 0) rates[i]!.push(length / (user + system));
    }
  }
  return rates.map(median);
}

function signature(kernel: Kernel, blockLength: number): number[] {
  const data = randomBytes(1, kernel.backend === "wasm" ? 16 * MIB : MIB);
  return measure(
    data.length,
    WEAK_SUMS.map((weakSum) => () => {
      const summer = kernel.summer({ weakSum, strongSum: "blake3", blockLength, strongLength: 16 });
      for (let at = 0; at < data.length; at += MIB) {
        summer.sum(data.subarray(at, at + MIB));
      }
    }),
  );
}

function search(kernel: Kernel, blockLength: number, count: number): number[] {
  const data = randomBytes(1, kernel.backend === "wasm" ? 16 * MIB : MIB);
  const works = WEAK_SUMS.map((weakSum) => {
    const params = { weakSum, strongSum: "blake3", blockLength, strongLength: 16 } as const;
    const builder = kernel.index(params, "first");
    const summer = KERNELS[0]!.summer(params);
    for (const chunk of randomChunks(7, count * blockLength)) builder.add(summer.sum(chunk));
    builder.add(summer.finish(false));
    const index = finishIndex(builder, blockLength);
    return () => {
      const searcher = index.searcher({ tail: "last", preferNext: true });
      do searcher.search([data], true); while (searcher.isCutShort);
      searcher.release();
    };
  });
  return measure(data.length, works);
}

const runtime = process.argv[2]!;
for (const kernel of KERNELS) {
  const line = (job: string, rates: number[]) =>
    console.log(row([runtime, kernel.backend, job, ...rates.map((rate) => rate.toFixed(0))]));
  for (const blockLength of [256, 1024, 16_384]) {
    line(`signature, blocks of ${blockLength}`, signature(kernel, blockLength));
  }
  for (const [blockLength, count] of [[256, 4096], [1024, 4096], [1024, 32_768], [1024, 262_144], [16_384, 16_384]]) {
    line(`new data, ${count} blocks of ${blockLength}`, search(kernel, blockLength!, count!));
  }
}
