import { add, rotl, splat, xor } from "./lanes";
import { gather, gatherEnd, MESSAGE, scatter } from "./message";

/** a, b, c, d; then four vectors that stay zero, because a sum has 16 bytes where the others have 32. */
const H: usize = memory.data(128, 16);

/** For each of the 48 steps: 16 times the number of its word, and its rotation. */
const STEPS: usize = memory.data<u8>([
  0x00, 3, 0x10, 7, 0x20, 11, 0x30, 19,
  0x40, 3, 0x50, 7, 0x60, 11, 0x70, 19,
  0x80, 3, 0x90, 7, 0xa0, 11, 0xb0, 19,
  0xc0, 3, 0xd0, 7, 0xe0, 11, 0xf0, 19,
  0x00, 3, 0x40, 5, 0x80, 9, 0xc0, 13,
  0x10, 3, 0x50, 5, 0x90, 9, 0xd0, 13,
  0x20, 3, 0x60, 5, 0xa0, 9, 0xe0, 13,
  0x30, 3, 0x70, 5, 0xb0, 9, 0xf0, 13,
  0x00, 3, 0x80, 9, 0x40, 11, 0xc0, 15,
  0x20, 3, 0xa0, 9, 0x60, 11, 0xe0, 15,
  0x10, 3, 0x90, 9, 0x50, 11, 0xd0, 15,
  0x30, 3, 0xb0, 9, 0x70, 11, 0xf0, 15,
]);

/**
 * Three rounds of 16 steps (RFC 1320), on MESSAGE.
 *
 * One step in each turn of the loop: a third of the code of four in each turn, and 18 % slower in V8.
 */
function compress(): void {
  let a = v128.load(H), b = v128.load(H, 16), c = v128.load(H, 32), d = v128.load(H, 48);
  let constant: u32 = 0;
  for (let step = STEPS; step < STEPS + 96; step += 2) {
    let f: v128;
    if (step < STEPS + 32) {
      f = v128.bitselect(c, d, b);
    } else if (step < STEPS + 64) {
      f = v128.bitselect(v128.or(c, d), v128.and(c, d), b);
      constant = 0x5a827999;
    } else {
      f = xor(b, xor(c, d));
      constant = 0x6ed9eba1;
    }
    const word = v128.load(MESSAGE + <usize>load<u8>(step));
    const sum = rotl(add(add(a, f), add(word, splat(constant))), load<u8>(step, 1));
    a = d;
    d = c;
    c = b;
    b = sum;
  }
  v128.store(H, add(v128.load(H), a));
  v128.store(H, add(v128.load(H, 16), b), 16);
  v128.store(H, add(v128.load(H, 32), c), 32);
  v128.store(H, add(v128.load(H, 48), d), 48);
}

/** MD4 of four blocks of `length` bytes, to four times 32 bytes at `dst`; the last 16 bytes of each are zero. */
export function md4Blocks(p0: usize, p1: usize, p2: usize, p3: usize, length: usize, dst: usize): void {
  v128.store(H, splat(0x67452301));
  v128.store(H, splat(0xefcdab89), 16);
  v128.store(H, splat(0x98badcfe), 32);
  v128.store(H, splat(0x10325476), 48);
  let offset: usize = 0;
  for (; offset + 64 <= length; offset += 64) {
    gather(p0 + offset, p1 + offset, p2 + offset, p3 + offset);
    compress();
  }
  const rest = length - offset;
  gatherEnd(p0 + offset, p1 + offset, p2 + offset, p3 + offset, rest);
  const end = MESSAGE + ((rest >> 2) << 4);
  v128.store(end, v128.or(v128.load(end), splat(0x80 << (<u32>(rest & 3) << 3))));
  if (rest >= 56) {
    compress();
    memory.fill(MESSAGE, 0, 256);
  }
  v128.store(MESSAGE, splat(<u32>length << 3), 14 * 16);
  v128.store(MESSAGE, splat(<u32>length >> 29), 15 * 16);
  compress();
  scatter(H, dst);
}
