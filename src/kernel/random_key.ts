/**
 * A key of 64 bits, as two words, for the hashes of an index. Whoever makes the records of a signature does not know
 * it, and so cannot aim them at one slot of a table.
 */
export function randomKey(): readonly [low: number, high: number] {
  return crypto.getRandomValues(new Uint32Array(2)) as unknown as [number, number];
}
