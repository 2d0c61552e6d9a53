import fs from "node:fs";
import { dirname } from "node:path";
import { call, OpenFile } from "./_open_file.ts";
import { DamagedFileError, overwrite } from "./_overwrite.ts";
import { quotePath } from "./_path.ts";
import { codeOf, type SystemError, systemError } from "./system_error.ts";
import { keptPath, removeLeftovers, temporaryPath } from "./_temporary_file.ts";
import { findWriteTarget, type WriteTarget } from "./_write_target.ts";

const { O_APPEND, O_WRONLY, O_NOFOLLOW = 0 } = fs.constants;

/**
 * What Node says to anything that `--permission` does not allow. It never allows to flush, or to change a mode by
 * descriptor.
 */
const ACCESS_DENIED = "ERR_ACCESS_DENIED";

/** Said where the folder of a file is meant rather than the file. */
const ABOUT_FOLDER = ["EACCES", "EPERM", "EROFS", "ENOENT", "ENOTDIR"];

/** Said where a file cannot be flushed. Others, such as EIO and ENOSPC, mean that data was lost. */
const CANNOT_FLUSH = ["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EBADF", "EROFS", "EPERM", "EACCES", ACCESS_DENIED];

/**
 * Said where a file cannot be renamed but perhaps written: mount points, folders with a sticky bit, some FUSE systems.
 */
const CANNOT_RENAME = [
  "EBUSY",
  "EXDEV",
  "EPERM",
  "EACCES",
  "EEXIST",
  "EINVAL",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  ACCESS_DENIED,
];

/** Steps that may fail without the loss of the work before them, and what is the case then. */
const OUTCOMES = {
  "keep the owner of": "it now belongs to the user who wrote it",
  "keep the mode of": "only its owner can read and write it now",
  "flush": "a power cut soon afterwards may damage it",
  "rename over": "it was written in place, where others may have seen it incomplete",
} as const;

type Step = keyof typeof OUTCOMES;

/** A file that is written beside its place. It is created at the first write: an unused one leaves nothing. */
export class AtomicFile {
  readonly #path: string;
  readonly #isSynced: boolean;
  readonly #warnings = new Map<Step, SystemError>();
  #target!: WriteTarget;
  #file: OpenFile | undefined;
  /** Bytes written so far. */
  #length = 0;
  /** Path of the temporary file, while there is one that must be removed. */
  #temporary: string | undefined;

  /**
   * @param path The file to write.
   * @param isSynced Whether to flush it to the disk before it takes its place.
   */
  constructor(path: string, isSynced: boolean) {
    this.#path = path;
    this.#isSynced = isSynced;
  }

  /** Finds the place to write to. Comes before all else. */
  async find(): Promise<void> {
    this.#target = await findWriteTarget(this.#path);
  }

