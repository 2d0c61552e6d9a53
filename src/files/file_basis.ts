/// <reference lib="esnext.disposable" preserve="true" />
import fs, { type Stats } from "node:fs";
import { checkInteger } from "../common/checks.ts";
import type { BasisSource } from "../basis/basis_source.ts";
import { READING } from "../basis/interface.ts";
import { FILE_READING } from "./file_reading.ts";
import { call, OpenFile } from "./_open_file.ts";
import { reportedLength } from "./_reported_length.ts";
import { checkPath, quotePath } from "./_path.ts";
import { ReadCache } from "./_read_cache.ts";

/** Largest single read, in bytes. */
const MAX_READ_LENGTH = 2 ** 30;

/** Largest read where the file may have no bytes, so that a long one takes no memory in vain. */
const MAX_UNKNOWN_LENGTH = 2 ** 20;

/**
 * A file that is open as a basis. Close it after use.
 *
 * @example Bytes from the middle of a file
 * ```ts
 * import { fileBasis } from "rsync-streams/files";
 * import { mkdtemp, rm, writeFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import assert from "node:assert/strict";
 *
 * const folder = await mkdtemp(join(tmpdir(), "rsync-streams-"));
 * const path = join(folder, "file");
 * await writeFile(path, "hello, world");
 * {
 *   await using basis = await fileBasis(path);
 *   assert.equal(basis.size, 12);
 *   assert.equal(new TextDecoder().decode(await basis.read(7, 100)), "world");
 * }
 * await rm(folder, { recursive: true });
 * ```
 */
export interface FileBasis extends BasisSource, AsyncDisposable {
  /**
   * Length of the file in bytes when it was opened. Undefined where the system does not know it: for a block device,
   * and for a file that is reported as empty, since files of `/proc` and of some FUSE systems are, whatever they hold.
   */
  readonly size: number | undefined;
  /** Reads 1 to `length` bytes from `offset`, or none at the end, into a new buffer. Reads may run concurrently. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Reads 1 to `buffer.length` bytes from `offset`, or none at the end, to the start of `buffer`, and returns how many.
   * Reads may run concurrently.
   */
  readInto(buffer: Uint8Array, offset: number): number | Promise<number>;
  /** Closes the file once the reads under way are done. Further calls have no effect. */
  close(): Promise<void>;
}

/**
 * Opens a file as a basis, to copy from while patching.
 *
 * The file is read at random, past 4 GiB too. At most 1 MiB of it is kept in memory, and in any order of copies at most
 * eight times their bytes are read, and 1 MiB more. Close the basis, or declare it with `await using`.
 *
 * The file must not change while it is open here, not even between two patches: if it gets shorter, a patch fails with
 * `basis-short-read`, and if its content changes, with `digest-mismatch` where the delta has a digest. Something that
 * cannot be read at random, such as a pipe, is refused with `ESPIPE`. To replace the file itself, write to
 * `atomicWritable`, which replaces it at the end.
 *
 * It needs `--allow-read=FILE` in Deno, and `--allow-fs-read=FILE` in Node with `--permission`.
 *
 * @param path The file: a path or a `file:` URL.
 * @returns The basis. Rejects with the runtime's own error if the file system fails: `ENOENT` if the file is missing.
 * @throws {TypeError} If the path is neither a string nor a `file:` URL, or no file can have it.
 *
 * @example Updating a file in its place
 * ```ts
 * import { deltaStream, loadSigs, patchStream, sigStream } from "rsync-streams";
 * import { atomicWritable, fileBasis, fileReadable } from "rsync-streams/files";
 * import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import assert from "node:assert/strict";
 *
 * const folder = await mkdtemp(join(tmpdir(), "rsync-streams-"));
 * const path = join(folder, "file");
 * const text = "the old text, ".repeat(100);
 * await writeFile(path, text);
 * const target = new Blob(["the new text. ", text]);
 *
 * const sigs = await loadSigs(fileReadable(path).pipeThrough(sigStream({ blockLength: 64 })));
 * const delta = target.stream().pipeThrough(deltaStream(sigs));
 * {
 *   await using basis = await fileBasis(path);
 *   await delta.pipeThrough(patchStream(basis)).pipeTo(atomicWritable(path));
 * }
 *
 * assert.equal(await readFile(path, "utf8"), await target.text());
 * await rm(folder, { recursive: true });
 * ```
 */
export async function fileBasis(path: string | URL): Promise<FileBasis> {
  const text = checkPath(path);
  await refusePipe(text);
  const file = await OpenFile.open(text, "r");
  try {
    const stat = await file.stat();
    // A folder can be opened but not read, a pipe not at random. Read from it now, to fail here and not at the first
    // copy.
    if (!stat.isFile() && !stat.isBlockDevice()) await file.read(new Uint8Array(1), 0);
    return new OpenFileBasis(file, reportedLength(stat));
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Opening a pipe waits until somebody writes to it, and keeps a thread of the runtime meanwhile. */
async function refusePipe(path: string): Promise<void> {
  const stat = await call<Stats>((done) => fs.stat(path, done));
  if (!stat.isFIFO()) return;
  const why = "it is a pipe, a file that can be read at random was expected";
  throw Object.assign(new Error(`Cannot open ${quotePath(path)}: ${why}`), { code: "ESPIPE", path });
}

class OpenFileBasis implements FileBasis {
  readonly [READING] = FILE_READING;
  readonly size: number | undefined;
  readonly #file: OpenFile;
  readonly #cache: ReadCache;

  constructor(file: OpenFile, size: number | undefined) {
    this.#file = file;
    this.#cache = new ReadCache(file);
    this.size = size;
  }

  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    checkInteger("offset", offset, 0, Number.MAX_SAFE_INTEGER);
    checkInteger("length", length, 0, Number.MAX_SAFE_INTEGER);
    const left = (this.size ?? 0) - offset;
    const buffer = new Uint8Array(Math.min(length, left > 0 ? Math.min(left, MAX_READ_LENGTH) : MAX_UNKNOWN_LENGTH));
    const count = await this.#file.read(buffer, offset);
    return count === buffer.length ? buffer : buffer.slice(0, count);
  }

  readInto(buffer: Uint8Array, offset: number): number | Promise<number> {
    checkInteger("offset", offset, 0, Number.MAX_SAFE_INTEGER);
    const part = buffer.length > MAX_READ_LENGTH ? buffer.subarray(0, MAX_READ_LENGTH) : buffer;
    return this.#cache.readInto(part, offset);
  }

  close(): Promise<void> {
    // Without its pages, every later read goes to the file, which refuses it.
    this.#cache.close();
    return this.#file.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
