import { toUint8Array } from "../common/bytes.ts";
import { checkBoolean, checkCallback, checkOptions, type OptionNames } from "../common/checks.ts";
import type { ByteChunk } from "../common/platform_types.ts";
import { WrittenLengths } from "../streams/written_lengths.ts";
import { AtomicFile } from "./_atomic_file.ts";
import { checkPath } from "./_path.ts";

const NAMES: OptionNames<AtomicWritableOptions> = { sync: true, onWarning: true, writableStrategy: true };

/**
 * Options of {@linkcode atomicWritable}.
 *
 * @example Faster, where a power cut does no harm
 * ```ts
 * import { atomicWritable, type AtomicWritableOptions } from "rsync-streams/files";
 * import { mkdtemp, readFile, rm } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import assert from "node:assert/strict";
 *
 * const options: AtomicWritableOptions = { sync: false, onWarning: (warning) => console.warn(warning.message) };
 * const folder = await mkdtemp(join(tmpdir(), "rsync-streams-"));
 * const path = join(folder, "file");
 * await new Blob(["text"]).stream().pipeTo(atomicWritable(path, options));
 *
 * assert.equal(await readFile(path, "utf8"), "text");
 * await rm(folder, { recursive: true });
 * ```
 */
export interface AtomicWritableOptions {
  /**
   * Whether to flush the file to the disk before it takes its place. Without this, a power cut soon afterwards may
   * leave an empty or damaged file; with it, closing waits for the disk. Where the file system cannot flush, a warning
   * says so.
   * @default {true}
   */
  sync?: boolean | undefined;
  /**
   * Called once the file is in its place, with each thing that could not be done: to keep its owner or mode, to flush
   * it to the disk, to replace it by a rename. The system's error is the `cause`.
   */
  onWarning?: ((warning: Error) => void) | undefined;
  /**
   * Queue of the writable. With room for two chunks, one is made while the other is written: a patch from file to
   * file took a fifth less time than with room for one.
   * @default {{ highWaterMark: 2 }}
   */
  writableStrategy?: QueuingStrategy<ByteChunk> | undefined;
}

/**
 * Makes a writable that creates or replaces a file only once all of it has been written.
 *
 * The bytes go to a temporary file in the same folder. Closing renames it to `path`, so a reader sees all of the old
 * file or all of the new one. If the writable is aborted, the disk is full, or the pipe upstream fails (as
 * `patchStream` does on a wrong digest), the temporary file is removed and the old file stays as it was.
 *
 * The temporary file is created at the first write. To learn of a failure before any work is done, such as a folder
 * that cannot be written to, write an empty chunk first. From then on, close or abort the writable.
 *
 * **A replaced file** keeps its mode, also if that makes it read-only, and its owner and group where the system allows
 * it. Extended attributes, access control lists and security labels are not kept: the runtimes cannot copy them, so the
 * file gets what its folder gives to new files. Other hard links keep the old file. If `path` is a symbolic link, the
 * file that it points to is replaced, and the temporary file lies beside that. A device, a pipe or `/dev/stdout` cannot
 * be replaced, so it is written to directly.
 *
 * **The folder must be writable**, also to replace a file in it that could be written to. The file is not written in
 * place instead: if that failed halfway, or the power did, neither the old content nor the new would be left. Make the
 * folder writable, or write to another folder and copy the file.
 *
 * **Where a rename is refused**, as over a mount point (`EBUSY`) or on some network file systems, the complete
 * temporary file is flushed to the disk and copied over the old file, with a warning. What may fail for lack of space
 * is written first, and undone if it fails. If the copying fails later, or the process is killed during it, the
 * complete file stays beside the damaged one, as `.NAME.rsync-streams-PID-RANDOM.complete`.
 *
 * **A process that is killed** leaves its temporary file behind, named `.NAME.rsync-streams-PID-RANDOM.tmp`. The next
 * write to the same file removes it, if its process does not run any more. If that process may have run on another
 * machine or in another container, or the system is not Linux, an hour must have passed since the file was last written
 * to. (Folders of more than about 25,000 names are not searched, nor, in Deno without `--allow-run`, is anything
 * removed.)
 *
 * It needs permission to read and write the folder: `--allow-read=FOLDER --allow-write=FOLDER` in Deno,
 * `--allow-fs-read=FOLDER/* --allow-fs-write=FOLDER/*` in Node with `--permission`, which cannot flush to the disk.
 *
 * A chunk must not change until its write is done, and is not used afterwards.
 *
 * @param path The file to write: a path or a `file:` URL. Its folder must exist, and it must not be a folder itself.
 * @param options Durability, warnings and queue.
 * @returns The writable. If the file system fails, it fails with the runtime's own error, or with one that has its
 * `code`, the `path` that is meant, which can be the folder, and the runtime's own error as `cause`.
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
): WritableStream<ByteChunk> {
  const { sync = true, onWarning, writableStrategy = { highWaterMark: 2 } } = checkOptions(options, NAMES);
  checkCallback("onWarning", onWarning);
  const file = new AtomicFile(checkPath(path), checkBoolean("sync", sync));
  const lengths = new WrittenLengths();
  const discard = () => file.discard();
  let step: Promise<unknown>;
  const note = <T>(next: Promise<T>): Promise<T> => {
    step = next;
    return next;
  };
  return new WritableStream<ByteChunk>({
    start: () => note(file.find()),
    write(chunk) {
      const length = lengths.take();
      return note(file.write(() => {
        lengths.check(chunk, length);
        return toUint8Array(chunk);
      }));
    },
    async close() {
      // Reported at the end, where nothing that the callback throws can do harm.
      for (const warning of await note(file.commit())) onWarning?.(warning);
    },
    abort: discard,
  }, lengths.watch(writableStrategy, { fail: () => void step.then(discard, discard) }));
}
