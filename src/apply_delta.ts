import type { Basis } from "./basis/basis_source.ts";
import { splitOptions } from "./common/checks.ts";
import { patchStream, type PatchStreamOptions } from "./patch_stream.ts";
import type { ByteSource } from "./streams/byte_source.ts";
import { collect } from "./streams/collect.ts";

/** Bytes of target that are held in memory, unless more is allowed. */
const MAX_OUTPUT_LENGTH = 2 ** 30;

/**
 * Options of {@linkcode applyDelta}.
 *
 * @example At most a megabyte, or nothing
 * ```ts
 * import { applyDelta, type ApplyDeltaOptions, createDelta, createSig } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const basis = new Uint8Array(2_000_000);
 * const delta = await createDelta(await createSig(basis), basis);
 *
 * const options: ApplyDeltaOptions = { maxOutputLength: 1_000_000 };
 * await assert.rejects(applyDelta(basis, delta, options), { code: "limit" });
 * ```
 */
export interface ApplyDeltaOptions extends Omit<PatchStreamOptions, "readableStrategy" | "writableStrategy"> {
  /**
   * Bytes of target that are made at most. A delta of a few bytes can make a target of any length.
   * @default {2 ** 30}
   */
  maxOutputLength?: number | undefined;
  /** Ends the work early. */
  signal?: AbortSignal | undefined;
}

/**
 * Makes the target from a basis and a delta, as bytes in memory: {@linkcode patchStream} for those who have no streams.
 *
 * In the rsync-streams format the result is verified before it is returned. The delta may come from an untrusted peer.
 *
 * @param basis The old file.
 * @param delta What {@linkcode createDelta} or `deltaStream` made.
 * @param options As for a stream, and a signal.
 * @returns The target.
 * @throws {RsyncError} If the delta is damaged, does not fit the basis, or makes too much. Errors are rejections.
 * @throws {TypeError | RangeError} If an option is wrong, or one of the two cannot be read.
 *
 * @example A wrong basis is noticed
 * ```ts
 * import { applyDelta, createDelta, createSig } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const basis = new Uint8Array(5000).fill(1);
 * const delta = await createDelta(await createSig(basis), new Blob([basis, "!"]));
 *
 * await assert.rejects(applyDelta(new Uint8Array(5000), delta), { code: "digest-mismatch" });
 * ```
 */
export async function applyDelta(
  basis: Basis,
  delta: ByteSource,
  options: ApplyDeltaOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { signal, rest } = splitOptions(options);
  const { maxOutputLength = MAX_OUTPUT_LENGTH } = rest;
  return await collect(delta, patchStream(basis, { ...rest, maxOutputLength }), signal);
}
