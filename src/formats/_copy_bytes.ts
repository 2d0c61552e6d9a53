/**
 * Copies a few bytes, such as a strong sum. For up to some 64 of them a loop is several times quicker than `set` of a
 * `subarray`, which makes an object for each.
 */
export function copyBytes(from: Uint8Array, at: number, to: Uint8Array, toAt: number, count: number): void {
  for (let i = 0; i < count; i++) to[toAt + i] = from[at + i]!;
}
