import { toldBlockLength } from "./_delta_format.ts";
import { checkedOptions, systemError, usageError } from "./_exit.ts";
import { openInput } from "./_input.ts";
import { type DeltaInfo, inspect, type SigInfo } from "../stages/inspect.ts";
import type { Options } from "./_options.ts";
import type { Invocation } from "./_run.ts";
import { writeStdout } from "./_stdio.ts";
import { formatShare } from "./_units.ts";

const NAME_WIDTH = 16;

/** `info [FILE]` */
export async function info({ operands, options }: Invocation): Promise<void> {
  const { format, kind, json = false } = options;
  const blockLength = luapowerBlockLength(options);
  const input = await openInput(operands[0]);
  const seen = await checkedOptions(() => inspect(input, { format, kind, blockLength }));
  await print(json ? `${JSON.stringify(toJson(input.name, seen), undefined, 2)}\n` : toText(input.name, seen));
}

/** Writes text to the standard output. */
export async function print(text: string): Promise<void> {
  try {
    await writeStdout(text);
  } catch (error) {
    throw systemError("write", "the standard output", error);
  }
}

function luapowerBlockLength({ format, kind, blockLength }: Options): number | undefined {
  if (format !== "luapower") return undefined;
  if (!kind) {
    throw usageError("the luapower format does not tell what a file is: say --kind signature or delta", "info");
  }
  return toldBlockLength(blockLength, "info");
}

function toJson(file: string, info: SigInfo | DeltaInfo): Record<string, unknown> {
  const digest = info.digest && hex(info.digest);
  if (info.kind === "signature") return { file, ...info, digest };
  const literalShare = info.targetLength > 0 ? info.literalBytes / info.targetLength : null;
  return { file, ...info, digest, literalShare };
}

function toText(file: string, info: SigInfo | DeltaInfo): string {
  const lines = info.kind === "signature" ? sigLines(info) : deltaLines(info);
  return lines.map(([name, value]) => `${name.padEnd(NAME_WIDTH)} ${value}\n`).join("").replace(
    /^/,
    `${file}: ${info.kind}\n`,
  );
}

function sigLines(info: SigInfo): [string, string][] {
  const { format, weakSum, strongSum, blockLength, strongLength, blockCount, digest, length } = info;
  return [
    ["format", format],
    ["length", `${length} bytes`],
    ["weak sum", weakSum],
    [
      "strong sum",
      `${strongSum}, ${strongLength} bytes${strongSum === "md4" ? " (broken: for trusted files only)" : ""}`,
    ],
    ["block length", `${blockLength} bytes`],
    ["blocks", `${blockCount}`],
    ["basis length", basisLength(info)],
    ["digest of basis", digest ? `${hex(digest)} (${strongSum})` : "none"],
  ];
}

/** The length of the basis, or what the blocks tell of it. */
function basisLength({ format, basisLength, blockLength, blockCount }: SigInfo): string {
  if (basisLength !== null) return `${basisLength} bytes`;
  // luapower has no record for a short last block.
  const isShortLeftOut = format === "luapower";
  const least = isShortLeftOut ? blockCount * blockLength : Math.max(0, (blockCount - 1) * blockLength + 1);
  const most = isShortLeftOut ? least + blockLength - 1 : blockCount * blockLength;
  return least < most ? `${least} to ${most} bytes (the format does not tell)` : `${least} bytes`;
}

function deltaLines(info: DeltaInfo): [string, string][] {
  const { format, length, targetLength, copyCount, copiedBytes, dataCount, literalBytes, digestSum, digest } = info;
  return [
    ["format", format],
    ["length", `${length} bytes`],
    ["target length", `${targetLength} bytes`],
    ["copied", `${copiedBytes} bytes (${formatShare(copiedBytes, targetLength)}) in ${copyCount} commands`],
    ["literal", `${literalBytes} bytes (${formatShare(literalBytes, targetLength)}) in ${dataCount} commands`],
    ["basis length", `at least ${info.leastBasisLength} bytes`],
    ["digest of target", digest ? `${hex(digest)} (${digestSum})` : "none: patch cannot verify the result"],
  ];
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
