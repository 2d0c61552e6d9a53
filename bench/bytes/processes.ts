/** Running the programs that are compared, and checking what they made. */
import { Buffer } from "node:buffer";
import { execFile, execFileSync } from "node:child_process";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import process from "node:process";
import { promisify } from "node:util";

/** Runs a program to its end, in a folder. Servers on this machine are reached without a proxy. */
export async function run([program, ...args]: readonly string[], cwd: string): Promise<void> {
  const { http_proxy: _, ...env } = process.env;
  await promisify(execFile)(program!, args, { cwd, env, maxBuffer: 2 ** 26 });
}

/** The first line that matches in what a program prints, or undefined if there is no such program. */
export function versionOf(command: readonly string[], pattern: RegExp): string | undefined {
  try {
    const [program, ...args] = command;
    const text = execFileSync(program!, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    return pattern.exec(text)?.[1];
  } catch {
    return undefined;
  }
}

/** Throws if two files differ. */
export function checkEqual(path: string, expected: string, who: string): void {
  if (statSync(path).size === statSync(expected).size && sameBytes(path, expected)) return;
  throw new Error(`Cannot count the bytes of ${who}: ${path} was made, the bytes of ${expected} were expected`);
}

function sameBytes(a: string, b: string): boolean {
  const files = [openSync(a, "r"), openSync(b, "r")];
  const buffers = files.map(() => Buffer.alloc(2 ** 20));
  try {
    for (;;) {
      // Regular files: a read is short at the end alone.
      const lengths = files.map((file, index) => readSync(file, buffers[index]!));
      if (lengths[0] === 0) return true;
      if (!buffers[0]!.subarray(0, lengths[0]).equals(buffers[1]!.subarray(0, lengths[1]))) return false;
    }
  } finally {
    files.forEach(closeSync);
  }
}
