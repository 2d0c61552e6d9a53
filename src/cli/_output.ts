import fs from "node:fs";
import { sep } from "node:path";
import process from "node:process";
import { atomicWritable } from "../files/atomic_writable.ts";
import type { SystemError } from "../files/system_error.ts";
import type { Invocation } from "./_command_spec.ts";
import { CliError, EXIT, formatMessage, systemError } from "./_errors.ts";
import { isStandard } from "./_input.ts";
import { checkName } from "./_names.ts";
import { warn } from "./_report.ts";
import { FORCE } from "./_shared_options.ts";
import { STDOUT_NAME, writeStdout } from "./_stdio.ts";

/** What to do where only a file can be written to, and not its folder. */
const REMEDY = "make the folder writable, or write to another folder and copy the file";

const STDIN = 0;
const STDOUT = 1;
/** Numbers of files may be longer than those of JavaScript. */
const BIGINT = { bigint: true } as const;

/** What is known of an output before it is opened. */
export interface OutputOptions {
  /** Whether its bytes are not text, so that they are refused on a terminal. */
  readonly isBinary?: boolean;
  /** Whether a file that exists is replaced without being asked to. */
  readonly mayReplace?: boolean;
}

/** A file or the standard output. */
export interface Output {
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
  /** Whether it is a terminal. */
  readonly isTerminal: boolean;
  /** Whether it is the standard output. */
  readonly isStdout: boolean;
  /** Removes what was written, unless the output is closed. Returns when that is done, whoever began it. */
  discard(reason: unknown): Promise<void>;
}

/**
 * Opens a file, or the standard output if the path is `-` or missing, and closes it after some work.
 *
 * The file is created beside its place, before the work, so that nothing is done in vain. It takes its place only when
 * it is complete. An existing file is not changed until then, and if the work fails, nothing is left.
 *
 * @param work Writes to the output, and closes it.
 * @throws {CliError} If the file exists and must not be replaced, or cannot be written.
 */
export async function withOutput(
  path: string | undefined,
  invocation: Invocation,
  options: OutputOptions,
  work: (output: Output) => Promise<void>,
): Promise<void> {
  const output = isStandard(path) ? openStdout(invocation, options) : await openFile(path, invocation, options);
  try {
    await work(output);
  } catch (error) {
    await output.discard(error);
    throw error;
  }
}

function openStdout({ dialect, operands, options }: Invocation, { isBinary }: OutputOptions): Output {
  const file = fileOf(STDOUT);
  if (file && [STDIN, ...operands].some((input) => fileOf(input) === file)) {
    // It would be overwritten while it is read, or grow for as long as it is read.
    throw new CliError(EXIT.IO, `cannot write ${STDOUT_NAME}: it is a file that is read, too`);
  }
  const isTerminal = process.stdout.isTTY === true;
  if (isTerminal && isBinary && !options.get(FORCE) && !dialect.isRdiff) {
    throw new CliError(EXIT.USAGE, "the output is not for a terminal: name a file, redirect it, or say -f");
  }
  return { writable: named(STDOUT_NAME, { write: writeStdout }), isTerminal, isStdout: true, discard: async () => {} };
}

/** Which regular file a path or a descriptor stands for. Undefined if it is none. */
function fileOf(place: string | number): string | undefined {
  try {
    const stat = typeof place === "string" ? fs.statSync(place, BIGINT) : fs.fstatSync(place, BIGINT);
    // Some systems number no files.
    return stat.isFile() && stat.ino ? `${stat.dev} ${stat.ino}` : undefined;
  } catch {
    return undefined;
  }
}

async function openFile(path: string, invocation: Invocation, { mayReplace }: OutputOptions): Promise<Output> {
  checkName("write", path);
  let isThere = false;
  try {
    isThere = await checkPlace(path, mayReplace ?? invocation.options.get(FORCE) ?? false);
    const onWarning = ({ message }: Error) => warn(invocation, formatMessage(message));
    // rdiff does not wait for the disk. But when a file is replaced, a power cut must not lose both.
    const writer = atomicWritable(path, { sync: isThere, onWarning }).getWriter();
    // Asked for later, it does not wait in Node 24.
    const closed = writer.closed.catch(() => {});
    // Creates the file.
    await writer.write(new Uint8Array(0));
    const discard = async (reason: unknown) => {
      await writer.abort(reason).catch(() => {});
      // A second abort of a stream does not wait for the first.
      await closed;
    };
    return { writable: named(path, writer), isTerminal: false, isStdout: false, discard };
  } catch (error) {
    throw systemError("write", path, error, whereOf(error, isThere));
  }
}

/**
 * The folder in which the temporary file could not be created, for messages. Undefined if an error means the file.
 *
 * @param isThere Whether a file was to be replaced: its own mode may allow that, so the reason is said.
 */
function whereOf(error: unknown, isThere: boolean): string | undefined {
  const folder = inOwnWords(error)?.path;
  if (folder === undefined) return undefined;
  if (!fs.existsSync(folder)) return `: ${folder}`;
  const why = isThere ? `, where the new file must be complete before it replaces the old one: ${REMEDY}` : "";
  return ` in the folder ${folder}${why}`;
}

/** An error of the writable in words of its own, which say more than the code of the system. */
function inOwnWords(error: unknown): SystemError | undefined {
  const { path, cause } = (error ?? {}) as Partial<SystemError>;
  return typeof path === "string" && cause !== undefined ? error as SystemError : undefined;
}

/**
 * Checks that a file may be written.
 *
 * @returns Whether a regular file will be replaced.
 * @throws {CliError} If the file exists and must not be replaced, or is a folder.
 */
async function checkPlace(path: string, force: boolean): Promise<boolean> {
  const stat = await fs.promises.stat(path).catch((error) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  const isFolderName = path.endsWith("/") || path.endsWith(sep);
  if (stat?.isDirectory() || !stat && isFolderName) {
    throw new CliError(EXIT.IO, `cannot write ${path}: it is ${stat ? "" : "the name of "}a folder`);
  }
  if (stat?.isFile() && !force) throw new CliError(EXIT.IO, `cannot write ${path}: it exists, and -f replaces it`);
  return stat?.isFile() ?? false;
}

interface Sink {
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  close?(): Promise<void>;
  abort?(reason: unknown): Promise<void>;
}

/** A writable whose failures name the file. */
function named(name: string, sink: Sink): WritableStream<Uint8Array<ArrayBuffer>> {
  const orThrow = async (work: Promise<void> | undefined) => {
    try {
      await work;
    } catch (error) {
      const told = inOwnWords(error);
      throw told
        ? new CliError(EXIT.IO, formatMessage(told.message), { cause: error })
        : systemError("write", name, error);
    }
  };
  return new WritableStream({
    write: (chunk) => orThrow(sink.write(chunk)),
    close: () => orThrow(sink.close?.()),
    abort: (reason) => sink.abort?.(reason),
  });
}
