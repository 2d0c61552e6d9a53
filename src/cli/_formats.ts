/** What the command line needs to know of the formats, from the library's table of them. */
import type { Format } from "../formats/format.ts";
import { FORMAT_NAMES, formats } from "../formats/mod.ts";
import type { StrongSum, WeakSum } from "../kernel/interface.ts";

/** The format of a signature if none is named: the one whose result is verified. */
export const DEFAULT_SIG_FORMAT: Format = FORMAT_NAMES[0]!;

/** The format of a signature for rdiff, which knows no other. */
export const RDIFF_SIG_FORMAT: Format = FORMAT_NAMES.find((format) => formats[format].hasRdiffExact)!;

/** rdiff's names of strong sums, where they are not the library's. */
const RDIFF_STRONG_SUMS: Readonly<Record<string, StrongSum>> = { blake2: "blake2b" };

/** Whether files of a format say what they are: format, kind, and block length where it matters. */
export function isSelfDescribing(format: Format): boolean {
  return formats[format].isSelfDescribing;
}

/** Whether signatures of a format have a record for a short last block. */
export function hasShortBlock(format: Format): boolean {
  return formats[format].hasShortBlock;
}

/** Whether signatures of a format choose lengths as rdiff does, and deltas can be as it writes them. */
export function isOfRdiff(format: Format): boolean {
  return formats[format].hasRdiffExact;
}

/** Whether signatures and deltas of a format can carry a digest. */
export function hasDigest(format: Format): boolean {
  return formats[format].hasDigest;
}

/** The formats that have to be named since their files do not say it, for help. */
export const UNRECOGNIZED_FORMATS: string = FORMAT_NAMES.filter((format) => !isSelfDescribing(format)).join(", ");

/** The formats that can carry a digest, for help. */
export const DIGEST_FORMATS: string = FORMAT_NAMES.filter((format) => formats[format].hasDigest).join(", ");

/** The formats by name. */
export const FORMAT_CHOICES: Readonly<Record<string, Format>> = byName(FORMAT_NAMES);

const codecs = FORMAT_NAMES.map((name) => formats[name]);

/** The weak sums of all formats by name. */
export const WEAK_SUM_CHOICES: Readonly<Record<string, WeakSum>> = byName(
  codecs.flatMap(({ sig }) => sig.weakSums),
);

/** The strong sums of all formats by name. */
export const STRONG_SUM_CHOICES: Readonly<Record<string, StrongSum>> = {
  ...RDIFF_STRONG_SUMS,
  ...byName(codecs.flatMap(({ sig }) => sig.strongSums)),
};

/** The weak sums that each format can choose from, for help. */
export const WEAK_SUM_HELP: string = listSums(({ sig }) => sig.weakSums);

/** The strong sums that each format can choose from, for help. */
export const STRONG_SUM_HELP: string = listSums(({ sig, hasRdiffExact }) => {
  return hasRdiffExact ? sig.strongSums.map(rdiffName) : sig.strongSums;
});

function byName<T extends string>(names: readonly T[]): Readonly<Record<string, T>> {
  return Object.fromEntries(names.map((name) => [name, name]));
}

function rdiffName(sum: StrongSum): string {
  return Object.keys(RDIFF_STRONG_SUMS).find((name) => RDIFF_STRONG_SUMS[name] === sum) ?? sum;
}

function listSums(sumsOf: (codec: typeof formats[Format]) => readonly string[]): string {
  const lists = codecs.map((codec) => {
    const [first, ...others] = sumsOf(codec);
    return others.length > 0 ? `${codec.name}: ${[`${first} (default)`, ...others].join(", ")}` : "";
  });
  return lists.filter(Boolean).join("; ");
}
