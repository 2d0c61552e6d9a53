import type { SumBatch, SumParams } from "./interface.ts";

/** An empty batch with columns for `capacity` blocks. */
export function createBatch(params: Pick<SumParams, "weakSum" | "strongLength">, capacity: number): SumBatch {
  const anchors = params.weakSum === "anchor" ? capacity : 0;
  return {
    count: 0,
    weak: new Uint32Array(capacity),
    offset: new Uint32Array(anchors),
    check: new Uint32Array(anchors),
    strong: new Uint8Array(capacity * params.strongLength),
  };
}
