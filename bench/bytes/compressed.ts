/** Lengths of compressed bytes, at levels that a server uses while answering. */
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from "node:zlib";

/** Compressors by the name of their content coding. */
export const COMPRESSORS = {
  gzip: (bytes: Uint8Array) => gzipSync(bytes, { level: 6 }),
  brotli: (bytes: Uint8Array) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
  zstd: (bytes: Uint8Array) => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 3 } }),
} as const;

/** The name of a compressor. */
export type Coding = keyof typeof COMPRESSORS;

/** The length of the bytes by themselves and by each compressor. */
export function compressedLengths(bytes: Uint8Array): Record<"plain" | Coding, number> {
  return {
    plain: bytes.length,
    gzip: COMPRESSORS.gzip(bytes).length,
    brotli: COMPRESSORS.brotli(bytes).length,
    zstd: COMPRESSORS.zstd(bytes).length,
  };
}
