import { createPair } from "./_create_pair.ts";
import { checkBoolean, checkChoice, checkInteger, checkOptions } from "./_options.ts";
import type { SigHeader } from "./engine/interface.ts";
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
   * anchors) to 2^30; the luapower format takes 1 and more.
   * @default {1024}
   */
  blockLength?: number | undefined;
  /**
   * The cheap sum that finds candidates. `"anchor"` makes deltas of new data many times faster than the two rolling sums.
   * @default the format's own: `"anchor"` for rsync-streams, `"rollsum"` for luapower
   */
  weakSum?: WeakSum | undefined;
  /**
   * The cryptographic sum that confirms them.
   * @default {"blake2sp"}
   */
  strongSum?: StrongSum | undefined;
  /**
   * Bytes kept of each strong sum. To shorten it is a decision about security: with untrusted files keep 32, and
   * for accidents alone 8 to 16 do.
   * @default the whole sum, 32
   */
  strongLength?: number | undefined;
  /**
   * The wire format.
   * @default {"rsync-streams"}
   */
  format?: Format | undefined;
  /**
   * Whether the signature ends in a digest of the whole basis. It costs a second pass of the strong sum over each byte.
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
  const { weakSum = codec.weakSums[0], strongSum = codec.strongSums[0], strongLength = codec.maxStrongLength } = options;
  const weak = checkChoice(`weakSum of the ${codec.name} format`, weakSum, codec.weakSums);
  const least = codec.minBlockLength[weak] ?? 1;
  if (checkBoolean("digest", digest) && !codec.hasDigest) {
    throw new TypeError(`Cannot use digest: the ${codec.name} format does not carry one`);
  }
  return {
    weakSum: weak,
    strongSum: checkChoice(`strongSum of the ${codec.name} format`, strongSum, codec.strongSums),
    blockLength: checkInteger("blockLength", blockLength, least, MAX_BLOCK_LENGTH),
    strongLength: checkInteger("strongLength", strongLength, codec.minStrongLength, codec.maxStrongLength),
    hasDigest: digest,
  };
}

/** Puts a signer together. */
export function createSigner(codec: FormatCodec, header: SigHeader, kernel: Kernel): Signer {
  const output = new ByteWriter();
  return new Signer({ kernel, header, hasShortBlock: codec.hasShortBlock, writer: codec.sigWriter(output), output });
}
