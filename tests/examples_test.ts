/** Each example, with the packed npm package, in the runtime that it is for. `deno task test:examples`. */
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { builtTarball } from "../scripts/build_npm.ts";
import { ROOT, toolCommand } from "../scripts/npm_tools.ts";
import { layeredSigStream } from "rsync-streams/sync";
import { sha256 } from "./_bytes.ts";
import { attempt, leaveOut } from "./_attempt.ts";
import { concat, make, randomBytes } from "./_recipes.ts";
import { hasNginx, startNginx } from "./http/nginx.ts";
import {
  besideTool,
  bundle,
  bundleWorker,
  chromiumBinary,
  DRIVER_NODE,
  makeProject,
  nodeBinary,
} from "./runtimes/tools.ts";

const EXAMPLES = join(ROOT, "examples");
const BASIS = concat([make({ gen: "text", seed: 1, len: 300_000 }), randomBytes(2, 700_000)]);
const TARGET = concat([randomBytes(3, 5000), BASIS.subarray(20_000, 600_000), BASIS.subarray(610_000)]);
/** The most that an update may take: 5,000 bytes are new, and the signature takes some. */
const MAX_LENGTH = 20_000;
const TOKEN = "a-secret-token";

const project = attempt("examples", () => {
  const folder = makeProject(builtTarball(), ["hono"]);
  cpSync(EXAMPLES, folder, { recursive: true });
  mkdirSync(join(folder, "files"));
  mkdirSync(join(folder, "mine"));
  return folder;
});

Deno.test.afterAll(() => {
  if (typeof project === "string") rmSync(project, { recursive: true });
});

/** A test that takes what could be had. What could not was named by `attempt`, which throws in CI instead. */
function test<T>(name: string, get: () => T, fn: (got: T, folder: string) => Promise<void>): void {
  const got = project instanceof Error ? project : attempt("examples", get);
  if (project instanceof Error || got instanceof Error) {
    return leaveOut(name);
  }
  Deno.test(name, () => fn(got, project));
}

interface Running {
  url: string;
  stop(): Promise<void>;
}

