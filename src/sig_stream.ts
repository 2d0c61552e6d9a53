import { toUint8Array } from "./common/bytes.ts";
import { checkChoice, checkOptions, type OptionNames } from "./common/checks.ts";
import type { ByteChunk } from "./common/platform_types.ts";
import type { SigStats } from "./engine/stats.ts";
import type { Format } from "./formats/format.ts";
import { FORMAT_NAMES, formats } from "./formats/mod.ts";
import type { BackendOptions, StrongSum, WeakSum } from "./kernel/interface.ts";
import { chosenKernel } from "./kernel/mod.ts";
import { checkSigOptions } from "./stages/sig_options.ts";
import { createSigStage } from "./stages/signer.ts";
import { createPair } from "./streams/create_pair.ts";
import { COMMON_NAMES, type CommonOptions, type SumStreamPair } from "./streams/stream_pair.ts";

const NAMES: OptionNames<SigStreamOptions> = {
  ...COMMON_NAMES,
  fileLength: true,
  salt: true,
  blockLength: true,
  weakSum: true,
  strongSum: true,
  strongLength: true,
  format: true,
  digest: true,
  backend: true,
};

/**
 * Options of {@linkcode sigStream}.
 *
 * @example Blocks that fit the file, and its digest
 * ```ts
 * import { loadSigs, sigStream, type SigStreamOptions } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const basis = new Blob([new Uint8Array(1_000_000)]);
 * const options: SigStreamOptions = { fileLength: basis.size, digest: true };
 * const sigs = await loadSigs(basis.stream().pipeThrough(sigStream(options)));
 *
 * assert.equal(sigs.fileLength, 1_000_000);
 * assert.equal(sigs.digest?.length, 64); // hexadecimal digits
 * ```
 */
export interface SigStreamOptions extends CommonOptions<ByteChunk, Uint8Array<ArrayBuffer>, SigStats>, BackendOptions {
  /**
   * Length of the basis in bytes, if known. In the rsync-streams format, block and strong length are chosen by it for
   * the fewest bytes.
   */
  fileLength?: number | undefined;
  /**
   * 16 bytes that the strong sums of the rsync-streams format are keyed with. Set it only if the same basis must have
   * the same signature: an attacker who knows it before the file is made can forge collisions.
   * @default random
   */
  salt?: Uint8Array | undefined;
  /**
   * Bytes of a block, from 16 to 2^30; the luapower and librsync formats take 1 and more. Small blocks find more of
   * what is the same, and make a longer signature. For librsync's format, {@linkcode recommendedBlockLength} returns
   * what rdiff chooses.
   * @default about the square root of `fileLength`; 1024 if that is not given, and in other formats
   */
  blockLength?: number | undefined;
  /**
   * The cheap sum that finds candidates. `"rabinkarp"` is faster and has fewer false alarms; luapower and older
   * signatures of librsync have `"rollsum"`.
   * @default the format's own: `"rollsum"` for luapower, else `"rabinkarp"`
   */
  weakSum?: WeakSum | undefined;
  /**
   * The cryptographic sum that confirms what the weak sum finds. librsync's format has `"blake2b"` and `"md4"`. MD4 is
   * broken, and is there for compatibility only: an attacker who controls part of a file can forge collisions and
   * corrupt the result.
   * @default the format's own: `"blake3"` for rsync-streams, `"blake2sp"` for luapower, `"blake2b"` for librsync
   */
  strongSum?: StrongSum | undefined;
  /**
   * Bytes kept of each strong sum. The rsync-streams format has sums that are keyed with a random salt, and a digest:
   * short ones cost few bytes, cannot be forged beforehand, and an accidental collision ends in an error. The minimum
   * is 2. The librsync format allows 1; there, keep the whole sum if files are untrusted.
   * @default long enough that one delta in 2^40 finds a wrong block; 10 if `fileLength` is not given. In other formats
   * the whole sum: 32, of `"md4"` 16
   */
  strongLength?: number | undefined;
  /**
   * The wire format.
   * @default {"rsync-streams"}
   */
  format?: Format | undefined;
  /**
   * Whether the signature ends in the SHA-256 of the whole basis. Only the rsync-streams format can carry it. It costs
   * one more pass over each byte.
   * @default {false}
   */
  digest?: boolean | undefined;
}

/**
 * Makes a transform that turns the bytes of a basis into its signature.
 *
 * The signature holds a weak and a strong sum for each block, so it grows with the number of blocks and not with their
 * content: some 10 to 14 bytes for each block in the default format. Memory stays below a few MiB, however long blocks
 * are. How the input was chunked never changes a byte of the output.
 *
 * @param options Block length, sums and format.
 * @returns A pair whose `writable` takes basis bytes and whose `readable` yields signature bytes.
 * @throws {TypeError} If an option is of the wrong kind, or the format does not have the sum.
 * @throws {RangeError} If `blockLength` or `strongLength` is out of range.
 *
 * @example Signature of a small basis
 * ```ts
 * import { loadSigs, sigStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const basis = new Blob(["hello, ".repeat(20)]);
 * const sigs = await loadSigs(basis.stream().pipeThrough(sigStream({ blockLength: 64 })));
 *
 * assert.equal(sigs.sigCount, 3);
 * assert.equal(sigs.fileLength, 140);
 * ```
 */
export function sigStream(
  options: SigStreamOptions = {},
): SumStreamPair<ByteChunk, Uint8Array<ArrayBuffer>, SigStats> {
  const { format = "rsync-streams" } = checkOptions(options, NAMES);
  const codec = formats[checkChoice("format", format, FORMAT_NAMES)];
  const kernel = chosenKernel(options.backend);
  const stage = createSigStage(codec, checkSigOptions(codec, options), kernel);
  if (options.fileLength !== undefined) stage.stats.total = options.fileLength;
  return { ...createPair(stage, options, { convert: toUint8Array }), backend: kernel.backend };
}
