import type { OpenFile } from "./_open_file.ts";

/** Bytes that are copied at once. */
const COPY_LENGTH = 2 ** 20;

/** The old content was being overwritten when something failed. The `cause` says what. */
export class DamagedFileError extends Error {
  override readonly name = "DamagedFileError";
}

/**
 * Copies a file over another, and closes that.
 *
 * The bytes past the old end come first: they are all that needs more space. If they cannot be written or flushed, the
 * old length is restored, and with it the old content. Only then is the old content overwritten.
 *
 * @param length Length of the source.
 * @param flush Flushes the target to the disk.
 * @throws {DamagedFileError} If the target has neither its old nor its new content.
 */
export async function overwrite(
  source: OpenFile,
  target: OpenFile,
  length: number,
  flush: () => Promise<void>,
): Promise<void> {
  const oldLength = (await target.stat()).size;
  try {
    await copyRange(source, target, oldLength, length);
    await flush();
  } catch (error) {
    await target.truncate(oldLength).catch((cause) => {
      throw new DamagedFileError("Cannot restore the length of the file", { cause });
    });
    throw error;
  }
  try {
    await copyRange(source, target, 0, Math.min(oldLength, length));
    if (length < oldLength) await target.truncate(length);
    await flush();
    await target.close();
  } catch (cause) {
    throw new DamagedFileError("Cannot overwrite the file", { cause });
  }
}

async function copyRange(source: OpenFile, target: OpenFile, start: number, end: number): Promise<void> {
  const buffer = new Uint8Array(Math.max(0, Math.min(COPY_LENGTH, end - start)));
  for (let at = start; at < end;) {
    const count = await source.read(buffer.subarray(0, end - at), at);
    if (count === 0) throw new Error(`Cannot copy the file: it ends at offset ${at}, ${end} bytes were expected`);
    await target.write(buffer.subarray(0, count), at);
    at += count;
  }
}
