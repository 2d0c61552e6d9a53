import { isBytes, kindOf } from "../common/bytes.ts";
import { checkBoolean, checkChoice, checkInteger } from "../common/checks.ts";
import type { SigHeader } from "../engine/interface.ts";
import { type FormatCodec, type FormatTraits, MAX_BLOCK_LENGTH, type SigCodec } from "../formats/interface.ts";
import type { StrongSum, WeakSum } from "../kernel/interface.ts";
import { wholeStrongLength } from "../kernel/rules/strong_length.ts";
import { blockLengthFor, plainStrongLength } from "./lengths.ts";

/** Block length of formats whose sums are not keyed, where nothing is said. */
const DEFAULT_BLOCK_LENGTH = 1024;

/** What a signature is made with; what is missing is the format's default. */
export interface SigOptions {
  readonly blockLength?: number | undefined;
  readonly weakSum?: WeakSum | undefined;
  readonly strongSum?: StrongSum | undefined;
  readonly strongLength?: number | undefined;
  readonly digest?: boolean | undefined;
  readonly salt?: Uint8Array | undefined;
  /** Bytes of the basis, if known. */
  readonly fileLength?: number | undefined;
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
  const { fileLength, digest = false, salt } = options;
  const { weakSums, strongSums, minBlockLength, minStrongLength, maxStrongLength, saltLength } = codec.sig;
  const { weakSum = weakSums[0], strongSum = strongSums[0] } = options;
  const weak = checkChoice(`${nameOf("weakSum")} of the ${codec.name} format`, weakSum, weakSums);
  const strong = checkChoice(`${nameOf("strongSum")} of the ${codec.name} format`, strongSum, strongSums);
  const wholeLength = Math.min(maxStrongLength, wholeStrongLength(strong));
  if (fileLength !== undefined) checkInteger(nameOf("fileLength"), fileLength, 0, Number.MAX_SAFE_INTEGER);
  const { blockLength = saltLength ? blockLengthFor(fileLength) : DEFAULT_BLOCK_LENGTH } = options;
  checkInteger(nameOf("blockLength"), blockLength, minBlockLength, MAX_BLOCK_LENGTH);
  const { strongLength = saltLength ? plainStrongLength(fileLength, blockLength) : wholeLength } = options;
  if (checkBoolean(nameOf("digest"), digest) && !codec.hasDigest) {
    throw new TypeError(`Cannot use ${nameOf("digest")}: the ${codec.name} format does not carry one`);
  }
  return {
    weakSum: weak,
    strongSum: strong,
    blockLength,
    strongLength: checkInteger(nameOf("strongLength"), strongLength, minStrongLength, wholeLength),
    hasDigest: digest,
    salt: checkSalt(codec.sig, salt, nameOf("salt")),
  };
}

/** The salt to key sums with: the one that was given, or a random one. Undefined if the format has none. */
function checkSalt({ saltLength }: SigCodec, salt: unknown, name: string): Uint8Array | undefined {
  if (saltLength === undefined) {
    if (salt === undefined) return undefined;
    throw new TypeError(`Cannot use ${name}: the format has no place for one`);
  }
  if (salt === undefined) return crypto.getRandomValues(new Uint8Array(saltLength));
  if (!isBytes(salt)) throw new TypeError(`Cannot use ${name}: ${kindOf(salt)} was given, a Uint8Array was expected`);
  if (salt.length === saltLength) return new Uint8Array(salt);
  throw new RangeError(`Cannot use ${name}: ${salt.length} bytes were given, ${saltLength} were expected`);
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
export function requireBlockLength(format: FormatTraits, blockLength: number | undefined): number {
  if (blockLength !== undefined) return blockLength;
  throw new TypeError(`Cannot use format "${format.name}" without blockLength: the format does not carry it`);
}
