/**
 * README's first program, as a new user meets it: an empty folder, README's own command to install, the program pasted.
 * The commands find the packed package in a registry on loopback, which passes requests for others on.
 */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { builtTarball } from "../scripts/build_npm.ts";
import { toolCommand } from "../scripts/npm_tools.ts";
import { blocksOf, serveFiles } from "./_page_programs.ts";
import { attempt, leaveOut } from "./_attempt.ts";
import { besideTool, chromiumBinary, DRIVER_NODE, nodeBinary } from "./runtimes/tools.ts";

const BLOCKS = blocksOf("README.md");
const INSTALL = BLOCKS[0]!.text.split("\n").map((line) => line.replace(/ +#.*/, ""));
const PROGRAM = BLOCKS.find(({ language }) => language === "ts")!.text;
const PAGE = BLOCKS.find(({ language }) => language === "html")!.text;

/** README's command to install that starts with some words. */
function installCommand(start: string): string {
  const command = INSTALL.find((line) => line.startsWith(start));
  assert.ok(command, `README has no command ${start}`);
  return command;
}

/** A registry that has the packed package, and sends requests for all others on to the real one. */
async function startRegistry(): Promise<{ url: string } & AsyncDisposable> {
  const tarball = builtTarball();
  const bytes = readFileSync(tarball);
  const manifest = JSON.parse(execFileSync("tar", ["-xzOf", tarball, "package/package.json"], { encoding: "utf8" }));
  const upstream = execFileSync("npm", ["config", "get", "registry"], { encoding: "utf8" }).trim();
  const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  const shasum = createHash("sha1").update(bytes).digest("hex");
  const server = createServer((request, response) => {
    const { host } = request.headers;
    if (request.url === `/${manifest.name}`) {
      const dist = { tarball: `http://${host}/${basename(tarball)}`, integrity, shasum };
      const { name, version } = manifest;
      const document = { name, "dist-tags": { latest: version }, versions: { [version]: { ...manifest, dist } } };
      response.setHeader("content-type", "application/json").end(JSON.stringify(document));
    } else if (request.url === `/${basename(tarball)}`) {
      response.end(bytes);
    } else {
      response.writeHead(302, { location: new URL(request.url!.slice(1), upstream).href }).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Runs commands in a folder that has the program of README. `use` looks at what they left. */
async function inEmptyFolder(commands: string, use?: (folder: string) => Promise<string>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "rsync-streams-first-"));
  const bin = mkdtempSync(join(tmpdir(), "rsync-streams-bin-"));
  try {
    await using registry = await startRegistry();
    symlinkSync(Deno.execPath(), join(bin, "deno"));
    symlinkSync(nodeBinary(DRIVER_NODE), join(bin, "node"));
    if (commands.includes("bun")) symlinkSync(toolCommand("bun", "bun"), join(bin, "bun"));
    writeFileSync(join(folder, "first.mjs"), PROGRAM);
    const env = {
      ...process.env,
      PATH: `${bin}:${process.env.PATH}`,
      NO_COLOR: "1",
      // Caches of their own: the package has the name and version of one that may be in the user's.
      npm_config_cache: join(bin, "npm"),
      BUN_INSTALL_CACHE_DIR: join(bin, "bun-cache"),
      DENO_DIR: join(bin, "deno-cache"),
      npm_config_registry: registry.url,
      NPM_CONFIG_REGISTRY: registry.url,
    };
    const run = promisify(execFile);
    const { stdout } = await run("bash", ["-euc", commands], { cwd: folder, env, timeout: 120_000 });
    return use ? await use(folder) : stdout.trimEnd().split("\n").at(-1)!;
  } finally {
    rmSync(folder, { recursive: true });
    rmSync(bin, { recursive: true });
  }
}

/** A test that says `true` at its end. Without a tool it is skipped, and fails in CI. */
function test(name: string, needs: () => unknown, work: () => Promise<string>): void {
  if (attempt(name, needs) instanceof Error) return leaveOut(name);
  Deno.test(name, async () => assert.equal(await work(), "true"));
}

const getNode = () => nodeBinary(DRIVER_NODE);
const getBun = () => toolCommand("bun", "bun");

test("README: the first program runs after npm install", getNode, () => {
  return inEmptyFolder(`${installCommand("npm")}\nnode first.mjs`);
});

test("README: the first program runs after bun add", getBun, () => {
  return inEmptyFolder(`${installCommand("bun")}\nbun first.mjs`);
});

test("README: the first program runs after deno add", getNode, () => {
  return inEmptyFolder(`${installCommand("deno add npm:")}\ndeno run first.mjs`);
});

test("README: the first program runs in a page", () => [getNode(), chromiumBinary()], () => {
  return inEmptyFolder(installCommand("npm"), async (folder) => {
    writeFileSync(join(folder, "page.html"), PAGE);
    await using host = await serveFiles(folder);
    const driver = besideTool("playwright-core", ["page_console.js", "chromium.js"]);
    const args = ["page_console.js", chromiumBinary(), new URL("page.html", host.url).href];
    const { stdout } = await promisify(execFile)(getNode(), args, { cwd: driver, timeout: 60_000 });
    return stdout.trim();
  });
});
