import { type Basis, toPatchBasis } from "./basis/basis_source.ts";
import { toUint8Array } from "./common/bytes.ts";
import { checkLimit, checkOptions, type OptionNames } from "./common/checks.ts";
import type { ByteChunk } from "./common/platform_types.ts";
import type { PatchStats } from "./engine/stats.ts";
import { DELTA_FORMAT_NAMES, type DeltaFormatOptions } from "./stages/delta_options.ts";
import { createPatchStage } from "./stages/patcher.ts";
import { createPair } from "./streams/create_pair.ts";
import { COMMON_NAMES, type CommonOptions, type StreamPair } from "./streams/stream_pair.ts";

const NAMES: OptionNames<PatchStreamOptions> = { ...COMMON_NAMES, ...DELTA_FORMAT_NAMES, maxOutputLength: true };

/**
 * Options of {@linkcode patchStream}.
 *
 * @example A limit for deltas of strangers
 * ```ts
 * import { encodeDeltaStream, patchStream, type PatchStreamOptions, RsyncError } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const options: PatchStreamOptions = { maxOutputLength: 1000 };
 * const command = { copy: { offset: 0, length: 5000 } };
 * const delta = ReadableStream.from([command]).pipeThrough(encodeDeltaStream());
 * const patched = delta.pipeThrough(patchStream(new Uint8Array(5000), options));
 * await assert.rejects(
 *   new Response(patched).arrayBuffer(),
 *   (error) => error instanceof RsyncError && error.code === "limit",
 * );
 * ```
 */
export interface PatchStreamOptions
  extends CommonOptions<ByteChunk, Uint8Array<ArrayBuffer>, PatchStats>, DeltaFormatOptions {
  /**
   * Largest target to make, in bytes. A delta of a few bytes can make a target of any length: set it if the delta comes
   * from an untrusted peer and the result is kept.
   * @default {Infinity}
   */
  maxOutputLength?: number | undefined;
}

/**
 * Makes a transform that turns a delta into the target, copying from the basis.
 *
 * In the rsync-streams format the result is verified: if its length or digest is not the one in the delta, the readable
 * ends in an error and never closes. Output is streamed before it is verified, so write to a place that is only kept on
 * success, as `atomicWritable` of `./files` does. Other formats have no digest: a wrong basis makes a wrong target, and
 * a luapower delta that was cut between two commands looks whole. A librsync delta has an end; like rdiff, this ignores
 * what follows it.
 *
 * Work is done when the readable is read, one chunk of up to 1 MiB at a time; while it is hashed, the basis is read for
 * the next. Memory stays near two chunks, however large the target. The delta may come from an untrusted peer.
 *
 * @param basis What to copy from: a `Blob` or `File`, bytes, an open file of Node or Deno,
 * `{ read(offset, length), size? }`, or `{ seek, read }`.
 * @param options Limit, and for the luapower format its name and the block length.
 * @returns A pair whose `writable` takes delta bytes and whose `readable` yields target bytes.
 * @throws {TypeError} If the basis or an option is of the wrong kind.
 * @throws {RangeError} If an option is out of range.
 *
 * @example From old to new
 * ```ts
 * import { deltaStream, loadSigs, patchStream, sigStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const basis = new Blob(["the old text, ".repeat(100)]);
 * const target = new Blob(["the new text. ", basis]);
 *
 * const sigs = await loadSigs(basis.stream().pipeThrough(sigStream({ blockLength: 64 })));
 * const delta = target.stream().pipeThrough(deltaStream(sigs));
 * const patched = delta.pipeThrough(patchStream(basis));
 *
 * assert.equal(await new Response(patched).text(), await target.text());
 * ```
 */
export function patchStream(
  basis: Basis,
  options: PatchStreamOptions = {},
): StreamPair<ByteChunk, Uint8Array<ArrayBuffer>, PatchStats> {
  const { maxOutputLength = Infinity } = checkOptions(options, NAMES);
  const limit = checkLimit("maxOutputLength", maxOutputLength);
  const stage = createPatchStage({ basis: toPatchBasis(basis), maxOutputLength: limit }, options);
  return createPair(stage, options, { convert: toUint8Array });
}
