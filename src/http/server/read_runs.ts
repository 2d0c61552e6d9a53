import { assemble } from "../../basis/assemble.ts";
import type { PatchBasis } from "../../engine/interface.ts";
import type { Run } from "../protocol/run_list.ts";

type Pieces = AsyncGenerator<Uint8Array<ArrayBuffer>, void, void>;

/**
 * The bytes of runs, one run after the other, in pieces of 256 KiB with buffers of their own.
 *
 * @throws {RsyncError} If the source ends before: `basis-short-read`.
 */
export function readRuns(source: PatchBasis, runs: readonly Run[]): Pieces {
  return assemble(runs.map(({ offset, length }) => ({ length, from: offset })), source, [].values());
}

/** A stream of what a generator yields, made when it is read. Cancelling it waits for the piece being made. */
export function streamOf(pieces: Pieces): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => void await pieces.return(undefined),
  }, { highWaterMark: 0 });
}
