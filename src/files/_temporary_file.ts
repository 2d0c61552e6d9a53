import fs, { type Stats } from "node:fs";
import { basename, dirname } from "node:path";
import process from "node:process";
import { isPermitted } from "../common/is_permitted.ts";
import { call } from "./_open_file.ts";
import { inFolder } from "./_path.ts";
import { codeOf } from "./system_error.ts";

/** Letters of the file's name that the temporary name repeats: at four bytes each, it stays below 255 bytes. */
const MAX_NAME_LENGTH = 50;

/** How long a file was not written to before it counts as left behind. It may be in use on another machine. */
const MIN_AGE_MS = 60 * 60 * 1000;

/** Largest folder that is searched: about 25,000 names in ext4, which take 30 ms in Node and 250 ms in Deno. */
const MAX_FOLDER_LENGTH = 2 ** 20;

/** A search that took longer than this delays the next one, so that searching stays below a tenth of the time. */
const QUICK_SEARCH_MS = 5;

/** When a folder may be searched again. */
let nextSearchAt = 0;

/**
 * Makes a name for the temporary file of another: `.NAME.rsync-streams-PID-RANDOM.tmp`.
 *
 * The start says what it is for, the number which process writes it. Names are cut to 50 letters. Where it is known
 * among which processes the number counts, the random letters start with that.
 */
export function temporaryPath(path: string): string {
  const random = crypto.getRandomValues(new Uint32Array(2));
  const word = Array.from(random, (word) => word.toString(36)).join("");
  return inFolder(dirname(path), `${prefixOf(path)}${process.pid}-${processSpace() ?? ""}${word}.tmp`);
}

/** The name of a temporary file that holds the only good copy. It is never removed. */
export function keptPath(temporary: string): string {
  return temporary.replace(/\.tmp$/, ".complete");
}

/**
 * Removes the temporary files for `path` that processes left behind when they were killed: their process does not run
 * any more, as far as this machine knows. If it may have run elsewhere, on another machine or in another container,
 * nothing was written to them for an hour either. Failures are ignored.
 */
export async function removeLeftovers(path: string): Promise<void> {
  const start = performance.now();
  if (start < nextSearchAt) return;
  const folder = dirname(path);
  try {
    const { size } = await call<Stats>((done) => fs.stat(folder, done));
    if (size > MAX_FOLDER_LENGTH) return;
    const names = await call<string[]>((done) => fs.readdir(folder, done));
    const took = performance.now() - start;
    if (took > QUICK_SEARCH_MS) nextSearchAt = start + 10 * took;
    const prefix = prefixOf(path);
    for (const name of names) if (name.startsWith(prefix)) await removeLeftover(inFolder(folder, name), prefix);
  } catch {
    // A folder that can be written to need not be readable.
  }
}

async function removeLeftover(path: string, prefix: string): Promise<void> {
  const [, pid, random] = /^(\d+)-([0-9a-z]+)\.tmp$/.exec(basename(path).slice(prefix.length)) ?? [];
  if (pid === undefined) return;
  const stat = await call<Stats>((done) => fs.lstat(path, done));
  const space = processSpace();
  const isOurs = space !== undefined && random!.startsWith(space);
  const isOld = Date.now() - stat.mtimeMs > MIN_AGE_MS;
  if (!stat.isFile() || !(isOurs || isOld) || isRunning(Number(pid), stat.mtimeMs)) return;
  await call((done) => fs.unlink(path, done)).catch(() => {});
}

/** Whether a process that wrote at a time is still running. True if this cannot be found out. */
function isRunning(pid: number, writtenAt: number): boolean {
  // In a container the process after a restart has the number of the one before.
  if (pid === process.pid) return writtenAt > Date.now() - process.uptime() * 1000;
  // Deno would ask the user for the permission.
  if (!isPermitted({ name: "run" })) return true;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) !== "ESRCH";
  }
}

/** Files of Linux that say in which run of which machine this is, and in which container. */
const BOOT_ID = "/proc/sys/kernel/random/boot_id";
const PID_NAMESPACE = "/proc/self/ns/pid";

/** What {@linkcode processSpace} returns, once it was asked. */
let space: { readonly id: string | undefined } | undefined;

/**
 * Seven letters for the processes that this one can see: they differ between machines, their runs, and containers.
 * Undefined where the system or the runtime does not say it.
 */
function processSpace(): string | undefined {
  return (space ??= { id: readProcessSpace() }).id;
}

function readProcessSpace(): string | undefined {
  if (process.platform !== "linux" || !isPermitted({ name: "read", path: BOOT_ID })) return undefined;
  try {
    const boot = /^[\da-f]{8}/.exec(fs.readFileSync(BOOT_ID, "latin1"))?.[0];
    const namespace = /^pid:\[(\d+)\]$/.exec(fs.readlinkSync(PID_NAMESPACE))?.[1];
    if (boot === undefined || namespace === undefined) return undefined;
    return ((parseInt(boot, 16) ^ Number(namespace)) >>> 0).toString(36).padStart(7, "0");
  } catch {
    return undefined;
  }
}

function prefixOf(path: string): string {
  return `.${Array.from(basename(path)).slice(0, MAX_NAME_LENGTH).join("")}.rsync-streams-`;
}
