/**
 * Runs clients of `rsync-streams/http` in each runtime (cases.js) against servers of each kind, on loopback. Both sides
 * have the packed npm package. Prints a table. If all clients and servers took part, RESULTS.md gets it
 * too, but not in CI.
 *
 *     deno task test:http            all clients
 *     deno task test:http bun 24     those whose name contains one of the words
 *
 * What is missing is skipped with a message. In CI it is a failure.
 */
import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import process from "node:process";
import { promisify } from "node:util";
import { chosenByName, isCI } from "../../runtimes/tools.ts";
import { type Client, CLIENTS } from "./clients.ts";
import { type Result, summary, writeReport } from "./report.ts";
import { type Running, SERVERS } from "./servers.ts";
import { makeFolder, makeSites, servePage } from "./setup.ts";

const TIMEOUT_MS = 1_800_000;
/** Clients at a time. */
const AT_ONCE = 2;

const chosen = chosenByName("client", CLIENTS);

const failures: string[] = [];
const missing: string[] = [];

/** Gets what a runtime or a server needs. Undefined if it cannot be had. */
async function attempt<T>(name: string, get: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await get();
  } catch (error) {
    const line = `${name}: ${(error as Error).message.trim()}`;
    console.error(isCI ? `MISSING ${line}` : `SKIPPED ${line}`);
    missing.push(line);
    if (isCI) failures.push(line);
    return undefined;
  }
}

const project = makeSites();
const root = await makeFolder(project);
const { url: pages, stop: stopPages } = await servePage(root);
const running: Running[] = [];
const rows = new Map<Client, Result[]>();
try {
  for (const server of SERVERS) {
    const started = await attempt(server.name, () => server.start(project, root));
    if (started) running.push(started);
  }
  const servers = running.flatMap(({ served }) => served);
  const work: [Client, ReturnType<Client["prepare"]>][] = [];
  for (const client of chosen) {
    const prepared = await attempt(client.name, () => client.prepare(project, pages));
    if (prepared) work.push([client, prepared]);
    // In the order of the list, whichever is done first.
    if (prepared) rows.set(client, []);
  }
  const queue = work.values();
  const runQueue = async () => {
    for (const [client, prepared] of queue) {
      const { name, isForeign = false } = client;
      const { command, args, cwd } = prepared(JSON.stringify({ client: name, isForeign, servers }));
      const start = performance.now();
      try {
        const { stdout } = await promisify(execFile)(command, args, { cwd, timeout: TIMEOUT_MS, maxBuffer: 2 ** 24 });
        const results = JSON.parse(stdout.trim().split("\n").at(-1)!) as Result[];
        rows.set(client, results);
        const cases = results.reduce((sum, { cases }) => sum + cases, 0);
        const failed = results.flatMap(({ server, failures }) => failures.map((one) => `${name}, ${server}: ${one}`));
        failures.push(...failed);
        for (const failure of failed) console.error(`FAILED ${failure}`);
        const seconds = ((performance.now() - start) / 1000).toFixed(0);
        if (Deno.env.has("RSYNC_STREAMS_MS")) { for (const { server, ms } of results) console.log(name, server, ms); }
        console.log(`${name}: ${cases - failed.length} of ${cases} passed, in ${seconds} s`);
      } catch (error) {
        const { stdout = "", stderr = "", message } = error as { stdout?: string; stderr?: string; message: string };
        failures.push(`${name} died: ${message.slice(0, 500)}\n${stdout.slice(-2000)}\n${stderr.slice(-2000)}`);
        console.error(`FAILED ${failures.at(-1)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runQueue));
} finally {
  stopPages();
  await Promise.all(running.map((server) => server[Symbol.asyncDispose]()));
  rmSync(project, { recursive: true });
  rmSync(root, { recursive: true });
}

console.log(`\n${summary(rows)}\n`);
// In CI nothing in the checkout changes.
if (!isCI && failures.length === 0 && missing.length === 0 && chosen.length === CLIENTS.length) writeReport(rows);
const cases = [...rows.values()].flat();
const passedCount = cases.reduce((sum, { cases, failures }) => sum + cases - failures.length, 0);
console.log(`${passedCount} passed | ${failures.length} failed`);
process.exit(failures.length > 0 ? 1 : 0);
