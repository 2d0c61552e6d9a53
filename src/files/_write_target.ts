import fs, { type Stats } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { call } from "./_open_file.ts";

/** Where an atomic writable puts its bytes. */
export interface WriteTarget {
  /** The file itself, no link to it. */
  readonly path: string;
  /** Whether to write straight to it: it is there, and no regular file that another could replace. */
  readonly isDirect: boolean;
  /** What the system tells about the regular file that is there. */
  readonly existing: Stats | undefined;
}

/**
 * Names of what a process has open. One that a shell has redirected to a regular file looks like that file, yet
 * replacing it would take away what others write there (`>>`).
 */
const OPEN_STREAM = /^\/(dev\/(stdout|stderr|fd\/\d+)|proc\/(self|\d+)\/fd\/\d+)$/;

/** Finds out where to write, and follows links to it. Makes nothing yet. */
export async function findWriteTarget(path: string): Promise<WriteTarget> {
  const existing = await unlessMissing(call<Stats>((done) => fs.stat(path, done)));
  if (existing && (!existing.isFile() || OPEN_STREAM.test(resolve(path)))) {
    return { path, isDirect: true, existing: undefined };
  }
  return { path: existing ? await realPath(path) : await missingPath(path), isDirect: false, existing };
}

/** Where a file that is not there yet will be: links that lead to nothing are followed, and the folder has to be there. */
async function missingPath(path: string): Promise<string> {
  const folder = await realPath(dirname(path));
  const link = await call<string>((done) => fs.readlink(path, done)).catch(() => undefined);
  return link === undefined ? join(folder, basename(path)) : await missingPath(resolve(folder, link));
}

function realPath(path: string): Promise<string> {
  return call((done) => fs.realpath(path, done));
}

async function unlessMissing<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return undefined;
    throw error;
  }
}
