import { add, rotl, xor } from "./lanes";
import { MESSAGE } from "./message";

/**
 * The initial value of BLAKE2s and BLAKE3. In memory, because a vector constant is 18 bytes of code wherever it is used
 * and a load that fills all lanes 7.
 */
export const IV: usize = memory.data<u32>([
  0x6a09e667,
  0xbb67ae85,
  0x3c6ef372,
  0xa54ff53a,
  0x510e527f,
  0x9b05688c,
  0x1f83d9ab,
  0x5be0cd19,
]);

/** Sets the eight words at `h` to IV in all lanes. */
export function start(h: usize): void {
  for (let i: usize = 0; i < 8; i++) v128.store(h + (i << 4), v128.load32_splat(IV + (i << 2)));
}

@inline
function word(row: usize, step: usize): v128 {
  return v128.load(MESSAGE + <usize>load<u8>(row + step));
}

// Rotations by whole bytes. V8 knows the shuffle as two half-word shuffles; for the other one a swizzle is 10 % faster
// in Node than a shuffle, because its mask stays in a register. Shifts cost JavaScriptCore a quarter of its speed: it moves the
// count to a vector register each time. So rotl(x, 25) as y = rotr8(x), y + y | y >>> 31 made Bun 1.4 30 % faster, and Deno 2.9
// 15 % slower (Node 20: no difference).

@inline
function swap16(x: v128): v128 {
  return i8x16.shuffle(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
}

@inline
function rotr8(x: v128): v128 {
  return i8x16.swizzle(x, i8x16(1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12));
}

/**
 * The rounds that BLAKE2s and BLAKE3 share, on four inputs at once.
 *
 * `h` is eight vectors, changed in place, the message is in MESSAGE, the schedule is what lies between `row` and `end`.
 * The two differ in the last row, v12 to v15, and in `feedback`: all ones where the old h goes into the new one.
 *
 * The four G of a half round go in lockstep, which helps V8. Rounds are not unrolled: that gains at most a few per cent
 * in V8, and a function of ten rounds makes JavaScriptCore give up and run at 40 % of the speed.
 */
export function mix(h: usize, row: usize, end: usize, v12: v128, v13: v128, v14: v128, v15: v128, feedback: v128): void {
  let v0 = v128.load(h, 0);
  let v1 = v128.load(h, 16);
  let v2 = v128.load(h, 32);
  let v3 = v128.load(h, 48);
  let v4 = v128.load(h, 64);
  let v5 = v128.load(h, 80);
  let v6 = v128.load(h, 96);
  let v7 = v128.load(h, 112);
  let v8 = v128.load32_splat(IV, 0);
  let v9 = v128.load32_splat(IV, 4);
  let v10 = v128.load32_splat(IV, 8);
  let v11 = v128.load32_splat(IV, 12);
  do {
    // columns
    v0 = add(add(v0, v4), word(row, 0));
    v1 = add(add(v1, v5), word(row, 2));
    v2 = add(add(v2, v6), word(row, 4));
    v3 = add(add(v3, v7), word(row, 6));
    v12 = swap16(xor(v12, v0));
    v13 = swap16(xor(v13, v1));
    v14 = swap16(xor(v14, v2));
    v15 = swap16(xor(v15, v3));
    v8 = add(v8, v12);
    v9 = add(v9, v13);
    v10 = add(v10, v14);
    v11 = add(v11, v15);
    v4 = rotl(xor(v4, v8), 20);
    v5 = rotl(xor(v5, v9), 20);
    v6 = rotl(xor(v6, v10), 20);
    v7 = rotl(xor(v7, v11), 20);
    v0 = add(add(v0, v4), word(row, 1));
    v1 = add(add(v1, v5), word(row, 3));
    v2 = add(add(v2, v6), word(row, 5));
    v3 = add(add(v3, v7), word(row, 7));
    v12 = rotr8(xor(v12, v0));
    v13 = rotr8(xor(v13, v1));
    v14 = rotr8(xor(v14, v2));
    v15 = rotr8(xor(v15, v3));
    v8 = add(v8, v12);
    v9 = add(v9, v13);
    v10 = add(v10, v14);
    v11 = add(v11, v15);
    v4 = rotl(xor(v4, v8), 25);
    v5 = rotl(xor(v5, v9), 25);
    v6 = rotl(xor(v6, v10), 25);
    v7 = rotl(xor(v7, v11), 25);
    // diagonals
    v0 = add(add(v0, v5), word(row, 8));
    v1 = add(add(v1, v6), word(row, 10));
    v2 = add(add(v2, v7), word(row, 12));
    v3 = add(add(v3, v4), word(row, 14));
    v15 = swap16(xor(v15, v0));
    v12 = swap16(xor(v12, v1));
    v13 = swap16(xor(v13, v2));
    v14 = swap16(xor(v14, v3));
    v10 = add(v10, v15);
    v11 = add(v11, v12);
    v8 = add(v8, v13);
    v9 = add(v9, v14);
    v5 = rotl(xor(v5, v10), 20);
    v6 = rotl(xor(v6, v11), 20);
    v7 = rotl(xor(v7, v8), 20);
    v4 = rotl(xor(v4, v9), 20);
    v0 = add(add(v0, v5), word(row, 9));
    v1 = add(add(v1, v6), word(row, 11));
    v2 = add(add(v2, v7), word(row, 13));
    v3 = add(add(v3, v4), word(row, 15));
    v15 = rotr8(xor(v15, v0));
    v12 = rotr8(xor(v12, v1));
    v13 = rotr8(xor(v13, v2));
    v14 = rotr8(xor(v14, v3));
    v10 = add(v10, v15);
    v11 = add(v11, v12);
    v8 = add(v8, v13);
    v9 = add(v9, v14);
    v5 = rotl(xor(v5, v10), 25);
    v6 = rotl(xor(v6, v11), 25);
    v7 = rotl(xor(v7, v8), 25);
    v4 = rotl(xor(v4, v9), 25);
    row += 16;
  } while (row < end);
  v128.store(h, xor(v128.and(v128.load(h, 0), feedback), xor(v0, v8)), 0);
  v128.store(h, xor(v128.and(v128.load(h, 16), feedback), xor(v1, v9)), 16);
  v128.store(h, xor(v128.and(v128.load(h, 32), feedback), xor(v2, v10)), 32);
  v128.store(h, xor(v128.and(v128.load(h, 48), feedback), xor(v3, v11)), 48);
  v128.store(h, xor(v128.and(v128.load(h, 64), feedback), xor(v4, v12)), 64);
  v128.store(h, xor(v128.and(v128.load(h, 80), feedback), xor(v5, v13)), 80);
  v128.store(h, xor(v128.and(v128.load(h, 96), feedback), xor(v6, v14)), 96);
  v128.store(h, xor(v128.and(v128.load(h, 112), feedback), xor(v7, v15)), 112);
}
