import { BLAKE2_SCHEDULE } from "./schedule";

// Offsets in the state of a stream.
const H: usize = 0; // eight u64
const COUNT: usize = 64; // u64, bytes compressed
const HELD: usize = 72; // u32, bytes in the buffer
const BUFFER: usize = 80; // one message
export const BLAKE2B_STATE: usize = BUFFER + 128;

const IV0: u64 = 0x6a09e667f3bcc908;
const IV1: u64 = 0xbb67ae8584caa73b;
const IV2: u64 = 0x3c6ef372fe94f82b;
const IV3: u64 = 0xa54ff53a5f1d36f1;
const IV4: u64 = 0x510e527fade682d1;
const IV5: u64 = 0x9b05688c2b3e6c1f;
const IV6: u64 = 0x1f83d9abfb41bd6b;
const IV7: u64 = 0x5be0cd19137e2179;

// @ts-ignore: decorator

function word(m: usize, row: usize, step: usize): u64 {
  return load<u64>(m + (<usize>load<u8>(row + step) >> 1));
}

/**
 * Compresses the 128 bytes at `m`; `last` is all ones for the last message.
 *
 * One block with 64-bit integers: two blocks in the lanes of a v128 take as many instructions.
 */
function compress(h: usize, m: usize, count: u64, last: u64): void {
  let v0 = load<u64>(h, 0);
  let v1 = load<u64>(h, 8);
  let v2 = load<u64>(h, 16);
  let v3 = load<u64>(h, 24);
  let v4 = load<u64>(h, 32);
  let v5 = load<u64>(h, 40);
  let v6 = load<u64>(h, 48);
  let v7 = load<u64>(h, 56);
  let v8 = IV0;
  let v9 = IV1;
  let v10 = IV2;
  let v11 = IV3;
  let v12 = IV4 ^ count;
  let v13 = IV5;
  let v14 = IV6 ^ last;
  let v15 = IV7;
  for (let round = 0; round < 12; round++) {
    const row = BLAKE2_SCHEDULE + (<usize>(round < 10 ? round : round - 10) << 4);
    // columns
    v0 += v4 + word(m, row, 0);
    v1 += v5 + word(m, row, 2);
    v2 += v6 + word(m, row, 4);
    v3 += v7 + word(m, row, 6);
    v12 = rotr<u64>(v12 ^ v0, 32);
    v13 = rotr<u64>(v13 ^ v1, 32);
    v14 = rotr<u64>(v14 ^ v2, 32);
    v15 = rotr<u64>(v15 ^ v3, 32);
    v8 += v12;
    v9 += v13;
    v10 += v14;
    v11 += v15;
    v4 = rotr<u64>(v4 ^ v8, 24);
    v5 = rotr<u64>(v5 ^ v9, 24);
    v6 = rotr<u64>(v6 ^ v10, 24);
    v7 = rotr<u64>(v7 ^ v11, 24);
    v0 += v4 + word(m, row, 1);
    v1 += v5 + word(m, row, 3);
    v2 += v6 + word(m, row, 5);
    v3 += v7 + word(m, row, 7);
    v12 = rotr<u64>(v12 ^ v0, 16);
    v13 = rotr<u64>(v13 ^ v1, 16);
    v14 = rotr<u64>(v14 ^ v2, 16);
    v15 = rotr<u64>(v15 ^ v3, 16);
    v8 += v12;
    v9 += v13;
    v10 += v14;
    v11 += v15;
    v4 = rotr<u64>(v4 ^ v8, 63);
    v5 = rotr<u64>(v5 ^ v9, 63);
    v6 = rotr<u64>(v6 ^ v10, 63);
    v7 = rotr<u64>(v7 ^ v11, 63);
    // diagonals
    v0 += v5 + word(m, row, 8);
    v1 += v6 + word(m, row, 10);
    v2 += v7 + word(m, row, 12);
    v3 += v4 + word(m, row, 14);
    v15 = rotr<u64>(v15 ^ v0, 32);
    v12 = rotr<u64>(v12 ^ v1, 32);
    v13 = rotr<u64>(v13 ^ v2, 32);
    v14 = rotr<u64>(v14 ^ v3, 32);
    v10 += v15;
    v11 += v12;
    v8 += v13;
    v9 += v14;
    v5 = rotr<u64>(v5 ^ v10, 24);
    v6 = rotr<u64>(v6 ^ v11, 24);
    v7 = rotr<u64>(v7 ^ v8, 24);
    v4 = rotr<u64>(v4 ^ v9, 24);
    v0 += v5 + word(m, row, 9);
    v1 += v6 + word(m, row, 11);
    v2 += v7 + word(m, row, 13);
    v3 += v4 + word(m, row, 15);
    v15 = rotr<u64>(v15 ^ v0, 16);
    v12 = rotr<u64>(v12 ^ v1, 16);
    v13 = rotr<u64>(v13 ^ v2, 16);
    v14 = rotr<u64>(v14 ^ v3, 16);
    v10 += v15;
    v11 += v12;
    v8 += v13;
    v9 += v14;
    v5 = rotr<u64>(v5 ^ v10, 63);
    v6 = rotr<u64>(v6 ^ v11, 63);
    v7 = rotr<u64>(v7 ^ v8, 63);
    v4 = rotr<u64>(v4 ^ v9, 63);
  }
  store<u64>(h, load<u64>(h, 0) ^ v0 ^ v8, 0);
  store<u64>(h, load<u64>(h, 8) ^ v1 ^ v9, 8);
  store<u64>(h, load<u64>(h, 16) ^ v2 ^ v10, 16);
  store<u64>(h, load<u64>(h, 24) ^ v3 ^ v11, 24);
  store<u64>(h, load<u64>(h, 32) ^ v4 ^ v12, 32);
  store<u64>(h, load<u64>(h, 40) ^ v5 ^ v13, 40);
  store<u64>(h, load<u64>(h, 48) ^ v6 ^ v14, 48);
  store<u64>(h, load<u64>(h, 56) ^ v7 ^ v15, 56);
}

