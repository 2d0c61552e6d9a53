import { createPair } from "./_create_pair.ts";
import { checkBoolean, checkChoice, checkInteger, checkOptions } from "./_options.ts";
import { Matcher } from "./engine/matcher.ts";
import type { DeltaStats } from "./engine/stats.ts";
import { ByteWriter } from "./formats/_byte_writer.ts";
import { type Format, type FormatCodec, MAX_BLOCK_LENGTH } from "./formats/interface.ts";
import { FORMAT_NAMES, formats } from "./formats/mod.ts";
import { type Signature, signatureParts } from "./signature.ts";
import type { CommonOptions, StreamPair } from "./stream_pair.ts";
import { toUint8Array } from "./streams/to_uint8_array.ts";

/** Options of {@linkcode deltaStream}. */
export interface DeltaStreamOptions extends CommonOptions<BufferSource, Uint8Array<ArrayBuffer>, DeltaStats> {
  /**
   * The wire format of the delta. Any goes with any signature.
   * @default the signature's own
   */
  format?: Format | undefined;
  /**
   * Whether the delta ends in a digest of the target, which the patch verifies. It costs one more pass over the target; without
   * it a wrong basis goes unnoticed.
   * @default {true} where the format has a place for it
   */
  digest?: boolean | undefined;
  /**
   * Only for the luapower format: length of the original's buffer, in bytes, which fixes where data commands split.
   * @default {65536}
   */
  memLength?: number | undefined;
  /**
   * Only for the librsync format: write byte for byte what rdiff 2.3.2 writes with this signature. That is of use for
   * comparing, and for nothing else: rdiff reads both. It always names the first of equal blocks, so that a run of them,
   * such as of zeros, takes a copy for each; and if the signature has no blocks, data is split at the block length. Of a
   * target that was made to be slow, rdiff may copy more: its work has no bound.
   * @default {false}
   */
  rdiffExact?: boolean | undefined;
}

/**
 * Makes a transform that turns the bytes of a target into a delta: what has to be done to the signature's basis to get
 * the target.
 *
 * A block of the basis is found wherever it stands in the target, at any offset. Memory stays constant: it holds six blocks, or 1 MiB
 * if that is more. How the input was chunked never changes a byte of the output.
 *
 * Work is linear in the length of the target, also for a target and a signature that were made to be slow: past a budget, windows that look
 * like blocks and are not count as new data without a closer look.
 *
 * @param signature What {@linkcode loadSigs} gave. Any number of streams can use it at the same time.
 * @param options Format and digest.
 * @returns A pair whose `writable` takes target bytes and whose `readable` gives delta bytes.
 * @throws {TypeError} If an option is of the wrong kind, or the format cannot carry a digest.
 * @throws {RangeError} If an option is out of range.
 *
 * @example A delta of an unchanged file is short
 * ```ts
 * import { deltaStream, loadSigs, sigStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const file = new Blob([crypto.getRandomValues(new Uint8Array(50_000))]);
 * const sigs = await loadSigs(file.stream().pipeThrough(sigStream()));
 * const stream = deltaStream(sigs);
 * const delta = await new Response(file.stream().pipeThrough(stream)).bytes();
 *
 * assert.ok(delta.length < 60);
 * assert.equal(stream.stats.copiedBytes, 50_000);
 * ```
 */
export function deltaStream(
  signature: Signature,
  options: DeltaStreamOptions = {},
): StreamPair<BufferSource, Uint8Array<ArrayBuffer>, DeltaStats> {
  const { kernel } = signatureParts(signature);
  checkOptions(options);
  const { format = signature.format, memLength } = options;
  const codec = formats[checkChoice("format", format, FORMAT_NAMES)];
  const { digest = codec.hasDigest, rdiffExact = false } = options;
  if (checkBoolean("digest", digest) && !codec.hasDigest) {
    throw new TypeError(`Cannot use digest: the ${codec.name} format does not carry one`);
  }
  if (checkBoolean("rdiffExact", rdiffExact) && !codec.hasRdiffExact) {
    throw new TypeError(`Cannot use rdiffExact: rdiff does not write the ${codec.name} format`);
  }
  if (memLength !== undefined) checkInteger("memLength", memLength, 1, MAX_BLOCK_LENGTH);
  const matcher = createMatcher(signature, codec, { digest, memLength, rdiffExact });
  return createPair(matcher, options, kernel.backend, toUint8Array);
}

/** Puts a matcher together. */
export function createMatcher(
  signature: Signature,
  codec: FormatCodec,
  { digest, memLength, rdiffExact = false }: { digest: boolean; memLength: number | undefined; rdiffExact?: boolean },
): Matcher {
  const { format, header, index, kernel } = signatureParts(signature);
  const { blockLength, strongSum } = header;
  const own = formats[format];
  // The signature's sum, if the delta's format can name it: MD4 is no digest for anybody.
  const digestSum = codec.strongSums.includes(strongSum) ? strongSum : codec.strongSums[0]!;
  const output = new ByteWriter();
  return new Matcher({
    searcher: index.searcher({
      tail: codec.hasShortBlock ? own.tail : "none",
      preferNext: codec.preferNext && !rdiffExact,
    }),
    blockLength,
    sigCount: index.count,
    sink: codec.deltaWriter(output, { blockLength, memLength, sigCount: index.count, isRdiffExact: rdiffExact }),
    output,
    digest: digest ? kernel.digest(digestSum) : undefined,
    digestSum: digest ? digestSum : undefined,
  });
}
