import { codeOf } from "../files/system_error.ts";
import { RsyncError, type RsyncErrorCode } from "../common/rsync_error.ts";

/** Exit codes: those of rdiff, which are librsync's `rs_result` (docs/formats/librsync.md), and some of our own. */
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
  /** A server that cannot be reached, or answers what cannot be used. */
  SERVER: 109,
  /** The file on the server changed meanwhile. Another run begins with what is there then. */
  CHANGED: 110,
  /** The reader of the output has gone. rdiff dies of SIGPIPE, which shells report as 141; the runtimes ignore it. */
  CLOSED_PIPE: 141,
} as const;

/** What rdiff exits with for the same error, or for the nearest one that it has. */
const EXIT_OF_CODE: Readonly<Record<RsyncErrorCode, number>> = {
  "bad-magic": EXIT.BAD_MAGIC,
  unsupported: EXIT.CORRUPT,
  truncated: EXIT.TRUNCATED,
  "trailing-data": EXIT.CORRUPT,
  "unknown-command": EXIT.CORRUPT,
  // To rdiff this is an unexpected end of the basis.
  "copy-out-of-range": EXIT.TRUNCATED,
  "basis-short-read": EXIT.TRUNCATED,
  limit: EXIT.MEMORY,
  "digest-mismatch": EXIT.CORRUPT,
};

/** Messages for the system's errors, since each runtime words them in its own way. */
const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EADDRINUSE: "another program listens there",
  EADDRNOTAVAIL: "this machine has no such address",
  EBUSY: "it is in use",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be too large",
  EILSEQ: "it is a link to a name that is not UTF-8",
  EISDIR: "it is a folder",
  ELOOP: "too many symbolic links",
  EMFILE: "too many open files",
  ENAMETOOLONG: "the name is too long",
  ENOENT: "no such file or folder",
  ENOSPC: "no space left on the device",
  ENOTDIR: "a part of the path is not a folder",
  ENXIO: "no such device",
  EPERM: "the system does not permit it",
  EROFS: "the file system is read-only",
  ESPIPE: "it cannot be read at random",
};

/** The flag of Deno for what no other allows, such as devices. */
const ALL = "--allow-all";

/** What allows the things that Node with `--permission` denies. */
const NODE_FLAGS: Readonly<Record<string, string>> = {
  FileSystemRead: "--allow-fs-read",
  FileSystemWrite: "--allow-fs-write",
  Net: "--allow-net",
};

/** A failure with an exit code of its own. Its message is printed as it is. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** A command line that does not follow the usage. */
class UsageError extends CliError {
  /** The command whose help would help, if it is known. */
  readonly command: string | undefined;

  constructor(message: string, command: string | undefined) {
    super(EXIT.USAGE, message);
    this.command = command;
  }
}

/** Failures that were reported already. The exit code is that of the first. */
export class ReportedError extends CliError {
  constructor(exitCode: number) {
    super(exitCode, "there were failures, and each was reported");
  }
}

/** A command line that does not follow the usage: of `command`, if it is known. */
export function usageError(message: string, command?: string): CliError {
  return new UsageError(message, command);
}

/** Adds the command to an error of usage that does not know it. Other errors are returned unchanged. */
export function aboutCommand(error: unknown, command: string | undefined): unknown {
  return error instanceof UsageError ? usageError(error.message, error.command ?? command) : error;
}

/**
 * Converts an error of the system or the runtime into one that names the file. Other errors are returned unchanged.
 *
 * @param doing What was done with the file.
 * @param name The name of the file.
 * @param error What was thrown.
 * @param where What else than the file is meant, such as " in the folder x".
 */
export function systemError(
  doing: "open" | "read" | "write" | "listen at",
  name: string,
  error: unknown,
  where = "",
): unknown {
  if (error instanceof CliError || error instanceof RsyncError) return error;
  const named = doing === "write" ? "folder" : doing === "listen at" ? "host" : "file";
  const denial = explainDenial(error, named);
  if (denial) return new CliError(EXIT.IO, `cannot ${doing} ${name}: ${denial}`, { cause: error });
  const code = codeOf(error);
  if (code === undefined) return error;
  if (code === "EPIPE") {
    return new CliError(EXIT.CLOSED_PIPE, `cannot write ${name}: nobody reads it`, { cause: error });
  }
  const why = SYSTEM_ERRORS[code] ?? (error as Error).message;
  return new CliError(EXIT.IO, `cannot ${doing} ${name}: ${why}${where}`, { cause: error });
}

