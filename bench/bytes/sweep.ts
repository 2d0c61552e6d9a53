/**
 * Which block length takes the fewest bytes? For each pair the bytes of a signature and a compressed delta, at block
 * lengths around the square root of the length of the basis. A record counts `recordLength` bytes, whatever it has now.
 */
import { row } from "../_run.ts";
import { COMPRESSORS } from "./compressed.ts";
import { sigAndDelta, sourceHash } from "./ours.ts";
import { geometricMean } from "./report.ts";
import type { Results } from "./results.ts";
import type { Pair, Side } from "./traffic.ts";

/** Factors of the square root, where none are given. */
export const FACTORS = "1/8,1/4,1/2,1,2,4";

const MIN_BLOCK_LENGTH = 16;

/** How to sweep. */
export interface SweepOptions {
  factors: readonly number[];
  recordLength: number;
  results: Results;
}

/** Bytes at each factor, and those of rsync -z if it is there. */
export interface Sweep {
  pair: string;
  sums: number[];
  rsync: number | undefined;
}

/** Reads a list such as "1/2,1,1.5". */
export function parseFactors(text: string): number[] {
  const factors = text.split(",").map((factor) => {
    const [above, below = "1"] = factor.split("/");
    return Number(above) / Number(below);
  });
  if (factors.every((factor) => factor > 0 && factor < Infinity)) return factors;
  throw new Error(`Cannot use --factors: "${text}" was given, positive numbers such as "${FACTORS}" were expected`);
}

/** Counts for one pair. */
export async function sweepPair(pair: Pair, rsync: Side | undefined, options: SweepOptions): Promise<Sweep> {
  const { factors, recordLength, results } = options;
  const sums: number[] = [];
  for (const factor of factors) {
    const blockLength = Math.max(MIN_BLOCK_LENGTH, Math.round(Math.sqrt(pair.basisLength) * factor));
    const key = `sweep, ${pair.name}, blocks of ${blockLength}, ${sourceHash("sweep.ts")}`;
    const { sigCount, delta } = await results.get(key, async () => {
      const { sigCount, delta } = await sigAndDelta(pair, { blockLength, strongLength: 8 });
      return { sigCount, delta: COMPRESSORS.brotli(delta).length };
    });
    sums.push(sigCount * recordLength + delta);
  }
  const traffics = rsync && await results.get(`${rsync.version}, ${pair.name}`, (work) => rsync.measure(pair, work));
  const compressed = traffics?.["rsync -z"];
  return { pair: pair.name, sums, rsync: compressed && compressed.up + compressed.down };
}

/** Sums of all pairs, the best factor of each, and how far each factor is from the best and from rsync -z. */
export function sweepTable(sweeps: readonly Sweep[], { factors, recordLength }: SweepOptions): string {
  const names = factors.map(nameOf);
  const lines = [row(["pair", ...names, "best"]), row(Array(names.length + 2).fill("---"))];
  const bestOf = (values: readonly number[]) => names[values.indexOf(Math.min(...values))]!;
  for (const { pair, sums } of sweeps) {
    lines.push(row([pair, ...sums.map((sum) => sum.toLocaleString("en-US")), bestOf(sums)]));
  }
  const rivals: Record<string, (sweep: Sweep) => number> = {
    "the best of the pair": ({ sums }) => Math.min(...sums),
    "rsync -z": ({ rsync }) => rsync ?? NaN,
  };
  for (const [rival, lengthOf] of Object.entries(rivals)) {
    if (sweeps.some((sweep) => Number.isNaN(lengthOf(sweep)))) continue; // a program is missing
    const ratios = factors.map((_, index) => sweeps.map((sweep) => sweep.sums[index]! / lengthOf(sweep)));
    const means = ratios.map(geometricMean);
    const worst = ratios.map((list) => Math.max(...list));
    for (const [what, values] of [["geometric mean", means], ["maximum", worst]] as const) {
      lines.push(row([`to ${rival}, ${what}`, ...values.map((value) => value.toFixed(3)), bestOf(values)]));
    }
  }
  return `## Block length: ${recordLength} bytes a record, delta by brotli\n\n${lines.join("\n")}\n`;
}

function nameOf(factor: number): string {
  if (factor === 1) return "√L";
  return factor < 1 && Number.isInteger(1 / factor) ? `√L / ${1 / factor}` : `${Number(factor.toFixed(3))} √L`;
}
