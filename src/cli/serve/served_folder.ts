import { createHash } from "node:crypto";
import fs from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import process from "node:process";
import { atomicWritable } from "../../files/atomic_writable.ts";
import { fileBasis } from "../../files/file_basis.ts";
import { codeOf } from "../../files/system_error.ts";
import type { ServedFile } from "../../http/server/sync_handler.ts";
import { CliError, EXIT, systemError } from "../_errors.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * A change that is younger than this is waited for, in milliseconds: a later one has another time then. File systems of
 * Linux count in steps of up to 10 ms, Deno (2.9) shows times in whole milliseconds.
 */
const TIME_STEP_MS = 20;
/** How often a file that changes all the time is looked at again. */
const MAX_LOOKS = 20;
/** Digits of a tag. */
const TAG_LENGTH = 32;

/** What no part of a path may have: control characters, and the separator. */
const UNSAFE = /[\p{Cc}/]/u;

/**
 * The same on Windows, which takes these for a separator, a drive, a stream or a device, or leaves them out. Elsewhere
 * they are in names as other letters are, such as the colons of a time. No new file is called so on any system.
 */
const UNSAFE_ON_WINDOWS = /[\\:]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/iu;

/**
 * The files of a folder and of the folders in it, by the paths of URLs.
 *
 * A part of a path that starts with a dot names nothing: neither `..`, nor hidden files, nor temporary files of this
 * library. Links are followed as long as they stay inside. Who may write in the folder is trusted: a link that is
 * put there between the check and the opening is followed.
 */
export class ServedFolder {
  readonly #root: string;
  readonly #onWarning: (warning: Error) => void;

  private constructor(root: string, onWarning: (warning: Error) => void) {
    this.#root = root;
    this.#onWarning = onWarning;
  }

  /**
   * Opens a folder.
   *
   * @param onWarning Called with what could not be done for a file that was replaced.
   * @throws {CliError} If there is no such folder.
   */
  static async open(path: string, onWarning: (warning: Error) => void): Promise<ServedFolder> {
    try {
      const root = await realPath(path);
      if ((await fs.promises.stat(root)).isDirectory()) return new ServedFolder(root, onWarning);
    } catch (error) {
      throw systemError("open", path, error);
    }
    throw new CliError(EXIT.IO, `cannot serve ${path}: it is not a folder`);
  }

  /** Opens the file at a URL, or returns undefined if there is none. */
  async open({ pathname }: URL): Promise<ServedFile | undefined> {
    const path = await this.#find(pathname);
    if (path === undefined) return undefined;
    for (let looks = 1;; looks++) {
      const before = await look(path);
      // To open a pipe would wait for its other end.
      if (!before?.isFile()) return undefined;
      const basis = await fileBasis(path);
      const after = await look(path);
      const isFresh = Math.abs(Date.now() - Number(before.mtimeNs / 1_000_000n)) < TIME_STEP_MS;
      const entityTag = tagOf(before);
      // What was opened is what was looked at.
      if (after && tagOf(after) === entityTag && (!isFresh || looks === MAX_LOOKS)) {
        return {
          basis,
          size: Number(before.size),
          entityTag,
          modifiedMs: Number(before.mtimeNs / 1_000_000n),
          close: () => basis.close(),
        };
      }
      await basis.close();
      if (looks === MAX_LOOKS) throw new Error(`Cannot read ${path}: it is replaced all the time`);
      await new Promise((resolve) => setTimeout(resolve, TIME_STEP_MS));
    }
  }

  /**
   * Replaces a file at the end of the bytes, or creates it.
   *
   * @throws {Response} If there can be no file of that name.
   */
  async commit({ pathname }: URL, readable: ReadableStream<Bytes>): Promise<void> {
    const path = await this.#find(pathname) ?? await this.#placeOf(pathname);
    await readable.pipeTo(atomicWritable(path, { onWarning: this.#onWarning }));
  }

  /** The path of a file, with links followed. Undefined if there is none, or it is not inside. */
  async #find(pathname: string): Promise<string | undefined> {
    const names = namesOf(pathname);
    if (!names) return undefined;
    try {
      const path = await realPath(join(this.#root, ...names));
      return this.#isInside(path) ? path : undefined;
    } catch (error) {
      if (["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"].includes(codeOf(error) ?? "")) return undefined;
      throw error;
    }
  }

  /** The path of a file that is to be created. */
  async #placeOf(pathname: string): Promise<string> {
    const names = namesOf(pathname);
    if (!names || UNSAFE_ON_WINDOWS.test(names.at(-1)!)) throw refusal(403, "Forbidden", "no file may have this name");
    const path = join(this.#root, ...names);
    const folder = await realPath(dirname(path)).catch(() => undefined);
    const isFolder = folder !== undefined && (await look(folder))?.isDirectory();
    if (!isFolder || folder !== this.#root && !this.#isInside(folder)) {
      throw refusal(409, "Conflict", "there is no such folder");
    }
    // A dangling link, or one that leads out: a write would create a file elsewhere.
    if (await look(path)) throw refusal(403, "Forbidden", "something else is there");
    return join(folder, names.at(-1)!);
  }

  #isInside(path: string): boolean {
    const names = relative(this.#root, path).split(sep);
    return names.every(isServed);
  }
}

/** Whether a part of a path may name something here. */
function isServed(name: string): boolean {
  if (name === "" || name.startsWith(".") || UNSAFE.test(name)) return false;
  return process.platform !== "win32" || !UNSAFE_ON_WINDOWS.test(name);
}

/** The parts of the path of a URL, decoded. Undefined if it names no file. */
function namesOf(pathname: string): string[] | undefined {
  try {
    const names = pathname.slice(1).split("/").map(decodeURIComponent);
    return names.every(isServed) ? names : undefined;
  } catch {
    // Bytes that are not UTF-8.
    return undefined;
  }
}

/**
 * A strong tag by the inode number, length and times of a file.
 *
 * A program that replaces a file, as this library and most others do, makes a new inode. One that writes into it
 * changes its times, and `ctime` cannot be set back. Two changes go unnoticed: one in place within a step of the clock
 * and with the same length, where the step is longer than `TIME_STEP_MS`, as the 2 s of FAT; and one while the bytes
 * are sent. Clients compare the SHA-256, so they end in an error and not with a wrong file.
 */
function tagOf({ dev, ino, size, mtimeNs, ctimeNs }: fs.BigIntStats): string {
  const sum = createHash("sha256").update([dev, ino, size, mtimeNs, ctimeNs].join());
  return `"${sum.digest("hex").slice(0, TAG_LENGTH)}"`;
}

/** What the system says of a file, without following a link. Undefined if there is none. */
async function look(path: string): Promise<fs.BigIntStats | undefined> {
  try {
    return await fs.promises.lstat(path, { bigint: true });
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function realPath(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    fs.realpath.native(path, (error, real) => error ? reject(error) : resolve(real));
  });
}

/** An answer in place of a file. */
function refusal(status: number, title: string, why: string): Response {
  const problem = { type: "about:blank", title, status, detail: `Cannot create the file: ${why}` };
  return new Response(JSON.stringify(problem), { status, headers: { "Content-Type": "application/problem+json" } });
}
