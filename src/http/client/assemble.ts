import { giveWay } from "../../common/give_way.ts";
import { RsyncError } from "../../common/rsync_error.ts";
import type { PatchBasis } from "../../engine/interface.ts";
import { ReadsAtOnce } from "../../engine/reads_at_once.ts";
import type { SyncRun } from "../../sync/plan.ts";

/** Bytes of a chunk. */
const CHUNK_LENGTH = 2 ** 18;

/**
 * Puts a file together.
 *
 * @param runs The file from its start to its end.
 * @param basis What the runs with `from` are copied from.
 * @param missing The bytes of the other runs, one after the other, in pieces of any length.
 * @returns Chunks of 256 KiB, the last one shorter. Each has a buffer of its own.
 * @throws {RsyncError} If the basis ends early (`basis-short-read`), or what is missing does (`truncated`).
 */
export async function* assemble(
  runs: Iterable<SyncRun>,
  basis: PatchBasis,
  missing: AsyncIterator<Uint8Array> | Iterator<Uint8Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const pieces = new Pieces(missing);
  const reads = new ReadsAtOnce(basis);
  let chunk = new Uint8Array(CHUNK_LENGTH);
  let filled = 0;
  for (const { offset, length, from } of runs) {
    for (let done = 0; done < length;) {
      const space = chunk.subarray(filled, filled + Math.min(length - done, chunk.length - filled));
      let count = space.length;
      if (from === undefined) {
        count = await pieces.readInto(space);
        if (count === 0) throw endOfMissing(offset + done);
      } else {
        const at = from + done;
        await reads.add(space, at, basis.readInto(space, at), (read) => endOfBasis(at + read));
      }
      done += count;
      filled += count;
      if (filled < chunk.length) continue;
      await reads.settle();
      yield chunk;
      chunk = new Uint8Array(CHUNK_LENGTH);
      filled = 0;
      await giveWay();
    }
  }
  await reads.settle();
  if (filled > 0) yield chunk.slice(0, filled);
}

/** Pieces, read as a file. */
class Pieces {
  readonly #pieces: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  #piece = new Uint8Array(0);

  constructor(pieces: AsyncIterator<Uint8Array> | Iterator<Uint8Array>) {
    this.#pieces = pieces;
  }

  async readInto(buffer: Uint8Array): Promise<number> {
    while (this.#piece.length === 0) {
      const { done, value } = await this.#pieces.next();
      if (done) return 0;
      this.#piece = value as Uint8Array<ArrayBuffer>;
    }
    const part = this.#piece.subarray(0, buffer.length);
    buffer.set(part);
    this.#piece = this.#piece.subarray(part.length);
    return part.length;
  }
}

function endOfMissing(offset: number): RsyncError {
  return new RsyncError("truncated", `Cannot update the file: the missing bytes end before byte ${offset} of it`);
}

function endOfBasis(offset: number): RsyncError {
  return new RsyncError("basis-short-read", `Cannot update the file: the basis has no bytes at offset ${offset}`);
}
