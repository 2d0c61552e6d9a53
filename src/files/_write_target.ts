import fs, { type Stats } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { call } from "./_open_file.ts";

/** The place that an atomic writable writes to. */
export interface WriteTarget {
  /** The file itself, with symbolic links resolved. */
  readonly path: string;
  /** Whether to write straight to it, because it exists and cannot be replaced: a device, a pipe, an open stream. */
  readonly isDirect: boolean;
  /** The regular file that will be replaced, if there is one. */
  readonly existing: Stats | undefined;
}

/**
 * Names of the streams that a process has open. A stream that a shell redirected to a regular file looks like that
 * file, but replacing the file would discard what other processes append to it (`>>`).
 */
const OPEN_STREAM = /^\/(dev\/(stdout|stderr|fd\/\d+)|proc\/(self|\d+)\/fd\/\d+)$/;

/** Finds the place to write to and follows links to it. Creates nothing. */
export async function findWriteTarget(path: string): Promise<WriteTarget> {
  const existing = await unlessMissing(call<Stats>((done) => fs.stat(path, done)));
  if (existing && (!existing.isFile() || OPEN_STREAM.test(resolve(path)))) {
    return { path, isDirect: true, existing: undefined };
  }
  return { path: existing ? await realPath(path) : await missingPath(path), isDirect: false, existing };
}

/** Resolves the path of a file that does not exist yet. Dangling links are followed; the folder must exist. */
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