/** Starts a server and waits until it tells where it listens. */
async function start(command: string, args: string[], cwd: string): Promise<Running> {
  // Uploads of a test before must not be seen.
  writeFileSync(join(project as string, "files/target"), TARGET);
  writeFileSync(join(project as string, "files/old"), BASIS);
  const env = { ...process.env, PORT: "0", NO_COLOR: "1", FOLDER: "files", TOKEN };
  const child: ChildProcess = spawn(command, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
  const exited = once(child, "exit");
  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no address in 30 s: ${output}`)), 30_000);
    const look = (bytes: Uint8Array) => {
      output += bytes;
      const found = /(?:Listening on|server:) (http:\/\/\S+)/i.exec(output)?.[1];
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

/** Runs a client to its end. */
async function runClient(command: readonly string[], cwd: string): Promise<string> {
  const [program, ...args] = command;
  const env = { ...process.env, TOKEN };
  return (await promisify(execFile)(program!, args, { cwd, timeout: 60_000, env })).stdout;
}

/** A client makes its file the server's. */
async function download(url: URL, run: string[], folder: string, way: "runs" | "ranges" | RegExp): Promise<void> {
  const path = join(folder, "mine/file");
  writeFileSync(path, BASIS);
  const stdout = await runClient([...run, "client.js", url.href, path], folder);
  const [, came, , told] = /^(\d+) bytes came for (\d+), in \d+ requests \((.*)\)\n$/.exec(stdout)!;
  assert.ok(Number(came) < MAX_LENGTH, stdout);
  assert.match(told!, typeof way === "string" ? new RegExp(`^${way}$`) : way);
  assert.ok(readFileSync(path).equals(TARGET), "the file is the server's");
}

/** A client without a file gets the whole one. */
async function downloadFirst(url: URL, run: string[], folder: string): Promise<void> {
  const path = join(folder, "mine/new");
  assert.match(await runClient([...run, "client.js", url.href, path], folder), /\(full: no-basis\)\n$/);
  assert.ok(readFileSync(path).equals(TARGET), "the file is the server's");
  rmSync(path);
}

/** The classic way. */
async function downloadDelta(url: URL, run: string[], folder: string): Promise<void> {
  const path = join(folder, "mine/file");
  writeFileSync(path, BASIS);
  const stdout = await runClient([...run, "delta_client.js", url.href, path], folder);
  const [, went, came] = /^(\d+) bytes went, (\d+) came for \d+\n$/.exec(stdout)!;
  assert.ok(Number(went) + Number(came) < 3 * MAX_LENGTH, stdout);
  assert.ok(readFileSync(path).equals(TARGET), "the file is the server's");
}

/** A client makes the server's file its own. Who has no token cannot. */
async function upload(url: URL, run: string[], folder: string): Promise<void> {
  const path = join(folder, "mine/newer");
  const newer = concat([TARGET.subarray(0, 300_000), randomBytes(8, 100), TARGET.subarray(300_000)]);
  writeFileSync(path, newer);
  const stdout = await runClient([...run, "upload.js", path, url.href], folder);
  const [, sent] = /^updated: (\d+) bytes sent for \d+\n$/.exec(stdout)!;
  assert.ok(Number(sent) < 5000, stdout);
  assert.ok(readFileSync(join(folder, "files/target")).equals(newer), "the file is the client's");
  const headers = { "Content-Type": "application/vnd.rsync-streams.delta", "If-Match": "*" };
  const refused = await fetch(url, { method: "PATCH", headers, body: "" });
  assert.equal(refused.status, 401);
  await refused.body?.cancel();
}

/** Files that are not to be served are not. */
async function refusesOtherNames(url: URL): Promise<void> {
  for (const name of ["..%2fclient.js", "..%5cclient.js", ".hidden", "no-such-file", "%00", "mine/file"]) {
    const response = await fetch(new URL(name, url));
    assert.equal(response.status, 404, name);
    await response.body?.cancel();
  }
}

/** All that clients can do with the server of a folder. */
async function useServer({ url, stop }: Running, name: string, run: string[], folder: string): Promise<void> {
  try {
    const target = new URL(name, url.replace("0.0.0.0", "127.0.0.1"));
    await download(target, run, folder, "runs");
    await downloadFirst(target, run, folder);
    await downloadDelta(target, run, folder);
    await refusesOtherNames(target);
    await upload(target, run, folder);
  } finally {
    await stop();
  }
}

const DENO_FLAGS = ["run", "-A", "--node-modules-dir=manual", "--no-lock"];
const CLIENTS = "client.js, delta_client.js and upload.js";

test(`deno_server.ts with ${CLIENTS}`, () => Deno.execPath(), async (deno, folder) => {
  const server = await start(deno, [...DENO_FLAGS, "deno_server.ts", "files"], folder);
  await useServer(server, "target", [deno, ...DENO_FLAGS], folder);
});

for (const version of ["20.0.0", DRIVER_NODE]) {
  test(`node_server.js with ${CLIENTS}: Node ${version}`, () => nodeBinary(version), async (node, folder) => {
    await useServer(await start(node, ["node_server.js", "files"], folder), "target", [node], folder);
  });
}

test(`bun_server.js with ${CLIENTS}`, () => toolCommand("bun", "bun"), async (bun, folder) => {
  await useServer(await start(bun, ["bun_server.js", "files"], folder), "target", [bun], folder);
});

test(`hono_server.js in Deno with ${CLIENTS}`, () => Deno.execPath(), async (deno, folder) => {
  const args = ["serve", "-A", "--port=0", "--host=127.0.0.1", "--node-modules-dir=manual", "--no-lock"];
  const server = await start(deno, [...args, "hono_server.js"], folder);
  await useServer(server, "files/target", [deno, ...DENO_FLAGS], folder);
});

test(`hono_server.js in Bun with ${CLIENTS}`, () => toolCommand("bun", "bun"), async (bun, folder) => {
  await useServer(await start(bun, ["run", "hono_server.js"], folder), "files/target", [bun], folder);
});

const getWorkerd = () => ({ node: nodeBinary(DRIVER_NODE), driver: besideTool("miniflare", ["serve_worker.js"]) });

test("cloudflare_worker.js with client.js and delta_client.js", getWorkerd, async ({ node, driver }, folder) => {
  const wrangler = JSON.parse(readFileSync(join(EXAMPLES, "wrangler.jsonc"), "utf8"));
  const worker = join(folder, "worker");
  bundleWorker(folder, wrangler.main, worker, "workerd");
  writeFileSync(join(folder, "mine/object"), TARGET);
  const args = ["serve_worker.js", worker, wrangler.r2_buckets[0].binding, "app.bin", join(folder, "mine/object")];
  const { url, stop } = await start(node, args, driver);
  try {
    const target = new URL("app.bin", url);
    await download(target, [node], folder, "runs");
    await downloadDelta(target, [node], folder);
    const missing = await fetch(new URL("no-such-object", url));
    assert.equal(missing.status, 404);
    await missing.body?.cancel();
  } finally {
    await stop();
  }
});

const isNginxThere = await hasNginx();

/** Publishes a file as `rsync-streams publish` does, with the packed command. */
async function publish(node: string, path: string, folder: string): Promise<void> {
  await runClient([node, "node_modules/.bin/rsync-streams", "publish", path], folder);
}

test(
  "nginx_site.conf with files that were published, and client.js",
  () => {
    if (!isNginxThere) throw new Error("nginx is not installed");
    return nodeBinary("20.0.0");
  },
  async (node, folder) => {
    const root = join(folder, "published");
    mkdirSync(root);
    writeFileSync(join(root, "target"), TARGET);
    await publish(node, join(root, "target"), folder);
    Deno.chmodSync(folder, 0o755); // a server that is started by root gives up its rights
    await using nginx = await startNginx({ root, site: readFileSync(join(EXAMPLES, "nginx_site.conf"), "utf8") });
    await download(new URL("target", nginx.url), [node], folder, "ranges");
    const response = await fetch(new URL("target", nginx.url), { headers: { Range: "bytes=0-9" } });
    await response.body?.cancel();
    assert.equal(response.headers.get("access-control-allow-origin"), "*", "with a 206 too");
  },
);

/** Serves on loopback while a test runs. */
async function serving(listener: RequestListener, work: (url: URL) => Promise<void>): Promise<void> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await work(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`));
  } finally {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
}

