import { RsyncError, type RsyncErrorCode } from "../common/rsync_error.ts";

/** Exit codes: those of rdiff, which are librsync's `rs_result` (format page of librsync, section 3), and what a shell makes of SIGPIPE. */
export const EXIT = {
  OK: 0,
  IO: 100,
  USAGE: 101,
  MEMORY: 102,
  TRUNCATED: 103,
  BAD_MAGIC: 104,
  UNIMPLEMENTED: 105,
  CORRUPT: 106,
  INTERNAL: 107,
  PARAMETER: 108,
  /** Whoever read the output went away. rdiff dies of the signal, which shells report as this; the runtimes ignore the signal. */
  CLOSED_PIPE: 141,
} as const;

/** What rdiff exits with for the same trouble. Where it has no such trouble, the nearest. */
const EXIT_OF_CODE: Readonly<Record<RsyncErrorCode, number>> = {
  "bad-magic": EXIT.BAD_MAGIC,
  unsupported: EXIT.CORRUPT,
  truncated: EXIT.TRUNCATED,
  "trailing-data": EXIT.CORRUPT,
  "unknown-command": EXIT.CORRUPT,
  // To rdiff this is an unexpected end, of the basis.
  "copy-out-of-range": EXIT.TRUNCATED,
  "basis-short-read": EXIT.TRUNCATED,
  limit: EXIT.MEMORY,
  "digest-mismatch": EXIT.CORRUPT,
};

/** What the system's errors are called here: each runtime words them in its own way. */
const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EBUSY: "it is in use",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be too large",
  EISDIR: "it is a folder",
  ELOOP: "too many symbolic links",
  EMFILE: "too many open files",
  ENAMETOOLONG: "the name is too long",
  ENOENT: "no such file or folder",
  ENOSPC: "no space left on the device",
  ENOTDIR: "a part of the path is no folder",
  ENXIO: "no such device",
  EPERM: "the system does not permit it",
  EROFS: "the file system is read-only",
  ESPIPE: "it cannot be read at random",
};

/** What the options of the streams are called on the command line. */
const OPTION_NAMES: Readonly<Record<string, string>> = {
  blockLength: "the block length (-b)",
  strongLength: "the strong length (-S)",
  strongSum: "the strong sum (-H)",
  weakSum: "the weak sum (-R)",
  maxInputLength: "what is taken from a pipe",
  'format: "luapower"': "--format luapower -b BYTES",
};

/** A failure that has an exit code of its own, and a message that is told without the program's name. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** A command line that cannot be meant. */
export function usageError(message: string, command?: string): CliError {
  const help = ["rsync-streams", ...(command ? [command] : []), "--help"].join(" ");
  return new CliError(EXIT.USAGE, `${message}; try "${help}"`);
}

/**
 * Makes of a failure of the system, met while `doing` something with a file, one that names the file. What is none
 * passes through.
 */
export function systemError(doing: "open" | "read" | "write", name: string, error: unknown): unknown {
  const code = (error as { code?: unknown } | undefined)?.code;
  if (error instanceof CliError || error instanceof RsyncError || typeof code !== "string") return error;
  if (code === "EPIPE") {
    return new CliError(EXIT.CLOSED_PIPE, `cannot write ${name}: nobody reads it`, { cause: error });
  }
  const why = SYSTEM_ERRORS[code] ?? (error as Error).message;
  return new CliError(EXIT.IO, `cannot ${doing} ${name}: ${why}`, { cause: error });
}

/** Runs what takes options from the command line: what it does not take is the fault of who wrote that. */
export async function checkedOptions<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isOutOfMemory(error)) throw error;
    if (error instanceof RangeError) throw new CliError(EXIT.PARAMETER, inWords(error.message), { cause: error });
    if (error instanceof TypeError) throw new CliError(EXIT.USAGE, inWords(error.message), { cause: error });
    throw error;
  }
}

/** Tells how a failed run ends: its exit code, and the line for people, which a closed pipe does not have. */
export function explain(error: unknown): { exitCode: number; message: string | undefined } {
  if (error instanceof CliError) {
    const { exitCode, message } = error;
    return { exitCode, message: exitCode === EXIT.CLOSED_PIPE ? undefined : message };
  }
  if (error instanceof RsyncError) {
    // A reader tells where the trouble is. A writer cannot, and has none but this: its format has no such command.
    const isWriting = error.code === "unsupported" && error.offset === undefined;
    const exitCode = isWriting ? EXIT.UNIMPLEMENTED : EXIT_OF_CODE[error.code];
    return { exitCode, message: inWords(error.message) };
  }
  if (isOutOfMemory(error)) return { exitCode: EXIT.MEMORY, message: `out of memory: ${error.message}` };
  const message = error instanceof Error ? error.message : String(error);
  return { exitCode: EXIT.INTERNAL, message: `something went wrong that should not: ${message}` };
}

/** V8 and JavaScriptCore have no other way to tell it. */
function isOutOfMemory(error: unknown): error is RangeError {
  return error instanceof RangeError && /memory|allocation|array buffer/i.test(error.message);
}

/** A message of the library in the words of the command line, on one line. */
function inWords(message: string): string {
  let words = message.slice(0, 1).toLowerCase() + message.slice(1).replaceAll(/\s*\n\s*/g, " ").replaceAll("`", "");
  for (const [name, phrase] of Object.entries(OPTION_NAMES)) words = words.replaceAll(name, phrase);
  return words;
}
