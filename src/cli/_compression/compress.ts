import { type Compression, createCompressor } from "./compressions.ts";
import { throughZlib } from "./through_zlib.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Compresses bytes. */
export async function* compress(
  source: AsyncIterator<Uint8Array, unknown>,
  compression: Compression,
): AsyncGenerator<Bytes, void> {
  yield* throughZlib(source, createCompressor(compression), (error) => error);
}
