/** A server in a process of its own, and many clients, each with another version of its file. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { BasisSource } from "rsync-streams";
import { xorshift } from "../_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What the server has counted. */
export interface LoadCounts {
  requests: number;
  /** The most at once. */
  maxRequests: number;
  /** Requests that found too many others at work, and were told to come again. */
  refused: number;
  /** Bytes that it has read of its files. */
  bytesRead: number;
}

/** A server in a process of its own. */
export interface LoadServer extends AsyncDisposable {
  readonly url: URL;
  readonly pid: number;
  counts(): Promise<LoadCounts>;
}

const PROGRAM = fileURLToPath(new URL("_load_server.ts", import.meta.url));
/** Single bytes that differ in a version, and bytes that it lacks. */
const EDIT_COUNT = 20;
const CUT_LENGTH = 5000;

/** Starts a server of the files of a folder. */
export async function startLoadServer(folder: string): Promise<LoadServer> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", PROGRAM, folder],
    stdin: "null",
    stdout: "piped",
  });
  const process = command.spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let line = "";
  while (!line.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) throw new Error("Cannot start the server: it ended");
    line += value;
  }
  const url = new URL(line.trim());
  return {
    url,
    pid: process.pid,
    counts: async () => await (await fetch(new URL("counts", url))).json(),
    async [Symbol.asyncDispose]() {
      process.kill();
      await reader.cancel();
      await process.status;
    },
  };
}

/** The most memory that a process has had resident, in bytes; 0 where the system does not say. */
export function peakOf(pid: number): number {
  try {
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/**
 * A version of a file that takes no memory: some bytes differ, and some thousand are missing, in other places for each
 * number.
 */
export function versionOf(target: Bytes, number: number): BasisSource {
  const { below } = xorshift(7919 * number + 1);
  const cutAt = below(target.length - CUT_LENGTH);
  const edits = Array.from({ length: EDIT_COUNT }, () => below(target.length - CUT_LENGTH));
  const size = target.length - CUT_LENGTH;
  return {
    size,
    read(offset, length) {
      const end = Math.min(offset < cutAt ? cutAt : size, offset + length);
      const from = offset < cutAt ? offset : offset + CUT_LENGTH;
      const bytes = target.slice(from, from + Math.max(0, end - offset));
      for (const edit of edits) {
        if (edit >= offset && edit < end) bytes[edit - offset]! ^= 0x55;
      }
      return bytes;
    },
  };
}
