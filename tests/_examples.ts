/** The project that the examples run in: with the packed npm package, files of two versions, and hosts. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { layeredSigStream } from "rsync-streams/sync";
import { builtTarball } from "../scripts/build_npm.ts";
import { ROOT } from "../scripts/npm_tools.ts";
import { attempt, leaveOut } from "./_attempt.ts";
import { concat, make, randomBytes } from "./_recipes.ts";
import { makeProject } from "./runtimes/tools.ts";

export const EXAMPLES = join(ROOT, "examples");
export const BASIS = concat([make({ gen: "text", seed: 1, len: 300_000 }), randomBytes(2, 700_000)]);
export const TARGET = concat([randomBytes(3, 5000), BASIS.subarray(20_000, 600_000), BASIS.subarray(610_000)]);
/** The most that an update may take: 5,000 bytes are new, and the signature takes some. */
export const MAX_LENGTH = 20_000;
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
export function test<T>(name: string, get: () => T, fn: (got: T, folder: string) => Promise<void>): void {
  const got = project instanceof Error ? project : attempt("examples", get);
  if (project instanceof Error || got instanceof Error) {
    return leaveOut(name);
  }
  Deno.test(name, () => fn(got, project));
}

export interface Running {
  url: string;
  stop(): Promise<void>;
}

/** Starts a server and waits until it tells where it listens. */
export async function start(command: string, args: string[], cwd: string): Promise<Running> {
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
export async function runClient(command: readonly string[], cwd: string): Promise<string> {
  const [program, ...args] = command;
  const env = { ...process.env, TOKEN };
  return (await promisify(execFile)(program!, args, { cwd, timeout: 60_000, env })).stdout;
}

/** Serves on loopback while a test runs. */
export async function serving(listener: RequestListener, work: (url: URL) => Promise<void>): Promise<void> {
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
export function sendFile(request: IncomingMessage, response: ServerResponse, bytes: Uint8Array): void {
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
export async function publishedSig(): Promise<Uint8Array> {
  const sig = new Blob([TARGET]).stream().pipeThrough(layeredSigStream({ fileLength: TARGET.length }));
  return await new Response(sig).bytes();
}
