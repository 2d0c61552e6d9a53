import { checkBoolean, checkChoice, checkInteger } from "../common/checks.ts";
import { type SigHeader, wholeStrongLength } from "../engine/interface.ts";
import { type FormatCodec, MAX_BLOCK_LENGTH } from "../formats/interface.ts";
import type { StrongSum, WeakSum } from "../kernel/interface.ts";

/** Options that end up in the header of a signature. */
export interface SigOptions {
  blockLength?: number | undefined;
  weakSum?: WeakSum | undefined;
  strongSum?: StrongSum | undefined;
  strongLength?: number | undefined;
  digest?: boolean | undefined;
}

/**
 * Checks the options of a signature.
 *
 * @param codec The format that the signature will have.
 * @param options Lengths in bytes. Those that are missing get the format's default.
 * @param nameOf What messages call an option. An option is called by its own name if this is not given.
 * @returns The header of the signature.
 * @throws {TypeError} If an option is of the wrong kind, or the format does not have the sum or the digest.
 * @throws {RangeError} If a length is out of range.
 */
export function checkSigOptions(
  codec: FormatCodec,
  options: SigOptions,
  nameOf: (option: string) => string = (option) => option,
): SigHeader {
  const { blockLength = 1024, digest = false } = options;
  const { weakSum = codec.weakSums[0], strongSum = codec.strongSums[0] } = options;
  const weak = checkChoice(`${nameOf("weakSum")} of the ${codec.name} format`, weakSum, codec.weakSums);
  const strong = checkChoice(`${nameOf("strongSum")} of the ${codec.name} format`, strongSum, codec.strongSums);
  const min = codec.minBlockLength[weak] ?? 1;
  const max = Math.min(codec.maxStrongLength, wholeStrongLength(strong));
  const { strongLength = max } = options;
  if (checkBoolean(nameOf("digest"), digest) && !codec.hasDigest) {
    throw new TypeError(`Cannot use ${nameOf("digest")}: the ${codec.name} format does not carry one`);
  }
  return {
    weakSum: weak,
    strongSum: strong,
    blockLength: checkInteger(nameOf("blockLength"), blockLength, min, MAX_BLOCK_LENGTH),
    strongLength: checkInteger(nameOf("strongLength"), strongLength, codec.minStrongLength, max),
    hasDigest: digest,
  };
}