/**
 * Converts the error of a connection into one that says which permission is missing. Undefined if none is. Runtimes
 * hide it behind an error of their own.
 *
 * @param doing What was done, such as "reach example.org".
 */
export function connectionDenial(doing: string, error: unknown): CliError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const denial = explainDenial(cause, "host");
    if (denial) return new CliError(EXIT.IO, `cannot ${doing}: ${denial}`, { cause: error });
  }
  return undefined;
}

/** What Deno says of a permission; undefined in other runtimes. */
interface DenoPermissions {
  readonly permissions: { requestSync(what: { name: "net"; host: string }): { readonly state: string } };
}

/**
 * Checks that this process may listen. Deno (2.9) would end it where `node:http` listens without permission, with an
 * error that nobody can catch.
 *
 * @throws {CliError} If it may not.
 */
export function checkMayListen(place: string): void {
  const { Deno: deno } = globalThis as { Deno?: DenoPermissions };
  if (!deno || deno.permissions.requestSync({ name: "net", host: place }).state === "granted") return;
  const why = "Deno does not permit it, since --allow-net is missing or does not name the host";
  throw new CliError(EXIT.IO, `cannot listen at ${place}: ${why}`);
}

/**
 * Which permission of Deno or Node is missing. Undefined if that is not what an error is about.
 *
 * @param named What the flag must name, if it names anything.
 */
function explainDenial(error: unknown, named: "file" | "folder" | "host" = "file"): string | undefined {
  const { name, message, permission } = (error ?? {}) as Record<string, unknown>;
  if (name === "NotCapable") {
    const [flag = ALL] = /--allow-[a-z]+/.exec(String(message)) ?? [];
    const other = flag === ALL ? "" : ` or does not name the ${named}`;
    return `Deno does not permit it, since ${flag} is missing${other}`;
  }
  if (codeOf(error) === "ERR_ACCESS_DENIED") {
    const flag = NODE_FLAGS[String(permission)] ?? "a flag for it";
    return `Node does not permit it, since ${flag} is missing or does not name the ${named}`;
  }
}

/**
 * The exit code and the message of a failed run. A closed pipe has no message, nor has what was reported already.
 *
 * @param program What the program is called.
 */
export function explain(error: unknown, program: string): { exitCode: number; message: string | undefined } {
  if (error instanceof UsageError) {
    const { exitCode, message, command } = error;
    return { exitCode, message: `${message}; try "${[program, command, "--help"].filter(Boolean).join(" ")}"` };
  }
  if (error instanceof CliError) {
    const { exitCode, message } = error;
    const isSilent = exitCode === EXIT.CLOSED_PIPE || error instanceof ReportedError;
    return { exitCode, message: isSilent ? undefined : message };
  }
  if (error instanceof RsyncError) {
    // Readers set the offset. A writer has none, and fails only because its format has no such command.
    const isWriting = error.code === "unsupported" && error.offset === undefined;
    const exitCode = isWriting ? EXIT.UNIMPLEMENTED : EXIT_OF_CODE[error.code];
    return { exitCode, message: formatMessage(error.message) };
  }
  const denial = explainDenial(error);
  if (denial) return { exitCode: EXIT.IO, message: `cannot go on: ${denial}` };
  if (isOutOfMemory(error)) return { exitCode: EXIT.MEMORY, message: `out of memory: ${error.message}` };
  const message = error instanceof Error ? error.message : String(error);
  return { exitCode: EXIT.INTERNAL, message: `internal error: ${message}` };
}

/** V8 and JavaScriptCore report it in no other way. */
function isOutOfMemory(error: unknown): error is RangeError {
  return error instanceof RangeError && /memory|allocation|array buffer/i.test(error.message);
}

/**
 * Formats a message of the library as this program prints messages: after its name and a colon. A code of the system,
 * such as `EIO`, stays as it is.
 */
export function formatMessage(message: string): string {
  return /^[A-Z]{2}/.test(message) ? message : message.slice(0, 1).toLowerCase() + message.slice(1);
}
