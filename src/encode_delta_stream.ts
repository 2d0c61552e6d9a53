import { checkChoice, checkLimit, checkOptions, type OptionNames } from "./common/checks.ts";
import type { DeltaCommand } from "./engine/delta_command.ts";
import type { PatchStats } from "./engine/stats.ts";
import type { Format } from "./formats/format.ts";
import { deltaEncodings, FORMAT_NAMES, formatTraits } from "./formats/mod.ts";
import { checkDeltaParams } from "./stages/delta_reader.ts";
import { createEncodeStage } from "./stages/transcoder.ts";
import { createPair } from "./streams/create_pair.ts";
import { COMMON_NAMES, type CommonOptions, type StreamPair } from "./streams/stream_pair.ts";

const NAMES: OptionNames<EncodeDeltaStreamOptions> = {
  ...COMMON_NAMES,
  format: true,
  blockLength: true,
  maxOutputLength: true,
};

/**
 * Options of {@linkcode encodeDeltaStream}.
 *
 * @example A delta for rdiff
 * ```ts
 * import { encodeDeltaStream, type EncodeDeltaStreamOptions } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const options: EncodeDeltaStreamOptions = { format: "librsync", maxOutputLength: 1000 };
 * const commands = ReadableStream.from([{ copy: { offset: 0, length: 10 } }]);
 * const delta = new Uint8Array(await new Response(commands.pipeThrough(encodeDeltaStream(options))).arrayBuffer());
 *
 * assert.deepEqual(delta.subarray(0, 4), Uint8Array.of(0x72, 0x73, 0x02, 0x36)); // its magic
 * ```
 */
export interface EncodeDeltaStreamOptions extends CommonOptions<DeltaCommand, Uint8Array<ArrayBuffer>, PatchStats> {
  /**
   * The wire format.
   * @default {"rsync-streams"}
   */
  format?: Format | undefined;
  /** Bytes of a block, for the luapower format, which copies whole blocks. */
  blockLength?: number | undefined;
  /**
   * Largest delta to write, in bytes. In the luapower format a copy takes 6 bytes for each 255 blocks, so a short delta
   * can become a long one: set it if the commands come from an untrusted peer.
   * @default {Infinity}
   */
  maxOutputLength?: number | undefined;
}

/**
 * Makes a transform that turns commands into a delta, one for one.
 *
 * What a copy copies is not known here, so the digest of the target cannot be computed. The delta carries one if the
 * first and last commands do, as those that {@linkcode decodeDeltaStream} makes of a delta with a digest. A digest is
 * left out if the format has no place for it.
 *
 * @param options Format, and for luapower's the block length.
 * @returns A pair whose `writable` takes commands and whose `readable` yields delta bytes.
 * @throws {TypeError} If an option is of the wrong kind.
 * @throws {RangeError} If an option is out of range.
 *
 * @example A delta made by hand
 * ```ts
 * import { encodeDeltaStream, patchStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const delta = ReadableStream.from([
 *   { copy: { offset: 7, length: 5 } },
 *   { data: new TextEncoder().encode(", hello") },
 * ]).pipeThrough(encodeDeltaStream());
 * const patched = delta.pipeThrough(patchStream(new Blob(["hello, world"])));
 *
 * assert.equal(await new Response(patched).text(), "world, hello");
 * ```
 */
export function encodeDeltaStream(
  options: EncodeDeltaStreamOptions = {},
): StreamPair<DeltaCommand, Uint8Array<ArrayBuffer>, PatchStats> {
  const { format = "rsync-streams", maxOutputLength = Infinity } = checkOptions(options, NAMES);
  const traits = formatTraits[checkChoice("format", format, FORMAT_NAMES)];
  const stage = createEncodeStage(
    deltaEncodings[traits.name],
    traits.hasDigest,
    checkDeltaParams(traits, options.blockLength),
    checkLimit("maxOutputLength", maxOutputLength),
  );
  return createPair(stage, options, {
    bytesOf: (command) => (command as DeltaCommand | undefined)?.data,
  });
}
