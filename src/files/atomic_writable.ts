import fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { checkBoolean, checkOptions } from "../common/checks.ts";
import { toUint8Array } from "../common/bytes.ts";
import { call, OpenFile } from "./_open_file.ts";
import { checkPath } from "./_path.ts";
import { findWriteTarget, type WriteTarget } from "./_write_target.ts";

const { O_APPEND, O_WRONLY } = fs.constants;

/** Letters of the file's name that the temporary name repeats: at four bytes each, it stays below 255 bytes. */
const MAX_NAME_LENGTH = 50;

/** Options of {@linkcode atomicWritable}. */
export interface AtomicWritableOptions {
  /**
   * Whether to flush the file to the disk before it takes its place. Without this, a power cut soon afterwards may
   * leave an empty or damaged file; with it, closing waits for the disk.
   * @default {true}
   */
  sync?: boolean | undefined;
  /**
   * Queue of the writable. With room for two chunks, one is made while the other is written: a patch from file to
   * file took a fifth less time than with room for one.
   * @default {{ highWaterMark: 2 }}
   */
  writableStrategy?: QueuingStrategy<BufferSource> | undefined;
}

/**
 * Makes a writable that creates or replaces a file only once all of it has been written.
 *
 * The bytes go to a temporary file in the same folder. Closing renames it to `path`, so a reader sees all of the old
 * file or all of the new one. If the writable is aborted, the disk is full, or the pipe upstream fails (as
 * `patchStream` does on a wrong digest), the temporary file is removed and the old file stays as it was. Only a process
 * that is killed leaves a temporary file behind, named `.NAME.….tmp`.
 *
 * A replaced file keeps its mode, and its owner where the system allows it. Other hard links keep the old file. If
 * `path` is a symbolic link, the file that it points to is replaced. A device, a pipe or `/dev/stdout` cannot be
 * replaced, so it is written to directly.
 *
 * Once the write of a chunk is done, the chunk is not used any more.
 *
 * @param path The file to write: a path or a `file:` URL. Its folder must exist, and it must not be a folder itself.
 * @param options Durability and queue.
 * @returns The writable. If the file system fails, it fails with the runtime's own error.
 * @throws {TypeError} If the path or an option has the wrong type.
 *
 * @example The file is untouched until the end
 * ```ts
 * import { atomicWritable } from "rsync-streams/files";
 * import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import assert from "node:assert/strict";
 *
 * const folder = await mkdtemp(join(tmpdir(), "rsync-streams-"));
 * const path = join(folder, "file");
 * await writeFile(path, "old");
 *
 * const failing = atomicWritable(path).getWriter();
 * await failing.write(new TextEncoder().encode("half of"));
 * await failing.abort();
 * assert.equal(await readFile(path, "utf8"), "old");
 *
 * await new Blob(["new"]).stream().pipeTo(atomicWritable(path));
 * assert.equal(await readFile(path, "utf8"), "new");
 * assert.deepEqual(await readdir(folder), ["file"]);
 * await rm(folder, { recursive: true });
 * ```
 */
export function atomicWritable(
  path: string | URL,
  options: AtomicWritableOptions = {},
): WritableStream<BufferSource> {
  const { sync = true, writableStrategy = { highWaterMark: 2 } } = checkOptions(options);
  const file = new AtomicFile(checkPath(path), checkBoolean("sync", sync));
  return new WritableStream<BufferSource>({
    start: () => file.find(),
    write: (chunk) => file.write(chunk),
    close: () => file.commit(),
    abort: () => file.discard(),
  }, writableStrategy);
}

/** A file that is written beside its place. It is created at the first write: an unused writable leaves nothing. */
class AtomicFile {
  readonly #path: string;
  readonly #isSynced: boolean;
  #target!: WriteTarget;
  #file: OpenFile | undefined;
  /** Path of the temporary file, while there is one. */
  #temporary: string | undefined;

  constructor(path: string, isSynced: boolean) {
    this.#path = path;
    this.#isSynced = isSynced;
  }

  async find(): Promise<void> {
    this.#target = await findWriteTarget(this.#path);
  }

  write(chunk: BufferSource): Promise<void> {
    return this.#orDiscard(async () => {
      const bytes = toUint8Array(chunk);
      await (this.#file ?? await this.#open()).write(bytes);
    });
  }

  commit(): Promise<void> {
    return this.#orDiscard(async () => {
      const file = this.#file ?? await this.#open();
      const { path, existing } = this.#target;
      const temporary = this.#temporary;
      if (!temporary) return await file.close();
      // After the last write: the system clears set-user-ID on each write.
      if (existing) await copyOwnerAndMode(file, existing);
      if (this.#isSynced) await file.sync();
      await file.close();
      await call((done) => fs.rename(temporary, path, done));
      this.#temporary = undefined;
      if (this.#isSynced) await syncFolder(dirname(path));
    });
  }

  /** Closes and removes the temporary file. Failures are ignored: the one that led here is reported. */
  async discard(): Promise<void> {
    await this.#file?.close().catch(() => {});
    const temporary = this.#temporary;
    this.#temporary = undefined;
    if (temporary) await call((done) => fs.unlink(temporary, done)).catch(() => {});
  }

  async #orDiscard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      // A stream does not call abort() when its sink itself fails.
      await this.discard();
      throw error;
    }
  }

  async #open(): Promise<OpenFile> {
    const { path, isDirect, existing } = this.#target;
    if (isDirect) return this.#file = await OpenFile.open(path, O_WRONLY | O_APPEND);
    const temporary = join(dirname(path), temporaryName(basename(path)));
    // "wx" fails if the file exists. A replacement stays private until it gets the mode of the file that it replaces.
    this.#file = await OpenFile.open(temporary, "wx", existing ? 0o600 : 0o666);
    this.#temporary = temporary;
    return this.#file;
  }
}

function temporaryName(name: string): string {
  const random = crypto.getRandomValues(new Uint32Array(2));
  return `.${name.slice(0, MAX_NAME_LENGTH)}.${Array.from(random, (word) => word.toString(36)).join("")}.tmp`;
}

async function copyOwnerAndMode(file: OpenFile, { uid, gid, mode }: fs.Stats): Promise<void> {
  const own = await file.stat();
  let isOwned = own.uid === uid && own.gid === gid;
  if (!isOwned) isOwned = await file.chown(uid, gid).then(() => true, () => false);
  // With another owner, set-user-ID and set-group-ID would grant the rights of that owner.
  await file.chmod(mode & (isOwned ? 0o7777 : 0o777));
}

/** Flushes a rename to the disk. Windows and some file systems cannot; the file is in place, so this may fail. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await OpenFile.open(path, "r");
    await folder.sync().finally(() => folder.close());
  } catch {
    // See above.
  }
}
