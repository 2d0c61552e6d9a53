import { ROOT, trees } from "./blake3";
import { splat } from "./lanes";
import { scatter } from "./message";

const TOP: usize = memory.data(256, 16);

/** BLAKE3 of four blocks of `length` bytes, in lockstep, to four times 32 bytes at `dst`. */
export function blake3Blocks(p0: usize, p1: usize, p2: usize, p3: usize, length: usize, dst: usize): void {
  trees(TOP, p0, p1, p2, p3, length, splat(0), splat(0), ROOT, 0, 0);
  scatter(TOP, dst);
}

/** The same for eight consecutive blocks. */
export function blake3EightBlocks(src: usize, length: usize, dst: usize): void {
  const p1 = src + length, p2 = p1 + length, p3 = p2 + length;
  trees(TOP, src, p1, p2, p3, length, splat(0), splat(0), ROOT, 4 * length, 0);
  scatter(TOP, dst);
  scatter(TOP + 128, dst + 128);
}
