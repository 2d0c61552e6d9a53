/** Colours and bold letters of terminals. */
import process from "node:process";

/** How texts are marked for a stream: by escape sequences, or not at all. */
export interface Style {
  bold(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

/** Marks nothing. */
export const PLAIN: Style = { bold: same, red: same, yellow: same, cyan: same };
const COLORED: Style = { bold: marked(1, 22), red: marked(31, 39), yellow: marked(33, 39), cyan: marked(36, 39) };

/** The style for a stream: colours if it is a terminal, unless variables of the environment say otherwise. */
export function styleOf(stream: { readonly isTTY?: boolean }): Style {
  return hasColor(stream) ? COLORED : PLAIN;
}

/** Whether the terminal can only print line after line. */
export function isDumb(): boolean {
  return environment("TERM") === "dumb";
}

/** As no-color.org and force-color.org have it. Where both are set, there is no colour. */
function hasColor({ isTTY }: { readonly isTTY?: boolean }): boolean {
  if (environment("NO_COLOR")) return false;
  const force = environment("FORCE_COLOR");
  if (force) return force !== "0" && force !== "false";
  return isTTY === true && !isDumb();
}

interface DenoEnvironment {
  readonly noColor: boolean;
  readonly permissions: { querySync(what: { name: "env"; variable: string }): { readonly state: string } };
}

/** A variable of the environment. Deno always tells NO_COLOR, and others only if it is permitted: nobody is asked. */
function environment(variable: string): string | undefined {
  const { Deno: deno } = globalThis as { Deno?: DenoEnvironment };
  if (deno && deno.permissions.querySync({ name: "env", variable }).state !== "granted") {
    return variable === "NO_COLOR" && deno.noColor ? "1" : undefined;
  }
  return process.env[variable];
}

function same(text: string): string {
  return text;
}

/** @param start Number of the escape sequence before the text, as `end` is of the one after it. */
function marked(start: number, end: number): (text: string) => string {
  return (text) => `\u001b[${start}m${text}\u001b[${end}m`;
}
