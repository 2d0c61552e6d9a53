import type { SumBatch, SumParams } from "./interface.ts";

/** An empty batch with columns for `capacity` blocks. */
export function createBatch({ strongLength }: Pick<SumParams, "strongLength">, capacity: number): SumBatch {
  return { count: 0, weak: new Uint32Array(capacity), strong: new Uint8Array(capacity * strongLength) };
}
