import fs from "node:fs";
import process from "node:process";
import { type OwnSource, READING } from "../basis/interface.ts";
import { FILE_READING } from "../files/file_reading.ts";
import { fileBasis } from "../files/file_basis.ts";
import { fileReadable } from "../files/file_readable.ts";
import { CliError, EXIT, systemError } from "./_errors.ts";
import { checkName } from "./_names.ts";
import { signalsSeen } from "./_signals.ts";

const STDIN = 0;
const STDIN_NAME = "the standard input";

/** A file or the standard input, read from start to end. */
export interface Input {
  /** What messages call it. */
  readonly name: string;
  /** Its length in bytes. Undefined if it is not a regular file, or the system does not know: see `reportedSize`. */
  readonly size: number | undefined;
  /**
   * Its length as the system reports it. 0 may be any length: files of `/proc` and of some file systems have bytes all
   * the same.
   */
  readonly reportedSize: number | undefined;
  /** When it was modified, in milliseconds since 1970. Undefined if it is not a regular file. */
  readonly modifiedMs: number | undefined;
  /** Tells whether it is still the same file, and as it was. Undefined if it is not a regular file. */
  readonly stamp: string | undefined;
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** Whether an operand stands for the standard input or output. */
export function isStandard(path: string | undefined): path is "-" | undefined {
  return path === undefined || path === "-";
}

/** How an input is read. */
export interface InputOptions {
  /** Ends the readable with an error. */
  readonly signal: AbortSignal | undefined;
  /** Called with each chunk. */
  readonly look?: (chunk: Uint8Array) => void;
}

/**
 * Opens a file, or the standard input if the path is `-` or missing.
 *
 * @throws {CliError} If there is no such file, or it is a folder.
 */
export async function openInput(path: string | undefined, options: InputOptions): Promise<Input> {
  if (isStandard(path)) {
    const stat = stdinStat();
    // Deno would read no bytes, and say nothing.
    if (stat) refuseFolder(STDIN_NAME, stat);
    // The runtime knows how to poll each kind of file. A pending read of the descriptor would keep Node from exiting.
    const readable = named(STDIN_NAME, () => process.stdin[Symbol.asyncIterator](), isPipe(stat), options);
    return { name: STDIN_NAME, ...factsOf(stat), readable };
  }
  const stat = await checkFile(path);
  const readable = named(path, () => fileReadable(path)[Symbol.asyncIterator](), isPipe(stat), options);
  return { name: path, ...factsOf(stat), readable };
}

/** Whether a name still stands for the file that was opened, and it has the same length and time of change. */
export async function isUnchanged({ name, stamp }: Input): Promise<boolean> {
  return factsOf(await checkFile(name)).stamp === stamp;
}

function factsOf(stat: fs.Stats | undefined): Pick<Input, "size" | "reportedSize" | "modifiedMs" | "stamp"> {
  const reportedSize = sizeOf(stat);
  const size = reportedSize || undefined;
  if (!stat?.isFile()) return { size, reportedSize, modifiedMs: undefined, stamp: undefined };
  const { dev, ino, mtimeMs } = stat;
  return { size, reportedSize, modifiedMs: Math.floor(mtimeMs), stamp: [dev, ino, reportedSize, mtimeMs].join() };
}

/**
 * A basis that has to be closed. It has no size: whatever length the system reports is a hint, and a copy that needs
 * more bytes than there are fails all the same.
 */
export interface OpenBasis extends OwnSource {
  /** What messages call it. */
  readonly name: string;
  /** Its length as the system reports it, if it does. */
  readonly reportedSize: number | undefined;
  readInto(buffer: Uint8Array<ArrayBuffer>, offset: number): number | Promise<number>;
  close(): Promise<void>;
}

/**
 * Opens the basis, or takes the standard input if the path is `-`. It is read at random, so it must be a file.
 *
 * @param hint What to say if there is no such file.
 * @throws {CliError} If it cannot be opened.
 */
export async function openBasis(path: string, hint?: string): Promise<OpenBasis> {
  if (isStandard(path)) return stdinBasis();
  await checkFile(path, hint);
  try {
    const basis = await fileBasis(path);
    return {
      name: path,
      reportedSize: basis.size,
      [READING]: FILE_READING,
      read: (offset, length) => orThrow("read", path, basis.read(offset, length)),
      readInto(buffer, offset) {
        const count = basis.readInto(buffer, offset);
        return typeof count === "number" ? count : orThrow("read", path, count);
      },
      close: () => basis.close(),
    };
  } catch (error) {
    throw systemError("open", path, error);
  }
}

/**
 * The standard input as a basis: it stays open, and is read from its start whatever was read of it before. A pipe fails
 * at the first read, since a delta may have nothing to copy.
 */
function stdinBasis(): OpenBasis {
  const stat = stdinStat();
  const isSeekable = stat?.isFile() || stat?.isBlockDevice();
  const readInto = (buffer: Uint8Array, offset: number) => {
    if (isSeekable) return orThrow("read", STDIN_NAME, readAt(STDIN, buffer, offset));
    const why = "it cannot be read at random, as a basis is: name a file, or redirect one";
    throw new CliError(EXIT.IO, `cannot read the basis from ${STDIN_NAME}: ${why}`);
  };
  return {
    name: STDIN_NAME,
    reportedSize: sizeOf(stat),
    async read(offset, length) {
      const buffer = new Uint8Array(length);
      return buffer.subarray(0, await readInto(buffer, offset));
    },
    readInto,
    async close() {},
  };
}

function readAt(fd: number, buffer: Uint8Array, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(fd, buffer, 0, buffer.length, offset, (error, count) => error ? reject(error) : resolve(count));
  });
}

