import { RABINKARP_MULTIPLIER, RABINKARP_SEED } from "./_generated/rules";

// Powers of the multiplier, modulo 2^32.
export const M1: u32 = RABINKARP_MULTIPLIER;
export const M2: u32 = M1 * M1;
export const M3: u32 = M2 * M1;
export const M4: u32 = M2 * M2;
const M5: u32 = M4 * M1;
const M6: u32 = M4 * M2;
const M7: u32 = M4 * M3;
const M8: u32 = M4 * M4;
const M9: u32 = M8 * M1;
const M10: u32 = M8 * M2;
const M11: u32 = M8 * M3;
const M12: u32 = M8 * M4;
const M13: u32 = M8 * M5;
const M14: u32 = M8 * M6;
const M15: u32 = M8 * M7;
const M16: u32 = M8 * M8;

@inline
function step(sums: v128, power: v128, bytes: v128): v128 {
  return i32x4.add(i32x4.mul(sums, power), bytes);
}

/**
 * The RabinKarp sum of `length` bytes: 16 sums side by side, each over every sixteenth byte with M^16 as multiplier.
 */
function rabinkarp(src: usize, length: usize): u32 {
  const end = src + (length & ~15);
  const power = i32x4.splat(M16);
  let a = i32x4.splat(0), b = a, c = a;
  let d = i32x4(0, 0, 0, RABINKARP_SEED); // the seed acts as the byte before the first
  let p = src;
  for (; p < end; p += 16) {
    const bytes = v128.load(p);
    const low = i16x8.extend_low_i8x16_u(bytes), high = i16x8.extend_high_i8x16_u(bytes);
    a = step(a, power, i32x4.extend_low_i16x8_u(low));
    b = step(b, power, i32x4.extend_high_i16x8_u(low));
    c = step(c, power, i32x4.extend_low_i16x8_u(high));
    d = step(d, power, i32x4.extend_high_i16x8_u(high));
  }
  a = i32x4.mul(a, i32x4(M15, M14, M13, M12));
  b = i32x4.mul(b, i32x4(M11, M10, M9, M8));
  c = i32x4.mul(c, i32x4(M7, M6, M5, M4));
  d = i32x4.mul(d, i32x4(M3, M2, M1, 1));
  a = i32x4.add(i32x4.add(a, b), i32x4.add(c, d));
  let h: u32 = i32x4.extract_lane(a, 0) + i32x4.extract_lane(a, 1) + i32x4.extract_lane(a, 2) +
    i32x4.extract_lane(a, 3);
  for (const last = src + length; p < last; p++) h = h * M1 + load<u8>(p);
  return h;
}

/**
 * Writes the RabinKarp sums (u32) of consecutive blocks to `dst`.
 *
 * @param src Address of `count` blocks of `blockLength` bytes, of which the last is `lastLength` long.
 */
export function rabinkarp_blocks(src: usize, blockLength: u32, count: u32, lastLength: u32, dst: usize): void {
  for (; count; count--) {
    store<u32>(dst, rabinkarp(src, count > 1 ? blockLength : lastLength));
    src += blockLength;
    dst += 4;
  }
}
