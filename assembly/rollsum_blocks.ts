import { ROLLSUM_OFFSET } from "./_generated/rules";

/** The sum of eight 16-bit lanes. Its low half is the sum modulo 2^16. */
function total(x: v128): u32 {
  const pairs = i32x4.extadd_pairwise_i16x8_u(x);
  return i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1) + i32x4.extract_lane(pairs, 2) +
    i32x4.extract_lane(pairs, 3);
}

/**
 * The rollsum of `length` bytes.
 *
 * Both halves are modulo 2^16, so 16-bit lanes hold them. A step takes 16 bytes. With steps numbered down to 1, byte j
 * of step t counts 16 t - j times in s2. Adding up the running `pairs` after each step yields the 16 t without a
 * multiplication; the j are subtracted once at the end.
 */
function rollsum(src: usize, length: usize): u32 {
  const end = src + (length & ~15);
  let pairs = i16x8.splat(0); // lane k: bytes 2 k and 2 k + 1 of each step
  let odd = i16x8.splat(0); // lane k: byte 2 k + 1 of each step
  let running = i16x8.splat(0);
  let p = src;
  for (; p < end; p += 16) {
    const bytes = v128.load(p);
    pairs = i16x8.add(pairs, i16x8.extadd_pairwise_i8x16_u(bytes));
    odd = i16x8.add(odd, i16x8.shr_u(bytes, 8));
    running = i16x8.add(running, pairs);
  }
  const inStep = i16x8.add(odd, i16x8.mul(pairs, i16x8(0, 2, 4, 6, 8, 10, 12, 14)));
  let s1 = total(pairs);
  let s2 = (total(running) << 4) - total(inStep);
  for (const last = src + length; p < last; p++) {
    s1 += load<u8>(p);
    s2 += s1;
  }
  // The offset of every byte at once; the product is exact in 64 bits.
  const n = <u64>length;
  s1 += <u32>n * ROLLSUM_OFFSET;
  s2 += <u32>(n * (n + 1) >> 1) * ROLLSUM_OFFSET;
  return s2 << 16 | (s1 & 0xffff);
}

/**
 * Writes the rollsums (u32) of consecutive blocks to `dst`.
 *
 * @param src Address of `count` blocks of `blockLength` bytes, of which the last is `lastLength` long.
 */
export function rollsum_blocks(src: usize, blockLength: u32, count: u32, lastLength: u32, dst: usize): void {
  for (; count; count--) {
    store<u32>(dst, rollsum(src, count > 1 ? blockLength : lastLength));
    src += blockLength;
    dst += 4;
  }
}
