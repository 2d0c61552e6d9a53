/** Each example, with the packed npm package, in the runtime that it is for. `deno task test:examples`. */
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { builtTarball } from "../scripts/build_npm.ts";
import { ROOT, toolCommand } from "../scripts/npm_tools.ts";
import { concat, make, randomBytes } from "./_recipes.ts";
import {
  besideTool,
  bundleWorker,
  chromiumBinary,
  DRIVER_NODE,
  isCI,
  makeProject,
  nodeBinary,
} from "./runtimes/tools.ts";

const EXAMPLES = join(ROOT, "examples");
const BASIS = concat([make({ gen: "text", seed: 1, len: 300_000 }), randomBytes(2, 700_000)]);
const TARGET = concat([randomBytes(3, 5000), BASIS.subarray(20_000, 600_000), BASIS.subarray(610_000)]);

/** What a test needs of npm and of the machine, or why it is not to be had; in CI it has to be. */
function attempt<T>(get: () => T): T | Error {
  try {
    return get();
  } catch (error) {
    if (isCI) throw error;
    console.warn(`SKIPPED examples: ${(error as Error).message}`);
    return error as Error;
  }
}

const project = attempt(() => {
  const folder = makeProject(builtTarball());
  for (const name of readdirSync(EXAMPLES)) copyFileSync(join(EXAMPLES, name), join(folder, name));
  mkdirSync(join(folder, "files"));
  writeFileSync(join(folder, "files/target"), TARGET);
  return folder;
});

Deno.test.afterAll(() => {
  if (typeof project === "string") rmSync(project, { recursive: true });
});

/** A test that takes what could be had. What could not was named by `attempt`, which throws in CI instead. */
function test<T>(name: string, get: () => T, fn: (got: T, folder: string) => Promise<void>): void {
  const got = project instanceof Error ? project : attempt(get);
  // Ignored and not left out, so that the count of a user's run shows it.
  if (project instanceof Error || got instanceof Error) Deno.test({ name, ignore: true, fn() {} });
  else Deno.test(name, () => fn(got, project));
}

interface Running {
  url: string;
  stop(): Promise<void>;
}

