/**
 * Content codings: those of `node:zlib` where the runtime has it, and gzip by the platform's own streams elsewhere.
 * `node:zlib` is found without an import, which would break browsers and bundles for them.
 */

/** A content coding that is spoken here. */
export type Coding = "br" | "zstd" | "gzip";
type Bytes = Uint8Array<ArrayBuffer>;

/** The part of a transform of `node:zlib` that is used. */
interface ZlibTransform {
  write(chunk: Uint8Array): boolean;
  end(): void;
  read(): Uint8Array | null;
  destroy(error?: unknown): void;
  on(event: string, listener: (error: unknown) => void): unknown;
  readonly readableEnded: boolean;
}

type MakeTransform = (options: Record<string, unknown>) => ZlibTransform;

/** The part of `node:zlib` that is used. */
interface Zlib {
  readonly constants: Readonly<Record<string, number>>;
  readonly createGzip?: MakeTransform;
  readonly createGunzip?: MakeTransform;
  readonly createBrotliCompress?: MakeTransform;
  readonly createBrotliDecompress?: MakeTransform;
  readonly createZstdCompress?: MakeTransform;
  readonly createZstdDecompress?: MakeTransform;
}

interface NodeProcess {
  getBuiltinModule?(name: "node:zlib"): Zlib | undefined;
}

/** Bytes that a transform of `node:zlib` makes at a time. */
const CHUNK_LENGTH = 2 ** 16;
/** Up to here Brotli has its best quality, which takes some 20 ms. It saves a tenth of the bytes. */
const SHORT_LENGTH = 2 ** 14;
/**
 * Up to here the quality of Brotli is 6, and 5 beyond or if the length is not known. Of 4 MB of TypeScript, 4, 5, 6, 7
 * and 9 leave 667, 620, 601, 586 and 568 KB, at 27, 31, 23, 15 and 8 MB/s.
 */
const MEDIUM_LENGTH = 2 ** 24;
/** Beyond this, encoders look back as far as they may: 16 MiB with Brotli, and 8 MiB with Zstandard (RFC 9659). */
const WIDE_LENGTH = 2 ** 22;
const ZSTD_LEVEL = 9;

const CODINGS: readonly Coding[] = ["br", "zstd", "gzip"];

function nodeZlib(): Zlib | undefined {
  try {
    const { process } = globalThis as { process?: NodeProcess };
    return process?.getBuiltinModule?.("node:zlib");
  } catch {
    return undefined;
  }
}

/** The codings that this runtime can write and read, those with the fewest bytes first. */
export function supportedCodings(): Coding[] {
  const zlib = nodeZlib();
  return CODINGS.filter((coding) => {
    if (coding === "br") return zlib?.createBrotliCompress && zlib.createBrotliDecompress;
    if (coding === "zstd") return zlib?.createZstdCompress && zlib.createZstdDecompress;
    return typeof CompressionStream === "function" || zlib?.createGzip;
  });
}

/**
 * Encodes a stream.
 *
 * @param coding One that {@linkcode supportedCodings} lists.
 * @param length Bytes of the stream, if known. The effort depends on it.
 */
export function encodeStream(
  readable: ReadableStream<Bytes>,
  coding: Coding,
  length: number | undefined,
): ReadableStream<Bytes> {
  const zlib = nodeZlib();
  if (!zlib?.createGzip) return readable.pipeThrough(new CompressionStream("gzip"));
  const chunkSize = CHUNK_LENGTH;
  if (coding === "gzip") return throughZlib(readable, zlib.createGzip({ chunkSize }));
  if (coding === "br") {
    return throughZlib(readable, zlib.createBrotliCompress!({ chunkSize, params: brotliParams(zlib, length) }));
  }
  return throughZlib(readable, zlib.createZstdCompress!({ chunkSize, params: zstdParams(zlib, length) }));
}

/**
 * Decodes a stream. It errors if the bytes are damaged or end early. Deno 2.9 takes a body in `br` or `zstd` that ends
 * early for a whole one, so what was encoded has to show its end by itself.
 *
 * @param coding One that {@linkcode supportedCodings} lists.
 */
export function decodeStream(readable: ReadableStream<Bytes>, coding: Coding): ReadableStream<Bytes> {
  const zlib = nodeZlib();
  if (!zlib?.createGunzip) return readable.pipeThrough(new DecompressionStream("gzip"));
  const options = { chunkSize: CHUNK_LENGTH };
  if (coding === "gzip") return throughZlib(readable, zlib.createGunzip(options));
  if (coding === "br") return throughZlib(readable, zlib.createBrotliDecompress!(options));
  return throughZlib(readable, zlib.createZstdDecompress!(options));
}

function brotliParams({ constants }: Zlib, length: number | undefined): Record<number, number> {
  const quality = length === undefined || length > MEDIUM_LENGTH ? 5 : length <= SHORT_LENGTH ? 11 : 6;
  return {
    [constants.BROTLI_PARAM_QUALITY!]: quality,
    [constants.BROTLI_PARAM_LGWIN!]: length !== undefined && length > WIDE_LENGTH ? 24 : 22,
    [constants.BROTLI_PARAM_SIZE_HINT!]: length === undefined ? 0 : Math.min(length, 2 ** 30),
  };
}

function zstdParams({ constants }: Zlib, length: number | undefined): Record<number, number> {
  return {
    [constants.ZSTD_c_compressionLevel!]: ZSTD_LEVEL,
    ...(length !== undefined && length > WIDE_LENGTH && { [constants.ZSTD_c_windowLog!]: 23 }),
  };
}

/**
 * Pipes a stream through a transform of `node:zlib`. `Duplex.toWeb` is not used: browsers' bundles have no
 * `node:stream`, and chunks would share buffers.
 */
function throughZlib(readable: ReadableStream<Bytes>, transform: ZlibTransform): ReadableStream<Bytes> {
  const reader = readable.getReader();
  /** Wake those who wait for room in the transform, and for bytes from it. */
  let onRoom = () => {};
  let onBytes = () => {};
  let failure: { reason: unknown } | undefined;
  const wake = () => {
    onRoom();
    onBytes();
  };
  const fail = (reason: unknown) => {
    failure ??= { reason };
    wake();
  };
  transform.on("error", fail);
  transform.on("drain", () => onRoom());
  transform.on("readable", () => onBytes());
  transform.on("end", () => onBytes());
  const feed = async () => {
    try {
      while (!failure) {
        const { done, value } = await reader.read();
        if (failure) return;
        if (done) return transform.end();
        if (!transform.write(value)) await new Promise<void>((resolve) => onRoom = resolve);
      }
    } catch (error) {
      fail(error);
    }
  };
  let feeding: Promise<void> | undefined;
  const stop = async (reason: unknown) => {
    fail(reason);
    transform.destroy();
    await reader.cancel(reason).catch(() => {});
    await feeding;
  };
  return new ReadableStream<Bytes>({
    async pull(controller) {
      feeding ??= feed();
      for (;;) {
        const bytes = failure ? null : transform.read();
        if (bytes) return controller.enqueue(new Uint8Array(bytes));
        if (failure) {
          await stop(failure.reason);
          throw failure.reason;
        }
        if (transform.readableEnded) {
          controller.close();
          // There may be bytes behind the end of what was encoded. Nobody takes them.
          return await stop(undefined);
        }
        await new Promise<void>((resolve) => onBytes = resolve);
      }
    },
    cancel: stop,
  }, { highWaterMark: 0 });
}
