import { toUint8Array } from "./common/bytes.ts";
import { checkBoolean, checkChoice, checkInteger, checkOptions, type OptionNames } from "./common/checks.ts";
import type { ByteChunk } from "./common/platform_types.ts";
import type { DeltaStats } from "./engine/stats.ts";
import { MAX_BLOCK_LENGTH } from "./formats/interface.ts";
import type { Format } from "./formats/format.ts";
import { FORMAT_NAMES, formats } from "./formats/mod.ts";
import { createDeltaStage } from "./stages/matcher.ts";
import { type Signature, signatureParts } from "./stages/signature.ts";
import { createPair } from "./streams/create_pair.ts";
import { COMMON_NAMES, type CommonOptions, type SumStreamPair } from "./streams/stream_pair.ts";

const NAMES: OptionNames<DeltaStreamOptions> = {
  ...COMMON_NAMES,
  format: true,
  digest: true,
  memLength: true,
  rdiffExact: true,
};

/**
 * Options of {@linkcode deltaStream}.
 *
 * @example A delta that rdiff can read
 * ```ts
 * import { deltaStream, type DeltaStreamOptions, loadSigs, sigStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const options: DeltaStreamOptions = { format: "librsync" };
 * const basis = new Blob(["a basis"]);
 * const sigs = await loadSigs(basis.stream().pipeThrough(sigStream()));
 * const delta = new Blob(["a target"]).stream().pipeThrough(deltaStream(sigs, options));
 *
 * const magic = (await new Response(delta).arrayBuffer()).slice(0, 4);
 * assert.deepEqual(new Uint8Array(magic), Uint8Array.of(0x72, 0x73, 0x02, 0x36));
 * ```
 */
export interface DeltaStreamOptions extends CommonOptions<ByteChunk, Uint8Array<ArrayBuffer>, DeltaStats> {
  /**
   * The wire format of the delta. Any format goes with any signature.
   * @default the signature's own
   */
  format?: Format | undefined;
  /**
   * Whether the delta ends in a digest of the target, which the patch verifies. It costs one more pass over the target.
   * Without it a wrong basis goes unnoticed.
   * @default {true} where the format has a place for it
   */
  digest?: boolean | undefined;
  /**
   * Only for the luapower format: length of the original's buffer, in bytes, which fixes where data commands split.
   * @default {65536}
   */
  memLength?: number | undefined;
  /**
   * Only for the librsync format: write byte for byte what rdiff 2.3.2 writes with this signature. It is useful only
   * for comparisons, since rdiff reads both. It always copies the first of equal blocks, so that a run of them, such as
   * zeros, takes a copy for each; and if the signature has no blocks, data is split at the block length. On adversarial
   * input rdiff may find more copies, since its work is not bounded.
   * @default {false}
   */
  rdiffExact?: boolean | undefined;
}

/**
 * Makes a transform that turns the bytes of a target into a delta: the commands that make the target from the basis of
 * the signature.
 *
 * A block of the basis is found wherever it stands in the target, at any offset. Memory stays constant: six blocks
 * and 1 MiB at most. How the input was chunked never changes a byte of the output.
 *
 * Work is linear in the length of the target, for adversarial targets and signatures too: once a budget for false
 * alarms is used up, windows become literal data without a test.
 *
 * @param signature What {@linkcode loadSigs} returned. Any number of streams can use it at the same time.
 * @param options Format and digest.
 * @returns A pair whose `writable` takes target bytes and whose `readable` yields delta bytes.
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
 * const delta = new Uint8Array(await new Response(file.stream().pipeThrough(stream)).arrayBuffer());
 *
 * assert.ok(delta.length < 60);
 * assert.equal(stream.stats.copiedBytes, 50_000);
 * ```
 */
export function deltaStream(
  signature: Signature,
  options: DeltaStreamOptions = {},
): SumStreamPair<ByteChunk, Uint8Array<ArrayBuffer>, DeltaStats> {
  const { index } = signatureParts(signature);
  checkOptions(options, NAMES);
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
  const stage = createDeltaStage(signature, codec, { digest, memLength, rdiffExact });
  return { ...createPair(stage, options, { convert: toUint8Array }), backend: index.backend };
}
