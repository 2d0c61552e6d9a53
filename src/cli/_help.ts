import { USAGE } from "./_command_line.ts";
import { type Command, COMMANDS, OPTIONS } from "./_options.ts";
import { VERSION } from "./_version.ts";

const SUMMARIES: Readonly<Record<Command, string>> = {
  signature: "make the signature of the old file (the basis)",
  delta: "make the delta from that signature to the new file (the target)",
  patch: "make the new file of the old one and the delta",
  info: "tell what a signature or a delta is",
  transcode: "write a delta in another format",
};

const DETAILS: Readonly<Record<Command, string>> = {
  signature: `Makes the signature of BASIS, the old file. Whoever has the new file makes a delta with it.

The default format is librsync's, which rdiff reads too. The format rsync-streams makes deltas of
new data faster, and they verify the result. With format luapower say the block length with -b.

Examples:
  rsync-streams signature old.iso old.sig
  rsync-streams signature --format rsync-streams old.iso old.sig
  ssh host cat old.iso | rsync-streams signature > old.sig`,
  delta: `Makes the delta from the file that SIGNATURE was made of to TARGET, the new file.

The delta has the format of the signature, unless --format says another. A signature in format
luapower is not recognized: say --format luapower -b BYTES.

Examples:
  rsync-streams delta old.sig new.iso changes.delta
  tar c folder | rsync-streams delta old.sig > changes.delta`,
  patch: `Makes TARGET, the new file, of BASIS, the old one, and DELTA. With -f it may replace BASIS itself.

The format is told by DELTA; luapower's is not recognized: say --format luapower -b BYTES. In the
format rsync-streams the result is verified. BASIS cannot come from a pipe.

Examples:
  rsync-streams patch old.iso changes.delta new.iso
  rsync-streams patch -f file changes.delta file
  curl -s https://example.org/changes.delta | rsync-streams patch old.tar | tar x`,
  info: `Tells what FILE is, a signature or a delta: format, sums, block length, counts, share of literals.

A file in format luapower is not recognized: say --format luapower -b BYTES --kind KIND.

Examples:
  rsync-streams info changes.delta
  rsync-streams info --json old.sig | jq .sigCount`,
  transcode: `Writes DELTA in another format. A digest is kept where the new format has a place for one: that is
rsync-streams alone. To luapower go only copies of whole blocks of the length that -b says.

Examples:
  rsync-streams transcode changes.delta changes.rdiff --to librsync`,
};

const OPERANDS = `A file that is missing or "-" is the standard input or output.`;

const GENERAL = `Usage: rsync-streams COMMAND [OPTIONS] FILES

Updates a file from a newer one elsewhere: only what changed crosses the wire.

${COMMANDS.map((command) => `  ${command.padEnd(10)} ${USAGE[command].padEnd(27)} ${SUMMARIES[command]}`).join("\n")}

Here is old.iso, there is new.iso:
  here   rsync-streams signature old.iso old.sig               send old.sig there
  there  rsync-streams delta old.sig new.iso changes.delta     send changes.delta here
  here   rsync-streams patch old.iso changes.delta new.iso

${OPERANDS} Options may stand anywhere.
"rsync-streams COMMAND --help" tells the options of a command. The three of rdiff take rdiff's, and
their files: "alias rdiff=rsync-streams" works.

A failed run leaves no output file, and one that was there as it was. Exit codes: 0 done,
100 files and system, 101 command line, 102 memory, 103 unexpected end, 104 not such a file,
105 not possible in the format, 106 damaged, or the result is wrong, 107 internal error,
108 parameter out of range, 141 nobody reads the output.`;

const OPTION_WIDTH = 26;

/** What `--help` tells: of one command, or of all. */
export function helpText(command: Command | undefined): string {
  if (!command) return `${GENERAL}\n`;
  const options = OPTIONS.filter(({ commands }) => commands.includes(command)).map(({ name, short, value, help }) => {
    const names = `${short ? `-${short}, ` : "    "}--${name}${value ? ` ${value}` : ""}`;
    return `  ${names.padEnd(OPTION_WIDTH)} ${help}`;
  });
  const usage = `Usage: rsync-streams ${command} [OPTIONS] ${USAGE[command]}`;
  return `${usage}\n\n${DETAILS[command]}\n\n${OPERANDS}\n\nOptions:\n${options.join("\n")}\n`;
}

/** What `--version` tells. */
export function versionText(): string {
  return `rsync-streams ${VERSION}\nStands in for rdiff: signatures and deltas of librsync 0.9 to 2.3, and its own formats.\n`;
}
