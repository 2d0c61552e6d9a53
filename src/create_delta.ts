import { splitOptions } from "./common/checks.ts";
import { deltaStream, type DeltaStreamOptions } from "./delta_stream.ts";
import { loadSigs } from "./load_sigs.ts";
import { isSignature, type Signature } from "./stages/signature.ts";
import type { ByteSource } from "./streams/byte_source.ts";
import { collect } from "./streams/collect.ts";

/**
 * Options of {@linkcode createDelta}.
 *
 * @example A delta that rdiff can read, within a minute
 * ```ts
 * import { createDelta, type CreateDeltaOptions, createSig } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const options: CreateDeltaOptions = { format: "librsync", signal: AbortSignal.timeout(60_000) };
 * const delta = await createDelta(await createSig(new Blob(["old"])), new Blob(["new"]), options);
 *
 * assert.deepEqual(delta.subarray(0, 4), Uint8Array.of(0x72, 0x73, 0x02, 0x36)); // its magic
 * ```
 */
export interface CreateDeltaOptions extends Omit<DeltaStreamOptions, "readableStrategy" | "writableStrategy"> {
  /** Ends the work early. */
  signal?: AbortSignal | undefined;
}

/**
 * Makes the delta of a target, as bytes in memory: {@linkcode deltaStream} for those who have no streams.
 *
 * The signature may come from an untrusted peer. For several targets, load it once with {@linkcode loadSigs}. Load it
 * with that too for another `backend` or `maxInputLength`.
 *
 * @param signature What {@linkcode loadSigs} returned, or the bytes of a signature. Those of the luapower format have
 * to be loaded.
 * @param target The new file.
 * @param options As for a stream, and a signal.
 * @returns The delta. {@linkcode applyDelta} and `patchStream` take it.
 * @throws {RsyncError} If the signature is damaged. Errors are rejections.
 * @throws {TypeError | RangeError} If an option is wrong, or one of the two cannot be read.
 *
 * @example How much of a target is new
 * ```ts
 * import { createDelta, createSig } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const basis = crypto.getRandomValues(new Uint8Array(50_000));
 * const target = new Blob(["ten bytes.", basis]);
 * const delta = await createDelta(await createSig(basis), target);
 *
 * assert.ok(delta.length < 1000);
 * ```
 */
export async function createDelta(
  signature: Signature | ByteSource,
  target: ByteSource,
  options: CreateDeltaOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { signal, rest } = splitOptions(options);
  const sigs = isSignature(signature) ? signature : await loadSigs(signature, { signal });
  return await collect(target, deltaStream(sigs, rest), signal);
}
