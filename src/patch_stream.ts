import { createPair } from "./_create_pair.ts";
import { checkLimit, checkOptions } from "./_options.ts";
import { type Basis, toPatchBasis } from "./basis_source.ts";
import { type DeltaFormatOptions, deltaReaderFor } from "./delta_reader.ts";
import { Patcher } from "./engine/patcher.ts";
import type { PatchStats } from "./engine/stats.ts";
import { ByteReader } from "./formats/_byte_reader.ts";
import { defaultKernel } from "./kernel/mod.ts";
import type { CommonOptions, StreamPair } from "./stream_pair.ts";
import { toUint8Array } from "./streams/to_uint8_array.ts";

/** Options of {@linkcode patchStream}. */
export interface PatchStreamOptions
  extends CommonOptions<BufferSource, Uint8Array<ArrayBuffer>, PatchStats>, DeltaFormatOptions {
  /**
   * Bytes of target that are made at most. A delta of a few bytes can ask for any length: set it where the delta comes
   * from somebody untrusted and the result is kept.
   * @default {Infinity}
   */
  maxOutputLength?: number | undefined;
}

/**
 * Makes a transform that turns a delta into the target, with what it copies from the basis.
 *
 * In the rsync-streams format the result is verified: if its length or digest is not the one that the delta tells, the readable
 * ends in an error and never closes. Bytes were given by then, so write to a place that is only kept on
 * success, as `atomicWritable` of `./files` does. Other formats have no digest: a wrong basis gives a wrong target there, and
 * a luapower delta that is cut between two commands looks whole. A librsync delta ends in a command, and what follows it is
 * ignored, as rdiff ignores it.
 *
 * Work is done when the readable is read, one chunk of up to 1 MiB (and what is read from the basis for it) at a time, so a short delta that makes a long target
 * takes no memory. The delta may come from an untrusted peer.
 *
 * @param basis What to copy from: a `Blob` or `File`, bytes, `{ read(offset, length), size? }`, or the original's `{ seek, read }`.
 * @param options Limit, and for the luapower format its name and the block length.
 * @returns A pair whose `writable` takes delta bytes and whose `readable` gives target bytes.
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
): StreamPair<BufferSource, Uint8Array<ArrayBuffer>, PatchStats> {
  const { maxOutputLength = Infinity } = checkOptions(options);
  const input = new ByteReader("the delta");
  const kernel = defaultKernel();
  const patcher = new Patcher({
    input,
    kernel,
    reader: deltaReaderFor(input, options),
    basis: toPatchBasis(basis),
    maxOutputLength: checkLimit("maxOutputLength", maxOutputLength),
  });
  return createPair(patcher, options, kernel.backend, toUint8Array);
}
