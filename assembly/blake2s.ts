import { splat, xor } from "./lanes";
import { IV, mix, mixTwo, start } from "./mix";
import { BLAKE2_SCHEDULE } from "./schedule";

/** Node depth of a leaf of BLAKE2sp, and of its root. */
export const LEAF: u32 = 0;
export const ROOT: u32 = 1;

@inline
function change(h: usize, by: v128): void {
  v128.store(h, xor(v128.load(h), by));
}

/**
 * Starts four nodes of BLAKE2sp trees: 32 bytes, no key, fanout 8, depth 2, inner length 32. `offset` has the numbers
 * of the leaves.
 */
export function startNodes(h: usize, offset: v128, depth: u32): void {
  start(h, IV);
  change(h, splat(0x02080020));
  change(h + 32, offset);
  change(h + 48, splat(0x20000000 | depth << 16));
}

/**
 * Compresses MESSAGE into `h`.
 *
 * @param low The bytes so far in each lane, with `high`.
 * @param last All ones in the lanes where this is the last message.
 * @param lastNode All ones in the lanes of the last node of its depth.
 */
export function compressEach(h: usize, low: v128, high: v128, last: v128, lastNode: v128): void {
  mix(
    h,
    BLAKE2_SCHEDULE,
    BLAKE2_SCHEDULE + 160,
    xor(v128.load32_splat(IV, 16), low),
    xor(v128.load32_splat(IV, 20), high),
    xor(v128.load32_splat(IV, 24), last),
    xor(v128.load32_splat(IV, 28), lastNode),
    splat(-1),
  );
}

/** The same where all lanes have the same count. The flags are 0 or -1. */
export function compress(h: usize, count: u64, last: i32, lastNode: i32): void {
  compressEach(h, splat(<u32>count), splat(<u32>(count >> 32)), splat(last), splat(lastNode));
}

/** The same for eight inputs, not at their last message: two `h` and two messages in a row. */
export function compressTwo(h: usize, count: u64): void {
  const low = xor(v128.load32_splat(IV, 16), splat(<u32>count));
  mixTwo(
    h,
    BLAKE2_SCHEDULE,
    BLAKE2_SCHEDULE + 160,
    low,
    low,
    xor(v128.load32_splat(IV, 20), splat(<u32>(count >> 32))),
    v128.load32_splat(IV, 24),
    v128.load32_splat(IV, 28),
    splat(-1),
  );
}
