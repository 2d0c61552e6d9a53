import { checkChoice, checkLimit, checkOptions } from "./common/checks.ts";
import { type Format, FORMAT_NAMES, formats } from "./formats/mod.ts";
import type { BackendOptions } from "./kernel/interface.ts";
import { chosenKernel } from "./kernel/mod.ts";
import { loadSignature } from "./stages/loader.ts";
import { checkGivenHeader } from "./stages/sig_options.ts";
import type { Signature } from "./stages/signature.ts";
import type { ByteSource } from "./streams/read_chunks.ts";

/** Options of {@linkcode loadSigs}. */
export interface LoadSigsOptions extends BackendOptions {
  /**
   * The wire format. Formats with a magic are recognized; luapower's has none.
   * @default recognized by the magic
   */
  format?: Format | undefined;
  /** Bytes of a block, for the luapower format, which does not carry it. */
  blockLength?: number | undefined;
  /**
   * Bytes of signature that are read at most. It bounds the memory that an untrusted peer can make this side use: the
   * records, and tables that are no longer than they are.
   * @default {2 ** 30}
   */
  maxInputLength?: number | undefined;
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
 * @param source Signature bytes.
 * @param options Limit, and for the luapower format its name and the block length.
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
 *   return new Response(new Blob([target]).stream().pipeThrough(deltaStream(sigs))).bytes();
 * }));
 *
 * assert.equal(deltas.length, 2);
 * ```
 */
export async function loadSigs(source: ByteSource, options: LoadSigsOptions = {}): Promise<Signature> {
  const { format, blockLength, maxInputLength = 2 ** 30 } = checkOptions(options);
  const kernel = chosenKernel(options.backend);
  const limit = checkLimit("maxInputLength", maxInputLength);
  const codec = format === undefined ? undefined : formats[checkChoice("format", format, FORMAT_NAMES)];
  const header = codec && checkGivenHeader(codec, blockLength);
  return await loadSignature(source, { format, header, maxInputLength: limit, kernel });
}
