/**
 * Writes what `--help` prints into the page of the command, docs/command-line.md.
 *
 *     deno task build:help
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { COMMAND_NAMES } from "../src/cli/command_names.ts";
import { ROOT } from "./npm_tools.ts";

const PAGE = join(ROOT, "docs/command-line.md");
/** Everything after it is written by this script. */
const START = "<!-- deno task build:help writes what follows -->\n";

/** The page, as it is, and as it is with what `--help` prints now. */
export function helpPage(): { readonly current: string; readonly expected: string } {
  const current = readFileSync(PAGE, "utf8");
  const [before, after] = current.split(START);
  if (after === undefined) throw new Error(`Cannot write the help: ${PAGE} has no line ${START}`);
  const sections = COMMAND_NAMES.map((name) => `\n### ${name}\n\n\`\`\`text\n${helpOf(name)}\`\`\`\n`);
  return { current, expected: before + START + sections.join("") };
}

function helpOf(command: string): string {
  const args = ["run", "-A", "--quiet", join(ROOT, "src/cli/mod.ts"), command, "--help"];
  return execFileSync(Deno.execPath(), args, { encoding: "utf8", env: { ...Deno.env.toObject(), FORCE_COLOR: "0" } });
}

if (import.meta.main) writeFileSync(PAGE, helpPage().expected);
