import type { StrongSum } from "./interface.ts";

/** Bytes of a whole strong sum. */
export function wholeStrongLength(strongSum: StrongSum): number {
  return strongSum === "md4" ? 16 : 32;
}
