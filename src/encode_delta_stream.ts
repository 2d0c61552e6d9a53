import { createPair } from "./_create_pair.ts";
import { checkChoice, checkOptions } from "./_options.ts";
import { checkDeltaFormat } from "./delta_reader.ts";
import type { DeltaCommand } from "./engine/delta_command.ts";
import { Encoder } from "./engine/encoder.ts";
import type { PatchStats } from "./engine/stats.ts";
import { ByteWriter } from "./formats/_byte_writer.ts";
import type { Format } from "./formats/interface.ts";
import { FORMAT_NAMES, formats } from "./formats/mod.ts";
import { defaultKernel } from "./kernel/mod.ts";
import type { CommonOptions, StreamPair } from "./stream_pair.ts";

/** Options of {@linkcode encodeDeltaStream}. */
export interface EncodeDeltaStreamOptions extends CommonOptions<DeltaCommand, Uint8Array<ArrayBuffer>, PatchStats> {
  /**
   * The wire format.
   * @default {"rsync-streams"}
   */
  format?: Format | undefined;
  /** Bytes of a block, for the luapower format, which copies whole blocks. */
  blockLength?: number | undefined;
}

/**
 * Makes a transform that turns commands into a delta, one for one.
 *
 * The delta carries a digest of its target only if the first and last commands do, as those of {@linkcode decodeDeltaStream}
 * from a delta with a digest: what a copy copies is not known here. A digest is left out if the format has no place for one.
 *
 * @param options Format, and for luapower's the block length.
 * @returns A pair whose `writable` takes commands and whose `readable` gives delta bytes.
 * @throws {TypeError} If an option is of the wrong kind.
 * @throws {RangeError} If an option is out of range.
 *
 * @example A delta made by hand
 * ```ts
 * import { encodeDeltaStream, patchStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const delta = ReadableStream.from([
 *   { copy: { offset: 7, length: 5 } },
 *   { data: new TextEncoder().encode(", hello") },
 * ]).pipeThrough(encodeDeltaStream());
 * const patched = delta.pipeThrough(patchStream(new Blob(["hello, world"])));
 *
 * assert.equal(await new Response(patched).text(), "world, hello");
 * ```
 */
export function encodeDeltaStream(
  options: EncodeDeltaStreamOptions = {},
): StreamPair<DeltaCommand, Uint8Array<ArrayBuffer>, PatchStats> {
  const { format = "rsync-streams" } = checkOptions(options);
  const codec = formats[checkChoice("format", format, FORMAT_NAMES)];
  const blockLength = checkDeltaFormat(codec, options.blockLength);
  const output = new ByteWriter();
  const encoder = new Encoder(codec.deltaEncoder(output, { blockLength }), output, codec.hasDigest);
  return createPair(encoder, options, defaultKernel().backend);
}
