/**
 * What a search may spend on false alarms, in bytes of strong sums: "Budget" in docs/formats/rsync-streams.md.
 *
 * @param searched Bytes of the target.
 */
export function budgetOf(blockLength: number, searched: number): number {
  return Math.max(2 ** 20, 8 * blockLength) + searched;
}
