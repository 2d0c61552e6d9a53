/** Options of more than one command. */
import type { OptionSpec } from "./_command_spec.ts";
import {
  FORMAT_CHOICES,
  STRONG_SUM_CHOICES,
  STRONG_SUM_HELP,
  UNRECOGNIZED_FORMATS,
  WEAK_SUM_CHOICES,
  WEAK_SUM_HELP,
} from "./_formats.ts";
import { bytesOption, choiceOption, flag, integerOption, switchOption } from "./_option_kinds.ts";

/** Bytes; 0 is the length that fits the file. */
export const BLOCK_LENGTH: OptionSpec<number> = bytesOption({
  name: "block-size",
  aliases: ["block-length"],
  short: "b",
  value: "BYTES",
  help: "block length, such as 4096 or 4k; 0 or auto (default): the length that fits the file",
}, { auto: 0 });

/** The same, of a file that does not record it. */
export const KNOWN_BLOCK_LENGTH: OptionSpec<number> = {
  ...BLOCK_LENGTH,
  help: `block length, for a format that does not record it: ${UNRECOGNIZED_FORMATS}`,
};

/** Bytes; 0 leaves it to the format, and -1 is the shortest that is safe against accidents. */
export const STRONG_LENGTH: OptionSpec<number> = integerOption({
  name: "sum-size",
  aliases: ["strong-length"],
  short: "S",
  value: "BYTES",
  help: "strong length; 0 (default): as the format has it, -1: the shortest that is safe against accidents",
});

export const STRONG_SUM = choiceOption({
  name: "hash",
  aliases: ["strong-sum"],
  short: "H",
  value: "SUM",
  help: `strong sum; ${STRONG_SUM_HELP}`,
}, { words: STRONG_SUM_CHOICES, rdiffWords: ["blake2", "md4"] });

export const WEAK_SUM = choiceOption({
  name: "rollsum",
  aliases: ["weak-sum"],
  short: "R",
  value: "SUM",
  help: `weak sum; ${WEAK_SUM_HELP}`,
}, { words: WEAK_SUM_CHOICES, rdiffWords: ["rabinkarp", "rollsum"] });

export const FORMAT = choiceOption({
  name: "format",
  value: "FORMAT",
  help: `${Object.keys(FORMAT_CHOICES).join(", ")}; default: the format of the input`,
}, { words: FORMAT_CHOICES });

export const FORCE = flag({ name: "force", short: "f", help: "replace the output if it exists" });

/** As tar names it. rsync says `--compress`. */
export const GZIP = flag({ name: "gzip", short: "z", aliases: ["compress"], help: "compress the output with gzip" });

/** As tar names it. */
export const ZSTD = flag({
  name: "zstd",
  help: "compress the output with zstd: smaller and faster than gzip; Node has it since 22.15",
});

export const STATISTICS = flag({ name: "statistics", short: "s", help: "print counts, time and speed on stderr" });

export const VERBOSE = flag({
  name: "verbose",
  short: "v",
  help: "print on stderr what is done, and where a failure comes from",
});

/** Not an option of rdiff, so there are warnings then. */
export const QUIET = flag({
  name: "quiet",
  short: "q",
  help: "print nothing on stderr but errors",
});

/** If it is not given, progress is shown on a terminal. */
export const PROGRESS = switchOption({
  name: "progress",
  help: "show progress on stderr, or do not; default: only if it is a terminal",
});

export const JSON_OUTPUT = flag({
  name: "json",
  help: "print the results as one JSON object on stdout; on stderr if stdout has the output",
});

/** How a run reports, in the order of help. */
export const REPORT_OPTIONS: readonly OptionSpec[] = [QUIET, PROGRESS, STATISTICS, JSON_OUTPUT, VERBOSE];

/** Makes the program rdiff. It is looked for before everything else is parsed. */
export const RDIFF = flag({ name: "rdiff", help: "be rdiff in everything: formats, lengths, options, exit codes" });

export const VERSION = flag({ name: "version", short: "V", help: "print the version" });

export const HELP = flag({ name: "help", short: "h", aliases: ["?"], help: "print this help" });

const INPUT_BUFFER = bytesOption({
  name: "input-size",
  short: "I",
  value: "BYTES",
  help: "accepted as rdiff accepts it, and ignored: buffers need no tuning",
});

const OUTPUT_BUFFER = bytesOption({ name: "output-size", short: "O", value: "BYTES", help: "likewise" });

/** rdiff's lengths of buffers. */
export const BUFFER_OPTIONS: readonly OptionSpec[] = [INPUT_BUFFER, OUTPUT_BUFFER];

/** Options of a signature, which rdiff accepts with its other commands too and ignores there. */
export const IGNORED_SIG_OPTIONS: readonly OptionSpec[] = [STRONG_LENGTH, STRONG_SUM, WEAK_SUM];
