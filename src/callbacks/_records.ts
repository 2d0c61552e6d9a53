import { isBytes } from "../common/bytes.ts";
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
 */
export function batchOf({ weak, strong }: SigRecord, { strongLength }: SumParams): SumBatch {
  if (typeof weak !== "number" || !isBytes(strong) || strong.length !== strongLength) {
    throw new TypeError(`Cannot load the record: a weak number and ${strongLength} strong bytes were expected`);
  }
  return { count: 1, weak: Uint32Array.of(weak), strong };
}
