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
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { layeredSigStream } from "rsync-streams/sync";
import { builtTarball } from "../../../scripts/build_npm.ts";
import { ROOT, run, toolCommand, TOOLS } from "../../../scripts/npm_tools.ts";
import {
  besideTool,
  bundle,
  bundleWorker,
  chosenByName,
  chromiumBinary,
  DRIVER_NODE,
  isCI,
  makeProject,
  nodeBinary,
} from "../../runtimes/tools.ts";
import { hasNginx, startNginx } from "../nginx.ts";

const HERE = join(ROOT, "tests/http/runtimes");
const TIMEOUT_MS = 1_800_000;
/** Clients at a time. */
const AT_ONCE = 2;
const DENO_FLAGS = ["run", "-A", "--node-modules-dir=manual", "--no-lock"];
/** Node without `QUERY`, without Zstandard and without `ReadableStream.from()`. */
const OLDEST_NODE = "20.0.0";
const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>rsync-streams/http</title>
<link rel="icon" href="data:,">
<script type="module" src="page.js"></script>`;

/** What is served at a URL. */
interface Served {
  name: string;
  /** Where its files are, with a slash at the end. */
  url: string;
  /** A folder, a handler that takes uploads from everywhere, or one that does not take them from other origins. */
  kind: "static" | "handler" | "closed";
  /** Whether pages of other origins may read. */
  cors: boolean;
  /** A page of the same origin. */
  page: string;
  /** Whether it gets an upload of 33 MiB too, which takes some seconds. */
  takesLong?: boolean;
}

interface Running extends AsyncDisposable {
  served: Served[];
}

/** A server of some kind. */
interface Server {
  name: string;
  start(project: string, root: string): Promise<Running>;
}

/** A client in a runtime. */
interface Client {
  name: string;
  /** Whether it is a page of another origin than the servers'. */
  isForeign?: boolean;
  /** Makes it ready, and gives the command for some options; throws if it cannot be had. */
  prepare(project: string): (options: string) => { command: string; args: string[]; cwd: string };
}

/** What came of one client and one server. */
interface Result {
  server: string;
  cases: number;
  failures: string[];
  counts: Counts;
  /** Milliseconds of each case. */
  ms: Record<string, number>;
}

interface Counts {
  bytesIn?: number;
  requests?: number;
  method?: string;
  coding?: string;
  bytesSent?: number;
  sentCoding?: string;
}

// ---- servers

/** Two of three that stand on Node are enough for long uploads. */
const WITHOUT_LONG = ["Hono"];

/** A program that serves `/static/`, `/handler/` and `/closed/`, and tells where. */
function program(name: string, cors: boolean, command: (project: string, root: string) => [string[], string]): Server {
  return {
    name,
    async start(project, root) {
      const [[file, ...args], cwd] = command(project, root);
      const { url, stop } = await startProgram(file!, args, cwd);
      const at = (path: string) => `${new URL(path, url)}`;
      const page = at("static/page/index.html");
      const served: Served[] = [
        { name: `${name}, static`, url: at("static/"), kind: "static", cors, page },
        {
          name: `${name}, handler`,
          url: at("handler/"),
          kind: "handler",
          cors: true,
          page,
          takesLong: !WITHOUT_LONG.includes(name),
        },
        { name: `${name}, closed handler`, url: at("closed/"), kind: "closed", cors: true, page },
      ];
      return { served, [Symbol.asyncDispose]: stop };
    },
  };
}

/** Starts a program and waits until it tells where it listens. */
async function startProgram(command: string, args: string[], cwd: string) {
  const child: ChildProcess = spawn(command, args, { cwd, stdio: ["pipe", "pipe", "pipe"] });
  const exited = once(child, "exit");
  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no address in 30 s: ${output}`)), 30_000);
    // Later it says that clients have gone, which is what some cases do.
    child.stderr!.on("data", (bytes) => output = `${output}${bytes}`.slice(-5000));
    child.stdout!.on("data", (bytes) => {
      output += bytes;
      const found = /Listening on (http:\/\/\S+)/i.exec(output)?.[1];
      if (found) resolve(found);
      if (found) clearTimeout(timer);
    });
    exited.then(() => reject(new Error(`${command} ended: ${output}`)));
  });
  const stop = async () => {
    // The driver of workerd stops it first, when its input ends.
    child.stdin!.end();
    const timer = setTimeout(() => child.kill(), args[0] === "serve_workerd.js" ? 5000 : 0);
    await exited;
    clearTimeout(timer);
  };
  return { url, stop };
}

