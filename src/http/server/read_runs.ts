import { giveWay } from "../../common/give_way.ts";
import { RsyncError } from "../../common/rsync_error.ts";
import type { PatchBasis } from "../../engine/interface.ts";
import { ReadsAtOnce } from "../../engine/reads_at_once.ts";
import { lengthOf, type Run } from "../protocol/run_list.ts";

/** Bytes of a piece of a body. */
const PIECE_LENGTH = 2 ** 18;

/**
 * The bytes of runs, one run after the other, in pieces of 256 KiB with buffers of their own.
 *
 * @throws {RsyncError} If the source ends before: `basis-short-read`.
 */
export async function* readRuns(source: PatchBasis, runs: readonly Run[]): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let left = lengthOf(runs);
  let piece = new Uint8Array(Math.min(PIECE_LENGTH, left));
  let used = 0;
  const reads = new ReadsAtOnce(source);
  for (const { offset, length } of runs) {
    for (let done = 0; done < length;) {
      const space = piece.subarray(used, used + length - done);
      const at = offset + done;
      const missing = length - done;
      const waiting = reads.add(space, at, source.readInto(space, at), (read) => shortRead(at + read, missing - read));
      if (waiting) await waiting;
      done += space.length;
      used += space.length;
      if (used < piece.length) continue;
      await reads.settle();
      yield piece;
      await giveWay();
      left -= used;
      piece = new Uint8Array(Math.min(PIECE_LENGTH, left));
      used = 0;
    }
  }
}

/** A stream of what a generator yields, made when it is read. Cancelling it waits for the piece being made. */
export function streamOf(pieces: AsyncGenerator<Uint8Array<ArrayBuffer>>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => void await pieces.return(undefined),
  }, { highWaterMark: 0 });
}

function shortRead(offset: number, length: number): RsyncError {
  const why = `none came at offset ${offset}, ${length} more were expected`;
  return new RsyncError("basis-short-read", `Cannot read bytes of the file: ${why}`);
}
