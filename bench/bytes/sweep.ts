/**
 * Which block length takes the fewest bytes? For each pair the bytes of a signature and a compressed delta, at block
 * lengths around the square root of the length of the basis. A record counts `recordLength` bytes, whatever it has now.
 */
import { row } from "../_run.ts";
import { COMPRESSORS } from "./compressed.ts";
import { sigAndDelta, sourceHash } from "./ours.ts";
import { geometricMean } from "./report.ts";
import type { Results } from "./results.ts";
import type { Pair } from "./traffic.ts";

const FACTORS = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4];
const MIN_BLOCK_LENGTH = 16;

/** Bytes at each factor. */
export interface Sweep {
  pair: string;
  sums: number[];
}

/** Counts for one pair. */
export async function sweepPair(pair: Pair, recordLength: number, results: Results): Promise<Sweep> {
  const sums: number[] = [];
  for (const factor of FACTORS) {
    const blockLength = Math.max(MIN_BLOCK_LENGTH, Math.round(Math.sqrt(pair.basisLength) * factor));
    const key = `sweep, ${pair.name}, blocks of ${blockLength}, ${sourceHash()}`;
    const { sigCount, delta } = await results.get(key, async () => {
      const { sigCount, delta } = await sigAndDelta(pair, { blockLength, strongLength: 8 });
      return { sigCount, delta: COMPRESSORS.brotli(delta).length };
    });
    sums.push(sigCount * recordLength + delta);
  }
  return { pair: pair.name, sums };
}

/** Sums of all pairs, the best factor of each, and how far each factor is from the best in the geometric mean. */
export function sweepTable(sweeps: readonly Sweep[], recordLength: number): string {
  const names = FACTORS.map((factor) => factor < 1 ? `√L / ${1 / factor}` : factor === 1 ? "√L" : `${factor} √L`);
  const lines = [row(["pair", ...names, "best"]), row(Array(names.length + 2).fill("---"))];
  const indexOfMin = (values: readonly number[]) => values.indexOf(Math.min(...values));
  for (const { pair, sums } of sweeps) {
    lines.push(row([pair, ...sums.map((sum) => sum.toLocaleString("en-US")), names[indexOfMin(sums)]!]));
  }
  const toBest = (index: number) => sweeps.map(({ sums }) => sums[index]! / Math.min(...sums));
  const means = FACTORS.map((_, index) => geometricMean(toBest(index)));
  const worst = FACTORS.map((_, index) => Math.max(...toBest(index)));
  const shown = (values: readonly number[]) => values.map((value) => value.toFixed(3));
  lines.push(row(["to the best, geometric mean", ...shown(means), names[indexOfMin(means)]!]));
  lines.push(row(["to the best, maximum", ...shown(worst), names[indexOfMin(worst)]!]));
  return `## Block length: ${recordLength} bytes a record, delta by brotli\n\n${lines.join("\n")}\n`;
}
