/** What help and the man page say beside the specs of commands and options. Paragraphs have no breaks of lines. */
import { RDIFF } from "./_shared_options.ts";

/** What the program is for, in one line. */
export const PURPOSE = "Updates a file from a newer one elsewhere: only what changed crosses the wire.";

/** The three steps between two machines: where, the command line, and what to do next. */
export const STEPS: readonly (readonly [where: string, commandLine: string, next: string])[] = [
  ["here", "rsync-streams signature old.iso old.sig", "send old.sig there"],
  ["there", "rsync-streams delta old.sig new.iso new.delta", "send new.delta here"],
  ["here", "rsync-streams patch old.iso new.delta new.iso", ""],
];

export const OVER_HTTP =
  `Over HTTP it is less: run "publish new.iso" there, put new.iso and new.iso.rsig on any server, and run ` +
  `"pull https://example.org/new.iso" here.`;

export const STANDARD_STREAMS = `A file that is missing or "-" is the standard input or output.`;

/** What holds for all commands. */
export const CONVENTIONS: readonly string[] = [
  `${STANDARD_STREAMS} Options may stand anywhere. ` +
  `The start of a command's name is enough: "sig", "del", "pat".`,
  "A failed run leaves no output file, and does not change an existing one.",
  `With --${RDIFF.name}, or under the name rdiff, it is rdiff in everything: commands, options, formats, lengths ` +
  `and exit codes. alias rdiff="rsync-streams --${RDIFF.name}"`,
];

/** The permissions that runtimes ask for. */
export const PERMISSIONS: readonly string[] = [
  "In Deno: --allow-read=INPUTS,FOLDER --allow-write=FOLDER, where FOLDER is that of the output. " +
  "pull, push and serve need --allow-net=HOST too. /dev, /proc and /sys need --allow-all. Pipes need none.",
  "In Node with --permission: --allow-fs-read for the program, the inputs and FOLDER/, and --allow-fs-write for " +
  "FOLDER/.",
];

/** What the exit codes mean: those of rdiff, and some of our own. */
export const EXIT_CODES: readonly (readonly [code: number, meaning: string, isOwn?: boolean])[] = [
  [0, "success"],
  [100, "error of a file or the system"],
  [101, "wrong command line"],
  [102, "memory or a limit used up"],
  [103, "unexpected end of a file"],
  [104, "not a file of the kind that was expected"],
  [105, "impossible in the format or the runtime"],
  [106, "damaged file or wrong result"],
  [107, "internal error"],
  [108, "option out of range"],
  [109, "the server cannot be reached, or does not have or take what was asked", true],
  [110, "the file on the server changed meanwhile", true],
  [141, "the reader of the output has gone"],
];

/** Variables of the environment. */
export const VARIABLES: readonly (readonly [name: string, meaning: string])[] = [
  ["NO_COLOR", "if it is set and not empty, there are no colours"],
  ["FORCE_COLOR", "if it is set, there are colours also where there is no terminal; 0: nowhere"],
  ["TERM", "dumb: no colours and no progress bar"],
];
