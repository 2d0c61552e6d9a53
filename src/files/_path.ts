import { fileURLToPath } from "node:url";

/**
 * Checks where a file is, before a byte flows.
 *
 * @returns The path as text.
 * @throws {TypeError} If it is neither text nor a `file:` URL.
 */
export function checkPath(path: unknown): string {
  if (path instanceof URL) return fileURLToPath(path);
  if (typeof path === "string" && path !== "") return path;
  const seen = path === "" ? "an empty string" : path === null ? "null" : `a value of type ${typeof path}`;
  throw new TypeError(`Cannot use path: a string or a file URL was expected, ${seen} was given`);
}
