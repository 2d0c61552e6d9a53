import { STRONG_SUMS, type StrongSum } from "./sums.ts";

/** Bytes of a whole strong sum. */
export function wholeStrongLength(strongSum: StrongSum): number {
  return STRONG_SUMS[strongSum].length;
}
