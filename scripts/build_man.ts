/**
 * Writes the man page of the command, from the specs of its commands.
 *
 *     deno task build:man           writes .cache/npm/man/rsync-streams.1
 *     deno task build:man FOLDER    writes it into another folder
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import process from "node:process";
import { MAN_FILE, manPage } from "../src/cli/man_page.ts";
import { CACHE, ROOT } from "./npm_tools.ts";

/** Writes the page into a folder, which is created if it is missing, and returns its path. */
export function buildMan(folder: string): string {
  const path = join(folder, MAN_FILE);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, manPage());
  return path;
}

if (import.meta.main) console.log(relative(ROOT, buildMan(process.argv[2] ?? join(CACHE, "man"))));