/** Starts a server and waits until it tells where it listens. */
async function start(command: string, args: string[], cwd: string): Promise<Running> {
  const env = { ...process.env, PORT: "0", NO_COLOR: "1" };
  const child: ChildProcess = spawn(command, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
  const exited = once(child, "exit");
  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no address in 30 s: ${output}`)), 30_000);
    const look = (bytes: Uint8Array) => {
      output += bytes;
      const found = /Listening on (http:\/\/\S+)/i.exec(output)?.[1];
      if (found) resolve(found);
      if (found) clearTimeout(timer);
    };
    child.stdout!.on("data", look);
    child.stderr!.on("data", look);
    exited.then(() => reject(new Error(`${command} ended: ${output}`)));
  });
  return {
    url,
    async stop() {
      // The worker's driver stops workerd first, when its input ends.
      child.stdin!.end();
      const timer = setTimeout(() => child.kill(), args[0] === "serve_worker.js" ? 5000 : 0);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Lets a client make its file the server's, and sends what is no signature. */
async function syncWith({ url, stop }: Running, name: string, client: string[], folder: string): Promise<void> {
  try {
    const path = join(folder, "files/mine");
    writeFileSync(path, BASIS);
    const [command, ...args] = [...client, "client.js", `${new URL(name, url)}`, path];
    const { stdout } = await promisify(execFile)(command!, args, { cwd: folder, timeout: 60_000 });
    const [, came] = /^(\d+) bytes came for (\d+)/.exec(stdout)!;
    assert.ok(Number(came) < 30_000, `${came} bytes came`);
    assert.deepEqual(readFileSync(path).equals(TARGET), true, "the file is the server's");

    const refused = await fetch(new URL(name, url), { method: "POST", body: "this is no signature" });
    assert.equal(refused.status, 400);
    assert.match(await refused.text(), /^Cannot read the signature/);
    const got = await fetch(new URL(name, url));
    assert.equal(got.status, 405);
    await got.body?.cancel();
  } finally {
    await stop();
  }
}

const DENO_FLAGS = ["run", "-A", "--node-modules-dir=manual", "--no-lock"];

test("deno_server.ts and client.js sync a file", () => Deno.execPath(), async (deno, folder) => {
  const server = await start(deno, [...DENO_FLAGS, "deno_server.ts", "files/target"], folder);
  await syncWith(server, "delta", [deno, ...DENO_FLAGS], folder);
});

for (const version of ["20.0.0", DRIVER_NODE]) {
  test(`node_server.js and client.js sync a file: Node ${version}`, () => nodeBinary(version), async (node, folder) => {
    await syncWith(await start(node, ["node_server.js", "files/target"], folder), "delta", [node], folder);
  });
}

test("bun_server.js and client.js sync a file", () => toolCommand("bun", "bun"), async (bun, folder) => {
  await syncWith(await start(bun, ["bun_server.js", "files/target"], folder), "delta", [bun], folder);
});

const getWorkerd = () => ({ node: nodeBinary(DRIVER_NODE), driver: besideTool("miniflare", ["serve_worker.js"]) });

test("cloudflare_worker.js and client.js sync a file", getWorkerd, async ({ node, driver }, folder) => {
  const wrangler = JSON.parse(readFileSync(join(EXAMPLES, "wrangler.jsonc"), "utf8"));
  const worker = join(folder, "worker");
  bundleWorker(folder, wrangler.main, worker, "workerd");
  const args = ["serve_worker.js", worker, wrangler.r2_buckets[0].binding, "app.bin", join(folder, "files/target")];
  await syncWith(await start(node, args, driver), "app.bin", [node], folder);
});

/** Serves the page and `node_modules`, and hands what is posted on to a server of the examples. */
function servePage(folder: string, upstream: string): Server {
  const types: Record<string, string> = { ".js": "text/javascript", ".html": "text/html" };
  return createServer(async (request, response) => {
    if (request.method === "POST") {
      const chunks: Uint8Array[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const answer = await fetch(new URL("delta", upstream), { method: "POST", body: new Blob([concat(chunks)]) });
      return response.writeHead(answer.status).end(await answer.bytes());
    }
    const path = normalize(new URL(request.url!, "http://localhost").pathname);
    const file = path === "/browser.html" ? join(EXAMPLES, path) : join(folder, path);
    try {
      response.setHeader("content-type", types[extname(file)] ?? "application/octet-stream").end(readFileSync(file));
    } catch {
      response.writeHead(404).end();
    }
  });
}

const getBrowser = () => ({
  chromium: chromiumBinary(),
  node: nodeBinary(DRIVER_NODE),
  driver: besideTool("playwright-core", ["open_page.js", "chromium.js"]),
});

test("browser.html syncs a file with node_server.js", getBrowser, async ({ chromium, node, driver }, folder) => {
  const server = await start(node, ["node_server.js", "files/target"], folder);
  const pages = servePage(folder, server.url);
  try {
    pages.listen(0, "127.0.0.1");
    await once(pages, "listening");
    const path = join(folder, "files/basis");
    const output = join(folder, "files/download");
    writeFileSync(path, BASIS);
    const url = `http://127.0.0.1:${(pages.address() as AddressInfo).port}/browser.html`;
    const { stdout } = await promisify(execFile)(node, ["open_page.js", chromium, url, path, output], { cwd: driver });
    assert.match(stdout, new RegExp(`^The server's file: \\d{4,5} bytes came for ${TARGET.length}`));
    assert.equal(readFileSync(output).equals(TARGET), true);
  } finally {
    pages.closeAllConnections();
    pages.close();
    await server.stop();
  }
});
