import { watchSignal } from "../common/watch_signal.ts";
import type { PatchBasis } from "../engine/interface.ts";

/** A basis whose reads end with the reason of a signal: one of them may never answer. */
export function endReads(basis: PatchBasis, signal: AbortSignal | undefined): PatchBasis {
  if (!signal) return basis;
  const { orAborted } = watchSignal(signal);
  return {
    ...basis,
    readInto(buffer, offset) {
      const count = basis.readInto(buffer, offset);
      return typeof count === "number" ? count : orAborted(count);
    },
  };
}