function nginx(name: string, options: { gzip?: boolean; headers?: Record<string, string> }): Server {
  return {
    name,
    async start(_, root) {
      if (!await hasNginx()) throw new Error("nginx is not installed");
      const server = await startNginx({ root, ...options });
      const url = server.url.href;
      const cors = options.headers !== undefined;
      const served: Served[] = [{ name, url, kind: "static", cors, page: `${url}page/index.html` }];
      return { served, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
    },
  };
}

function nodeServer(version: string): Server {
  return program(`Node ${version}`, false, (project, root) => [[nodeBinary(version), "serve_node.js", root], project]);
}

const ANYBODY = { "Access-Control-Allow-Origin": "*" };

const SERVERS: readonly Server[] = [
  nginx("nginx", {}),
  nginx("nginx, CORS, gzip", { gzip: true, headers: ANYBODY }),
  nginx("nginx, CORS, exposed", {
    headers: { ...ANYBODY, "Access-Control-Expose-Headers": "Content-Range, Content-Length, ETag" },
  }),
  program("Deno", true, (project, root) => [[Deno.execPath(), ...DENO_FLAGS, "serve_deno.js", root], project]),
  program("Bun", false, (project, root) => [[toolCommand("bun", "bun"), "serve_bun.js", root], project]),
  nodeServer(OLDEST_NODE),
  nodeServer(DRIVER_NODE),
  program("Hono", true, (project, root) => [[nodeBinary(DRIVER_NODE), "serve_hono.js", root], project]),
  program("workerd", false, (project, root) => {
    const driver = besideTool("miniflare", [join(HERE, "serve_workerd.js")]);
    const folder = join(project, "server_worker");
    bundleWorker(project, "server_worker.js", folder, "workerd");
    return [[nodeBinary(DRIVER_NODE), "serve_workerd.js", folder, root], driver];
  }),
];

// ---- clients

function node(version: string): Client {
  return {
    name: `Node ${version}`,
    prepare(project) {
      const command = nodeBinary(version);
      return (options) => ({ command, args: ["run.js", options], cwd: project });
    },
  };
}

const deno: Client = {
  name: `Deno ${Deno.version.deno}`,
  prepare: (cwd) => (options) => ({ command: Deno.execPath(), args: [...DENO_FLAGS, "run.js", options], cwd }),
};

const bun: Client = {
  name: `Bun ${TOOLS.bun}`,
  prepare(cwd) {
    const command = toolCommand("bun", "bun");
    return (options) => ({ command, args: ["run.js", options], cwd });
  },
};

function chromium(name: string, isForeign: boolean): Client {
  return {
    name,
    isForeign,
    prepare() {
      const browser = chromiumBinary();
      const cwd = besideTool("playwright-core", [join(HERE, "browser.js"), "chromium.js"]);
      const command = nodeBinary(DRIVER_NODE);
      return (options) => ({ command, args: ["browser.js", options, browser, pages], cwd });
    },
  };
}

function workerd(date: string): Client {
  return {
    name: `workerd, ${date}`,
    prepare(project) {
      const cwd = besideTool("miniflare", [join(HERE, "workerd.js")]);
      const command = nodeBinary(DRIVER_NODE);
      const folder = join(project, `client_worker_${date}`);
      bundleWorker(project, "client_worker.js", folder, "workerd");
      return (options) => ({ command, args: ["workerd.js", options, folder, date], cwd });
    },
  };
}

const CLIENTS: readonly Client[] = [
  ...[OLDEST_NODE, "20.20.2", "22.23.3", DRIVER_NODE, "26.10.0"].map(node),
  bun,
  deno,
  chromium("Chromium, same origin", false),
  chromium("Chromium, other origin", true),
  workerd("2026-01-01"),
  // Before `cache` of a request, and before brotli.
  workerd("2024-01-01"),
];

// ---- what they need

/** A project with the package, the servers and the clients. */
function makeSites(): string {
  const names = ["@hono/node-server", "hono", "sirv"] as const;
  const project = makeProject(builtTarball(), names);
  const programs = ["serve_deno.js", "serve_bun.js", "serve_node.js", "serve_hono.js", "disk_store.js", "site.js"];
  for (const file of [...programs, "server_worker.js", "client_worker.js", "run.js"]) {
    copyFileSync(join(HERE, file), join(project, file));
  }
  // The recipes of the files go into one file with the cases; the package stays outside.
  bundle(project, join(HERE, "cases.js"), ["--packages=external", "--outfile=cases.js"]);
  return project;
}

/** A folder with published files, and a page. */
async function makeFolder(project: string): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), "rsync-streams-served-"));
  // A server that is started by root gives up its rights.
  chmodSync(root, 0o755);
  const { servedFiles } = await import("./files.js");
  const published = new Date(Date.UTC(2026, 0, 2));
  for (const [name, bytes] of Object.entries(servedFiles()) as [string, Uint8Array<ArrayBuffer>][]) {
    const sig = new Blob([bytes]).stream().pipeThrough(layeredSigStream({ fileLength: bytes.length }));
    writeFileSync(join(root, name), bytes);
    writeFileSync(join(root, `${name}.rsig`), await new Response(sig).bytes());
    for (const path of [name, `${name}.rsig`]) utimesSync(join(root, path), published, published);
  }
  mkdirSync(join(root, "page"));
  writeFileSync(join(root, "page/index.html"), PAGE);
  // As an app is bundled: one that imports a module of Node would not be.
  copyFileSync(join(HERE, "page.js"), join(project, "page.js"));
  bundle(project, "page.js", ["--platform=browser", "--minify", `--outfile=${join(root, "page/page.js")}`]);
  return root;
}

