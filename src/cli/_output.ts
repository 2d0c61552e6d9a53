import fs from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { atomicWritable } from "../files/atomic_writable.ts";
import type { Invocation } from "./_command_spec.ts";
import { CliError, EXIT, systemError } from "./_errors.ts";
import { isStandard } from "./_input.ts";
import { checkName } from "./_names.ts";
import { FORCE } from "./_shared_options.ts";
import { STDOUT_NAME, writeStdout } from "./_stdio.ts";

/** What is known of an output before it is opened. */
export interface OutputOptions {
  /** Whether its bytes are not text, so that they are refused on a terminal. */
  readonly isBinary: boolean;
}

/** A file or the standard output. */
export interface Output {
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
  /** Whether it is a terminal. */
  readonly isTerminal: boolean;
}

/**
 * Opens a file, or the standard output if the path is `-` or missing, and closes it after some work.
 *
 * Nothing is created before the first byte. The file takes its place only when it is complete. An existing file is not changed until then, and if the work fails, nothing is left.
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
  const output = isStandard(path) ? openStdout(invocation, options) : await openFile(path, invocation);
  try {
    await work(output);
  } catch (error) {
    await output.writable.abort(error).catch(() => {});
    throw error;
  }
}

function openStdout({ dialect, options }: Invocation, { isBinary }: OutputOptions): Output {
  const isTerminal = process.stdout.isTTY === true;
  if (isTerminal && isBinary && !options.get(FORCE) && !dialect.isRdiff) {
    throw new CliError(EXIT.USAGE, "the output is not for a terminal: name a file, redirect it, or say -f");
  }
  return { writable: named(STDOUT_NAME, { write: writeStdout }), isTerminal };
}

async function openFile(path: string, { options }: Invocation): Promise<Output> {
  checkName("write", path);
  const isThere = await checkPlace(path, options.get(FORCE) ?? false);
  // rdiff does not wait for the disk. But when a file is replaced, a power cut must not lose both.
  return { writable: named(path, atomicWritable(path, { sync: isThere }).getWriter()), isTerminal: false };
}

/**
 * Checks that a file can be written.
 *
 * @returns Whether a regular file will be replaced.
 * @throws {CliError} If the file exists and must not be replaced, or its folder cannot be written to.
 */
async function checkPlace(path: string, force: boolean): Promise<boolean> {
  try {
    const stat = await fs.promises.stat(path).catch((error) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (stat?.isDirectory()) throw new CliError(EXIT.IO, `cannot write ${path}: it is a folder`);
    if (stat && !stat.isFile()) return false;
    if (stat && !force) throw new CliError(EXIT.IO, `cannot write ${path}: it exists, and -f replaces it`);
    await fs.promises.access(dirname(path), fs.constants.W_OK);
    return stat !== undefined;
  } catch (error) {
    throw systemError("write", path, error);
  }
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
      throw systemError("write", name, error);
    }
  };
  return new WritableStream({
    write: (chunk) => orThrow(sink.write(chunk)),
    close: () => orThrow(sink.close?.()),
    abort: (reason) => sink.abort?.(reason),
  });
}
