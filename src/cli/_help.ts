import { COMMANDS } from "./_command_list.ts";
import type { CommandSpec, OptionSpec } from "./_command_spec.ts";
import { VERSION } from "./version.ts";

const OPERANDS = `A file that is missing or "-" is the standard input or output.`;

const OPTION_WIDTH = 26;
const HELP_WIDTH = 71;

/** What `--help` prints: the help of one command, or of all. */
export function helpText(command: CommandSpec | undefined): string {
  return command ? commandHelp(command) : generalHelp();
}

/** What `--version` prints. */
export function versionText(): string {
  return `rsync-streams ${VERSION}
Works in place of rdiff: reads and writes files of librsync 0.9 to 2.3, and its own formats.
`;
}

function generalHelp(): string {
  const commands = COMMANDS.map(({ name, usage, summary }) => `  ${name.padEnd(10)} ${usage.padEnd(27)} ${summary}`);
  return `Usage: rsync-streams COMMAND [OPTIONS] FILES

Updates a file from a newer one elsewhere: only what changed crosses the wire.

${commands.join("\n")}

Here is old.iso, there is new.iso:
  here   rsync-streams signature old.iso old.sig               send old.sig there
  there  rsync-streams delta old.sig new.iso changes.delta     send changes.delta here
  here   rsync-streams patch old.iso changes.delta new.iso

${OPERANDS} Options may stand anywhere.
"rsync-streams COMMAND --help" lists the options of a command. The commands of rdiff take the
options and files that rdiff takes: "alias rdiff=rsync-streams" works.

A failed run leaves no output file, and does not change an existing one. Exit codes: 0 success,
100 error of a file or the system, 101 wrong command line, 102 memory or a limit used up,
103 unexpected end, 104 not a file of the kind that was expected, 105 impossible in the format,
106 damaged file or wrong result, 107 internal error, 108 option out of range,
141 the reader of the output has gone.
`;
}

function commandHelp({ name, usage, details, examples, options }: CommandSpec): string {
  return `Usage: rsync-streams ${name} [OPTIONS] ${usage}

${details}

Examples:
${examples.map((example) => `  ${example}`).join("\n")}

${OPERANDS}

Options:
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
