import { createPair } from "./_create_pair.ts";
import { checkBoolean, checkChoice, checkInteger, checkOptions } from "./_options.ts";
import { type SigHeader, wholeStrongLength } from "./engine/interface.ts";
import { Signer } from "./engine/signer.ts";
import type { SigStats } from "./engine/stats.ts";
import { ByteWriter } from "./formats/_byte_writer.ts";
import { type Format, type FormatCodec, MAX_BLOCK_LENGTH } from "./formats/interface.ts";
import { FORMAT_NAMES, formats } from "./formats/mod.ts";
import type { Kernel, StrongSum, WeakSum } from "./kernel/interface.ts";
import { defaultKernel } from "./kernel/mod.ts";
import type { CommonOptions, StreamPair } from "./stream_pair.ts";
import { toUint8Array } from "./streams/to_uint8_array.ts";

/** Options of {@linkcode sigStream}. */
export interface SigStreamOptions extends CommonOptions<BufferSource, Uint8Array<ArrayBuffer>, SigStats> {
  /**
   * Bytes of a block. Small blocks find more of what is the same, and make a longer signature. From 16 (64 with
   * anchors) to 2^30; the luapower and librsync formats take 1 and more. {@linkcode recommendedBlockLength} fits it to the
   * length of the basis.
   * @default {1024}
   */
  blockLength?: number | undefined;
  /**
   * The cheap sum that finds candidates. `"anchor"` makes deltas of new data many times faster than the two rolling sums.
   * @default the format's own: `"anchor"` for rsync-streams, `"rollsum"` for luapower, `"rabinkarp"` for librsync
   */
  weakSum?: WeakSum | undefined;
  /**
   * The cryptographic sum that confirms them. librsync's format has `"blake2b"` and `"md4"`. MD4 is broken, and for
   * compatibility only: who makes part of a file can make blocks with equal sums, and so a wrong result.
   * @default the format's own: `"blake3"` for rsync-streams, `"blake2sp"` for luapower, `"blake2b"` for librsync
   */
  strongSum?: StrongSum | undefined;
  /**
   * Bytes kept of each strong sum. To shorten it is a decision about security: with untrusted files keep 32, and
   * for accidents alone 8 to 16 do, or what {@linkcode minStrongLength} tells. From 8 on; the librsync format takes 1
   * and more.
   * @default the whole sum: 32, of `"md4"` 16
   */
  strongLength?: number | undefined;
  /**
   * The wire format.
   * @default {"rsync-streams"}
   */
  format?: Format | undefined;
  /**
   * Whether the signature ends in a digest of the whole basis, which the rsync-streams format alone can carry. It costs a second pass of the strong sum over each byte.
   * @default {false}
   */
  digest?: boolean | undefined;
}

/**
 * Makes a transform that turns the bytes of a basis into its signature.
 *
 * The signature holds a weak and a strong sum for each block, so it grows with the number of blocks and not with
 * their content: 42 bytes for each block of the default format. Memory stays constant, a few blocks or 1 MiB, and how the input was
 * chunked never changes a byte of the output.
 *
 * @param options Block length, sums and format.
 * @returns A pair whose `writable` takes basis bytes and whose `readable` gives signature bytes.
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
 * assert.equal(sigs.count, 3);
 * assert.equal(sigs.fileLength, 140);
 * ```
 */
export function sigStream(
  options: SigStreamOptions = {},
): StreamPair<BufferSource, Uint8Array<ArrayBuffer>, SigStats> {
  const { format = "rsync-streams" } = checkOptions(options);
  const codec = formats[checkChoice("format", format, FORMAT_NAMES)];
  const header = sigHeader(codec, options);
  const kernel = defaultKernel();
  const signer = createSigner(codec, header, kernel);
  return createPair(signer, options, kernel.backend, toUint8Array);
}

/** Checks what a signature's header is made of. */
export function sigHeader(
  codec: FormatCodec,
  options: Pick<SigStreamOptions, "blockLength" | "weakSum" | "strongSum" | "strongLength" | "digest">,
): SigHeader {
  const { blockLength = 1024, digest = false } = options;
  const { weakSum = codec.weakSums[0], strongSum = codec.strongSums[0] } = options;
  const weak = checkChoice(`weakSum of the ${codec.name} format`, weakSum, codec.weakSums);
  const strong = checkChoice(`strongSum of the ${codec.name} format`, strongSum, codec.strongSums);
  const least = codec.minBlockLength[weak] ?? 1;
  const most = Math.min(codec.maxStrongLength, wholeStrongLength(strong));
  const { strongLength = most } = options;
  if (checkBoolean("digest", digest) && !codec.hasDigest) {
    throw new TypeError(`Cannot use digest: the ${codec.name} format does not carry one`);
  }
  return {
    weakSum: weak,
    strongSum: strong,
    blockLength: checkInteger("blockLength", blockLength, least, MAX_BLOCK_LENGTH),
    strongLength: checkInteger("strongLength", strongLength, codec.minStrongLength, most),
    hasDigest: digest,
  };
}

/** Puts a signer together. */
export function createSigner(codec: FormatCodec, header: SigHeader, kernel: Kernel): Signer {
  const output = new ByteWriter();
  return new Signer({ kernel, header, hasShortBlock: codec.hasShortBlock, writer: codec.sigWriter(output), output });
}
