import { fileURLToPath } from "node:url";

/**
 * Checks the path of a file, before any work is done.
 *
 * @returns The path as a string.
 * @throws {TypeError} If it is neither a string nor a `file:` URL.
 */
export function checkPath(path: unknown): string {
  if (path instanceof URL) return fileURLToPath(path);
  if (typeof path === "string" && path !== "") return path;
  const seen = path === "" ? "an empty string" : path === null ? "null" : `a value of type ${typeof path}`;
  throw new TypeError(`Cannot use path: a string or a file URL was expected, ${seen} was given`);
}