/** Serves the page of another origin. */
function servePage(root: string) {
  const server = createServer((request, response) => {
    const isScript = request.url?.endsWith(".js");
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(Deno.readFileSync(join(root, "page", isScript ? "page.js" : "index.html")));
  });
  return new Promise<{ url: string; stop: () => void }>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const stop = () => {
        server.closeAllConnections();
        server.close();
      };
      resolve({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, stop });
    });
  });
}

// ---- tables

function markdown(head: string[], lines: (string | number)[][]): string {
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

type Cell = (result: Result) => string;

function table(rows: Map<Client, Result[]>, cell: Cell, chosen: (server: string) => boolean = () => true): string {
  const servers = [...new Set([...rows.values()].flat().map(({ server }) => server))].filter(chosen);
  const clients = [...rows.keys()];
  const lines = servers.map((name) => [
    name,
    ...clients.map((client) => {
      const result = rows.get(client)!.find(({ server }) => server === name);
      return result ? cell(result) : "–";
    }),
  ]);
  return markdown(["server", ...clients.map(({ name }) => name)], lines);
}

const passed: Cell = ({ cases, failures }) => `${cases - failures.length} of ${cases}`;
const download: Cell = ({ counts: { bytesIn, requests } }) => requests === undefined ? "–" : `${bytesIn} · ${requests}`;
const codings: Cell = ({ counts: { method, coding, sentCoding } }) => {
  return coding === undefined ? "–" : `${method} · ${coding} · ${sentCoding ?? "–"}`;
};
const isOpen = (server: string) => server.endsWith(", handler");

function report(rows: Map<Client, Result[]>): string {
  return `# Clients and servers

Written by \`deno task test:http\`: the packed npm package on both sides, with one list of cases, [cases.js](cases.js).
Each cell: cases passed. Servers with CORS let pages of other origins read. From those without, a page of another origin
gets a typed error, and nothing else, and so does an upload from it to a closed handler.

${table(rows, passed)}

## A download

A file of about 1 MB of which 8 % are new. Each cell: bytes of all answers, after decompression, and requests.

${table(rows, download)}

## Codings

Each cell: the method that asked for the runs, how their bytes came, and how the delta of an upload went. The bytes were
equal, so each runtime has decoded what it was sent.

${table(rows, codings, isOpen)}
`;
}

// ---- all of it

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
    const prepared = await attempt(client.name, () => client.prepare(project));
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

console.log(`\n${table(rows, passed)}\n\n${table(rows, codings, isOpen)}\n`);
// In CI nothing in the checkout changes.
if (!isCI && failures.length === 0 && missing.length === 0 && chosen.length === CLIENTS.length) {
  const file = join(HERE, "RESULTS.md");
  writeFileSync(file, report(rows));
  run(Deno.execPath(), ["fmt", "--quiet", file]);
}
const cases = [...rows.values()].flat();
const passedCount = cases.reduce((sum, { cases, failures }) => sum + cases - failures.length, 0);
console.log(`${passedCount} passed | ${failures.length} failed`);
process.exit(failures.length > 0 ? 1 : 0);
