import { createPair } from "./_create_pair.ts";
import { checkOptions } from "./_options.ts";
import { type DeltaFormatOptions, deltaReaderFor } from "./delta_reader.ts";
import { Decoder } from "./engine/decoder.ts";
import type { DeltaCommand } from "./engine/delta_command.ts";
import type { PatchStats } from "./engine/stats.ts";
import { ByteReader } from "./formats/_byte_reader.ts";
import { defaultKernel } from "./kernel/mod.ts";
import type { CommonOptions, StreamPair } from "./stream_pair.ts";
import { toUint8Array } from "./streams/to_uint8_array.ts";

/** Options of {@linkcode decodeDeltaStream}. */
export interface DecodeDeltaStreamOptions
  extends CommonOptions<BufferSource, DeltaCommand, PatchStats>, DeltaFormatOptions {}

/**
 * Makes a transform that turns a delta into its commands, one at a time.
 *
 * With {@linkcode encodeDeltaStream} it transcodes a delta from one format to another; to the same format it gives back
 * the same bytes, if its integers are as short as they can be. A data command of more than 1 MiB is given in pieces of
 * 1 MiB. A delta that carries a digest of its target begins and ends with a data command without bytes, whose `digest` tells it.
 *
 * @param options For the luapower format its name and the block length.
 * @returns A pair whose `writable` takes delta bytes and whose `readable` gives commands. In its stats, `bytesOut` counts bytes of target.
 * @throws {TypeError} If an option is of the wrong kind.
 * @throws {RangeError} If an option is out of range.
 *
 * @example What is in a delta
 * ```ts
 * import { decodeDeltaStream, deltaStream, loadSigs, sigStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const basis = new Blob(["0123456789abcdef".repeat(4)]);
 * const sigs = await loadSigs(basis.stream().pipeThrough(sigStream({ blockLength: 64 })));
 * const delta = new Blob([basis, "!"]).stream().pipeThrough(deltaStream(sigs, { digest: false }));
 *
 * const commands = await Array.fromAsync(delta.pipeThrough(decodeDeltaStream()));
 * assert.deepEqual(commands[0], { copy: { offset: 0, length: 64 } });
 * assert.deepEqual(commands[1], { data: new TextEncoder().encode("!") });
 * ```
 */
export function decodeDeltaStream(
  options: DecodeDeltaStreamOptions = {},
): StreamPair<BufferSource, DeltaCommand, PatchStats> {
  checkOptions(options);
  const input = new ByteReader("the delta");
  const decoder = new Decoder(deltaReaderFor(input, options), input);
  return createPair(decoder, options, defaultKernel().backend, toUint8Array);
}
