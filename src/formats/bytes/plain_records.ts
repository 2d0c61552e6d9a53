import { copyBytes, viewOf } from "../../common/bytes.ts";
import type { SumBatch } from "../../kernel/interface.ts";
import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";

/** Records that a batch can hold: as many as a reader reads at once. */
export const BATCH_CAPACITY = 1024;
/** Bytes of a weak sum. */
const WEAK_LENGTH = 4;

/** Writes records of weak and strong sum and nothing else, as all formats have them. */
export function writePlainRecords(
  out: ByteWriter,
  batch: SumBatch,
  strongLength: number,
  isLittleEndian: boolean,
  from = 0,
  to: number = batch.count,
): void {
  for (let k = from; k < to; k++) {
    out.u32(batch.weak[k]!, isLittleEndian);
    out.few(batch.strong, k * strongLength, strongLength);
  }
}

/**
 * Reads such records, as many as there are and `max` at most, into a batch of {@linkcode BATCH_CAPACITY}. False if
 * bytes are missing.
 */
export function readPlainRecords(
  reader: ByteReader,
  batch: SumBatch,
  strongLength: number,
  isLittleEndian: boolean,
  max = BATCH_CAPACITY,
): boolean {
  const recordLength = WEAK_LENGTH + strongLength;
  const count = reader.itemsAvailable(recordLength, Math.min(max, BATCH_CAPACITY));
  if (count === 0) return false;
  const bytes = reader.take(count * recordLength)!;
  const fields = viewOf(bytes);
  for (let k = 0; k < count; k++) {
    const at = k * recordLength;
    batch.weak[k] = fields.getUint32(at, isLittleEndian);
    copyBytes(bytes, at + WEAK_LENGTH, batch.strong, k * strongLength, strongLength);
  }
  batch.count = count;
  return true;
}
