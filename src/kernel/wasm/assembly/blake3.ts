import { add, splat } from "./lanes";
import { gather, gatherEnd, put } from "./message";
import { mix, start } from "./mix";
import { BLAKE3_SCHEDULE } from "./schedule";

const CHUNK_START: u32 = 1;
const CHUNK_END: u32 = 2;
const PARENT: u32 = 4;
export const ROOT: u32 = 8;

/** Bytes in a chunk, a leaf of the tree. */
export const CHUNK: usize = 1024;

/** The chaining values that wait for their right-hand sides: one for each level, 2^20 chunks in a block of 2^30 bytes. */
const WAITING: usize = memory.data(21 * 128, 16);

@inline
function compress(h: usize, low: v128, high: v128, length: usize, flags: u32): void {
  mix(h, BLAKE3_SCHEDULE, BLAKE3_SCHEDULE + 112, low, high, splat(<u32>length), splat(flags), splat(0));
}

/** Sets `h` to the chaining values of four chunks of `length` bytes (0 to 1024). `low` and `high` number them, `root` is ROOT or 0. */
export function chunks(
  h: usize,
  p0: usize,
  p1: usize,
  p2: usize,
  p3: usize,
  length: usize,
  low: v128,
  high: v128,
  root: u32,
): void {
  let flags = CHUNK_START;
  let offset: usize = 0;
  start(h);
  for (; offset + 64 < length; offset += 64) {
    gather(p0 + offset, p1 + offset, p2 + offset, p3 + offset);
    compress(h, low, high, 64, flags);
    flags = 0;
  }
  gatherEnd(p0 + offset, p1 + offset, p2 + offset, p3 + offset, length - offset);
  compress(h, low, high, length - offset, flags | CHUNK_END | root);
}

/** Sets `h` to the parents of the two sides in MESSAGE. */
export function parents(h: usize, root: u32): void {
  start(h);
  compress(h, splat(0), splat(0), 64, PARENT | root);
}

/** Sets `h` to the top of four trees over `length` bytes each. `low` and `high` number the first chunk of each. */
export function trees(
  h: usize,
  p0: usize,
  p1: usize,
  p2: usize,
  p3: usize,
  length: usize,
  low: v128,
  high: v128,
  root: u32,
): void {
  let top = WAITING;
  let offset: usize = 0;
  for (let count: u32 = 1; offset + CHUNK < length; count++) {
    chunks(h, p0 + offset, p1 + offset, p2 + offset, p3 + offset, CHUNK, add(low, splat(count - 1)), high, 0);
    // As many subtrees are complete as the number of chunks is divisible by two.
    for (let sides = ctz(count); sides; sides--) {
      top -= 128;
      put(0, top, 8);
      put(8, h, 8);
      parents(h, 0);
    }
    for (let i: usize = 0; i < 128; i += 16) v128.store(top + i, v128.load(h + i));
    top += 128;
    offset += CHUNK;
  }
  const alone = top == WAITING;
  low = add(low, splat(<u32>(offset >> 10)));
  chunks(h, p0 + offset, p1 + offset, p2 + offset, p3 + offset, length - offset, low, high, alone ? root : 0);
  while (top > WAITING) {
    top -= 128;
    put(0, top, 8);
    put(8, h, 8);
    parents(h, top == WAITING ? root : 0);
  }
}
