import type { Backend } from "../kernel/interface.ts";

/** The two ends of a transform, for `pipeThrough`, and what it has done so far. */
export interface StreamPair<In, Out, Stats> {
  /** The output. */
  readonly readable: ReadableStream<Out>;
  /** The input. */
  readonly writable: WritableStream<In>;
  /** Counts, which can be read at any time and are final once the stream has closed. */
  readonly stats: Readonly<Stats>;
  /** Which backend computes the sums: `"wasm"` where the runtime allows it, else `"portable"`. */
  readonly backend: Backend;
}

/** The names of {@linkcode CommonOptions}. */
export const COMMON_NAMES = { onProgress: true, writableStrategy: true, readableStrategy: true } as const;

/** Options of every stream. */
export interface CommonOptions<In, Out, Stats> {
  /** Called with the stats at most every 100 ms while bytes flow, and at the end. */
  onProgress?: ((stats: Readonly<Stats>) => void) | undefined;
  /**
   * Queue of the writable end.
   * @default {{ highWaterMark: 1 }}
   */
  writableStrategy?: QueuingStrategy<In> | undefined;
  /**
   * Queue of the readable end.
   * @default {{ highWaterMark: 0 }}
   */
  readableStrategy?: QueuingStrategy<Out> | undefined;
}
