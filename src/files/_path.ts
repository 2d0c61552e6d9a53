import { sep } from "node:path";
import { fileURLToPath } from "node:url";
import { kindOf } from "../common/bytes.ts";

/**
 * Characters that would not show, or would act on a terminal: DEL, C1 controls, and what turns the direction of text.
 */
const UNSAFE = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * Checks the path of a file, before any work is done.
 *
 * @returns The path as a string.
 * @throws {TypeError} If it is neither a string nor a `file:` URL, or no file can have that name.
 */
export function checkPath(path: unknown): string {
  const text = isUrl(path) ? pathOfUrl(path.href) : path;
  if (typeof text !== "string") throw pathError(`${kindOf(text)} was given as its path`);
  if (text === "") throw pathError("its path is empty");
  if (text.includes("\0")) throw pathError(`its path is ${quotePath(text)}, with a zero character`);
  // The runtime would write U+FFFD instead: another name.
  if (/\p{Surrogate}/u.test(text)) throw pathError(`its path is ${quotePath(text)}, with half of a surrogate pair`);
  return text;
}

/** A path in quotes for a message: with control characters escaped, so that they do not reach a terminal. */
export function quotePath(path: string): string {
  return JSON.stringify(path).replace(UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The path of a name in a folder. `join` would take `link/..` for the folder that the link is in. */
export function inFolder(folder: string, name: string): string {
  return folder.endsWith(sep) ? folder + name : folder + sep + name;
}

/** Whether a value is a `URL`, of this realm or another. */
function isUrl(value: unknown): value is URL {
  const url = value as Partial<URL> | null | undefined;
  return typeof url?.href === "string" && typeof url.protocol === "string";
}

function pathOfUrl(href: string): string {
  try {
    // Bytes that are not UTF-8: Bun (1.4) would take U+FFFD for them, which is another name.
    decodeURIComponent(href);
    return fileURLToPath(href);
  } catch (cause) {
    throw pathError(`its URL is ${quotePath(href)}`, cause);
  }
}

function pathError(seen: string, cause?: unknown): TypeError {
  return new TypeError(`Cannot open the file: ${seen}, a path or a file: URL was expected`, { cause });
}
