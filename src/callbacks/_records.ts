import { isBytes, kindOf } from "../common/bytes.ts";
import { checkInteger } from "../common/checks.ts";
import type { SumBatch, SumParams } from "../kernel/interface.ts";
import type { SigRecord } from "./types.ts";

/** The records of a batch, each with a buffer of its own. */
export function* recordsOf({ count, weak, strong }: SumBatch, { strongLength }: SumParams): Generator<SigRecord> {
  for (let k = 0; k < count; k++) {
    yield { weak: weak[k]!, strong: strong.slice(k * strongLength, (k + 1) * strongLength) };
  }
}

/**
 * A batch of one record.
 *
 * @throws {TypeError} If it is not a record.
 * @throws {RangeError} If its weak sum is out of range.
 */
export function batchOf(record: SigRecord, { strongLength }: SumParams): SumBatch {
  if (typeof record !== "object" || record === null) {
    throw new TypeError(`Cannot load the record: ${kindOf(record)} was given, { weak, strong } was expected`);
  }
  const { weak, strong } = record;
  if (!isBytes(strong) || strong.length !== strongLength) {
    const given = isBytes(strong) ? `${strong.length} bytes` : kindOf(strong);
    throw new TypeError(
      `Cannot load the record: its strong sum is ${given}, a Uint8Array of ${strongLength} bytes was expected`,
    );
  }
  return { count: 1, weak: Uint32Array.of(checkInteger("the weak sum of a record", weak, 0, 2 ** 32 - 1)), strong };
}
