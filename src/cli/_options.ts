import type { Format } from "../formats/mod.ts";
import { FORMAT_NAMES } from "../formats/mod.ts";
import type { StrongSum, WeakSum } from "../kernel/interface.ts";
import { usageError } from "./_exit.ts";

/** What the command line can ask for. */
export const COMMANDS = ["signature", "delta", "patch", "info", "transcode"] as const;
export type Command = typeof COMMANDS[number];

/** Options of the command line, checked. Those that were not given are missing. */
export interface Options {
  help?: boolean;
  version?: boolean;
  verbose?: boolean;
  statistics?: boolean;
  force?: boolean;
  json?: boolean;
  digest?: boolean;
  /** Bytes; 0 is what fits the length of the file. */
  blockLength?: number;
  /** Bytes; 0 is the whole sum, and -1 the least that does against accidents. */
  strongLength?: number;
  strongSum?: StrongSum;
  weakSum?: WeakSum;
  format?: Format;
  to?: Format;
  kind?: "signature" | "delta";
  /** Read, and of no effect. */
  bufferLength?: number;
}

/** One option: how it is written, what it sets, and what help says of it. */
export interface OptionSpec {
  readonly name: string;
  readonly short?: string;
  /** What its value is called; none if it takes none. */
  readonly value?: string;
  /** Other names that it goes by. */
  readonly aliases?: readonly string[];
  readonly help: string;
  /** The commands that it means something to. */
  readonly commands: readonly Command[];
  /** Whether rdiff has it: then it may stand with each of rdiff's three commands. */
  readonly isRdiff?: boolean;
  readonly set: (options: Options, value: string) => void;
}

const RDIFF_COMMANDS: readonly Command[] = ["signature", "delta", "patch"];
const WRITING: readonly Command[] = ["signature", "delta", "patch", "transcode"];

/** The sums by rdiff's names for them, and by the library's. */
const STRONG_SUMS: Readonly<Record<string, StrongSum>> = {
  blake2: "blake2b",
  md4: "md4",
  blake2b: "blake2b",
  blake2sp: "blake2sp",
  blake3: "blake3",
};
const WEAK_SUMS: Readonly<Record<string, WeakSum>> = {
  rabinkarp: "rabinkarp",
  rollsum: "rollsum",
  anchor: "anchor",
};
const FORMATS = Object.fromEntries(FORMAT_NAMES.map((name) => [name, name])) as Record<string, Format>;
const KINDS = { signature: "signature", delta: "delta" } as const;

/** All options, in the order of help. */
export const OPTIONS: readonly OptionSpec[] = [
  {
    name: "block-size",
    aliases: ["block-length"],
    short: "b",
    value: "BYTES",
    help: "block length; 0 or auto (default): what fits the length of the file",
    commands: ["signature"],
    isRdiff: true,
    set: (options, value) => options.blockLength = value === "auto" ? 0 : integer(value),
  },
  {
    name: "sum-size",
    aliases: ["strong-length"],
    short: "S",
    value: "BYTES",
    help: "strong length; 0 (default): the whole sum, -1: the least that does against accidents",
    commands: ["signature"],
    isRdiff: true,
    set: (options, value) => options.strongLength = integer(value),
  },
  {
    name: "hash",
    aliases: ["strong-sum"],
    short: "H",
    value: "SUM",
    help: "librsync: blake2 (default), md4; rsync-streams: blake3 (default), blake2sp, blake2b",
    commands: ["signature"],
    isRdiff: true,
    set: (options, value) => options.strongSum = choice(STRONG_SUMS, "hash", value),
  },
  {
    name: "rollsum",
    aliases: ["weak-sum"],
    short: "R",
    value: "SUM",
    help: "librsync: rabinkarp (default), rollsum; rsync-streams: anchor (default) as well",
    commands: ["signature"],
    isRdiff: true,
    set: (options, value) => options.weakSum = choice(WEAK_SUMS, "rollsum", value),
  },
  {
    name: "format",
    value: "FORMAT",
    help: "librsync, rsync-streams or luapower; default: librsync for a signature, else as the input",
    commands: ["signature", "delta", "patch", "info", "transcode"],
    set: (options, value) => options.format = choice(FORMATS, "format", value),
  },
  {
    name: "to",
    value: "FORMAT",
    help: "the format to write: librsync, rsync-streams or luapower",
    commands: ["transcode"],
    set: (options, value) => options.to = choice(FORMATS, "format", value),
  },
  {
    name: "block-size",
    short: "b",
    value: "BYTES",
    help: "block length, which the luapower format does not tell",
    commands: ["delta", "patch", "info", "transcode"],
    set: () => {},
  },
  {
    name: "kind",
    value: "KIND",
    help: "signature or delta, which the luapower format does not tell",
    commands: ["info"],
    set: (options, value) => options.kind = choice(KINDS, "kind", value),
  },
  {
    name: "digest",
    help: "end the signature in a digest of the whole file (rsync-streams)",
    commands: ["signature"],
    set: (options) => options.digest = true,
  },
  {
    name: "no-digest",
    help: "no digest of the target, which patch verifies (rsync-streams): a wrong basis goes unnoticed",
    commands: ["delta"],
    set: (options) => options.digest = false,
  },
  {
    name: "json",
    help: "as JSON, for programs",
    commands: ["info"],
    set: (options) => options.json = true,
  },
  {
    name: "force",
    short: "f",
    help: "replace the output if it exists",
    commands: WRITING,
    isRdiff: true,
    set: (options) => options.force = true,
  },
  {
    name: "statistics",
    short: "s",
    help: "tell counts, time and speed on stderr",
    commands: WRITING,
    isRdiff: true,
    set: (options) => options.statistics = true,
  },
  {
    name: "verbose",
    short: "v",
    help: "tell what is done on stderr, and where a failure comes from",
    commands: COMMANDS,
    set: (options) => options.verbose = true,
  },
  {
    name: "input-size",
    short: "I",
    value: "BYTES",
    help: "taken as rdiff takes it, and of no effect: buffers are chosen well",
    commands: RDIFF_COMMANDS,
    isRdiff: true,
    set: (options, value) => options.bufferLength = integer(value),
  },
  {
    name: "output-size",
    short: "O",
    value: "BYTES",
    help: "likewise",
    commands: RDIFF_COMMANDS,
    isRdiff: true,
    set: (options, value) => options.bufferLength = integer(value),
  },
  {
    name: "version",
    short: "V",
    help: "tell the version",
    commands: COMMANDS,
    set: (options) => options.version = true,
  },
  {
    name: "help",
    short: "?",
    help: "tell this",
    commands: COMMANDS,
    set: (options) => options.help = true,
  },
];

/** Numbers as rdiff takes them: decimal or hexadecimal. */
function integer(value: string): number {
  // As in "-b=1024", which rdiff takes too.
  const text = value.replace(/^=/, "");
  const isNumber = /^[+-]?(0x[\da-f]+|\d+)$/i.test(text);
  if (!isNumber) throw usageError(`invalid number: ${value}`);
  const magnitude = Number(text.replace(/^[+-]/, ""));
  return text.startsWith("-") ? 0 - magnitude : magnitude;
}

function choice<T extends string>(choices: Readonly<Record<string, T>>, what: string, value: string): T {
  if (!Object.hasOwn(choices, value)) {
    throw usageError(
      `unknown ${what} ${JSON.stringify(value)}: one of ${Object.keys(choices).join(", ")} was expected`,
    );
  }
  return choices[value]!;
}
