import fs, { type Stats } from "node:fs";
import { basename, dirname, isAbsolute, resolve, sep } from "node:path";
import process from "node:process";
import { call } from "./_open_file.ts";
import { inFolder } from "./_path.ts";
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

/** Links that are followed, as Linux does. */
const MAX_LINKS = 40;

/**
 * Finds the place to write to and follows links to it. Creates nothing.
 *
 * Only the last part of the path is looked at: its folder is left to the system, so that no permission is needed for
 * the folders above it.
 */
export async function findWriteTarget(path: string): Promise<WriteTarget> {
  let place = absolutePath(path);
  for (let links = 0; links < MAX_LINKS; links++) {
    if (OPEN_STREAM.test(resolve(place))) return { path: place, isDirect: true, existing: await statIfThere(place) };
    const link = await readLink(place);
    if (link === undefined) break;
    place = isAbsolute(link) ? link : inFolder(dirname(place), link);
  }
  const existing = await statIfThere(place);
  place = inFolder(await realFolder(dirname(place)), basename(place));
  return { path: place, isDirect: existing !== undefined && !existing.isFile(), existing };
}

/** Not `resolve`: it takes `link/../name` for `name`, where the system follows the link first. Windows does not. */
function absolutePath(path: string): string {
  if (process.platform === "win32") return resolve(path);
  return isAbsolute(path) ? path : inFolder(process.cwd(), path);
}

/**
 * The folder by its own name. Where that takes more permissions than to use the folder, the name stays as it is. The
 * function of Node that is not native looks at each folder above, and needs permissions for them.
 */
function realFolder(path: string): Promise<string> {
  return call<string>((done) => fs.realpath.native(path, done)).catch(() => path);
}

/** Where a symbolic link points to; undefined if there is none. */
function readLink(path: string): Promise<string | undefined> {
  return call<string>((done) => fs.readlink(path, done)).catch(() => undefined);
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
