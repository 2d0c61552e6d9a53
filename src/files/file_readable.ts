import fs, { type Stats } from "node:fs";
import { createBuffer } from "./create_buffer.ts";
import { call, OpenFile } from "./_open_file.ts";
import { checkPath } from "./_path.ts";
import { reportedLength } from "./_reported_length.ts";

/**
 * Length of one read, in bytes. Of 64 KiB to 4 MiB, with reading and computing at the same time, 1 MiB is the fastest
 * in Deno 2.9 (2.6 GB/s; 256 KiB 1.6, 2 MiB 2.1). Node 20 and Bun 1.4 differ by less than the noise from 256 KiB up.
 */
const READ_LENGTH = 2 ** 20;
/** Length of a read past the reported length, or of a file that reports none, in bytes: the capacity of a pipe. */
const PROBE_LENGTH = 2 ** 16;

/**
 * Makes a readable of the bytes of a file.
 *
 * The file is opened at the first read, and closed at its end, on cancel and on error: a relative path counts from the
 * working folder of that moment. While one chunk is processed, the next one is read, so at most 2 MiB are held. Each
 * chunk has a buffer of its own; all but the last have 1 MiB. Everything is read until a read returns no bytes,
 * whatever length the system reports: files of `/proc`, devices, pipes, and files that grow or shrink meanwhile.
 *
 * It needs `--allow-read=FILE` in Deno, and `--allow-fs-read=FILE` in Node with `--permission`.
 *
 * @param path The file: a path or a `file:` URL.
 * @returns The readable. Fails with the runtime's own error if the file system fails: `ENOENT` if the file is missing.
 * @throws {TypeError} If the path is neither a string nor a `file:` URL, or no file can have it.
 *
 * @example The signature of a file
 * ```ts
 * import { loadSigs, sigStream } from "rsync-streams";
 * import { fileReadable } from "rsync-streams/files";
 * import { mkdtemp, rm, writeFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import assert from "node:assert/strict";
 *
 * const folder = await mkdtemp(join(tmpdir(), "rsync-streams-"));
 * const path = join(folder, "basis");
 * await writeFile(path, "hello, ".repeat(20));
 *
 * const sigs = await loadSigs(fileReadable(path).pipeThrough(sigStream({ blockLength: 64 })));
 *
 * assert.equal(sigs.fileLength, 140);
 * await rm(folder, { recursive: true });
 * ```
 */
export function fileReadable(path: string | URL): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = new ReadAhead(checkPath(path));
  return new ReadableStream({
    async pull(controller) {
      const chunk = await reader.next();
      if (chunk) controller.enqueue(chunk);
      else if (!reader.isClosed) controller.close();
    },
    cancel: () => reader.close(),
  }, { highWaterMark: 0 });
}

/** Reads a file from its start to its end, one chunk ahead. */
class ReadAhead {
  /** Whether it was closed before the end of the file. */
  isClosed = false;
  readonly #path: string;
  #opening: Promise<OpenFile> | undefined;
  #ahead: Promise<Uint8Array<ArrayBuffer>> | undefined;
  /** Reported length of the file, less what was read. A hint: only a read of no bytes is the end. */
  #left = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Returns the next chunk, or undefined at the end. */
  async next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      const file = await (this.#opening ??= this.#open());
      if (this.isClosed) return undefined;
      const chunk = await (this.#ahead ?? this.#read(file));
      if (this.isClosed) return undefined;
      if (chunk.length > 0) {
        this.#ahead = this.#read(file);
        // A failure is reported by the next call. If none follows, it must not be an unhandled rejection.
        this.#ahead.catch(() => {});
        return chunk;
      }
    } catch (error) {
      await this.#release();
      throw error;
    }
    await this.#release();
    return undefined;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    const released = this.#release();
    // Opening a pipe may take for ever, and so may reading from one or from a terminal.
    if (!this.#opening || await isFile(this.#path)) await released;
    else released.catch(() => {});
  }

  async #open(): Promise<OpenFile> {
    const file = await OpenFile.open(this.#path, "r");
    try {
      this.#left = reportedLength(await file.stat()) ?? 0;
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async #release(): Promise<void> {
    const file = await this.#opening?.catch(() => undefined);
    await file?.close();
  }

  async #read(file: OpenFile): Promise<Uint8Array<ArrayBuffer>> {
    const wanted = this.#left > 0 ? Math.min(this.#left, READ_LENGTH) : PROBE_LENGTH;
    const buffer = createBuffer(wanted);
    const length = await file.read(buffer, null);
    this.#left -= length;
    return length === wanted ? buffer : buffer.slice(0, length);
  }
}

function isFile(path: string): Promise<boolean> {
  return call<Stats>((done) => fs.stat(path, done)).then((stat) => stat.isFile(), () => false);
}
