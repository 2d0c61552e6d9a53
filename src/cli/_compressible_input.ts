import { Buffer } from "node:buffer";
import { findCompression, MAGIC_LENGTH } from "../formats/recognize.ts";
import { type Compression, isCompression, requireCompression } from "./_compression/compressions.ts";
import { decompress } from "./_compression/decompress.ts";
import { piped } from "./_compression/piped.ts";
import type { Invocation } from "./_command_spec.ts";
import { type Input, type InputOptions, openInput } from "./_input.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A signature or a delta to read, decompressed if it was compressed. Its sizes are those of the file. */
export interface CompressibleInput extends Input {
  /** What it is compressed with, once its first bytes were read. */
  readonly compression: Compression | undefined;
  /** Bytes of the file that were read so far. */
  readonly bytesRead: number;
}

/** How such an input is read. */
export interface CompressibleInputOptions {
  /**
   * Whether it is read as it is: rdiff decompresses nothing, and a signature in a format without a magic may start as a
   * compressed file does. No delta does, in any format.
   */
  readonly isPlain?: boolean;
  /** Called with each chunk, decompressed. */
  readonly look?: InputOptions["look"];
}

/**
 * Opens a signature or a delta, and decompresses it if its first bytes say that it is compressed.
 *
 * @throws {CliError} If there is no such file, or it is a folder.
 */
export async function openCompressible(
  path: string | undefined,
  { dialect, signal }: Pick<Invocation, "dialect" | "signal">,
  { isPlain = dialect.isRdiff, look }: CompressibleInputOptions = {},
): Promise<CompressibleInput> {
  const state: { compression: Compression | undefined; bytesRead: number } = { compression: undefined, bytesRead: 0 };
  const input = await openInput(path, {
    signal,
    look(chunk) {
      state.bytesRead += chunk.length;
      if (isPlain) look?.(chunk);
    },
  });
  const work = async function* (source: AsyncIterator<Bytes, undefined>): AsyncGenerator<Bytes, void> {
    const start = await readStart(source);
    const found = findCompression(start);
    state.compression = isCompression(found) ? found : undefined;
    const all = chain(start, source);
    if (state.compression) requireCompression(state.compression, `read ${input.name}`);
    for await (const chunk of state.compression ? decompress(all, state.compression, input.name) : all) {
      look?.(chunk);
      yield chunk;
    }
  };
  return Object.assign(state, input, isPlain ? {} : { readable: piped(input.readable, work) });
}

/** What statistics say of an input that is compressed. Nothing if it is not. */
export function describeCompression({ compression, bytesRead }: CompressibleInput): string {
  return compression ? ` (${compression}: ${bytesRead} bytes)` : "";
}

/** Reads the bytes that say what a file is, and what came with them. Fewer if the file is shorter. */
async function readStart(source: AsyncIterator<Bytes, undefined>): Promise<Bytes> {
  let start: Bytes = new Uint8Array();
  while (start.length < MAGIC_LENGTH) {
    const { done, value } = await source.next();
    if (done) break;
    start = start.length > 0 ? Buffer.concat([start, value]) : value;
  }
  return start;
}

async function* chain(start: Bytes, source: AsyncIterator<Bytes, undefined>): AsyncGenerator<Bytes, void> {
  if (start.length > 0) yield start;
  for (let next = await source.next(); !next.done; next = await source.next()) yield next.value;
}
