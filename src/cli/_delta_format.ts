import type { DeltaFormatOptions } from "../stages/delta_options.ts";
import { usageError } from "./_exit.ts";
import type { Command, Options } from "./_options.ts";

/**
 * What the command line tells of the format of a delta that is read.
 *
 * @throws {CliError} If the block length is needed and missing.
 */
export function deltaFormat({ format, blockLength = 0 }: Options, command: Command): DeltaFormatOptions {
  return format === "luapower" ? { format, blockLength: toldBlockLength(blockLength, command) } : { format };
}

/** @throws {CliError} If it is missing. */
export function toldBlockLength(blockLength: number | undefined, command: Command): number {
  if (blockLength) return blockLength;
  throw usageError("the luapower format does not tell the block length: say it with -b", command);
}
