import { CliError, EXIT } from "./_errors.ts";

/** What the runtimes put in the place of bytes that are not UTF-8. */
const REPLACEMENT = "\ufffd";

/**
 * Checks that a name is the one that was given. Of names that are not UTF-8 the runtimes pass on another one, which may
 * be the same for several files.
 *
 * @throws {CliError} If it may be another, or is empty.
 */
export function checkName(doing: "open" | "write", path: string): void {
  if (path === "") throw new CliError(EXIT.IO, `cannot ${doing} "": the name of the file is empty`);
  if (!path.includes(REPLACEMENT)) return;
  const why = "U+FFFD in the name stands for bytes that are not UTF-8, which the runtime lost";
  const redirection = doing === "open" ? "- < FILE" : "- > FILE";
  throw new CliError(EXIT.IO, `cannot ${doing} ${path}: ${why}: rename the file, or redirect it, as in ${redirection}`);
}
