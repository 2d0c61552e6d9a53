import type { Backend } from "../kernel/interface.ts";

/**
 * The two ends of a transform, for `pipeThrough`, and what it has done so far.
 *
 * @example Both ends by hand
 * ```ts
 * import { sigStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const { readable, writable, stats } = sigStream();
 * const sig = new Response(readable).arrayBuffer();
 * const writer = writable.getWriter();
 * await writer.write(new TextEncoder().encode("a basis"));
 * await writer.close();
 *
 * assert.equal((await sig).byteLength, stats.bytesOut);
 * ```
 */
export interface StreamPair<In, Out, Stats> {
  /** The output. */
  readonly readable: ReadableStream<Out>;
  /** The input. */
  readonly writable: WritableStream<In>;
  /** Counts, which can be read at any time and are final once the stream has closed. */
  readonly stats: Readonly<Stats>;
}

/**
 * A pair of streams that computes sums of blocks.
 *
 * @example Which backend it has
 * ```ts
 * import { sigStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const { backend } = sigStream();
 *
 * assert.ok(["wasm", "portable"].includes(backend));
 * ```
 */
export interface SumStreamPair<In, Out, Stats> extends StreamPair<In, Out, Stats> {
  /** Which backend computes them: `"wasm"` where the runtime allows it, else `"portable"`. */
  readonly backend: Backend;
}

/** The names of {@linkcode CommonOptions}. */
export const COMMON_NAMES = { onProgress: true, writableStrategy: true, readableStrategy: true } as const;

/**
 * Options of every stream.
 *
 * @example How far it is
 * ```ts
 * import { sigStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const file = new Blob([new Uint8Array(100_000)]);
 * const shares: number[] = [];
 * const sig = sigStream({ onProgress: ({ bytesIn }) => shares.push(bytesIn / file.size) });
 * await file.stream().pipeThrough(sig).pipeTo(new WritableStream());
 *
 * assert.equal(shares.at(-1), 1);
 * ```
 */
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
