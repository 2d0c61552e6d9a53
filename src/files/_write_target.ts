import fs, { type Stats } from "node:fs";
import { basename, dirname, isAbsolute, resolve, sep } from "node:path";
import process from "node:process";
import { call } from "./_open_file.ts";
import { inFolder, quotePath } from "./_path.ts";
import { codeOf } from "./system_error.ts";

/** The place that an atomic writable writes to. */
export interface WriteTarget {
  /** The file itself, with links to it followed. */
  readonly path: string;
  /** Whether to write straight to it, because it exists and cannot be replaced: a device, a pipe, an open stream. */
  readonly isDirect: boolean;
  /** The file that exists there, if there is one. */
  readonly existing: Stats | undefined;
}

/**
 * Names of the streams that a process has open. A stream that a shell redirected to a regular file looks like that
 * file, but replacing the file would discard what other processes append to it (`>>`).
 */
const OPEN_STREAM = /^\/(dev\/(stdout|stderr|fd\/\d+)|proc\/(self|thread-self|\d+)(\/task\/\d+)?\/fd\/\d+)$/;

/** What Node and Bun put in the place of bytes that are not UTF-8. A path that has it is another one. */
const REPLACEMENT = "\ufffd";

/** Links that are followed, as Linux does. */
const MAX_LINKS = 40;

/**
 * Finds the place to write to and follows links to it. Creates nothing.
 *
 * Only the last part of the path is looked at: its folder is left to the system, so that no permission is needed for
 * the folders above it.
 */
export async function findWriteTarget(path: string): Promise<WriteTarget> {
  let place = await placeOf(path);
  for (let links = 0;; links++) {
    if (isOpenStream(place)) return { path: place, isDirect: true, existing: await statIfThere(place) };
    const link = await readLink(place);
    if (link === undefined) break;
    if (links === MAX_LINKS) throw tooManyLinks(path);
    if (link.includes(REPLACEMENT)) throw notText(place, link);
    place = isAbsolute(link) ? link : inFolder(dirname(place), link);
  }
  const existing = await statIfThere(place);
  place = inFolder(await realFolder(dirname(place)), basename(place));
  return { path: place, isDirect: existing !== undefined && !existing.isFile(), existing };
}

function isOpenStream(place: string): boolean {
  return isAbsolute(place) && OPEN_STREAM.test(resolve(place));
}

/**
 * The path in the working folder of now, if that can be reached by its name.
 *
 * Not by `resolve`: it takes `link/../name` for `name`, where the system follows the link first. Windows does not.
 */
async function placeOf(path: string): Promise<string> {
  if (process.platform === "win32") return resolve(path);
  if (isAbsolute(path)) return path;
  const folder = workingFolder();
  if (folder === undefined) return path;
  const place = inFolder(folder, path);
  return await isReachable(dirname(place)) ? place : path;
}

/** Whether somebody may use a folder by its name. A process may work in a folder below one that it may not enter. */
function isReachable(folder: string): Promise<boolean> {
  return call<Stats>((done) => fs.stat(folder, done)).then(() => true, (error) => codeOf(error) !== "EACCES");
}

/** The working folder. Undefined if its name is not UTF-8: Deno cannot tell it then, Node and Bun tell another. */
function workingFolder(): string | undefined {
  try {
    const folder = process.cwd();
    return folder.includes(REPLACEMENT) ? undefined : folder;
  } catch {
    return undefined;
  }
}

/**
 * The folder by its own name. Where that takes more permissions than to use the folder, the name stays as it is. The
 * function of Node that is not native looks at each folder above, and needs permissions for them.
 */
async function realFolder(path: string): Promise<string> {
  const real = await call<string>((done) => fs.realpath.native(path, done)).catch(() => path);
  return !real.includes(REPLACEMENT) && await isReachable(real) ? real : path;
}

/** Where a symbolic link points to; undefined if there is none. */
async function readLink(path: string): Promise<string | undefined> {
  try {
    return await call<string>((done) => fs.readlink(path, done));
  } catch (error) {
    const stat = await call<Stats>((done) => fs.lstat(path, done)).catch(() => undefined);
    if (!stat?.isSymbolicLink()) return undefined;
    // Deno cannot read a link to a name that is not UTF-8.
    throw codeOf(error) === undefined ? notText(path, error) : error;
  }
}

function tooManyLinks(path: string): Error {
  const why = `more than ${MAX_LINKS} links were seen, at most that many were expected`;
  return Object.assign(new Error(`Cannot follow the link ${quotePath(path)}: ${why}`), { code: "ELOOP", path });
}

/** A link is not followed to a name that is not UTF-8: the runtimes would write another file. */
function notText(path: string, cause: unknown): Error {
  const error = new Error(`Cannot follow the link ${quotePath(path)}: the name that it points to is not UTF-8`, {
    cause,
  });
  return Object.assign(error, { code: "EILSEQ" });
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await call<Stats>((done) => fs.stat(path, done));
  } catch (error) {
    // A name that ends in a separator is that of a folder: no file can be created there.
    if (codeOf(error) === "ENOENT" && !path.endsWith("/") && !path.endsWith(sep)) return undefined;
    throw error;
  }
}
