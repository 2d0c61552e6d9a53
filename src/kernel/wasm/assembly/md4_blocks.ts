import { add, rotl, splat, xor } from "./lanes";
import { gather, gatherEnd, MESSAGE, scatter } from "./message";

/** a, b, c, d; the four vectors after them stay zero, because a sum has half the bytes of the others. */
const H: usize = memory.data(128, 16);

// @ts-ignore: decorator

function word(i: usize): v128 {
  return v128.load(MESSAGE + (i << 4));
}

// @ts-ignore: decorator

function choose(x: v128, y: v128, z: v128): v128 {
  return v128.bitselect(y, z, x);
}

// @ts-ignore: decorator

function majority(x: v128, y: v128, z: v128): v128 {
  return v128.bitselect(v128.or(y, z), v128.and(y, z), x);
}

// @ts-ignore: decorator

function parity(x: v128, y: v128, z: v128): v128 {
  return xor(x, xor(y, z));
}

/** Three rounds of four times four steps (RFC 1320), on MESSAGE. */
function compress(): void {
  let a = v128.load(H), b = v128.load(H, 16), c = v128.load(H, 32), d = v128.load(H, 48);
  for (let i: usize = 0; i < 16; i += 4) {
    a = rotl(add(add(a, choose(b, c, d)), word(i)), 3);
    d = rotl(add(add(d, choose(a, b, c)), word(i + 1)), 7);
    c = rotl(add(add(c, choose(d, a, b)), word(i + 2)), 11);
    b = rotl(add(add(b, choose(c, d, a)), word(i + 3)), 19);
  }
  const k2 = splat(0x5a827999);
  for (let i: usize = 0; i < 4; i++) {
    a = rotl(add(add(a, majority(b, c, d)), add(word(i), k2)), 3);
    d = rotl(add(add(d, majority(a, b, c)), add(word(i + 4), k2)), 5);
    c = rotl(add(add(c, majority(d, a, b)), add(word(i + 8), k2)), 9);
    b = rotl(add(add(b, majority(c, d, a)), add(word(i + 12), k2)), 13);
  }
  const k3 = splat(0x6ed9eba1);
  for (let n: usize = 0; n < 4; n++) {
    const i = (n & 1) << 1 | n >> 1; // 0, 2, 1, 3
    a = rotl(add(add(a, parity(b, c, d)), add(word(i), k3)), 3);
    d = rotl(add(add(d, parity(a, b, c)), add(word(i + 8), k3)), 9);
    c = rotl(add(add(c, parity(d, a, b)), add(word(i + 4), k3)), 11);
    b = rotl(add(add(b, parity(c, d, a)), add(word(i + 12), k3)), 15);
  }
  v128.store(H, add(v128.load(H), a));
  v128.store(H, add(v128.load(H, 16), b), 16);
  v128.store(H, add(v128.load(H, 32), c), 32);
  v128.store(H, add(v128.load(H, 48), d), 48);
}

/** MD4 of four blocks of `length` bytes, to four times 32 bytes at `dst`, of which the second half is zero. */
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
