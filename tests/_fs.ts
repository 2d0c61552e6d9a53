/** Folders for tests of files, and faults of `node:fs`. */
import assert from "node:assert/strict";
import nodeFs from "node:fs";
import fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atomicWritable } from "rsync-streams/files";
import { source } from "./_helpers.ts";

export const MIB = 2 ** 20;

export const OLD = new TextEncoder().encode("what was there before");

export const isWindows = process.platform === "win32";

/** Whether this system has a file. If not, says what is left out; in CI, Linux has to have it. */
export async function requireFile(path: string, tests: string): Promise<boolean> {
  if (await fs.access(path).then(() => true, () => false)) return true;
  if (process.env.CI && process.platform === "linux") throw new Error(`Cannot test ${tests}: there is no ${path}`);
  console.warn(`\nSKIPPED: ${tests}: there is no ${path}\n`);
  return false;
}

export const hasProc = await requireFile("/proc/self/fd", "which files are open, and files of /proc");

/** A folder of its own for a test, gone at its end. */
export async function folder(): Promise<AsyncDisposable & { path(name: string): string; names(): Promise<string[]> }> {
  const root = await fs.realpath(await fs.mkdtemp(join(tmpdir(), "rsync-streams-test-")));
  return {
    path: (name) => join(root, name),
    names: async () => (await fs.readdir(root)).sort(),
    [Symbol.asyncDispose]: () => fs.rm(root, { recursive: true }),
  };
}

/** Paths that this process has open, where the system tells; elsewhere none are expected. */
export async function openPaths(prefix: string): Promise<string[]> {
  if (!hasProc) return [];
  const links = (await fs.readdir("/proc/self/fd")).map((fd) => fs.readlink(`/proc/self/fd/${fd}`).catch(() => ""));
  return (await Promise.all(links)).filter((path) => path.startsWith(prefix));
}

/**
 * Replaces a function of `node:fs` until the end of a scope. The code under test looks each one up when it calls it.
 */
export function replaceFs<K extends keyof typeof nodeFs>(
  name: K,
  make: (real: typeof nodeFs[K]) => unknown,
): Disposable {
  const real = nodeFs[name];
  (nodeFs as unknown as Record<string, unknown>)[name] = make(real);
  return {
    [Symbol.dispose]: () => {
      nodeFs[name] = real;
    },
  };
}

/** An error as a runtime makes it of one of the system; `os error N` for one that Deno gives no code. */
export function systemFailure(code: string): Error {
  if (code.startsWith("os error")) return new Error(`Function not implemented (${code})`);
  return Object.assign(new Error(`${code}: injected by a test`), { code });
}

/** Makes a function of `node:fs` fail until the end of a scope. */
export function failFs(name: keyof typeof nodeFs, code: string): Disposable {
  return replaceFs(name, () => (...args: unknown[]) => (args.at(-1) as (error: Error) => void)(systemFailure(code)));
}

/** Makes a function that takes a descriptor fail on one file until the end of a scope, after some calls that work. */
export function failInPlace(name: "write" | "fsync" | "ftruncate", path: string, code: string, after = 0): Disposable {
  let fd = -1;
  let calls = 0;
  const open = replaceFs("open", (real) => (...args: unknown[]) => {
    const done = args.pop() as (error: Error | null, fd: number) => void;
    (real as (...args: unknown[]) => void)(...args, (error: Error | null, opened: number) => {
      if (args[0] === path) fd = opened;
      else if (fd === opened) fd = -1;
      done(error, opened);
    });
  });
  const failing = replaceFs(name, (real) => (...args: unknown[]) => {
    if (args[0] === fd && calls++ >= after) (args.at(-1) as (error: Error) => void)(systemFailure(code));
    else (real as (...args: unknown[]) => void)(...args);
  });
  return {
    [Symbol.dispose]() {
      failing[Symbol.dispose]();
      open[Symbol.dispose]();
    },
  };
}

/** The code of the failure that a promise ends in. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(() => undefined, (reason) => reason);
  assert.ok(error instanceof Error, "a failure was expected");
  return (error as Error & { code: string }).code;
}

/** Stands for a file of `/proc` or FUSE: the system reports another length than the file has. */
export function reportLength(length: number): Disposable {
  return replaceFs("fstat", (real) => (fd: number, done: (error: Error | null, stat?: nodeFs.Stats) => void) => {
    real(fd, (error, stat) => done(error, stat && Object.assign(stat, { size: length })));
  });
}

/** Stands for a file system whose reads are short. */
export function shortenReads(most: number): Disposable {
  return replaceFs("read", (real) => (...args: unknown[]) => {
    args[3] = Math.min(args[3] as number, most);
    return (real as (...args: unknown[]) => void)(...args);
  });
}

/** Notes what is asked of files until the end of a scope: where, and how many bytes. */
export function noteReads(): Disposable & { taken(): [position: number | null, length: number][] } {
  let reads: [number | null, number][] = [];
  const replaced = replaceFs("read", (real) => (...args: unknown[]) => {
    reads.push([args[4] as number | null, args[3] as number]);
    return (real as (...args: unknown[]) => void)(...args);
  });
  return {
    taken() {
      const taken = reads;
      reads = [];
      return taken;
    },
    [Symbol.dispose]: () => replaced[Symbol.dispose](),
  };
}

/** Writes a file and collects the warnings. */
export async function writeWithWarnings(path: string, bytes: Uint8Array, sync = true): Promise<string[]> {
  const warnings: string[] = [];
  await source(bytes, 100_003).pipeTo(atomicWritable(path, {
    sync,
    onWarning(warning) {
      assert.ok(warning.cause instanceof Error);
      warnings.push(warning.message);
    },
  }));
  return warnings;
}
