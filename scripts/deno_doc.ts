/** Runs `deno doc` on the entry points. */
import process from "node:process";
import { readManifest, run } from "./npm_tools.ts";

/** Returns what `deno doc` prints about the sources of the entry points. */
export function denoDoc(...args: string[]): string {
  const sources = Object.values(readManifest().exports).map((path) => path.replace("./", ""));
  return run(process.execPath, ["doc", ...args, ...sources]);
}
