import fs from "node:fs";
import process from "node:process";
import type { BasisSource } from "../basis/basis_source.ts";
import { fileBasis } from "../files/file_basis.ts";
import { fileReadable } from "../files/file_readable.ts";
import { CliError, EXIT, systemError } from "./_exit.ts";

const STDIN = 0;

/** A file or the standard input, to be read from its start to its end. */
export interface Input {
  /** What to call it. */
  readonly name: string;
  /** Its length in bytes, if it is a regular file. */
  readonly size: number | undefined;
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** Whether an operand stands for the standard input or output. */
export function isStandard(path: string | undefined): path is "-" | undefined {
  return path === undefined || path === "-";
}

/**
 * Opens a file, or the standard input if the path is `-` or missing.
 *
 * @throws {CliError} If there is no such file, or it is a folder.
 */
export async function openInput(path: string | undefined): Promise<Input> {
  if (isStandard(path)) {
    const name = "the standard input";
    // Each runtime polls it as its kind of file wants. A read of its descriptor would keep Node from exiting.
    return { name, size: stdinSize(), readable: named(name, () => process.stdin[Symbol.asyncIterator]()) };
  }
  const size = await regularSize(path);
  return { name: path, size, readable: named(path, () => fileReadable(path)[Symbol.asyncIterator]()) };
}

/** A basis that is to be closed. */
export interface OpenBasis extends BasisSource {
  close(): Promise<void>;
}

/**
 * Opens a file to copy from.
 *
 * @throws {CliError} If it cannot be opened, or is the standard input.
 */
export async function openBasis(path: string | undefined): Promise<OpenBasis> {
  if (isStandard(path)) {
    throw new CliError(
      EXIT.USAGE,
      "the basis cannot come from the standard input: it is read at random, so name a file",
    );
  }
  await regularSize(path);
  try {
    const basis = await fileBasis(path);
    return {
      size: basis.size,
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

async function regularSize(path: string): Promise<number | undefined> {
  const stat = await orThrow("open", path, fs.promises.stat(path));
  if (stat.isDirectory()) throw new CliError(EXIT.IO, `cannot read ${path}: it is a folder`);
  return stat.isFile() ? stat.size : undefined;
}

function stdinSize(): number | undefined {
  try {
    const stat = fs.fstatSync(STDIN);
    return stat.isFile() ? stat.size : undefined;
  } catch {
    // There may be none.
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
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let iterator: AsyncIterator<Uint8Array<ArrayBuffer>> | undefined;
  return new ReadableStream({
    async pull(controller) {
      iterator ??= open();
      const { done, value } = await orThrow("read", name, iterator.next());
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel() {
      // Not waited for: it comes after the read under way, and nothing may ever arrive there.
      iterator?.return?.()?.catch(() => {});
    },
  }, { highWaterMark: 0 });
}