export function blake2bStart(state: usize): void {
  store<u64>(state, IV0 ^ 0x01010020, H); // 32 bytes, no key, no tree
  store<u64>(state, IV1, H + 8);
  store<u64>(state, IV2, H + 16);
  store<u64>(state, IV3, H + 24);
  store<u64>(state, IV4, H + 32);
  store<u64>(state, IV5, H + 40);
  store<u64>(state, IV6, H + 48);
  store<u64>(state, IV7, H + 56);
  store<u64>(state, 0, COUNT);
  store<u32>(state, 0, HELD);
}

function take(state: usize, message: usize): void {
  const count = load<u64>(state, COUNT) + 128;
  store<u64>(state, count, COUNT);
  compress(state + H, message, count, 0);
}

export function blake2bTake(state: usize, src: usize, length: usize): void {
  const buffer = state + BUFFER;
  let held = <usize>load<u32>(state, HELD);
  if (held) {
    const part = min<usize>(length, 128 - held);
    memory.copy(buffer + held, src, part);
    held += part;
    src += part;
    length -= part;
    if (length) {
      take(state, buffer);
      held = 0;
    }
  }
  // The last message stays in the buffer, full or not.
  for (; length > 128; length -= 128) {
    take(state, src);
    src += 128;
  }
  memory.copy(buffer + held, src, length);
  store<u32>(state, <u32>(held + length), HELD);
}

export function blake2bEnd(state: usize, dst: usize): void {
  const buffer = state + BUFFER;
  const held = <usize>load<u32>(state, HELD);
  memory.fill(buffer + held, 0, 128 - held);
  compress(state + H, buffer, load<u64>(state, COUNT) + held, -1);
  memory.copy(dst, state + H, 32);
}
