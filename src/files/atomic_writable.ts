import fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { checkBoolean, checkOptions } from "../common/checks.ts";
import { toUint8Array } from "../common/bytes.ts";
import { call, OpenFile } from "./_open_file.ts";
import { checkPath } from "./_path.ts";
import { findWriteTarget, type WriteTarget } from "./_write_target.ts";

const { O_APPEND, O_WRONLY } = fs.constants;

/** Letters of the file's name in that of the temporary one: with four bytes each and the rest, below the 255 bytes of a name. */
const MAX_NAME_LENGTH = 50;

/** Options of {@linkcode atomicWritable}. */
export interface AtomicWritableOptions {
  /**
   * Whether the file is on the disk, and not only in the system's memory, when it takes its place. Without it a power cut soon after may
   * leave an empty or damaged file there; with it, closing waits for the disk.
   * @default {true}
   */
  sync?: boolean | undefined;
  /**
   * Queue of the writable. With room for two chunks one is made while the other is written: a patch from file to file took a fifth less time
   * than with one.
   * @default {{ highWaterMark: 2 }}
   */
  writableStrategy?: QueuingStrategy<BufferSource> | undefined;
}

/**
 * Makes a writable that puts a file in its place only when it is whole.
 *
 * Bytes go to a temporary file in the same folder. At the close it is renamed to `path`: whoever opens that sees all of the
 * old file or all of the new one. On abort, when the pipe upstream fails (as `patchStream` does if the digest is
 * not the one that was told), and when the disk is full, the temporary file is removed and what was at `path` stays as it was. Only a
 * process that is killed leaves a temporary file, named `.NAME.….tmp`.
 *
 * The mode of a file that is replaced is kept, and its owner where the system allows it. Other links to it keep the old file. If `path` is a
 * symbolic link, what it points to is replaced. Nothing can be renamed over a device, a pipe or `/dev/stdout`: they are written
 * straight to.
 *
 * A chunk is not looked at any more once its write is done.
 *
 * @param path Where the file will be: a path or a `file:` URL. Its folder has to be there, and it must not be a folder itself.
 * @param options Durability and queue.
 * @returns The writable. A failure of the file system ends it with the runtime's own error.
 * @throws {TypeError} If the path or an option is of the wrong kind.
 *
 * @example Nothing happens to the file before the end
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

/** A file that is written beside its place. Nothing is made before the first write, so a writable that is never used leaves nothing. */
class AtomicFile {
  readonly #path: string;
  readonly #isSynced: boolean;
  #target!: WriteTarget;
  #file: OpenFile | undefined;
  /** Where the temporary file is, while it is there. */
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
      // After the last write, which takes set-user-ID away.
      if (existing) await copyOwnerAndMode(file, existing);
      if (this.#isSynced) await file.sync();
      await file.close();
      await call((done) => fs.rename(temporary, path, done));
      this.#temporary = undefined;
      if (this.#isSynced) await syncFolder(dirname(path));
    });
  }

  /** Closes and removes what was written. A failure in here is not told: what led to it is the news. */
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
      // A stream does not abort its sink when the sink itself fails.
      await this.discard();
      throw error;
    }
  }

  async #open(): Promise<OpenFile> {
    const { path, isDirect, existing } = this.#target;
    if (isDirect) return this.#file = await OpenFile.open(path, O_WRONLY | O_APPEND);
    const temporary = join(dirname(path), temporaryName(basename(path)));
    // "wx" makes the file or fails. One that replaces another is nobody else's to read until it has the mode of that.
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
  // Set-user-ID and its like would lend the rights of somebody else than before.
  await file.chmod(mode & (isOwned ? 0o7777 : 0o777));
}

/** Makes a rename last. Windows and some file systems cannot; the file is in its place by now, so that is no failure. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await OpenFile.open(path, "r");
    await folder.sync().finally(() => folder.close());
  } catch {
    // As said above.
  }
}
