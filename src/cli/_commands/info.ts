import { hex } from "../../common/bytes.ts";
import type { Format } from "../../formats/format.ts";
import type { FileKind } from "../../formats/recognize.ts";
import { type DeltaInfo, inspect, type SigInfo } from "../../stages/inspect.ts";
import { checkBlockLength } from "../_check_options.ts";
import type { CommandSpec, Invocation } from "../_command_spec.ts";
import { type CompressibleInput, openCompressible } from "../_compressible_input.ts";
import { usageError } from "../_errors.ts";
import { hasShortBlock, isSelfDescribing, UNRECOGNIZED_FORMATS } from "../_formats.ts";
import { choiceOption } from "../_option_kinds.ts";
import { printable } from "../_printable.ts";
import {
  BLOCK_LENGTH,
  FORMAT,
  HELP,
  JSON_OUTPUT,
  KNOWN_BLOCK_LENGTH,
  QUIET,
  VERBOSE,
  VERSION,
} from "../_shared_options.ts";
import { print } from "../_stdio.ts";
import { formatDate, formatShare } from "../_units.ts";

const KINDS: Readonly<Record<string, FileKind>> = { signature: "signature", delta: "delta" };

const KIND = choiceOption({
  name: "kind",
  value: "KIND",
  help: `signature or delta, for a format that does not record it: ${UNRECOGNIZED_FORMATS}`,
}, { words: KINDS });

const NAME_WIDTH = 16;

export const info: CommandSpec = {
  name: "info",
  usage: "[FILE]",
  operands: { min: 0, max: 1 },
  summary: "show what is in a signature or a delta",
  details: `Shows what is in FILE, a signature or a delta: format, sums, block length, counts, share of
literals.

A file in one of these formats is not recognized: ${UNRECOGNIZED_FORMATS}. Give --format FORMAT -b BYTES
--kind KIND for it. A file that is compressed with gzip or zstd is decompressed.`,
  examples: [
    "rsync-streams info changes.delta",
    "rsync-streams info --json old.sig | jq .sigCount",
  ],
  options: [FORMAT, KNOWN_BLOCK_LENGTH, KIND, JSON_OUTPUT, QUIET, VERBOSE, VERSION, HELP],
  run,
};

async function run(invocation: Invocation): Promise<void> {
  const { operands, options } = invocation;
  const format = options.get(FORMAT);
  const kind = options.get(KIND);
  if (format) requireKind(format, kind);
  const blockLength = checkBlockLength(format, options.get(BLOCK_LENGTH), "info");
  const isPlain = format !== undefined && !isSelfDescribing(format) && kind === "signature";
  const input = await openCompressible(operands[0], invocation, { isPlain });
  const seen = await inspect(input.readable, input.name, { format, kind, blockLength });
  const isJson = options.get(JSON_OUTPUT);
  await print(isJson ? `${JSON.stringify(toJson(input, seen), undefined, 2)}\n` : toText(input, seen));
}

function requireKind(format: Format, kind: FileKind | undefined): void {
  if (kind || isSelfDescribing(format)) return;
  throw usageError(`the ${format} format does not record what a file is: give --kind signature or delta`, "info");
}

function toJson(input: CompressibleInput, info: SigInfo | DeltaInfo): Record<string, unknown> {
  const { name: file, compression = null, bytesRead } = input;
  const compressedLength = compression && bytesRead;
  const digest = info.digest && hex(info.digest);
  if (info.kind === "signature") return { file, compression, compressedLength, ...info, digest };
  const literalShare = info.targetLength > 0 ? info.literalBytes / info.targetLength : null;
  return { file, compression, compressedLength, ...info, digest, literalShare };
}

function toText(input: CompressibleInput, info: SigInfo | DeltaInfo): string {
  const { name, compression, bytesRead } = input;
  const lines = info.kind === "signature" ? sigLines(info) : deltaLines(info);
  if (compression) {
    const share = formatShare(bytesRead, info.length);
    lines.splice(2, 0, ["compressed", `${bytesRead} bytes (${share}), with ${compression}`]);
  }
  return `${printable(name)}: ${info.kind}\n` +
    lines.map(([name, value]) => `${name.padEnd(NAME_WIDTH)} ${value}\n`).join("");
}

function sigLines(info: SigInfo): [string, string][] {
  const { format, weakSum, strongSum, blockLength, strongLength, sigCount, digest, length } = info;
  const warning = strongSum === "md4" ? " (broken: for trusted files only)" : "";
  return [
    ["format", format],
    ["length", `${length} bytes`],
    ["weak sum", weakSum],
    ["strong sum", `${strongSum}, ${strongLength} bytes${warning}`],
    ["block length", `${blockLength} bytes`],
    ...(info.layerBlockLengths
      ? [["layers", `blocks of ${info.layerBlockLengths.join(", ")} bytes`] as [string, string]]
      : []),
    ["blocks", `${sigCount}`],
    ["basis length", basisLength(info)],
    ...(info.entityTag === null ? [] : [["entity tag", printable(info.entityTag)] as [string, string]]),
    ...(info.modifiedMs === null ? [] : [["basis modified", formatDate(info.modifiedMs)] as [string, string]]),
    ["digest of basis", digest ? `${hex(digest)} (SHA-256)` : "none"],
  ];
}

/** The length of the basis, or the range in which it is by the number of blocks. */
function basisLength({ format, fileLength, blockLength, sigCount }: SigInfo): string {
  if (fileLength !== null) return `${fileLength} bytes`;
  const hasShort = hasShortBlock(format);
  const min = hasShort ? Math.max(0, (sigCount - 1) * blockLength + 1) : sigCount * blockLength;
  const max = hasShort ? sigCount * blockLength : min + blockLength - 1;
  return min < max ? `${min} to ${max} bytes (the format does not record it)` : `${min} bytes`;
}

function commands(count: number): string {
  return count === 1 ? "1 command" : `${count} commands`;
}

function deltaLines(info: DeltaInfo): [string, string][] {
  const { format, length, targetLength, copyCount, copiedBytes, dataCount, literalBytes, digest } = info;
  return [
    ["format", format],
    ["length", `${length} bytes`],
    ["target length", `${targetLength} bytes`],
    ["copied", `${copiedBytes} bytes (${formatShare(copiedBytes, targetLength)}) in ${commands(copyCount)}`],
    ["literal", `${literalBytes} bytes (${formatShare(literalBytes, targetLength)}) in ${commands(dataCount)}`],
    ["basis length", `at least ${info.minFileLength} bytes`],
    ["digest of target", digest ? `${hex(digest)} (SHA-256)` : "none: patch cannot verify the result"],
  ];
}
