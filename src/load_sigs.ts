import { checkChoice, checkLimit, checkOptions } from "./_options.ts";
import { SigLoader } from "./engine/sig_loader.ts";
import type { SigHeader } from "./engine/interface.ts";
import { ByteReader } from "./formats/_byte_reader.ts";
import type { Format, FormatCodec } from "./formats/interface.ts";
import { FORMAT_NAMES, formats, recognize } from "./formats/mod.ts";
import type { Kernel } from "./kernel/interface.ts";
import { defaultKernel } from "./kernel/mod.ts";
import { RsyncError } from "./rsync_error.ts";
import { sigHeader } from "./sig_stream.ts";
import { Signature } from "./signature.ts";
import { type ByteSource, readChunks } from "./streams/read_chunks.ts";

/** Options of {@linkcode loadSigs}. */
export interface LoadSigsOptions {
  /**
   * The wire format. Formats with a magic are recognized; luapower's has none.
   * @default told by the magic
   */
  format?: Format | undefined;
  /** Bytes of a block, for the luapower format, which does not tell. */
  blockLength?: number | undefined;
  /**
   * Bytes of signature that are taken at most: what an untrusted peer can make this side hold, give or take the
   * tables, which are no longer than the records.
   * @default {2 ** 30}
   */
  maxBytes?: number | undefined;
}

/**
 * Reads a signature and indexes it.
 *
 * Memory is at most 64 bytes for each block. The input may come from an untrusted peer: nothing is allocated by what its header
 * says, `maxBytes` bounds it, and no signature makes the index slow. A delta with it sees up to six blocks of the target
 * at once; who cannot afford six blocks of 2^30 bytes looks at {@linkcode Signature.blockLength} first.
 *
 * In the luapower and librsync formats a signature that is cut between two records cannot be told from a whole one. What
 * librsync lets pass is refused: a magic or a strong length of 0, and up to three bytes after the last record.
 *
 * @param source Signature bytes.
 * @param options Limit, and for the luapower format its name and the block length.
 * @returns The signature.
 * @throws {RsyncError} If the bytes are not a signature (`bad-magic`, `unsupported`, `truncated`, `trailing-data`) or too many (`limit`).
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
  const { format, blockLength, maxBytes = 2 ** 30 } = checkOptions(options);
  const limit = checkLimit("maxBytes", maxBytes);
  const codec = format === undefined ? undefined : formats[checkChoice("format", format, FORMAT_NAMES)];
  const header = codec && !codec.sigMagic ? toldHeader(codec, blockLength) : undefined;
  return await readSignature(source, { codec, header, limit, kernel: defaultKernel() });
}

/** What is known of a signature before it is read. */
export interface ReadSignatureOptions {
  codec: FormatCodec | undefined;
  header: SigHeader | undefined;
  limit: number;
  kernel: Kernel;
}

/** Reads a signature whose options were checked. */
export async function readSignature(source: ByteSource, options: ReadSignatureOptions): Promise<Signature> {
  const { header, limit, kernel } = options;
  let { codec } = options;
  const input = new ByteReader("the signature");
  let loader: SigLoader | undefined;
  let length = 0;
  const work = () => {
    codec ??= recognize(input, "sigMagic");
    if (!codec) return;
    loader ??= new SigLoader(codec.sigReader(input, header), kernel, codec.keptBlock);
    loader.read();
  };
  await readChunks(source, (chunk) => {
    length += chunk.length;
    if (length > limit) {
      throw new RsyncError("limit", `Cannot read the signature: it is longer than maxBytes, which is ${limit}`, {
        offset: limit,
      });
    }
    input.push(chunk);
    work();
  });
  input.end();
  work();
  return new Signature({ format: codec!.name, kernel, ...loader!.finish() });
}

function toldHeader(codec: FormatCodec, blockLength: number | undefined): SigHeader {
  if (blockLength === undefined) {
    throw new TypeError(`Cannot use format "${codec.name}" without blockLength: the format does not tell it`);
  }
  return sigHeader(codec, { blockLength });
}
