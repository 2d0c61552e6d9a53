import { constants } from "node:os";

/** An error of the system in words of this module, with the code that the runtime gave or should have given. */
export interface SystemError extends Error {
  /** Such as `EACCES`. */
  readonly code: string | undefined;
  /** What the error is about: a file or its folder. */
  readonly path: string;
}

/**
 * The code of an error of the system, such as `ENOSYS`.
 *
 * Deno (2.9) gives no code for some of them, and names the number in the message.
 */
export function codeOf(error: unknown): string | undefined {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === "string") return code;
  const errno = Number(/\(os error (\d+)\)/.exec(String(message))?.[1]);
  return Object.entries(constants.errno).find(([, number]) => number === errno)?.[0];
}

/** Puts an error of the system in words. The message ends in what the system said. */
export function systemError(doing: string, path: string, cause: unknown, expected: string): SystemError {
  const said = codeOf(cause) ?? (cause instanceof Error ? cause.message : String(cause));
  const error = new Error(`Cannot ${doing}: the system said ${said}, ${expected}`, { cause });
  return Object.assign(error, { code: codeOf(cause), path });
}