  /** Opens the file if it is not open yet, then writes the bytes. */
  write(takeBytes: () => Uint8Array): Promise<void> {
    return this.#orDiscard(async () => {
      const file = this.#file ?? await this.#open();
      const bytes = takeBytes();
      await file.write(bytes);
      this.#length += bytes.length;
    });
  }

  /**
   * Puts the file in its place.
   *
   * @returns What could not be done.
   */
  commit(): Promise<Iterable<SystemError>> {
    return this.#orDiscard(async () => {
      const file = this.#file ?? await this.#open();
      const temporary = this.#temporary;
      // After the last write: the system clears set-user-ID on each write.
      if (temporary) await this.#keepOwnerAndMode(file, temporary);
      if (this.#isSynced) await this.#flush(file);
      await file.close();
      if (temporary) await this.#putInPlace(temporary);
      return this.#warnings.values();
    });
  }

  /** Closes and removes the temporary file. Failures are ignored: the one that led here is reported. */
  async discard(): Promise<void> {
    await this.#file?.close().catch(() => {});
    const temporary = this.#temporary;
    this.#temporary = undefined;
    if (temporary) await call((done) => fs.unlink(temporary, done)).catch(() => {});
  }

  async #orDiscard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      // A stream does not call abort() when its sink itself fails.
      await this.discard();
      throw error;
    }
  }

  async #open(): Promise<OpenFile> {
    const { path, isDirect, existing } = this.#target;
    if (isDirect) {
      // A stream that is redirected to a file appends to it. A block device takes nothing past its end.
      return this.#file = await OpenFile.open(path, existing?.isFile() ? O_WRONLY | O_APPEND : O_WRONLY);
    }
    await removeLeftovers(path);
    const temporary = temporaryPath(path);
    try {
      // "wx" fails if the file exists. A replacement stays private until it gets the mode of the file that it replaces.
      this.#file = await OpenFile.open(temporary, "wx", existing ? 0o600 : 0o666);
    } catch (error) {
      if (!isOneOf(ABOUT_FOLDER, error)) throw error;
      const folder = dirname(path);
      // Not written in place instead: a failure halfway would leave neither content. A complete copy elsewhere does not
      // help: /tmp may be memory, which a power cut empties, or too small.
      const why = existing ? "it must be writable, also to replace a file in it" : "it must be writable";
      const expected = codeOf(error) === "ENOENT" && !existing ? "it must exist" : why;
      throw systemError(`create a file in the folder ${quotePath(folder)}`, folder, error, expected);
    }
    this.#temporary = temporary;
    return this.#file;
  }

  async #keepOwnerAndMode(file: OpenFile, temporary: string): Promise<void> {
    const { existing } = this.#target;
    if (!existing) return;
    const { uid, gid, mode } = existing;
    const own = await file.stat();
    let isOwned = own.uid === uid && own.gid === gid;
    if (!isOwned) {
      const chown = orByPath(file.chown(uid, gid), (done) => fs.chown(temporary, uid, gid, done));
      isOwned = await this.#orWarn("keep the owner of", chown);
      // A user may not give a file away, but may hand it to one of their groups.
      if (!isOwned && own.gid !== gid) await file.chown(own.uid, gid).catch(() => {});
    }
    // With another owner, set-user-ID and set-group-ID would grant the rights of that owner.
    const wanted = mode & (isOwned ? 0o7777 : 0o777);
    // On a file system without modes they are equal, and cannot be set.
    if ((own.mode & 0o7777) === wanted) return;
    const chmod = orByPath(file.chmod(wanted), (done) => fs.chmod(temporary, wanted, done));
    await this.#orWarn("keep the mode of", chmod);
  }

  async #flush(file: OpenFile): Promise<void> {
    try {
      await file.sync();
    } catch (error) {
      if (!isOneOf(CANNOT_FLUSH, error)) throw error;
      // Pipes and terminals have nothing to flush.
      if (!this.#target.isDirect) this.#warn("flush", error);
    }
  }

  async #putInPlace(temporary: string): Promise<void> {
    const { path } = this.#target;
    try {
      await call((done) => fs.rename(temporary, path, done));
      this.#temporary = undefined;
    } catch (error) {
      if (!isOneOf(CANNOT_RENAME, error)) throw error;
      await this.#overwrite(temporary, error);
    }
    if (this.#isSynced) await syncFolder(dirname(path));
  }

  /** Copies the complete temporary file to the place that it cannot be renamed to. */
  async #overwrite(temporary: string, refusal: unknown): Promise<void> {
    const { path, existing } = this.#target;
    const orRefuse = (opening: Promise<OpenFile>) =>
      opening.catch(() => {
        throw refusal;
      });
    const source = await orRefuse(OpenFile.open(temporary, "r"));
    try {
      const target = await orRefuse(OpenFile.open(path, existing ? O_WRONLY | O_NOFOLLOW : "wx"));
      try {
        await this.#flush(source);
        // From now on it may be the only good copy, and must not be taken for a leftover.
        this.#temporary = await renameIfPossible(temporary, keptPath(temporary));
        await syncFolder(dirname(path));
        await overwrite(source, target, this.#length, () => this.#flush(target));
      } catch (error) {
        await target.close().catch(() => {});
        if (!existing) await call((done) => fs.unlink(path, done)).catch(() => {});
        if (!(error instanceof DamagedFileError)) throw error;
        throw existing ? this.#keep(error.cause) : error.cause;
      }
    } finally {
      await source.close();
    }
    await this.discard();
    // The file is the old one, with another content.
    this.#warnings.delete("keep the owner of");
    this.#warnings.delete("keep the mode of");
    this.#warn("rename over", refusal);
  }

  /** Keeps the complete temporary file, and returns an error that says where it is. */
  #keep(cause: unknown): SystemError {
    const { path } = this.#target;
    const kept = this.#temporary!;
    this.#temporary = undefined;
    const expected = `it is damaged now, and all of its new content is in ${quotePath(kept)}`;
    return systemError(`write ${quotePath(path)} in place`, path, cause, expected);
  }

  /** Waits for a step. Returns whether it was done. */
  async #orWarn(step: Step, work: Promise<void>): Promise<boolean> {
    try {
      await work;
      return true;
    } catch (error) {
      this.#warn(step, error);
      return false;
    }
  }

  #warn(step: Step, cause: unknown): void {
    const { path } = this.#target;
    this.#warnings.set(step, systemError(`${step} ${quotePath(path)}`, path, cause, OUTCOMES[step]));
  }
}

/** Waits for a change of a descriptor. Where Node's `--permission` refuses that, it changes the path. */
async function orByPath(byDescriptor: Promise<void>, byPath: Parameters<typeof call<void>>[0]): Promise<void> {
  try {
    await byDescriptor;
  } catch (error) {
    if (codeOf(error) !== ACCESS_DENIED) throw error;
    await call(byPath);
  }
}

/** Returns where the file is afterwards. */
async function renameIfPossible(from: string, to: string): Promise<string> {
  return await call((done) => fs.rename(from, to, done)).then(() => to, () => from);
}

function isOneOf(codes: readonly string[], error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && codes.includes(code);
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
