/**
 * How bytes grow with the length of a file, and with the number of edits. The files are random, so nothing of them can
 * be compressed; edits are bytes changed, put in and cut, at equal distances.
 */
import { mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { MIB, writeRandom } from "../_data.ts";
import { row } from "../_run.ts";
import { layeredBytes } from "./layered.ts";
import { defaults, sigAndDelta, sourceHash } from "./ours.ts";
import { CACHE } from "./pairs.ts";
import type { Results } from "./results.ts";
import type { Pair, Side } from "./traffic.ts";

const MIN_MIB = 16;
/** Edits of files that grow. */
const FEW_EDITS = 10;
/** MiB of the file whose edits grow. */
const EDITED_MIB = 256;
const MAX_EDITS = 10_000;
const MIN_BLOCK_LENGTH = 16;

/** What a row of a table needs. */
export interface GrowthOptions {
  maxMib: number;
  recordLength: number;
  sides: readonly Side[];
  results: Results;
}

/** Prints both tables. */
export async function growth(options: GrowthOptions): Promise<void> {
  const head = [...options.sides.map(({ version }) => version), "ours", "best one signature", "its blocks", "layered"];
  console.log(`## Growth with the length, ${FEW_EDITS} edits\n`);
  console.log([row(["MiB", ...head]), row(Array(head.length + 1).fill("---"))].join("\n"));
  for (let mib = MIN_MIB; mib <= options.maxMib; mib *= 4) {
    console.log(row([mib, ...await growthRow(mib, FEW_EDITS, options)]));
  }
  const mib = Math.min(EDITED_MIB, options.maxMib);
  console.log(`\n## Growth with the edits, ${mib} MiB\n`);
  console.log([row(["edits", ...head]), row(Array(head.length + 1).fill("---"))].join("\n"));
  for (let edits = 1; edits <= MAX_EDITS; edits *= 10) {
    console.log(row([edits, ...await growthRow(mib, edits, options)]));
  }
}

async function growthRow(mib: number, edits: number, options: GrowthOptions): Promise<string[]> {
  const { sides, results, recordLength } = options;
  using files = new RandomPair(mib * MIB, edits);
  const cells: number[] = [];
  for (const side of sides) {
    const traffics = await results.get(`${side.version}, ${files.name}`, (work) => side.measure(files.pair(), work));
    cells.push(...Object.values(traffics).map(({ up, down }) => up + down));
  }
  const key = `growth, ${recordLength} bytes a record, ${files.name}, ${sourceHash()}`;
  const ours = await results.get(key, async () => {
    const { sigLength, delta } = await sigAndDelta(files.pair(), defaults(mib * MIB));
    const { sum, blockLength } = await bestSingle(files.pair(), recordLength);
    const layered = await layeredBytes(files.pair().basis, files.pair().target);
    const layers = layered && layered.sig + layered.runs.plain;
    return { all: [sigLength + delta.length, sum, blockLength], layers };
  });
  const shown = [...cells, ...ours.all].map((value) => value.toLocaleString("en-US"));
  return [...shown, ours.layers?.toLocaleString("en-US") ?? ""];
}

/** The fewest bytes of one signature and its delta, with blocks of the square root of the length times a power of 2. */
async function bestSingle(pair: Pair, recordLength: number): Promise<{ sum: number; blockLength: number }> {
  const bytes = async (blockLength: number) => {
    const { sigCount, delta } = await sigAndDelta(pair, { blockLength, strongLength: 8 });
    return { sum: sigCount * recordLength + delta.length, blockLength };
  };
  let best = await bytes(Math.round(Math.sqrt(pair.basisLength)));
  // The sum falls to one minimum and rises again, so it is enough to go down on one side.
  for (const step of [2, 1 / 2]) {
    const first = best;
    for (;;) {
      const next = await bytes(Math.max(MIN_BLOCK_LENGTH, Math.round(best.blockLength * step)));
      if (next.sum >= best.sum) break;
      best = next;
    }
    if (best !== first) break;
  }
  return best;
}

/** A pair of random files, made when they are first asked for and removed at the end. */
class RandomPair implements Disposable {
  readonly name: string;
  readonly #length: number;
  readonly #edits: number;
  #pair: Pair | undefined;

  constructor(length: number, edits: number) {
    this.name = `${length / MIB} MiB of random bytes, ${edits} edits`;
    this.#length = length;
    this.#edits = edits;
  }

  pair(): Pair {
    if (this.#pair) return this.#pair;
    mkdirSync(CACHE, { recursive: true });
    const [basis, target] = [join(CACHE, "random.basis"), join(CACHE, "random.target")];
    writeRandom(basis, 1, this.#length);
    writeRandom(target, 1, this.#length, this.#edits);
    const [basisLength, targetLength] = [statSync(basis).size, statSync(target).size];
    return this.#pair = { name: this.name, basis, target, basisLength, targetLength };
  }

  [Symbol.dispose](): void {
    for (const path of [this.#pair?.basis, this.#pair?.target]) if (path) rmSync(path, { force: true });
  }
}
