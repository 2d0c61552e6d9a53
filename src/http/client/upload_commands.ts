/** The delta of an upload: copies of what the server has, and the rest as data. */
import { readAtRandom } from "../../basis/basis_source.ts";
import { giveWay } from "../../common/give_way.ts";
import type { Sha256 } from "../../digest/mod.ts";
import type { DeltaCommand } from "../../engine/delta_command.ts";
import type { PatchBasis } from "../../engine/interface.ts";
import { streamOf } from "../../streams/stream_of.ts";
import type { SyncRun } from "../../sync/plan.ts";

/** Bytes of a data command, and of a read. */
const PIECE_LENGTH = 2 ** 18;
const ALGORITHM = "sha-256";
const NO_BYTES = new Uint8Array(0);

/** Length and SHA-256 of a file. */
export interface Measured {
  readonly length: number;
  readonly digest: Uint8Array<ArrayBuffer>;
}

/** A piece of the target that the server has: where it is on either side. */
interface Copy {
  readonly from: number;
  readonly offset: number;
  readonly length: number;
}

/**
 * Reads all of a file.
 *
 * @param sum Computes the digest, and is released at the end.
 * @param onRead Called with the count of bytes after each read.
 */
export async function measure(
  source: PatchBasis,
  sum: Sha256,
  signal: AbortSignal | undefined,
  onRead: (count: number) => void,
): Promise<Measured> {
  const buffer = new Uint8Array(PIECE_LENGTH);
  try {
    for (let length = 0;;) {
      signal?.throwIfAborted();
      const count = await source.readInto(buffer, length);
      if (count === 0) return { length, digest: sum.digest() };
      sum.update(buffer.subarray(0, count));
      length += count;
      onRead(count);
      await giveWay();
    }
  } finally {
    sum.release();
  }
}

/** The parts of the target that the server has, ascending in the target and not overlapping. */
export function copiesOf(runs: readonly SyncRun[]): Copy[] {
  const found: Copy[] = [];
  for (const { offset, length, from } of runs) if (from !== undefined) found.push({ offset, length, from });
  const copies: Copy[] = [];
  let at = 0;
  for (const { offset, length, from } of found.sort((a, b) => a.from - b.from)) {
    // Several runs of the server's file can be the same bytes of the target.
    const skipped = Math.max(0, at - from);
    if (skipped >= length) continue;
    copies.push({ from: from + skipped, offset: offset + skipped, length: length - skipped });
    at = from + length;
  }
  return copies;
}

/** Bytes that have to be sent. */
export function literalLength({ length }: Measured, copies: readonly Copy[]): number {
  return copies.reduce((left, copy) => left - copy.length, length);
}

/** The commands that make the target, with its digest. */
async function* uploadCommands(
  source: PatchBasis,
  { length, digest }: Measured,
  copies: readonly Copy[],
): AsyncGenerator<DeltaCommand, void, void> {
  yield { data: NO_BYTES, digest: { algorithm: ALGORITHM } };
  let at = 0;
  for (const copy of copies) {
    yield* dataCommands(source, at, copy.from);
    yield { copy: { offset: copy.offset, length: copy.length } };
    at = copy.from + copy.length;
  }
  yield* dataCommands(source, at, length);
  yield { data: NO_BYTES, digest: { algorithm: ALGORITHM, sum: digest } };
}

/** The same as a stream. */
export function commandStream(
  source: PatchBasis,
  measured: Measured,
  copies: readonly Copy[],
): ReadableStream<DeltaCommand> {
  return streamOf(uploadCommands(source, measured, copies));
}

async function* dataCommands(source: PatchBasis, start: number, end: number): AsyncGenerator<DeltaCommand> {
  for (let at = start; at < end;) {
    const data = await readAtRandom(source, at, Math.min(PIECE_LENGTH, end - at));
    yield { data };
    at += data.length;
  }
}
