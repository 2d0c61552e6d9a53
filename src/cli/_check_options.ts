/** Checks of the library's options before the library is called, so that messages use the words of the command line. */
import { checkInteger } from "../common/checks.ts";
import type { SigHeader } from "../engine/interface.ts";
import { MAX_BLOCK_LENGTH } from "../formats/interface.ts";
import type { Format } from "../formats/format.ts";
import { formats } from "../formats/mod.ts";
import { checkSigOptions, type SigOptions } from "../stages/sig_options.ts";
import type { DeltaFormatOptions } from "../stages/delta_options.ts";
import type { OptionValues } from "./_command_spec.ts";
import { CliError, EXIT, formatMessage, usageError } from "./_errors.ts";
import { isSelfDescribing } from "./_formats.ts";
import { BLOCK_LENGTH, FORMAT } from "./_shared_options.ts";

/** What the command line calls the options of the library. */
const NAMES: Readonly<Record<string, string>> = {
  blockLength: "the block length (-b)",
  strongLength: "the strong length (-S)",
  strongSum: "the strong sum (-H)",
  weakSum: "the weak sum (-R)",
  digest: "a digest (--digest)",
};

/** @throws {CliError} If the format does not have a sum or the digest, or a length is out of range. */
export function checkSig(format: Format, options: SigOptions): SigHeader {
  return inOwnWords(() => checkSigOptions(formats[format], options, nameOf));
}

/** @throws {CliError} If the block length is missing, or 0, and the format does not record it. */
export function requireBlockLength(format: Format, blockLength: number | undefined, command: string): void {
  if (blockLength || isSelfDescribing(format)) return;
  throw usageError(`the ${format} format does not record the block length: give it with -b`, command);
}

/**
 * Checks the block length of files whose format does not record it.
 *
 * @returns The block length. Undefined if the format records it.
 * @throws {CliError} If it is needed, and missing or out of range.
 */
export function checkBlockLength(
  format: Format | undefined,
  blockLength: number | undefined,
  command: string,
): number | undefined {
  if (!format || isSelfDescribing(format)) return undefined;
  requireBlockLength(format, blockLength, command);
  return inOwnWords(() => checkInteger(nameOf("blockLength"), blockLength, 1, MAX_BLOCK_LENGTH));
}

/**
 * What the options say about the format of a delta to read.
 *
 * @throws {CliError} If the format needs a block length, and it is missing or out of range.
 */
export function checkDelta(options: OptionValues, command: string): DeltaFormatOptions {
  const format = options.get(FORMAT);
  return { format, blockLength: checkBlockLength(format, options.get(BLOCK_LENGTH), command) };
}

function nameOf(option: string): string {
  return NAMES[option] ?? option;
}

/** Converts what a check throws into an error with an exit code. */
function inOwnWords<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    const exitCode = error instanceof RangeError ? EXIT.PARAMETER : EXIT.USAGE;
    throw new CliError(exitCode, formatMessage(error.message), { cause: error });
  }
}
