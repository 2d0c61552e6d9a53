/**
 * Bytes on the wire, up and down, beside rsync, zsync and rdiff.
 *
 *     deno task bench bytes [--pairs 'NAME;NAME'] [--json] [--fresh] [--rsync PROGRAM] [--record BYTES]
 *     deno task bench bytes --sweep     which block length takes the fewest bytes: [--factors 1/2,1,2]
 *     deno task bench bytes --growth    with the length of a file and with the number of edits: [--max MIB]
 *     deno task bench bytes --http      over HTTP, with requests: [--latency MS] for time on a slow link
 *
 * `--pairs` takes the starts of names. Pairs and results are kept in `.cache/bench`; `--fresh` measures again. A
 * program that is missing is left out, and is a failure if the variable CI is set.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { growth, growthTables } from "./growth.ts";
import { httpCounts, linkTimes } from "./http.ts";
import { httpRatios, type HttpResult, httpTable, timesTable } from "./http_report.ts";
import { ourSide } from "./ours.ts";
import { bringPairs } from "./pairs.ts";
import { rdiffPeer } from "./rdiff.ts";
import { type PairResult, pairTable, ratioTables, sumTable } from "./report.ts";
import { inFolder, Results } from "./results.ts";
import { rsyncPeer } from "./rsync.ts";
import { FACTORS, parseFactors, type Sweep, type SweepOptions, sweepPair, sweepTable } from "./sweep.ts";
import type { Peer, Side, Traffics } from "./traffic.ts";
import { zsyncPeer } from "./zsync.ts";

export async function bytes(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: {
      pairs: { type: "string" },
      json: { type: "boolean", default: false },
      fresh: { type: "boolean", default: false },
      rsync: { type: "string", default: "rsync" },
      record: { type: "string", default: "10" },
      sweep: { type: "boolean", default: false },
      factors: { type: "string", default: FACTORS },
      growth: { type: "boolean", default: false },
      max: { type: "string", default: "1024" },
      http: { type: "boolean", default: false },
      latency: { type: "string" },
    },
  });
  const results = new Results(values.fresh);
  const recordLength = Number(values.record);
  const starts = values.pairs?.split(";");
  if (values.growth) {
    const sides = findSides([rsyncPeer(values.rsync, ["rsync"]), zsyncPeer]);
    const tables = await growth({ maxMib: Number(values.max), recordLength, sides, results });
    return console.log(values.json ? JSON.stringify(tables, null, 2) : growthTables(tables));
  }
  if (values.http) {
    const [rsync] = findSides([rsyncPeer(values.rsync)]);
    return await overHttp(starts, rsync, results, values.latency === undefined ? undefined : Number(values.latency));
  }
  if (values.sweep) {
    const [rsync] = findSides([rsyncPeer(values.rsync)]);
    const options = { factors: parseFactors(values.factors), recordLength, results };
    return await sweep(starts, rsync, values.json, options);
  }
  const sides = findSides([rsyncPeer(values.rsync), zsyncPeer, rdiffPeer]);
  await compare(starts, [...sides, ourSide()], values.json, results);
}

async function compare(
  starts: string[] | undefined,
  sides: readonly Side[],
  json: boolean,
  results: Results,
): Promise<void> {
  if (!json) console.log(`${sides.map(({ version }) => version).join(", ")}\n`);
  const all: PairResult[] = [];
  for await (const pair of bringPairs(starts)) {
    const traffics: Traffics = { full: { up: 0, down: pair.targetLength } };
    for (const side of sides) {
      const key = `${side.version}, ${pair.name}`;
      Object.assign(traffics, await results.get(key, (work) => side.measure(pair, work)));
    }
    const result = { pair, traffics };
    all.push(result);
    if (!json) console.log(pairTable(result));
  }
  if (json) {
    const pairs = all.map(({ pair: { name, basisLength, targetLength }, traffics }) => {
      return { name, basisLength, targetLength, traffics };
    });
    return console.log(JSON.stringify({ sides: sides.map(({ version }) => version), pairs }, null, 2));
  }
  console.log(sumTable(all));
  console.log(ratioTables(all));
}

async function sweep(
  starts: string[] | undefined,
  rsync: Side | undefined,
  json: boolean,
  options: SweepOptions,
): Promise<void> {
  const sweeps: Sweep[] = [];
  for await (const pair of bringPairs(starts)) sweeps.push(await sweepPair(pair, rsync, options));
  console.log(json ? JSON.stringify(sweeps, null, 2) : sweepTable(sweeps, options));
}

async function overHttp(
  starts: string[] | undefined,
  rsync: Side | undefined,
  results: Results,
  latencyMs: number | undefined,
): Promise<void> {
  const all: HttpResult[] = [];
  for await (const pair of bringPairs(starts)) {
    const counts = await httpCounts(pair, rsync, results);
    const times = latencyMs === undefined ? [] : await inFolder((work) => linkTimes(pair, latencyMs, work));
    all.push({ pair, counts, times });
  }
  console.log(httpTable(all));
  console.log(httpRatios(all));
  if (latencyMs !== undefined) console.log(timesTable(all, latencyMs));
}

/** The sides whose programs are there. Says which are not. */
function findSides(peers: readonly Peer[]): Side[] {
  return peers.flatMap(({ name, source, find }) => {
    const side = find();
    if (side) return [side];
    console.error(`MISSING ${name} (${source}): it is left out of all tables`);
    if (process.env.CI) process.exitCode = 1;
    return [];
  });
}