/** Answers as hosts of files do: with one range, or with the whole file. */
function sendFile(request: IncomingMessage, response: ServerResponse, bytes: Uint8Array): void {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  if (last === undefined) {
    response.writeHead(200, { "content-length": bytes.length }).end(request.method === "HEAD" ? undefined : bytes);
    return;
  }
  const start = first ? Number(first) : Math.max(0, bytes.length - Number(last));
  const end = first && last ? Math.min(Number(last) + 1, bytes.length) : bytes.length;
  const range = `bytes ${start}-${end - 1}/${bytes.length}`;
  response.writeHead(206, { "content-range": range, "content-length": end - start });
  response.end(bytes.subarray(start, end));
}

/** The signature of the target, as it is published. */
async function publishedSig(): Promise<Uint8Array> {
  const sig = new Blob([TARGET]).stream().pipeThrough(layeredSigStream({ fileLength: TARGET.length }));
  return await new Response(sig).bytes();
}

/** A host of files behind redirects to signed URLs, each of which is good for two requests. */
function expiringHost(
  files: Record<string, Uint8Array>,
  seen: { expired: number; redirects: number },
): RequestListener {
  const uses = new Map<string, number>();
  return (request, response) => {
    const { pathname, searchParams } = new URL(request.url!, "http://localhost");
    const bytes = files[pathname.replace(/^\/signed/, "")];
    if (!bytes) return response.writeHead(404).end();
    if (!pathname.startsWith("/signed/")) {
      // The host hands the same signed URL out until it has expired.
      const generation = Math.floor(seen.redirects++ / 3);
      return response.writeHead(302, { location: `/signed${pathname}?signature=${generation}` }).end();
    }
    const signature = `${pathname} ${searchParams.get("signature")}`;
    const count = (uses.get(signature) ?? 0) + 1;
    uses.set(signature, count);
    if (count > 2) {
      seen.expired++;
      return response.writeHead(403).end();
    }
    sendFile(request, response, bytes);
  };
}

test("updater.js updates behind redirects that expire", () => nodeBinary(DRIVER_NODE), async (node, folder) => {
  const manifest = (sum: string) => {
    return new TextEncoder().encode(JSON.stringify({ version: "2.0.0", file: "app.asar", sha256: sum }));
  };
  const files: Record<string, Uint8Array> = {
    "/latest.json": manifest(await sha256(TARGET)),
    "/app.asar": TARGET,
    "/app.asar.rsig": await publishedSig(),
  };
  const seen = { expired: 0, redirects: 0 };
  const path = join(folder, "mine/app.asar");
  await serving(expiringHost(files, seen), async (url) => {
    writeFileSync(path, BASIS);
    const stdout = await runClient([node, "updater.js", url.href, path], folder);
    const [, came] = /^version 2\.0\.0: (\d+) bytes came for \d+\n$/.exec(stdout)!;
    assert.ok(Number(came) < MAX_LENGTH, stdout);
    assert.ok(seen.expired > 0, "a URL expired");
    assert.ok(readFileSync(path).equals(TARGET), "the file is the host's");

    writeFileSync(path, BASIS);
    files["/latest.json"] = manifest("0".repeat(64));
    await assert.rejects(runClient([node, "updater.js", url.href, path], folder), /is not what latest\.json says/);
    assert.ok(readFileSync(path).equals(BASIS), "the file stays");
    assert.deepEqual(readdirSync(join(folder, "mine")).filter((name) => name.startsWith("app")), ["app.asar"]);
  });
});