/** Asks the system about a file that is to be read. */
async function checkFile(path: string, hint?: string): Promise<fs.Stats> {
  checkName("open", path);
  const stat = await fs.promises.stat(path).catch((error) => {
    // To ask takes no permission for the file itself.
    const where = error.code === "EACCES" ? " by a folder of its path" : undefined;
    throw systemError("open", path, error, error.code === "ENOENT" && hint ? `: ${hint}` : where);
  });
  refuseFolder(path, stat);
  return stat;
}

function refuseFolder(name: string, stat: fs.Stats): void {
  if (stat.isDirectory()) throw new CliError(EXIT.IO, `cannot read ${name}: it is a folder`);
}

function sizeOf(stat: fs.Stats | undefined): number | undefined {
  return stat?.isFile() ? stat.size : undefined;
}

/** Whether the end may be that of another program. */
function isPipe(stat: fs.Stats | undefined): boolean {
  return stat?.isFIFO() || stat?.isSocket() || false;
}

function stdinStat(): fs.Stats | undefined {
  try {
    return fs.fstatSync(STDIN);
  } catch {
    // A process may have no standard input.
    return undefined;
  }
}

async function orThrow<T>(doing: "open" | "read", name: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw systemError(doing, name, error);
  }
}

/** A readable whose failures name the file. */
function named(
  name: string,
  open: () => AsyncIterator<Uint8Array<ArrayBuffer>>,
  isPipe: boolean,
  { signal, look }: InputOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let iterator: AsyncIterator<Uint8Array<ArrayBuffer>> | undefined;
  let onAbort: () => void;
  const end = () => {
    signal?.removeEventListener("abort", onAbort);
    // Not awaited: it follows the pending read, which may never return.
    iterator?.return?.()?.catch(() => {});
  };
  /** Called at the first read: what is opened in vain, as for an output that cannot be written, never ends. */
  const begin = (controller: ReadableStreamDefaultController) => {
    signal?.throwIfAborted();
    onAbort = () => {
      controller.error(signal!.reason);
      end();
    };
    signal?.addEventListener("abort", onAbort);
    return open();
  };
  return new ReadableStream({
    async pull(controller) {
      iterator ??= begin(controller);
      const { done, value } = await orThrow("read", name, iterator.next()).catch((error) => {
        end();
        throw error;
      });
      if (done && isPipe) await signalsSeen();
      if (signal?.aborted) return;
      if (done) {
        end();
        return controller.close();
      }
      look?.(value);
      controller.enqueue(value);
    },
    cancel: end,
  }, { highWaterMark: 0 });
}
