/** The command in this process: what it writes is taken where it is written. */
import { Buffer } from "node:buffer";
import nodeFs from "node:fs";
import process from "node:process";
import { runCli } from "rsync-streams/cli";
import { concat, randomBytes } from "./_recipes.ts";

export const BASIS = randomBytes(1, 20_000);
export const TARGET = concat([BASIS.subarray(0, 8_192), randomBytes(2, 1_000), BASIS.subarray(8_192)]);

export interface Output {
  code: number;
  out: string;
  err: string;
}

export interface RunOptions {
  signal?: AbortSignal;
  /** What the standard input has, as a pipe. */
  stdin?: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** Whether the standard error is a terminal. */
  isTerminal?: boolean;
  /** Called with what is written to the standard output. Of a promise, the system waits for the end, good or bad. */
  onOut?: (text: string) => unknown;
}

/**
 * Runs the command in a folder, and takes what it writes. Words such as `basis.bin` are files there. Bytes of the
 * output are characters up to U+00FF.
 */
export async function run(folder: string, args: readonly string[], options: RunOptions = {}): Promise<Output> {
  const output = { code: -1, out: "", err: "" };
  const { signal, stdin, isTerminal = false, onOut = () => {} } = options;
  const { stdout, stderr, stdin: input } = process;
  const take = (write: (text: string) => unknown) => (bytes: Uint8Array | string, done?: unknown) => {
    const taken = write(typeof bytes === "string" ? bytes : Buffer.from(bytes).toString("latin1"));
    if (typeof done !== "function") return true;
    if (taken instanceof Promise) taken.then(() => done(), done as (error: unknown) => void);
    else done();
    return true;
  };
  const restore = [
    replace(
      nodeFs,
      "writeSync",
      (fd: number, text: string) => void (fd === 2 ? output.err += text : output.out += text),
    ),
    replace(
      stdout,
      "write",
      take((text) => {
        output.out += text;
        return onOut(text);
      }),
    ),
    replace(stderr, "write", take((text) => output.err += text)),
    replace(stderr, "isTTY", isTerminal),
    ...stdin
      ? [replace(nodeFs, "fstatSync", noFile), replace(input, Symbol.asyncIterator, () => iteratorOf(stdin))]
      : [],
  ];
  const paths = args.map((arg) => /^[a-z]+\.[a-z]+$/.test(arg) ? `${folder}/${arg}` : arg);
  try {
    output.code = await runCli(paths, signal ? { signal } : {});
  } finally {
    for (const undo of restore.reverse()) undo();
  }
  const local = (text: string) =>
    text.replaceAll(`${folder}/`, "").replace(/; \d+\.\d\d s, [\d.]+ [kMG]?B\/s\n/g, "; TIME\n");
  return { code: output.code, out: local(output.out), err: local(output.err) };
}

/** Replaces a property, and returns what puts it back. */
export function replace(object: object, name: string | symbol, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { value, configurable: true, writable: true });
  return () => {
    if (before) Object.defineProperty(object, name, before);
    else Reflect.deleteProperty(object, name);
  };
}

/** What a process has whose standard input is no file. */
function noFile(): never {
  throw new Error("a pipe");
}

async function* iteratorOf(chunks: NonNullable<RunOptions["stdin"]>): AsyncGenerator<Uint8Array, void> {
  yield* chunks;
}

/** A test in a folder with a basis, a target, a signature and a delta. */
export function test(name: string, work: (folder: string) => Promise<void>): void {
  Deno.test(`runCli() ${name}`, async () => {
    const folder = await Deno.makeTempDir({ prefix: "rsync-streams-cli-" });
    try {
      await Deno.writeFile(`${folder}/basis.bin`, BASIS);
      await Deno.writeFile(`${folder}/target.bin`, TARGET);
      await run(folder, ["signature", "-b", "1024", "-S", "12", "basis.bin", "basis.sig"]);
      await run(folder, ["delta", "basis.sig", "target.bin", "target.delta"]);
      await work(folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

export const read = (folder: string, name: string) => Deno.readFile(`${folder}/${name}`);
