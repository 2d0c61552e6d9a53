/**
 * Signatures whose records are aimed at the tables of an index, and targets that go with them: the processor time that
 * they take, beside that of ordinary ones of the same size. tests/aimed_records_test.ts runs it as a process of its
 * own, since the time is that of the whole process.
 *
 *     deno run -A tests/aimed_records.ts
 */
import process from "node:process";
import { RabinKarp } from "../src/kernel/portable/rabinkarp.ts";
import type { Kernel, SearchIndex, SumBatch, SumParams } from "./_kernels.ts";
import { randomBytes } from "./_recipes.ts";

/** Records of a signature. With aimed records the time may be quadratic. */
const COUNTS: Record<Kernel["backend"], number[]> = { wasm: [80_000, 400_000], portable: [80_000] };
/** The sums that records have. */
export const BLOCK_LENGTH = 1024;
const STRONG_LENGTH = 32;
export const PARAMS: SumParams = {
  weakSum: "rabinkarp",
  strongSum: "blake2b",
  blockLength: BLOCK_LENGTH,
  strongLength: STRONG_LENGTH,
};

/** Makes the sums of block `k`: returns the weak one, and writes the strong one to `strong`. */
export type Recipe = (k: number, strong: DataView, random: () => number) => number;

/** Random words, the same each time. */
function words(): () => number {
  let x = 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

/** The records of a recipe. */
export function batchOf(recipe: Recipe, count: number): SumBatch {
  const weak = new Uint32Array(count);
  const strong = new Uint8Array(count * STRONG_LENGTH);
  const random = words();
  for (let k = 0; k < count; k++) {
    weak[k] = recipe(k, new DataView(strong.buffer, k * STRONG_LENGTH, STRONG_LENGTH), random);
  }
  return { count, weak, strong };
}

function indexOf(kernel: Kernel, batch: SumBatch): SearchIndex {
  const builder = kernel.index(PARAMS, "first");
  builder.add(batch);
  for (;;) {
    const index = builder.finish(BLOCK_LENGTH);
    if (index) return index;
  }
}

function search(index: SearchIndex, target: Uint8Array): void {
  const searcher = index.searcher({ tail: "any", preferNext: true });
  while (searcher.settled < target.length) searcher.search([target], true);
  searcher.release();
}

/** The least processor time of a few runs, in milliseconds. */
function timeOf(work: () => void): number {
  let least = Infinity;
  for (let i = 0; i < 2; i++) {
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

const rotl13 = (x: number) => (x << 13 | x >>> 19) >>> 0;
const golden = (k: number) => Math.imul(k + 1, 0x9e3779b1) >>> 0;

/** Random records. */
export const ordinary: Recipe = (_, strong, random) => {
  for (let i = 0; i < STRONG_LENGTH; i += 4) strong.setUint32(i, random());
  return random();
};

/** Records by what they aim at. */
export const RECORDS: Record<string, Recipe> = {
  "strong sums that begin with the rotated weak sum": (k, strong) => {
    strong.setUint32(0, rotl13(golden(k)), true);
    return golden(k);
  },
  "the same in the other order of bytes": (k, strong) => {
    strong.setUint32(0, rotl13(golden(k)));
    return golden(k);
  },
  "weak sums and first bytes of strong sums that cancel out": (k, strong) => {
    strong.setUint8(0, k & 255);
    return (golden(k >>> 8) ^ k & 255) >>> 0;
  },
  "equal records": () => 1,
  "one weak sum, strong sums that count": (k, strong) => {
    strong.setUint32(0, k);
    return 1;
  },
  "one weak sum, strong sums that differ in their last bytes": (k, strong) => {
    strong.setUint32(28, k);
    return 1;
  },
  "one strong sum, weak sums that count": (k) => k,
  "weak sums that differ in their high bits": (k) => k << 12 >>> 0,
  "weak sums at equal distances": golden,
  "weak sums whose halves are equal": (k) => (k << 16 | k & 0xffff) >>> 0,
  "strong sums whose words are equal": (k, strong) => {
    for (let i = 0; i < STRONG_LENGTH; i += 4) strong.setUint32(i, golden(k), true);
    return golden(k);
  },
  "strong sums whose words cancel out": (k, strong) => {
    for (let i = 0; i < STRONG_LENGTH; i += 8) {
      strong.setUint32(i, golden(k), true);
      strong.setUint32(i + 4, rotl13(golden(k)), true);
    }
    return 0;
  },
};

/** A target of a short period: few weak sums, each met everywhere. */
const periodic = (length: number) => {
  const unit = randomBytes(7, 7);
  return Uint8Array.from({ length }, (_, i) => unit[i % 7]!);
};

/** The weak sums of the windows of a periodic target. */
function sumsOfPeriod(): number[] {
  const bytes = periodic(BLOCK_LENGTH + 7);
  return Array.from({ length: 7 }, (_, at) => {
    const sum = new RabinKarp();
    sum.update(bytes.subarray(at), BLOCK_LENGTH);
    return sum.digest();
  });
}

/** Records that no window of a periodic target has. Their weak sums differ from those of the windows in few bits. */
function nearPeriod(shift: number): Recipe {
  const sums = sumsOfPeriod();
  return (k, strong, random) => {
    strong.setUint32(0, random());
    const i = 1 + Math.floor(k / 7);
    return (sums[k % 7]! + (i << shift)) >>> 0;
  };
}

const LENGTHS: Record<Kernel["backend"], number> = { wasm: 2 ** 21, portable: 2 ** 18 };

/** What was measured, and its time beside that of ordinary records and random data. */
export interface Measured {
  job: "index" | "search";
  name: string;
  ratio: number;
}

function* measure(kernel: Kernel): Generator<Measured> {
  for (const count of COUNTS[kernel.backend]) {
    const batch = batchOf(ordinary, count);
    const base = timeOf(() => indexOf(kernel, batch));
    for (const [recipe, sums] of Object.entries(RECORDS)) {
      const aimed = batchOf(sums, count);
      const name = `${kernel.backend}, ${count} records: ${recipe}`;
      yield { job: "index", name, ratio: timeOf(() => indexOf(kernel, aimed)) / base };
    }
  }
  const length = LENGTHS[kernel.backend];
  const target = periodic(length);
  const noise = randomBytes(5, length);
  for (const [count, shift] of [[1785, 24], [4000, 20], [28_000, 16]] as const) {
    const base = indexOf(kernel, batchOf(ordinary, count));
    const aimed = indexOf(kernel, batchOf(nearPeriod(shift), count));
    const random = timeOf(() => search(base, noise));
    const name = `${kernel.backend}, ${count} weak sums near those of the target`;
    yield { job: "search", name, ratio: timeOf(() => search(aimed, target)) / random };
  }
}

if (import.meta.main) {
  // Not before: benchmarks of a backend without WebAssembly have the recipes too.
  const { KERNELS } = await import("./_kernels.ts");
  console.log(JSON.stringify(KERNELS.flatMap((kernel) => [...measure(kernel)])));
}
