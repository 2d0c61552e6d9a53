import { CHUNK, chunks, parents, ROOT, trees } from "./blake3";
import { splat } from "./lanes";
import { gather, scatter, SUMS } from "./message";

// The state of a stream, by offsets.
const COUNT: usize = 0; // u64, chunks taken: a multiple of four until the end, and below 2^43
const HELD: usize = 8; // u32, bytes in the buffer
const WAITING: usize = 16; // chaining values of complete subtrees, one for each 1 in COUNT
const BUFFER: usize = WAITING + 45 * 32;
const BUFFER_LENGTH: usize = 4 * CHUNK;
export const BLAKE3_STATE: usize = BUFFER + BUFFER_LENGTH;

/**
 * Each of the four or eight lanes takes up to 2^5 chunks, so that nearly all parents are computed in lanes too. With
 * one chunk a lane, four parents of one lane would follow every 16 messages of four: a fifth of the work.
 */
const MAX_LEVEL: u32 = 5;

const TOP: usize = memory.data(256, 16);

const SUMS_OF_TREES: usize = memory.data(8 * 32, 16);

export function blake3Start(state: usize): void {
  store<u64>(state, 0, COUNT);
  store<u32>(state, 0, HELD);
}

/** The address of the next chaining value to wait, after those of `count` chunks. */
@inline
function waiting(state: usize, count: u64): usize {
  return state + WAITING + (<usize>popcnt(count) << 5);
}

/** Replaces the chaining value before `at` by its parent with the one at `at`, and returns its address. */
function join(at: usize, root: u32): usize {
  at -= 32;
  gather(at, at, at, at);
  parents(TOP, root, false);
  scatter(TOP, SUMS);
  memory.copy(at, SUMS, 32);
  return at;
}

/** Adds a subtree of 2^level chunks. More must follow it, or its last join would be the root. */
function push(state: usize, sum: usize, level: u32): void {
  let count = load<u64>(state, COUNT);
  let at = waiting(state, count);
  memory.copy(at, sum, 32);
  count += 1 << level;
  store<u64>(state, count, COUNT);
  for (let sides = <u32>ctz(count) - level; sides; sides--) at = join(at, 0);
}

/** Takes four subtrees of 2^level chunks each, or eight. */
function takeTrees(state: usize, src: usize, level: u32, isTwo: bool): void {
  const length = CHUNK << level;
  const count = load<u64>(state, COUNT);
  // The numbers are aligned, so the high halves are equal.
  const low = i32x4.add(splat(<u32>count), i32x4.shl(i32x4(0, 1, 2, 3), level));
  const high = splat(<u32>(count >> 32));
  const second = isTwo ? 4 * length : 0;
  trees(TOP, src, src + length, src + 2 * length, src + 3 * length, length, low, high, 0, second, 4 << level);
  scatter(TOP, SUMS_OF_TREES);
  if (isTwo) scatter(TOP + 128, SUMS_OF_TREES + 128);
  const treeCount: usize = isTwo ? 8 : 4;
  for (let i: usize = 0; i < treeCount; i++) push(state, SUMS_OF_TREES + (i << 5), level);
}

export function blake3Take(state: usize, src: usize, length: usize): void {
  const buffer = state + BUFFER;
  let held = <usize>load<u32>(state, HELD);
  if (held) {
    const part = min<usize>(length, BUFFER_LENGTH - held);
    memory.copy(buffer + held, src, part);
    held += part;
    src += part;
    length -= part;
    if (length) {
      takeTrees(state, buffer, 0, false);
      held = 0;
    }
  }
  while (length > BUFFER_LENGTH) {
    // Each lane must start at a multiple of its own length, and the first at a multiple of the length of all.
    const aligned = <u32>ctz(load<u64>(state, COUNT) | (1 << (MAX_LEVEL + 3)));
    const isTwo = length > 2 * BUFFER_LENGTH && aligned > 2;
    const lanes: u32 = isTwo ? 3 : 2;
    let level: u32 = 0;
    while (level + lanes < aligned && length > CHUNK << (lanes + level + 1)) level++;
    takeTrees(state, src, level, isTwo);
    const taken = CHUNK << (lanes + level);
    src += taken;
    length -= taken;
  }
  memory.copy(buffer + held, src, length);
  store<u32>(state, <u32>(held + length), HELD);
}

export function blake3End(state: usize, dst: usize): void {
  let src = state + BUFFER;
  let held = <usize>load<u32>(state, HELD);
  const first = load<u64>(state, COUNT);
  if (held > CHUNK) {
    // All whole chunks at once, unless there is only one.
    const low = i32x4.add(splat(<u32>first), i32x4(0, 1, 2, 3));
    chunks(TOP, src, src + CHUNK, src + 2 * CHUNK, src + 3 * CHUNK, CHUNK, low, splat(<u32>(first >> 32)), 0, 0, 0);
    scatter(TOP, SUMS_OF_TREES);
  }
  let sum = SUMS_OF_TREES;
  for (; held > CHUNK; held -= CHUNK) {
    push(state, sum, 0);
    sum += 32;
    src += CHUNK;
  }
  const count = load<u64>(state, COUNT);
  if (held < CHUNK || count == first) {
    const low = splat(<u32>count), high = splat(<u32>(count >> 32));
    chunks(TOP, src, src, src, src, held, low, high, count ? 0 : ROOT, 0, 0);
    scatter(TOP, SUMS_OF_TREES);
    sum = SUMS_OF_TREES;
  }
  let at = waiting(state, count);
  memory.copy(at, sum, 32);
  for (let left = popcnt(count); left; left--) at = join(at, left == 1 ? ROOT : 0);
  memory.copy(dst, at, 32);
}
