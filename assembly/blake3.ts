import { key } from "./key";
import { add, splat } from "./lanes";
import { gather, gatherEnd, MESSAGE, MESSAGE_LENGTH, put } from "./message";
import { IV, mix, mixTwo, start } from "./mix";
import { BLAKE3_SCHEDULE } from "./schedule";

const CHUNK_START: u32 = 1;
const CHUNK_END: u32 = 2;
const PARENT: u32 = 4;
export const ROOT: u32 = 8;
const KEYED_HASH: u32 = 16;

/** Bytes in a chunk, a leaf of the tree. */
export const CHUNK: usize = 1024;

/**
 * The chaining values that wait for their right-hand sides, of four or eight inputs. There is one for each level: a
 * block of 2^30 bytes has 2^20 chunks.
 */
const WAITING: usize = memory.data(21 * 256, 16);

@inline
function compress(h: usize, low: v128, high: v128, length: usize, flags: u32, isTwo: bool, step: u32): void {
  const end = BLAKE3_SCHEDULE + 112;
  const v14 = splat(<u32>length), v15 = splat(key ? flags | KEYED_HASH : flags);
  if (isTwo) mixTwo(h, BLAKE3_SCHEDULE, end, low, add(low, splat(step)), high, v14, v15, splat(0));
  else mix(h, BLAKE3_SCHEDULE, end, low, high, v14, v15, splat(0));
}

function startEach(h: usize, isTwo: bool): void {
  const words = key || IV;
  start(h, words);
  if (isTwo) start(h + 128, words);
}

/**
 * Sets `h` to the chaining values of four chunks, or of eight.
 *
 * @param length Bytes of each chunk, 0 to 1024.
 * @param low The numbers of the chunks, with `high`.
 * @param root ROOT or 0.
 * @param second If not 0, four more chunks start this many bytes behind the others. Their values go behind `h`.
 * @param step What to add to the numbers for those four.
 */
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
  second: usize,
  step: u32,
): void {
  const isTwo = second != 0;
  const other = MESSAGE + MESSAGE_LENGTH;
  let flags = CHUNK_START;
  let offset: usize = 0;
  startEach(h, isTwo);
  for (; offset + 64 < length; offset += 64) {
    gather(p0 + offset, p1 + offset, p2 + offset, p3 + offset);
    const from = second + offset;
    if (isTwo) gather(p0 + from, p1 + from, p2 + from, p3 + from, other);
    compress(h, low, high, 64, flags, isTwo, step);
    flags = 0;
  }
  gatherEnd(p0 + offset, p1 + offset, p2 + offset, p3 + offset, length - offset);
  const from = second + offset;
  if (isTwo) gatherEnd(p0 + from, p1 + from, p2 + from, p3 + from, length - offset, other);
  compress(h, low, high, length - offset, flags | CHUNK_END | root, isTwo, step);
}

/** Sets `h` to the parents of the two sides in MESSAGE. */
export function parents(h: usize, root: u32, isTwo: bool): void {
  startEach(h, isTwo);
  compress(h, splat(0), splat(0), 64, PARENT | root, isTwo, 0);
}

/** Sets `h` to the parents of the left sides at `left` and the right sides in `h`. */
function join(left: usize, h: usize, root: u32, isTwo: bool): void {
  put(0, left, 8);
  put(8, h, 8);
  if (isTwo) {
    put(0, left + 128, 8, MESSAGE + MESSAGE_LENGTH);
    put(8, h + 128, 8, MESSAGE + MESSAGE_LENGTH);
  }
  parents(h, root, isTwo);
}

/**
 * Sets `h` to the tops of four trees over `length` bytes each, or of eight. `low` and `high` are the numbers of the
 * first chunks; the other parameters are as for `chunks`.
 */
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
  second: usize,
  step: u32,
): void {
  const isTwo = second != 0;
  let top = WAITING;
  let offset: usize = 0;
  for (let count: u32 = 1; offset + CHUNK < length; count++) {
    const number = add(low, splat(count - 1));
    chunks(h, p0 + offset, p1 + offset, p2 + offset, p3 + offset, CHUNK, number, high, 0, second, step);
    // As many subtrees are complete as the number of chunks can be halved.
    for (let sides = ctz(count); sides; sides--) {
      top -= 256;
      join(top, h, 0, isTwo);
    }
    const end = top + (isTwo ? 256 : 128);
    for (let from = h, to = top; to < end; to += 16, from += 16) v128.store(to, v128.load(from));
    top += 256;
    offset += CHUNK;
  }
  const alone = top == WAITING;
  low = add(low, splat(<u32>(offset >> 10)));
  const left = length - offset;
  chunks(h, p0 + offset, p1 + offset, p2 + offset, p3 + offset, left, low, high, alone ? root : 0, second, step);
  while (top > WAITING) {
    top -= 256;
    join(top, h, top == WAITING ? root : 0, isTwo);
  }
}
