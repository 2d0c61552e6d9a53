import { watchSignal } from "../common/watch_signal.ts";
import type { PatchBasis } from "../engine/patcher.ts";

/** A basis whose reads end with the reason of a signal: one of them may never answer. */
export function endReads(basis: PatchBasis, signal: AbortSignal | undefined): PatchBasis {
  if (!signal) return basis;
  return {
    ...basis,
    readInto(buffer, offset) {
      const count = basis.readInto(buffer, offset);
      if (typeof count === "number") return count;
      const watch = watchSignal(signal);
      return watch.orAborted(count).finally(watch.end);
    },
  };
}
