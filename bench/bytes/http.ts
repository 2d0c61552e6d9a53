/**
 * Bytes and requests of updates over HTTP, counted by the server: `fetchUpdate` from nginx and from a handler of this
 * library, beside zsync from the same nginx and `rsync -z`. With a latency: time beside a full download.
 */
import { atomicWritable, fileBasis, fileReadable } from "rsync-streams/files";
import { fetchUpdate } from "rsync-streams/http";
import { layeredSigStream } from "rsync-streams/sync";
import { linkSync } from "node:fs";
import { join } from "node:path";
import { hasNginx } from "../../tests/http/nginx.ts";
import { median } from "../_run.ts";
import { type Counts, handlerServer, nginxServer } from "./http_servers.ts";
import { sourceHash } from "./ours.ts";
import { checkEqual, run, versionOf } from "./processes.ts";
import type { Results } from "./results.ts";
import { slowLink } from "./slow_link.ts";
import type { Pair, Side } from "./traffic.ts";

/** Rates of the slow link, in Mbit/s. */
export const RATES: readonly number[] = [10, 100];

/** Times are medians of so many rounds, in turn; a download that takes longer than this is timed once. */
const ROUNDS = 3;
const MAX_SECONDS = 5;

/** What was counted for a pair. What is missing was not there to be counted. */
export interface HttpCounts {
  /** `rsync -z`. It has no requests. */
  rsync?: Counts | undefined;
  zsync?: Counts | undefined;
  /** From nginx. */
  static?: Counts | undefined;
  handler?: Counts | undefined;
}

/** What an update took on a slow link. */
export interface Times {
  megabits: number;
  /** Seconds of a full download. */
  full: number;
  /** Seconds of the update. */
  update: number;
  requests: number;
}

/** What results depend on here, besides the library. */
const MEASURED_BY = ["http.ts", "http_servers.ts", "slow_link.ts", "../../tests/http/nginx.ts"];

/** Counts all ways of a pair that are there. Results are kept. */
export async function httpCounts(pair: Pair, rsync: Side | undefined, results: Results): Promise<HttpCounts> {
  const hash = sourceHash(...MEASURED_BY);
  const zsync = versionOf(["zsync", "-V"], /zsync v(\S+)/);
  const isServed = await hasNginx();
  const count = (isThere: unknown, name: string, measure: (pair: Pair, work: string) => Promise<Counts>) =>
    isThere ? results.get(`${name}, ${pair.name}`, (work) => measure(pair, work)) : undefined;
  const rsyncTraffics = rsync &&
    await results.get(`${rsync.version}, ${pair.name}`, (work) => rsync.measure(pair, work));
  return {
    rsync: rsyncTraffics?.["rsync -z"] && { ...rsyncTraffics["rsync -z"], requests: 0 },
    zsync: await count(isServed && zsync, `zsync ${zsync} from nginx`, zsyncCounts),
    static: await count(isServed, `static ${hash}`, staticCounts),
    handler: await count(true, `handler ${hash}`, handlerCounts),
  };
}

async function zsyncCounts({ basis, target }: Pair, work: string): Promise<Counts> {
  linkSync(target, join(work, "target"));
  await run(["zsyncmake", "-u", "target", "-o", "control.zsync", "target"], work);
  await using server = await nginxServer(work);
  await run(["zsync", "-q", "-i", basis, "-o", "result", new URL("control.zsync", server.url).href], work);
  checkEqual(join(work, "result"), target, "zsync");
  return await server.takeCounts();
}

async function staticCounts(pair: Pair, work: string): Promise<Counts> {
  await publish(pair, work);
  await using server = await nginxServer(work);
  await update(server.url, pair, join(work, "result"));
  return await server.takeCounts();
}

async function handlerCounts(pair: Pair, work: string): Promise<Counts> {
  await using server = handlerServer(pair.target);
  await update(server.url, pair, join(work, "result"));
  return await server.takeCounts();
}

/** Puts the target into a folder, and its layered signature beside it. */
async function publish({ target, targetLength }: Pair, folder: string): Promise<void> {
  linkSync(target, join(folder, "target"));
  const sig = fileReadable(target).pipeThrough(layeredSigStream({ fileLength: targetLength }));
  await sig.pipeTo(atomicWritable(join(folder, "target.rsig")));
}

async function update(root: URL, { basis, target }: Pair, result: string): Promise<void> {
  await using opened = await fileBasis(basis);
  const { readable } = await fetchUpdate(new URL("target", root), opened);
  await readable.pipeTo(atomicWritable(result));
  checkEqual(result, target, "fetchUpdate");
}

async function download(root: URL, { target }: Pair, result: string): Promise<void> {
  const response = await fetch(new URL("target", root));
  await response.body!.pipeTo(atomicWritable(result));
  checkEqual(result, target, "fetch");
}

/** Measures an update and a full download from nginx on a slow link, at each rate. Nothing is kept: it is time. */
export async function linkTimes(pair: Pair, latencyMs: number, work: string): Promise<Times[]> {
  if (!await hasNginx()) return [];
  await publish(pair, work);
  await using server = await nginxServer(work);
  const times: Times[] = [];
  for (const megabits of RATES) {
    await using link = slowLink(server.url, { latencyMs, megabits });
    const full: number[] = [];
    const updates: number[] = [];
    let requests = 0;
    const rounds = pair.targetLength * 8 / (megabits * 1e6) > MAX_SECONDS ? 1 : ROUNDS;
    for (let round = 0; round < rounds; round++) {
      full.push(await secondsOf(() => download(link.url, pair, join(work, "full"))));
      await server.takeCounts();
      updates.push(await secondsOf(() => update(link.url, pair, join(work, "result"))));
      requests = (await server.takeCounts()).requests;
    }
    times.push({ megabits, full: median(full), update: median(updates), requests });
  }
  return times;
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
