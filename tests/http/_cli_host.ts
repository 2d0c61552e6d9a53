/** A host of files on this machine for tests of the command line. It counts what it sends, and can break off. */
import { toBytes } from "@std/streams/to-bytes";
import { layeredSigStream } from "rsync-streams/sync";
import assert from "node:assert/strict";
import { DENO, inFolder, type Run, type Runtime } from "../_cli_runner.ts";
import { isWindows } from "../_cli_runtimes.ts";
import { concat, randomBytes } from "../_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What the local file is, and what it becomes. Long enough that an answer comes in several pieces. */
export const OLD = randomBytes(1, 400_000);
/** New bytes in the middle. */
export const FRESH = randomBytes(2, 300_000);
export const NEW = concat([OLD.subarray(0, 200_000), FRESH, OLD.subarray(200_000)]);

/** Bytes of a body that are sent at once. */
const PIECE_LENGTH = 10_000;

export class CliHost implements AsyncDisposable {
  readonly files = new Map<string, Bytes>();
  /** Each request: its method, path and range. */
  readonly requests: string[] = [];
  /** Headers of the last request. */
  headers = new Headers();
  /** Bytes of bodies of files, signatures not counted. */
  sentLength = 0;
  /** Bytes of files after which bodies do not go on, but stay open. */
  stallsAfter = Infinity;
  /** Bytes of files after which everything is refused. */
  failsAfter = Infinity;
  givesRanges = true;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    const onListen = () => {};
    this.#server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen }, (request) => this.#answer(request));
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Puts a file there, with its signature. */
  async publish(path: string, bytes: Bytes): Promise<void> {
    this.files.set(path, bytes);
    this.files.set(`${path}.rsig`, await sigOf(bytes));
  }

  /** Forgets what was counted. */
  reset(): void {
    this.requests.length = 0;
    this.sentLength = 0;
    this.stallsAfter = this.failsAfter = Infinity;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  #answer(request: Request): Response {
    const { pathname } = new URL(request.url);
    const range = request.headers.get("range");
    this.headers = request.headers;
    this.requests.push([request.method, pathname, range].filter(Boolean).join(" "));
    const bytes = this.files.get(pathname);
    if (!bytes) return new Response("There is nothing", { status: 404 });
    if (request.method === "HEAD") {
      const ranges: Record<string, string> = this.givesRanges ? { "Accept-Ranges": "bytes" } : {};
      return new Response(null, { headers: { ...lengthOf(bytes), ...ranges } });
    }
    const isFile = !pathname.endsWith(".rsig");
    if (isFile && this.sentLength >= this.failsAfter) return new Response("No", { status: 503 });
    const [, from = "", to = ""] = this.givesRanges && /^bytes=(\d*)-(\d*)$/.exec(range ?? "") || [];
    if (from === "" && to === "") return this.#send(bytes, isFile, { status: 200, headers: lengthOf(bytes) });
    const start = from === "" ? Math.max(0, bytes.length - Number(to)) : Number(from);
    const part = bytes.subarray(start, from === "" || to === "" ? bytes.length : Number(to) + 1);
    const headers = {
      ...lengthOf(part),
      "Content-Range": `bytes ${start}-${start + part.length - 1}/${bytes.length}`,
    };
    return this.#send(part, isFile, { status: 206, headers });
  }

  #send(bytes: Bytes, isFile: boolean, init: ResponseInit): Response {
    if (!isFile) return new Response(bytes, init);
    let at = 0;
    const body = new ReadableStream<Bytes>({
      pull: (controller) => {
        if (this.sentLength >= this.failsAfter) return controller.close();
        if (at < bytes.length && this.sentLength >= this.stallsAfter) return new Promise(() => {});
        const piece = bytes.slice(at, at + PIECE_LENGTH);
        at += piece.length;
        this.sentLength += piece.length;
        if (piece.length > 0) controller.enqueue(piece);
        if (at === bytes.length) controller.close();
      },
    }, { highWaterMark: 0 });
    return new Response(body, init);
  }
}

export function sigOf(bytes: Bytes): Promise<Bytes> {
  return toBytes(new Blob([bytes]).stream().pipeThrough(layeredSigStream({ fileLength: bytes.length })));
}

function lengthOf({ length }: Bytes): Record<string, string> {
  return { "Content-Length": String(length) };
}

/** A test with a folder and a host that has `/app.bin`, which is {@linkcode NEW}. */
export function test(
  name: string,
  work: (folder: string, host: CliHost) => Promise<void>,
  isIgnored = false,
): void {
  Deno.test(`rsync-streams ${name}`, { ignore: isWindows || isIgnored }, () =>
    inFolder(async (folder) => {
      await using host = new CliHost();
      await host.publish("/app.bin", NEW);
      await work(folder, host);
    }));
}

/** The command in Deno with some permissions. */
export function denoWith(...flags: string[]): Runtime {
  return { name: "Deno", command: DENO.command.flatMap((word) => word === "-A" ? [...flags, "--no-prompt"] : [word]) };
}

/** Expects a run to succeed, and to say something on the standard error. */
export async function says(run: Promise<Run>, message: RegExp): Promise<void> {
  const { code, stderr } = await run;
  assert.equal(code, 0, stderr);
  assert.match(stderr, message);
}
