import { ROOT, trees } from "./blake3";
import { splat } from "./lanes";
import { scatter } from "./message";

const TOP: usize = memory.data(128, 16);

/** BLAKE3 of four blocks of `length` bytes, in lockstep, to four times 32 bytes at `dst`. */
export function blake3Blocks(p0: usize, p1: usize, p2: usize, p3: usize, length: usize, dst: usize): void {
  trees(TOP, p0, p1, p2, p3, length, splat(0), splat(0), ROOT);
  scatter(TOP, dst);
}