/** Serves the pages and `node_modules`. */
function pagesOf(folder: string): RequestListener {
  const types: Record<string, string> = { ".js": "text/javascript", ".html": "text/html" };
  return (request, response) => {
    const path = normalize(new URL(request.url!, "http://localhost").pathname);
    try {
      const bytes = readFileSync(join(folder, path));
      response.setHeader("content-type", types[extname(path)] ?? "application/octet-stream").end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  };
}

const getBrowser = () => ({
  chromium: chromiumBinary(),
  node: nodeBinary(DRIVER_NODE),
  driver: besideTool("playwright-core", ["open_page.js", "open_pages.js", "chromium.js"]),
});

/** Pages of one origin, with node_server.js at another. */
async function withPages(node: string, folder: string, work: (pages: URL, server: URL) => Promise<void>) {
  const server = await start(node, ["node_server.js", "files"], folder);
  try {
    await serving(pagesOf(folder), (url) => work(url, new URL(server.url)));
  } finally {
    await server.stop();
  }
}

test("browser.html updates a file from another origin", getBrowser, async ({ chromium, node, driver }, folder) => {
  await withPages(node, folder, async (pages, server) => {
    const path = join(folder, "mine/basis");
    const output = join(folder, "mine/download");
    writeFileSync(path, BASIS);
    const url = new URL(`browser.html?url=${new URL("target", server)}`, pages);
    const stdout = await runClient([node, "open_page.js", chromium, url.href, output, `#basis=${path}`], driver);
    const [, came] = /^The server's file: (\d+) bytes came for \d+\n$/.exec(stdout)!;
    assert.ok(Number(came) < MAX_LENGTH, stdout);
    assert.ok(readFileSync(output).equals(TARGET), "the file is the server's");
  });
});

test(
  "browser.html updates from a host that exposes nothing",
  getBrowser,
  async ({ chromium, node, driver }, folder) => {
    const files: Record<string, Uint8Array> = { "/target": TARGET, "/target.rsig": await publishedSig() };
    const seen: string[] = [];
    const host: RequestListener = (request, response) => {
      seen.push(`${request.method} ${request.url}`);
      const bytes = files[request.url!];
      response.setHeader("access-control-allow-origin", "*");
      if (!bytes || request.method === "OPTIONS") return response.writeHead(405).end();
      sendFile(request, response, bytes);
    };
    const path = join(folder, "mine/basis");
    const output = join(folder, "mine/download");
    writeFileSync(path, BASIS);
    await serving(pagesOf(folder), (pages) =>
      serving(host, async (files) => {
        const url = new URL(`browser.html?url=${new URL("target", files)}`, pages);
        const stdout = await runClient([node, "open_page.js", chromium, url.href, output, `#basis=${path}`], driver);
        const [, came] = /^The server's file: (\d+) bytes came for \d+\n$/.exec(stdout)!;
        assert.ok(Number(came) < MAX_LENGTH, stdout);
        assert.ok(readFileSync(output).equals(TARGET), "the file is the host's");
      }));
    assert.equal(seen[0], "HEAD /target.rsig");
    assert.ok(!seen.some((line) => line.startsWith("OPTIONS")), "no preflight");
  },
);

/** Pages that keep a file, and how a test reads what they keep. */
const KEEPERS = {
  "opfs.html": `new Response(await (await (await navigator.storage.getDirectory()).getFileHandle("kept")).getFile())`,
  "service_worker.html": `fetch("asset")`,
};

for (const [name, expression] of Object.entries(KEEPERS)) {
  test(`${name} keeps a file up to date`, getBrowser, async ({ chromium, node, driver }, folder) => {
    const bundled = ["--format=iife", `--outfile=${join(folder, "service_worker.bundle.js")}`];
    bundle(folder, "service_worker.js", bundled);
    await withPages(node, folder, async (pages, server) => {
      const urls = ["old", "target", "no-such-file", "target"].map((file) => {
        return new URL(`${name}?url=${new URL(file, server)}`, pages).href;
      });
      const stdout = await runClient([node, "open_pages.js", chromium, expression, ...urls], driver);
      const [first, second, failed, third] = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
      const [oldSum, sum] = [await sha256(BASIS), await sha256(TARGET)];
      const came = (text: string) => Number(/^(\d+) bytes came for \d+$/.exec(text)![1]);
      assert.deepEqual([first.status, first.sha256], [200, oldSum]);
      assert.ok(came(first.text) > BASIS.length, first.text);
      assert.deepEqual([second.status, second.sha256], [200, sum]);
      assert.ok(came(second.text) < MAX_LENGTH, second.text);
      assert.match(failed.text, /status 404|network error/); // Chromium does not say why `put` failed
      assert.equal(failed.sha256, sum, "what is there stays");
      assert.equal(third.sha256, sum);
      assert.ok(came(third.text) < MAX_LENGTH, third.text);
    });
  });
}
