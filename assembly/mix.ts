import { add, rotl, xor } from "./lanes";
import { MESSAGE, MESSAGE_LENGTH } from "./message";

/**
 * The initial value of BLAKE2s and BLAKE3. In memory, because a vector constant takes 18 bytes of code at each use, and
 * a load that fills all lanes takes 7.
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

/** Sets the eight words at `h` to those at `from`, in all lanes. */
export function start(h: usize, from: usize): void {
  for (let i: usize = 0; i < 8; i++) v128.store(h + (i << 4), v128.load32_splat(from + (i << 2)));
}

@inline
function word(message: usize, row: usize, step: usize): v128 {
  return v128.load(message + <usize>load<u8>(row + step));
}

// Rotations by whole bytes. V8 compiles the shuffle of swap16 to two half-word shuffles. For rotr8 a swizzle is 10 %
// faster in Node than a shuffle, because its mask stays in a register.
//
// Shifts cost JavaScriptCore a quarter of its speed, because it moves the count to a vector register each time.
// Computing rotl(x, 25) as y = rotr8(x), y + y | y >>> 31 made Bun 1.4 30 % faster, Deno 2.9 15 % slower, and Node 20
// neither.

@inline
function swap16(x: v128): v128 {
  return i8x16.shuffle(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
}

@inline
function rotr8(x: v128): v128 {
  return i8x16.swizzle(x, i8x16(1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12));
}

/** The sixteen words of the rounds, of four inputs. Those of four more inputs are behind them. */
const STATE: usize = memory.data(512, 16);
const STATE_LENGTH: usize = 256;

function setState(state: usize, h: usize, v12: v128, v13: v128, v14: v128, v15: v128): void {
  for (let i: usize = 0; i < 128; i += 16) v128.store(state + i, v128.load(h + i));
  for (let i: usize = 0; i < 4; i++) v128.store(state + 128 + (i << 4), v128.load32_splat(IV + (i << 2)));
  v128.store(state, v12, 192);
  v128.store(state, v13, 208);
  v128.store(state, v14, 224);
  v128.store(state, v15, 240);
}

/** Folds the words of the rounds into `h`. */
function fold(h: usize, state: usize, feedback: v128): void {
  for (let i: usize = 0; i < 128; i += 16) {
    const mixed = xor(v128.load(state + i), v128.load(state + i, 128));
    v128.store(h + i, xor(v128.and(v128.load(h + i), feedback), mixed));
  }
}

/**
 * Mixes MESSAGE into the eight vectors at `h`, for four inputs at once, by the rounds that BLAKE2s and BLAKE3 share.
 *
 * @param row Where the schedule begins; it ends at `end`.
 * @param v12 The last row of the state, with `v13`, `v14` and `v15`.
 * @param feedback All ones if the old `h` goes into the new one, as in BLAKE2s; zeros for BLAKE3.
 */
export function mix(
  h: usize,
  row: usize,
  end: usize,
  v12: v128,
  v13: v128,
  v14: v128,
  v15: v128,
  feedback: v128,
): void {
  setState(STATE, h, v12, v13, v14, v15);
  rounds(row, end, STATE + STATE_LENGTH);
  fold(h, STATE, feedback);
}

/** The same for eight inputs: `h` and MESSAGE are twice as long, and `w12` is `v12` of the last four. */
export function mixTwo(
  h: usize,
  row: usize,
  end: usize,
  v12: v128,
  w12: v128,
  v13: v128,
  v14: v128,
  v15: v128,
  feedback: v128,
): void {
  setState(STATE, h, v12, v13, v14, v15);
  setState(STATE + STATE_LENGTH, h + 128, w12, v13, v14, v15);
  rounds(row, end, STATE + 2 * STATE_LENGTH);
  fold(h, STATE, feedback);
  fold(h + 128, STATE + STATE_LENGTH, feedback);
}

/**
 * Runs the rounds on the states up to `last`. The states take turns in each round.
 *
 * The four G of a half round go in lockstep, which helps V8. Their steps depend on each other, so a processor whose
 * vector operations take two cycles (Zen 5) waits; with two states in turns it goes on with the other. That made Deno
 * 2.9 and Node 20 15 to 22 % faster, and Bun 1.4 70 %. Between rounds the words go through memory, which costs a single
 * state 5 to 11 % in V8, and makes JavaScriptCore a quarter faster. Rounds are not unrolled, because JavaScriptCore
 * does not optimize a function of ten.
 */
function rounds(row: usize, end: usize, last: usize): void {
  for (; row < end; row += 16) {
    let message = MESSAGE;
    for (let state = STATE; state < last; state += STATE_LENGTH) {
      let v0 = v128.load(state, 0);
      let v1 = v128.load(state, 16);
      let v2 = v128.load(state, 32);
      let v3 = v128.load(state, 48);
      let v4 = v128.load(state, 64);
      let v5 = v128.load(state, 80);
      let v6 = v128.load(state, 96);
      let v7 = v128.load(state, 112);
      let v8 = v128.load(state, 128);
      let v9 = v128.load(state, 144);
      let v10 = v128.load(state, 160);
      let v11 = v128.load(state, 176);
      let v12 = v128.load(state, 192);
      let v13 = v128.load(state, 208);
      let v14 = v128.load(state, 224);
      let v15 = v128.load(state, 240);
      // columns
      v0 = add(add(v0, v4), word(message, row, 0));
      v1 = add(add(v1, v5), word(message, row, 2));
      v2 = add(add(v2, v6), word(message, row, 4));
      v3 = add(add(v3, v7), word(message, row, 6));
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
      v0 = add(add(v0, v4), word(message, row, 1));
      v1 = add(add(v1, v5), word(message, row, 3));
      v2 = add(add(v2, v6), word(message, row, 5));
      v3 = add(add(v3, v7), word(message, row, 7));
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
      v0 = add(add(v0, v5), word(message, row, 8));
      v1 = add(add(v1, v6), word(message, row, 10));
      v2 = add(add(v2, v7), word(message, row, 12));
      v3 = add(add(v3, v4), word(message, row, 14));
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
      v0 = add(add(v0, v5), word(message, row, 9));
      v1 = add(add(v1, v6), word(message, row, 11));
      v2 = add(add(v2, v7), word(message, row, 13));
      v3 = add(add(v3, v4), word(message, row, 15));
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
      v128.store(state, v0, 0);
      v128.store(state, v1, 16);
      v128.store(state, v2, 32);
      v128.store(state, v3, 48);
      v128.store(state, v4, 64);
      v128.store(state, v5, 80);
      v128.store(state, v6, 96);
      v128.store(state, v7, 112);
      v128.store(state, v8, 128);
      v128.store(state, v9, 144);
      v128.store(state, v10, 160);
      v128.store(state, v11, 176);
      v128.store(state, v12, 192);
      v128.store(state, v13, 208);
      v128.store(state, v14, 224);
      v128.store(state, v15, 240);
      message += MESSAGE_LENGTH;
    }
  }
}
