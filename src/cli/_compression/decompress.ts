import { CliError, EXIT } from "../_errors.ts";
import { type Compression, createDecompressor } from "./compressions.ts";
import { throughZlib } from "./through_zlib.ts";
import { type ZstdFault, ZstdFrames } from "./zstd_frames.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const EXIT_OF_FAULT: Readonly<Record<ZstdFault["kind"], number>> = {
  truncated: EXIT.TRUNCATED,
  damaged: EXIT.CORRUPT,
  limit: EXIT.MEMORY,
};

/**
 * Decompresses a file that may come from an untrusted peer. Memory is bounded, whatever the file expands to: 1 MiB, one
 * chunk of the source, and with zstd a window of at most 128 MiB.
 *
 * Several files of one compression, one behind another, are one. Zeros may follow gzip, as gzip itself accepts them.
 *
 * @param name What messages call the file.
 * @throws {CliError} If it ends early, is damaged, or other bytes follow its end.
 */
export async function* decompress(
  source: AsyncIterator<Uint8Array, unknown>,
  compression: Compression,
  name: string,
): AsyncGenerator<Bytes, void> {
  const fail = ({ kind, why }: ZstdFault, cause?: Error) => {
    const options = cause && { cause };
    return new CliError(EXIT_OF_FAULT[kind], `cannot decompress ${name} with ${compression}: ${why}`, options);
  };
  /** Deno (2.9) has no codes for zstd, but an early end is found before. */
  const convert = (error: Error & { code?: unknown }) =>
    error.code === "Z_BUF_ERROR"
      ? fail({ kind: "truncated", why: "it ends too early" }, error)
      : fail({ kind: "damaged", why: `it is damaged (${error.message})` }, error);
  if (compression === "gzip") {
    yield* gunzip(source, convert, () => fail({ kind: "damaged", why: "other bytes follow its end" }));
    return;
  }
  const frames = new ZstdFrames(source, fail);
  while (await frames.hasNext()) yield* throughZlib(frames.pieces(), createDecompressor("zstd"), convert);
}

async function* gunzip(
  source: AsyncIterator<Uint8Array, unknown>,
  convert: (error: Error) => Error,
  trailing: () => Error,
): AsyncGenerator<Bytes, void> {
  const transform = createDecompressor("gzip") as ReturnType<typeof createDecompressor> & { bytesWritten: number };
  const { last, before } = yield* throughZlib(source, transform, convert);
  // It stops at a zero, and ignores what follows.
  const requireZeros = (bytes: Uint8Array) => {
    if (bytes.some((byte) => byte !== 0)) throw trailing();
  };
  requireZeros(last?.subarray(transform.bytesWritten - before) ?? new Uint8Array());
  for (let next = await source.next(); !next.done; next = await source.next()) requireZeros(next.value);
}
