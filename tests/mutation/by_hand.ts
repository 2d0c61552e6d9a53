/** Faults of kinds that a syntax does not know: a flush left out, a mode too wide, a sum half compared. */
import type { Fault } from "./syntactic.ts";
import faults from "./by_hand.json" with { type: "json" };

/** A fault: text that is in a file once, and what stands there instead. */
export interface HandMade {
  readonly area: string;
  readonly path: string;
  readonly kind: string;
  /** Lines. */
  readonly from: readonly string[];
  readonly to: readonly string[];
}

export const BY_HAND: readonly HandMade[] = Object.entries(faults).flatMap(([area, made]) => {
  return made.map((fault) => ({ area, ...fault }));
});

/**
 * Where a fault goes in the text of its file.
 *
 * @throws {Error} If its text is not in the file exactly once: the file has changed.
 */
export function locate({ path, from, to, kind }: HandMade, text: string): Fault {
  const piece = from.join("\n");
  const start = text.indexOf(piece);
  if (start < 0 || text.indexOf(piece, start + 1) >= 0) {
    throw new Error(`Cannot put a fault in ${path}: it should have once: ${piece}`);
  }
  return { path, start, end: start + piece.length, replacement: to.join("\n"), kind };
}
