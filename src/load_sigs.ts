import { checkChoice, checkLimit, checkOptions, checkSignal, type OptionNames } from "./common/checks.ts";
import type { Format } from "./formats/format.ts";
import { FORMAT_NAMES, formats } from "./formats/mod.ts";
import type { BackendOptions } from "./kernel/interface.ts";
import { chosenKernel } from "./kernel/mod.ts";
import { loadSignature } from "./stages/loader.ts";
import { checkGivenHeader } from "./stages/sig_options.ts";
import type { Signature } from "./stages/signature.ts";
import type { ByteSource } from "./streams/byte_source.ts";

const NAMES: OptionNames<LoadSigsOptions> = {
  format: true,
  blockLength: true,
  maxInputLength: true,
  signal: true,
  backend: true,
};

/**
 * Options of {@linkcode loadSigs}.
 *
 * @example A limit for signatures of strangers
 * ```ts
 * import { loadSigs, type LoadSigsOptions, RsyncError, sigStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const options: LoadSigsOptions = { maxInputLength: 1000 };
 * const sig = new Blob([new Uint8Array(1_000_000)]).stream().pipeThrough(sigStream());
 * await assert.rejects(loadSigs(sig, options), (error) => error instanceof RsyncError && error.code === "limit");
 * ```
 */
export interface LoadSigsOptions extends BackendOptions {
  /**
   * The wire format. Formats with a magic are recognized; luapower's has none.
   * @default recognized by the magic
   */
  format?: Format | undefined;
  /** Bytes of a block, for the luapower format, which does not carry it. */
  blockLength?: number | undefined;
  /**
   * Longest signature to read, in bytes. It bounds the memory that an untrusted peer can make this side use: the
   * records, and tables that are no longer than they are.
   * @default {2 ** 30}
   */
  maxInputLength?: number | undefined;
  /** Ends the work early, and cancels the source. */
  signal?: AbortSignal | undefined;
}

/**
 * Reads a signature and indexes it.
 *
 * Memory is at most 64 bytes for each block, and some hundred bytes. The input may come from an untrusted peer:
 * nothing is allocated by what its header says, `maxInputLength` bounds it, and no signature makes the index slow. A
 * delta holds up to six blocks of the target at once: check {@linkcode Signature.blockLength} first if memory is tight.
 * Deltas have the backend of their signature.
 *
 * In the luapower and librsync formats a signature that was cut between two records looks like a whole one. Some input
 * that librsync accepts is refused: a magic or a strong length of 0, and up to three bytes after the last record.
 *
 * To keep a signature, keep its bytes: it has no other form to save, and none would be quicker. Of the time of loading
 * a million records, reading them is a twentieth (Node 20). The rest builds the index, whose keys are new each time.
 *
 * @param source Signature bytes: a stream, a `Response` or `Request`, a `Blob`, bytes, or chunks of bytes in an
 * iterable or async iterable, such as Node's `Readable`.
 * @param options Limit, signal, and for the luapower format its name and the block length.
 * @returns The signature.
 * @throws {RsyncError} If the bytes are not a signature (`bad-magic`, `unsupported`, `truncated`, `trailing-data`), or
 * too many (`limit`).
 * @throws {TypeError} If an option is of the wrong kind.
 * @throws {RangeError} If an option is out of range.
 *
 * @example One signature for two deltas
 * ```ts
 * import { deltaStream, loadSigs, sigStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const basis = new Blob(["a basis"]);
 * const sigs = await loadSigs(basis.stream().pipeThrough(sigStream()));
 * const deltas = await Promise.all(["one target", "another"].map((target) => {
 *   return new Response(new Blob([target]).stream().pipeThrough(deltaStream(sigs))).arrayBuffer();
 * }));
 *
 * assert.equal(deltas.length, 2);
 * ```
 */
export async function loadSigs(source: ByteSource, options: LoadSigsOptions = {}): Promise<Signature> {
  const { format, blockLength, maxInputLength = 2 ** 30, signal } = checkOptions(options, NAMES);
  const kernel = chosenKernel(options.backend);
  const limit = checkLimit("maxInputLength", maxInputLength);
  const codec = format === undefined ? undefined : formats[checkChoice("format", format, FORMAT_NAMES)];
  const header = codec && checkGivenHeader(codec, blockLength);
  checkSignal(signal);
  return await loadSignature(source, { format, header, maxInputLength: limit, kernel, signal });
}
