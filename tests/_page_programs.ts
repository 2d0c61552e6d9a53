/** Programs and commands that stand on a page, run as a user does: pasted into a folder that has the packed package. */
import assert from "node:assert/strict";
import type { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, extname, join, normalize } from "node:path";
import process from "node:process";
import { ROOT, toolCommand } from "../scripts/npm_tools.ts";
import { DRIVER_NODE, nodeBinary } from "./runtimes/tools.ts";

/** A fenced block of a page, of which the first word is its language. */
interface Block {
  language: string;
  /** What follows the language: the name of a file, or `server` for a command that does not end. */
  name: string;
  text: string;
}

/** The blocks of a page. The name of a program is not shown on the page: the text before it has to say it. */
export function blocksOf(page: string): Block[] {
  const text = readFileSync(join(ROOT, page), "utf8");
  return Array.from(text.matchAll(/^```(\w+)(?: (\S+))?\n([^]*?)^```$/gm), (match) => {
    const [, language, name = "", code] = match;
    const before = text.slice(0, match.index).trimEnd().split("\n\n").at(-1)!;
    if (name.includes(".")) assert.ok(before.includes(`\`${name}\``), `${page}: no text names ${name}`);
    return { language: language!, name, text: code! };
  });
}

/** How programs for `node` are run. */
export type Runner = "node" | "bun" | "deno";

/** Files that a user has saved from a page, beside the package. */
export class Folder {
  readonly path: string;
  readonly #bin: string;

  /**
   * Makes the folder and saves the programs of a page in it.
   *
   * @param project A project that has the package.
   * @param port Stands in for the port on the page.
   */
  constructor(project: string, blocks: readonly Block[], port: number, version = DRIVER_NODE) {
    this.path = mkdtempSync(join(project, "page-"));
    copyFileSync(join(project, "package.json"), join(this.path, "package.json"));
    symlinkSync(join(project, "node_modules"), join(this.path, "node_modules"));
    this.#bin = join(this.path, ".bin");
    mkdirSync(this.#bin);
    symlinkSync(nodeBinary(version), join(this.#bin, "node"));
    symlinkSync(Deno.execPath(), join(this.#bin, "deno"));
    for (const { language, name, text } of blocks) {
      if (name !== "" && language !== "sh") writeFileSync(join(this.path, name), text.replaceAll("8080", `${port}`));
    }
  }

  read(name: string): Buffer {
    return readFileSync(join(this.path, name));
  }

  /** Checks that two files have the same bytes. A difference of long ones is not printed, which would take minutes. */
  assertSame(name: string, other: string): void {
    assert.ok(this.read(name).equals(this.read(other)), `${name} is not equal to ${other}`);
  }

  write(name: string, content: string | Uint8Array): void {
    mkdirSync(dirname(join(this.path, name)), { recursive: true });
    writeFileSync(join(this.path, name), content);
  }

  has(name: string): boolean {
    return existsSync(join(this.path, name));
  }

  /** Runs commands to their end, and returns what they printed. */
  async run(commands: string, runner: Runner = "node"): Promise<string> {
    if (runner === "bun" && !this.has(".bin/bun")) symlinkSync(toolCommand("bun", "bun"), join(this.#bin, "bun"));
    const names = { node: "node", bun: "bun", deno: "deno run -A --no-lock --node-modules-dir=manual" };
    const text = commands.replaceAll(/\bnode (?=\S+\.mjs\b)/g, `${names[runner]} `);
    const child = spawn("bash", ["-euc", text], { cwd: this.path, env: this.#env(), timeout: 120_000 });
    let output = "";
    child.stdout.on("data", (bytes) => output += bytes);
    child.stderr.on("data", (bytes) => output += bytes);
    const [code] = await once(child, "close");
    assert.equal(code, 0, `${text}\n${output}`);
    return output;
  }

  /** Starts a command that does not end, and waits until it says where it listens. */
  async serve(command: string): Promise<AsyncDisposable> {
    const text = command.replace(/^npx /, "exec ./node_modules/.bin/").replace(/^node /, "exec node ");
    const child = spawn("bash", ["-euc", text], { cwd: this.path, env: this.#env() });
    const closed = once(child, "close");
    let output = "";
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no address in 30 s: ${output}`)), 30_000);
      const look = (bytes: Uint8Array) => {
        output += bytes;
        if (!output.includes("http://")) return;
        clearTimeout(timer);
        resolve();
      };
      child.stdout.on("data", look);
      child.stderr.on("data", look);
      closed.then(() => reject(new Error(`${command} ended: ${output}`)));
    });
    return {
      async [Symbol.asyncDispose]() {
        child.kill();
        await closed;
      },
    };
  }

  #env(): NodeJS.ProcessEnv {
    return { ...process.env, PATH: `${this.#bin}:${process.env.PATH}`, NO_COLOR: "1" };
  }
}

/** A port that is free. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

const TYPES: Record<string, string> = { ".js": "text/javascript", ".mjs": "text/javascript", ".html": "text/html" };

/** A host of files on loopback, with single ranges. */
export async function serveFiles(folder: string, port = 0): Promise<{ url: URL } & AsyncDisposable> {
  const server = createServer((request, response) => {
    const path = join(folder, normalize(new URL(request.url!, "http://localhost").pathname));
    if (!existsSync(path)) return response.writeHead(404).end();
    const bytes = readFileSync(path);
    response.setHeader("content-type", TYPES[extname(path)] ?? "application/octet-stream");
    response.setHeader("accept-ranges", "bytes");
    const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
    const start = first ? Number(first) : Math.max(0, bytes.length - Number(last ?? bytes.length));
    const end = first && last ? Math.min(Number(last) + 1, bytes.length) : bytes.length;
    const head = { "content-length": end - start, "content-range": `bytes ${start}-${end - 1}/${bytes.length}` };
    if (last === undefined) response.writeHead(200, { "content-length": bytes.length });
    else response.writeHead(206, head);
    response.end(request.method === "HEAD" ? undefined : bytes.subarray(start, end));
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: new URL(`http://localhost:${(server.address() as AddressInfo).port}/`),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
