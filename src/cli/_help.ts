import type { CommandSpec, Dialect, OptionSpec } from "./_command_spec.ts";
import { RDIFF } from "./_shared_options.ts";
import { VERSION } from "./version.ts";

const OPERANDS = `A file that is missing or "-" is the standard input or output.`;

const EXIT_CODES = `A failed run leaves no output file, and does not change an existing one. Exit codes: 0 success,
100 error of a file or the system, 101 wrong command line, 102 memory or a limit used up,
103 unexpected end, 104 not a file of the kind that was expected, 105 impossible in the format or
the runtime, 106 damaged file or wrong result, 107 internal error, 108 option out of range,
141 the reader of the output has gone.
`;

/** Exit codes that rdiff has no use for. */
const HTTP_EXIT_CODES = `109 the server cannot be reached, or does not have or take what was asked,
110 the file on the server changed meanwhile.
`;

const OPTION_WIDTH = 26;
const HELP_WIDTH = 71;

/** What `--help` prints: the help of one command, or of all. */
export function helpText(command: CommandSpec | undefined, dialect: Dialect): string {
  if (dialect.isRdiff) return rdiffHelp(dialect);
  return command ? commandHelp(command, dialect) : generalHelp(dialect);
}

/** What `--version` prints. */
export function versionText({ name, isRdiff }: Dialect): string {
  const what = isRdiff ? `${name} (rsync-streams ${VERSION})` : `${name} ${VERSION}`;
  return `${what}
Works in place of rdiff: reads and writes files of librsync 0.9 to 2.3, and its own formats.
`;
}

function generalHelp({ name: program, commands }: Dialect): string {
  const lines = commands.map(({ name, usage, summary }) => `  ${name.padEnd(10)} ${usage.padEnd(27)} ${summary}`);
  return `Usage: ${program} COMMAND [OPTIONS] FILES

Updates a file from a newer one elsewhere: only what changed crosses the wire.

${lines.join("\n")}
  ${"help".padEnd(10)} ${"[COMMAND]".padEnd(27)} describe a command and its options

Here is old.iso, there is new.iso:
  here   rsync-streams signature old.iso old.sig               send old.sig there
  there  rsync-streams delta old.sig new.iso changes.delta     send changes.delta here
  here   rsync-streams patch old.iso changes.delta new.iso

Over HTTP it is less: "publish new.iso" there, put new.iso and new.iso.rsig on any server, and
"pull https://example.org/new.iso" here.

${OPERANDS} Options may stand anywhere.
The start of a command's name is enough: "sig", "del", "pat". With "delta -z" the delta is
compressed, and patch decompresses it by itself.

With --${RDIFF.name}, or under the name rdiff, it is rdiff in everything: commands, options, formats,
lengths and exit codes. alias rdiff="rsync-streams --${RDIFF.name}"

Least permissions in Deno: --allow-read=INPUTS,FOLDER --allow-write=FOLDER, where FOLDER is that of
the output. /dev, /proc and /sys need --allow-all. In Node: --permission with --allow-fs-read for
the program, the inputs and FOLDER/, and --allow-fs-write for FOLDER/. Pipes need none.
pull, push and serve need --allow-net=HOST in Deno too.

${EXIT_CODES}${HTTP_EXIT_CODES}`;
}

function rdiffHelp({ name: program, commands }: Dialect): string {
  const usage = commands.map(({ name, usage }) => `${program} [OPTIONS] ${name} ${usage}`);
  const options = new Map(commands.flatMap(({ options }) => options).map((spec) => [spec.name, spec]));
  return `Usage: ${usage.join("\n       ")}

${OPERANDS} Options may stand anywhere.
This is rsync-streams in place of rdiff. "rsync-streams --help" describes what else it can do.

Options:
${[...options.values()].flatMap(optionLines).join("\n")}

${EXIT_CODES}`;
}

function commandHelp(command: CommandSpec, { name: program }: Dialect): string {
  const { name, usage, details, examples, options, needsNames = false } = command;
  return `Usage: ${program} ${name} [OPTIONS] ${usage}

${details}

Examples:
${examples.map((example) => `  ${example}`).join("\n")}

${needsNames ? "" : `${OPERANDS}\n\n`}Options:
${options.flatMap(optionLines).join("\n")}
`;
}

function optionLines({ name, short, value, help }: OptionSpec): string[] {
  const names = `${short ? `-${short}, ` : "    "}--${name}${value ? ` ${value}` : ""}`;
  return wrap(help, HELP_WIDTH).map((line, i) => `  ${(i === 0 ? names : "").padEnd(OPTION_WIDTH)} ${line}`);
}

/** Breaks a text between words. */
function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    if (line && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line ? `${line} ${word}` : word;
  }
  return lines;
}
