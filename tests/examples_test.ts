/**
 * Each server and each client of the examples, with the packed npm package, in the runtime that it is for.
 * `deno task test:examples`.
 */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { toolCommand } from "../scripts/npm_tools.ts";
import { sha256 } from "./_bytes.ts";
import {
  BASIS,
  EXAMPLES,
  MAX_LENGTH,
  publishedSig,
  runClient,
  type Running,
  sendFile,
  serving,
  start,
  TARGET,
  test,
} from "./_examples.ts";
import { concat, randomBytes } from "./_recipes.ts";
import { hasNginx, startNginx } from "./http/nginx.ts";
import { besideTool, bundleWorker, DRIVER_NODE, nodeBinary } from "./runtimes/tools.ts";

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
    const missing = await fetch(new URL("missing", nginx.url));
    await missing.body?.cancel();
    assert.equal(missing.headers.get("access-control-allow-origin"), "*", "with a 404 too");
  },
);

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
