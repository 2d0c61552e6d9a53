import { giveWay } from "../common/give_way.ts";
import { RsyncError } from "../common/rsync_error.ts";
import type { PatchBasis } from "../engine/interface.ts";
import { ReadsAtOnce } from "../engine/reads_at_once.ts";

/** Bytes of a chunk. */
const CHUNK_LENGTH = 2 ** 18;

/** Bytes that follow those of the run before. */
export interface AssembledRun {
  readonly length: number;
  /** Where the basis has them. Undefined: they are missing there. */
  readonly from: number | undefined;
}

/**
 * Puts bytes together, from a basis and from elsewhere.
 *
 * @param missing The bytes of the runs that are missing, one after the other, in pieces of any length.
 * @returns Chunks of 256 KiB, the last one shorter. Each has a buffer of its own.
 * @throws {RsyncError} If the basis ends early (`basis-short-read`), or what is missing does (`truncated`).
 */
export async function* assemble(
  runs: readonly AssembledRun[],
  basis: PatchBasis,
  missing: AsyncIterator<Uint8Array> | Iterator<Uint8Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const pieces = new Pieces(missing);
  const reads = new ReadsAtOnce(basis);
  const total = runs.reduce((sum, { length }) => sum + length, 0);
  const newChunk = (done: number) => new Uint8Array(Math.min(CHUNK_LENGTH, total - done));
  let offset = 0;
  let chunk = newChunk(0);
  let filled = 0;
  for (const { length, from } of runs) {
    for (let done = 0; done < length;) {
      const space = chunk.subarray(filled, filled + length - done);
      let count = space.length;
      if (from === undefined) {
        count = await pieces.readInto(space);
        if (count === 0) throw endError("truncated", `the missing bytes end before byte ${offset} of it`);
      } else {
        const at = from + done;
        const shortRead = (read: number) =>
          endError("basis-short-read", `the basis has no bytes at offset ${at + read}`);
        const waiting = reads.add(space, at, basis.readInto(space, at), shortRead);
        if (waiting) await waiting;
      }
      done += count;
      offset += count;
      filled += count;
      if (filled < chunk.length) continue;
      await reads.settle();
      yield chunk;
      chunk = newChunk(offset);
      filled = 0;
      await giveWay();
    }
  }
}

function endError(code: "truncated" | "basis-short-read", why: string): RsyncError {
  return new RsyncError(code, `Cannot read the file: ${why}`);
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
