import { STRONG_SUMS, type StrongSum } from "./rules/sums.ts";

/**
 * Checks that the digest of a whole file may be of a strong sum.
 *
 * @throws {TypeError} If it may not.
 */
export function checkDigestSum(strongSum: StrongSum): StrongSum {
  if (STRONG_SUMS[strongSum]?.isDigest) return strongSum;
  const sums = Object.entries(STRONG_SUMS).filter(([, { isDigest }]) => isDigest).map(([name]) => `"${name}"`);
  throw new TypeError(`Cannot compute a digest: one of ${sums.join(", ")} was expected, "${strongSum}" was given`);
}
