/** Bytes of an update by a signature in layers. */
import type { compressedLengths } from "./compressed.ts";

/** Bytes that the holder of the basis gets. */
export interface LayeredBytes {
  /** Bytes of the signature that were read. */
  sig: number;
  /** Bytes of the runs that the basis does not have: joined, by themselves and compressed. */
  runs: Omit<ReturnType<typeof compressedLengths>, "zstd">;
}

/**
 * Counts what an update by layers takes. Not there yet: the library has no layers, and the rows of tables that would
 * show them are left out.
 */
export function layeredBytes(_basis: string, _target: string): Promise<LayeredBytes | undefined> {
  return Promise.resolve(undefined);
}
