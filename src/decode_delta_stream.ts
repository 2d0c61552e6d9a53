import { toUint8Array } from "./common/bytes.ts";
import { checkOptions, type OptionNames } from "./common/checks.ts";
import type { ByteChunk } from "./common/platform_types.ts";
import type { DeltaCommand } from "./engine/delta_command.ts";
import type { PatchStats } from "./engine/stats.ts";
import { DELTA_FORMAT_NAMES, type DeltaFormatOptions } from "./stages/delta_options.ts";
import { createDecodeStage } from "./stages/transcoder.ts";
import { createPair } from "./streams/create_pair.ts";
import { COMMON_NAMES, type CommonOptions, type StreamPair } from "./streams/stream_pair.ts";

const NAMES: OptionNames<DecodeDeltaStreamOptions> = { ...COMMON_NAMES, ...DELTA_FORMAT_NAMES };

/**
 * Options of {@linkcode decodeDeltaStream}.
 *
 * @example A format without a magic
 * ```ts
 * import {
 *   decodeDeltaStream,
 *   type DecodeDeltaStreamOptions,
 *   type DeltaCommand,
 *   encodeDeltaStream,
 * } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const options: DecodeDeltaStreamOptions = { format: "luapower", blockLength: 1024 };
 * const commands = [{ copy: { offset: 2048, length: 1024 } }];
 * const encoder = encodeDeltaStream({ format: "luapower", blockLength: 1024 });
 * const delta = ReadableStream.from(commands).pipeThrough(encoder);
 *
 * const decoded: DeltaCommand[] = [];
 * for await (const command of delta.pipeThrough(decodeDeltaStream(options))) decoded.push(command);
 * assert.deepEqual(decoded, commands);
 * ```
 */
export interface DecodeDeltaStreamOptions
  extends CommonOptions<ByteChunk, DeltaCommand, PatchStats>, DeltaFormatOptions {}

/**
 * Makes a transform that turns a delta into its commands, one at a time.
 *
 * With {@linkcode encodeDeltaStream} it transcodes a delta from one format to another. Encoded in the same format
 * again, a delta has the same bytes if its integers were in their shortest form and its data commands have 1 byte to
 * 1 MiB: longer ones come in pieces of 1 MiB, empty ones not at all. A delta that carries a digest of its target begins
 * and ends with a data command without bytes, which has the digest in its field `digest`.
 *
 * @param options For the luapower format its name and the block length.
 * @returns A pair whose `writable` takes delta bytes and whose `readable` yields commands. In its stats, `bytesOut`
 * counts bytes of target.
 * @throws {TypeError} If an option is of the wrong kind.
 * @throws {RangeError} If an option is out of range.
 *
 * @example What is in a delta
 * ```ts
 * import { decodeDeltaStream, type DeltaCommand, deltaStream, loadSigs, sigStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const basis = new Blob(["0123456789abcdef".repeat(4)]);
 * const sigs = await loadSigs(basis.stream().pipeThrough(sigStream({ blockLength: 64 })));
 * const delta = new Blob([basis, "!"]).stream().pipeThrough(deltaStream(sigs, { digest: false }));
 *
 * const commands: DeltaCommand[] = [];
 * for await (const command of delta.pipeThrough(decodeDeltaStream())) commands.push(command);
 * assert.deepEqual(commands[0], { copy: { offset: 0, length: 64 } });
 * assert.deepEqual(commands[1], { data: new TextEncoder().encode("!") });
 * ```
 */
export function decodeDeltaStream(
  options: DecodeDeltaStreamOptions = {},
): StreamPair<ByteChunk, DeltaCommand, PatchStats> {
  return createPair(createDecodeStage(checkOptions(options, NAMES)), options, {
    convert: toUint8Array,
  });
}
