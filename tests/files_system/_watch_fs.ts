/** Watches and changes what `rsync-streams/files` asks of `node:fs`, in each runtime. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import nodeFs from "node:fs";
import fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type Call = (...args: unknown[]) => unknown;
export type Done = (error: Error | null, result?: unknown) => void;

/** Every function of `node:fs` that files are changed with. */
const NAMES = ["open", "write", "fsync", "close", "rename", "unlink", "fchmod", "fchown", "ftruncate"] as const;
type Name = typeof NAMES[number];

/** What happens in place of a call: an error, or another result. Undefined leaves it as it is. */
export type Change = (name: Name, args: unknown[], real: Call) => Error | "done" | void;

/** A folder of its own, and the calls of `node:fs` on what is in it. */
export interface Watched {
  readonly calls: string[];
  /** Flags and modes of temporary files, and modes that were set later. */
  readonly modes: unknown[];
  /** Names of files that are open. */
  opened(): string[];
  path(name: string): string;
  names(): Promise<string[]>;
}

const fields = nodeFs as unknown as Record<string, Call>;

/** Does something while calls of `node:fs` are watched, in a folder that is gone afterwards. */
export async function watching(work: (watched: Watched) => Promise<void>, change: Change = () => {}): Promise<void> {
  const root = await fs.realpath(await fs.mkdtemp(join(tmpdir(), "rsync-streams-test-")));
  const calls: string[] = [];
  const modes: unknown[] = [];
  const opened = new Map<unknown, string>();
  const reals = Object.fromEntries(NAMES.map((name) => [name, fields[name]!]));
  const nameOf = (path: unknown) => {
    if (path === root) return "folder";
    return String(path).endsWith(".tmp") ? "temporary" : String(path).slice(root.length + 1);
  };
  for (const name of NAMES) {
    fields[name] = (...args) => {
      const subject = typeof args[0] === "number" ? opened.get(args[0]) : nameOf(args[0]);
      // Others may use files at the same time: the loader of modules, another test.
      const isOurs = subject !== undefined && (typeof args[0] === "number" || String(args[0]).startsWith(root));
      if (!isOurs) return reals[name]!(...args);
      calls.push(name === "rename" ? `rename ${subject} to ${nameOf(args[1])}` : `${name} ${subject}`);
      if (name === "open" && subject === "temporary") modes.push(args[1], args[2]);
      if (name === "fchmod") modes.push(args[1]);
      const done = args.at(-1) as Done;
      const changed = change(name, args, reals[name]!);
      if (changed === "done") return;
      if (changed) return done(changed);
      if (name === "close") opened.delete(args[0]);
      if (name !== "open") return reals[name]!(...args);
      return reals[name]!(
        ...args.slice(0, -1),
        ((error, fd) => {
          if (!error) opened.set(fd, subject);
          done(error, fd);
        }) as Done,
      );
    };
  }
  try {
    await work({
      calls,
      modes,
      opened: () => [...opened.values()],
      path: (name) => join(root, name),
      names: async () => (await fs.readdir(root)).sort(),
    });
  } finally {
    Object.assign(nodeFs, reals);
    await fs.rm(root, { recursive: true });
  }
}

/** Replaces a function of `node:fs` while something is done. */
export async function replacing(name: string, make: (real: Call) => Call, work: () => Promise<void>): Promise<void> {
  const real = fields[name]!;
  fields[name] = make(real);
  try {
    await work();
  } finally {
    fields[name] = real;
  }
}

/** The error that a promise is rejected with. */
export async function failureOf(work: Promise<unknown>): Promise<Error & { code?: string; path?: string }> {
  return await work.then(() => assert.fail("it ended well"), (error) => error);
}

/** An error as one of the system. */
export function failure(code: string): Error {
  return Object.assign(new Error(`${code}: injected by a test`), { code });
}

/** Calls, each once where the same one follows itself. */
export function steps(calls: readonly string[]): string[] {
  return calls.filter((call, i) => call !== calls[i - 1]);
}

/** A readable of bytes, in chunks with buffers of their own. */
export function source(bytes: Uint8Array, length = bytes.length): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.slice(at, at += length));
      else controller.close();
    },
  });
}

/** Asserts that a file has these bytes. */
export async function assertFile(path: string, expected: Uint8Array): Promise<void> {
  assertSame(await fs.readFile(path), expected);
}

export function assertSame(actual: Uint8Array, expected: Uint8Array): void {
  assert.ok(Buffer.compare(actual, expected) === 0, `${actual.length} bytes are not the ${expected.length} expected`);
}
