import { splitOptions } from "./common/checks.ts";
import { sigStream, type SigStreamOptions } from "./sig_stream.ts";
import { type ByteSource, lengthOf } from "./streams/byte_source.ts";
import { collect } from "./streams/collect.ts";

/**
 * Options of {@linkcode createSig}.
 *
 * @example A signature with the digest of the basis
 * ```ts
 * import { createSig, type CreateSigOptions, loadSigs } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const options: CreateSigOptions = { digest: true };
 * const sig = await createSig(new Blob(["a basis"]), options);
 *
 * assert.equal((await loadSigs(sig)).digest?.length, 64);
 * ```
 */
export interface CreateSigOptions extends Omit<SigStreamOptions, "readableStrategy" | "writableStrategy"> {
  /** Ends the work early. */
  signal?: AbortSignal | undefined;
}

/**
 * Makes the signature of a basis, as bytes in memory: {@linkcode sigStream} for those who have no streams.
 *
 * @param basis The old file. If its length is known, as that of bytes and Blobs is, it is the `fileLength`.
 * @param options As for a stream, and a signal.
 * @returns The signature. {@linkcode createDelta} and `loadSigs` take it.
 * @throws {TypeError | RangeError} If an option is wrong, or the basis cannot be read. Errors are rejections.
 *
 * @example Three steps with bytes
 * ```ts
 * import { applyDelta, createDelta, createSig } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const basis = new TextEncoder().encode("the old text, ".repeat(100));
 * const target = new TextEncoder().encode("the new text. " + "the old text, ".repeat(100));
 *
 * const sig = await createSig(basis);
 * const delta = await createDelta(sig, target);
 * const updated = await applyDelta(basis, delta);
 *
 * assert.deepEqual(updated, target);
 * ```
 */
export async function createSig(basis: ByteSource, options: CreateSigOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const { signal, rest } = splitOptions(options);
  const { fileLength = lengthOf(basis) } = rest;
  return await collect(basis, sigStream({ ...rest, fileLength }), signal);
}
