import type { OptionValues } from "./_command_spec.ts";
import { compress } from "./_compression/compress.ts";
import { type Compression, requireCompression } from "./_compression/compressions.ts";
import { piped } from "./_compression/piped.ts";
import { usageError } from "./_errors.ts";
import { GZIP, ZSTD } from "./_shared_options.ts";
import { formatShare } from "./_units.ts";

export type { Compression };

/** Bytes on their way to an output, compressed or not. */
export interface CompressedBytes {
  readonly compression: Compression | undefined;
  /** Bytes written so far. Undefined if they are not compressed. */
  readonly compressedLength: number | undefined;
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /**
   * Says how much was written, for statistics.
   *
   * @param length Bytes before compression.
   */
  describe(length: number): string;
}

/**
 * The compression that the options choose.
 *
 * @throws {CliError} If they choose two, or one that the runtime does not have.
 */
export function chosenCompression(options: OptionValues, command: string): Compression | undefined {
  const [isGzip, isZstd] = [options.get(GZIP), options.get(ZSTD)];
  if (isGzip && isZstd) throw usageError("-z means gzip, and --zstd means zstd: give one of them", command);
  const compression = isZstd ? "zstd" : isGzip ? "gzip" : undefined;
  if (compression) requireCompression(compression, "compress the output");
  return compression;
}

/** Compresses the bytes of an output, if a compression was chosen. */
export function compressed(
  readable: ReadableStream<Uint8Array<ArrayBuffer>>,
  compression: Compression | undefined,
): CompressedBytes {
  if (!compression) {
    return { compression, compressedLength: undefined, readable, describe: (length) => `${length} written` };
  }
  let written = 0;
  return {
    compression,
    get compressedLength() {
      return written;
    },
    readable: piped(readable, async function* (source) {
      for await (const chunk of compress(source, compression)) {
        written += chunk.length;
        yield chunk;
      }
    }),
    describe: (length) => `${length} before ${compression}, ${written} written (${formatShare(written, length)})`,
  };
}
