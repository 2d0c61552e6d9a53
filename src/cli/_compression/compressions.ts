/** The compressions that the command reads and writes, as `node:zlib` has them. */
import process from "node:process";
import type { Transform } from "node:stream";
import zlib from "node:zlib";
import { CliError, EXIT } from "../_errors.ts";

/**
 * A compression. Brotli is left out: its files have no magic, so they cannot be recognized.
 *
 * `node:zlib` does the work. `CompressionStream` has no zstd in Deno (2.9) and no level, and `DecompressionStream`
 * may expand a whole chunk before anybody reads.
 */
export type Compression = "gzip" | "zstd";

/** Bytes of one chunk of the output. The default of zlib, 16 KiB, takes four times as many turns. */
const CHUNK_LENGTH = 2 ** 16;

/** Whether a name is that of a compression. */
export function isCompression(name: string | undefined): name is Compression {
  return name === "gzip" || name === "zstd";
}

/** Whether this runtime has a compression. Node 20 lacks zstd. */
function hasCompression(name: Compression): boolean {
  return name === "gzip" || typeof zlib.createZstdCompress === "function";
}

/**
 * Checks that this runtime has a compression.
 *
 * @param doing What needs it: "write the delta".
 * @throws {CliError} If it does not.
 */
export function requireCompression(name: Compression, doing: string): void {
  if (hasCompression(name)) return;
  const why = `this runtime (Node ${process.versions.node}) has no ${name}`;
  throw new CliError(EXIT.UNIMPLEMENTED, `cannot ${doing}: ${why}: Node has it since 22.15 and 23.8, or take gzip`);
}

/**
 * Creates a compressor of the default level, and with a checksum.
 *
 * Level 6 of gzip and 3 of zstd are the defaults of the programs too. Of a real delta of 146 kB (TypeScript 5.8.2 to
 * 5.8.3) gzip leaves 20.1 % at 41 MB/s. Level 4 leaves 21.3 % at 83 MB/s, and 9 leaves 20.0 % at 17 MB/s. zstd leaves
 * 13.6 % at 94 MB/s; level 9 leaves 12.0 % at 38 MB/s (Node 24).
 */
export function createCompressor(name: Compression): Transform {
  if (name === "gzip") return zlib.createGzip({ chunkSize: CHUNK_LENGTH });
  const { ZSTD_c_checksumFlag } = zlib.constants;
  return zlib.createZstdCompress({ chunkSize: CHUNK_LENGTH, params: { [ZSTD_c_checksumFlag]: 1 } });
}

/** Creates a decompressor: of a whole file of gzip, or of one frame of zstd. */
export function createDecompressor(name: Compression): Transform {
  const options = { chunkSize: CHUNK_LENGTH };
  return name === "gzip" ? zlib.createGunzip(options) : zlib.createZstdDecompress(options);
}
