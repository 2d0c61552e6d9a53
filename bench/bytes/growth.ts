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

/** How to measure growth. */
export interface GrowthOptions {
  maxMib: number;
  recordLength: number;
  sides: readonly Side[];
  results: Results;
}

/** Bytes, up and down together, for one file. */
export interface GrowthRow {
  mib: number;
  edits: number;
  /** By name and version. */
  peers: Record<string, number>;
  /** One signature and its delta: by default, and with the block length that takes the fewest bytes. */
  ours: number;
  best: number;
  bestBlockLength: number;
  layered?: number;
}

/** Measures files that grow, then files whose edits grow. */
export async function growth(options: GrowthOptions): Promise<{ byLength: GrowthRow[]; byEdits: GrowthRow[] }> {
  const byLength: GrowthRow[] = [];
  for (let mib = MIN_MIB; mib <= options.maxMib; mib *= 4) byLength.push(await growthRow(mib, FEW_EDITS, options));
  const byEdits: GrowthRow[] = [];
  const mib = Math.min(EDITED_MIB, options.maxMib);
  for (let edits = 1; edits <= MAX_EDITS; edits *= 10) byEdits.push(await growthRow(mib, edits, options));
  return { byLength, byEdits };
}

/** Both tables. */
export function growthTables({ byLength, byEdits }: Awaited<ReturnType<typeof growth>>): string {
  const mib = byEdits[0]?.mib;
  return [
    `## Growth with the length, ${FEW_EDITS} edits\n\n${table("MiB", byLength, (row) => row.mib)}\n`,
    `## Growth with the edits, ${mib} MiB\n\n${table("edits", byEdits, (row) => row.edits)}\n`,
  ].join("\n");
}

function table(name: string, rows: readonly GrowthRow[], valueOf: (row: GrowthRow) => number): string {
  const peers = Object.keys(rows[0]?.peers ?? {});
  const hasLayers = rows.some(({ layered }) => layered !== undefined);
  const head = [name, ...peers, "ours", "best one signature", "its blocks"];
  if (hasLayers) head.push("layered", "layered / best");
  const lines = rows.map((it) => {
    const counts = [valueOf(it), ...Object.values(it.peers), it.ours, it.best, it.bestBlockLength];
    const layers = it.layered === undefined
      ? []
      : [it.layered.toLocaleString("en-US"), (it.layered / it.best).toFixed(3)];
    return row([...counts.map((count) => count.toLocaleString("en-US")), ...layers]);
  });
  return [row(head), row(head.map(() => "---")), ...lines].join("\n");
}

async function growthRow(mib: number, edits: number, options: GrowthOptions): Promise<GrowthRow> {
  const { sides, results, recordLength } = options;
  using files = new RandomPair(mib * MIB, edits);
  const peers: Record<string, number> = {};
  for (const side of sides) {
    const traffics = await results.get(`${side.version}, ${files.name}`, (work) => side.measure(files.pair(), work));
    for (const { up, down } of Object.values(traffics)) peers[side.version] = up + down;
  }
  const key = `growth, ${recordLength} bytes a record, ${files.name}, ${sourceHash("growth.ts")}`;
  const ours = await results.get(key, async () => {
    const { basis, target, basisLength } = files.pair();
    const { sigLength, delta } = await sigAndDelta(files.pair(), defaults(basisLength));
    const { sum, blockLength } = await bestSingle(files.pair(), recordLength);
    const layered = await layeredBytes(basis, target);
    return {
      ours: sigLength + delta.length,
      best: sum,
      bestBlockLength: blockLength,
      layered: layered.plain,
    };
  });
  return { mib, edits, peers, ...ours };
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
