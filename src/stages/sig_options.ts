import { checkBoolean, checkChoice, checkInteger } from "../common/checks.ts";
import type { SigHeader } from "../engine/interface.ts";
import { type FormatCodec, MAX_BLOCK_LENGTH } from "../formats/interface.ts";
import type { StrongSum, WeakSum } from "../kernel/interface.ts";
import { wholeStrongLength } from "../kernel/rules/strong_length.ts";

/** Block length where nothing is said. */
const DEFAULT_BLOCK_LENGTH = 1024;

/** What a signature is made with; what is missing is the format's default. */
export interface SigOptions {
  readonly blockLength?: number | undefined;
  readonly weakSum?: WeakSum | undefined;
  readonly strongSum?: StrongSum | undefined;
  readonly strongLength?: number | undefined;
  readonly digest?: boolean | undefined;
}

/**
 * Checks the options of a signature.
 *
 * @param nameOf What an option is called in messages.
 * @returns The header that they amount to.
 * @throws {TypeError} If an option is of the wrong kind, or the format does not have the sum.
 * @throws {RangeError} If a length is out of range.
 */
export function checkSigOptions(
  codec: FormatCodec,
  options: SigOptions,
  nameOf: (option: string) => string = (option) => option,
): SigHeader {
  const { blockLength = DEFAULT_BLOCK_LENGTH, digest = false } = options;
  const { weakSums, strongSums, minBlockLength, minStrongLength, maxStrongLength } = codec.sig;
  const { weakSum = weakSums[0], strongSum = strongSums[0] } = options;
  const weak = checkChoice(`${nameOf("weakSum")} of the ${codec.name} format`, weakSum, weakSums);
  const strong = checkChoice(`${nameOf("strongSum")} of the ${codec.name} format`, strongSum, strongSums);
  const wholeLength = Math.min(maxStrongLength, wholeStrongLength(strong));
  const { strongLength = wholeLength } = options;
  if (checkBoolean(nameOf("digest"), digest) && !codec.hasDigest) {
    throw new TypeError(`Cannot use ${nameOf("digest")}: the ${codec.name} format does not carry one`);
  }
  return {
    weakSum: weak,
    strongSum: strong,
    blockLength: checkInteger(nameOf("blockLength"), blockLength, minBlockLength, MAX_BLOCK_LENGTH),
    strongLength: checkInteger(nameOf("strongLength"), strongLength, minStrongLength, wholeLength),
    hasDigest: digest,
  };
}

/**
 * Checks what is said of a signature whose format does not say it itself.
 *
 * @returns The header, or undefined if the format describes itself.
 * @throws {TypeError} If the block length is needed and missing.
 * @throws {RangeError} If it is out of range.
 */
export function checkGivenHeader(codec: FormatCodec, blockLength: number | undefined): SigHeader | undefined {
  if (codec.isSelfDescribing) return undefined;
  return checkSigOptions(codec, { blockLength: requireBlockLength(codec, blockLength) });
}

/** @throws {TypeError} If the block length is missing. */
export function requireBlockLength(codec: FormatCodec, blockLength: number | undefined): number {
  if (blockLength !== undefined) return blockLength;
  throw new TypeError(`Cannot use format "${codec.name}" without blockLength: the format does not carry it`);
}
