import { joined } from "../common/bytes.ts";
import { checkSignal } from "../common/checks.ts";
import type { ByteChunk } from "../common/platform_types.ts";
import { type ByteSource, lengthOf, readChunks, toReadable } from "./byte_source.ts";
import type { StreamPair } from "./stream_pair.ts";

/**
 * Pipes a source through a pair, and returns all that comes out.
 *
 * @throws The reason of `signal`, or what failed.
 */
export async function collect(
  source: ByteSource,
  pair: StreamPair<ByteChunk, Uint8Array<ArrayBuffer>, { total?: number }>,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  checkSignal(signal);
  const total = lengthOf(source);
  if (total !== undefined) Object.assign(pair.stats, { total });
  const chunks: Uint8Array[] = [];
  let length = 0;
  // The signal of a pipe would wait for the write under way: all of the work, if the source is one chunk.
  await readChunks(toReadable(source).pipeThrough(pair), (chunk) => {
    chunks.push(chunk);
    length += chunk.length;
  }, { signal });
  return joined(chunks, length);
}
