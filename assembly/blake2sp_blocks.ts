import { compress, compressTwo, LEAF, ROOT, startNodes } from "./blake2s";
import { splat } from "./lanes";
import { gather, gatherEnd, MESSAGE, MESSAGE_LENGTH, put, scatter } from "./message";

/** The eight leaves of four trees. They are in lanes already: each two are one message of the root. */
const LEAVES: usize = memory.data(8 * 128, 16);

const TOP: usize = memory.data(128, 16);

/**
 * BLAKE2sp of four blocks of `length` bytes, in lockstep, to four times 32 bytes at `dst`.
 *
 * It takes the stripes in the order of memory. Leaf after leaf was up to a third slower at 16 KiB.
 */
export function blake2spBlocks(p0: usize, p1: usize, p2: usize, p3: usize, length: usize, dst: usize): void {
  for (let i: u32 = 0; i < 8; i++) startNodes(LEAVES + (<usize>i << 7), splat(i), LEAF);
  let offset: usize = 0;
  for (let count: u64 = 0; offset < length; count += 64) {
    // Two leaves at a time, where both have more to come.
    if (offset + 1024 <= length) {
      for (let i: usize = 0; i < 8; i += 2) {
        gather(p0 + offset, p1 + offset, p2 + offset, p3 + offset);
        const next = offset + 64;
        gather(p0 + next, p1 + next, p2 + next, p3 + next, MESSAGE + MESSAGE_LENGTH);
        compressTwo(LEAVES + (i << 7), count + 64);
        offset += 128;
      }
      continue;
    }
    for (let i: usize = 0; i < 8; i++) {
      const h = LEAVES + (i << 7);
      if (offset + 512 < length) {
        gather(p0 + offset, p1 + offset, p2 + offset, p3 + offset);
        compress(h, count + 64, 0, 0);
      } else if (!count || offset < length) {
        const rest = offset < length ? min<usize>(length - offset, 64) : 0;
        gatherEnd(p0 + offset, p1 + offset, p2 + offset, p3 + offset, rest);
        compress(h, count + rest, -1, i == 7 ? -1 : 0);
      }
      offset += 64;
    }
  }
  startNodes(TOP, splat(0), ROOT);
  for (let i: usize = 0; i < 4; i++) {
    const last = i == 3 ? -1 : 0;
    put(0, LEAVES + (i << 8), 16);
    compress(TOP, (i + 1) << 6, last, last);
  }
  scatter(TOP, dst);
}
