// Rolls a weak sum along the target, to the windows whose weak sum is known.
//
// `weakKind` is ROLLSUM or RABINKARP: `index_init` traps on any other.
import { RABINKARP_INVERSE, RABINKARP_MULTIPLIER, RABINKARP_SEED, ROLLSUM, ROLLSUM_OFFSET } from "./_generated/rules";
import { blockLength, weakKind } from "./records";
import { M1, M2, M3, M4, rabinkarp_blocks } from "./rabinkarp_blocks";
import { rollsum_blocks } from "./rollsum_blocks";
import { Searcher } from "./searcher";
import { ADDRESSES, mayKnow, mayKnowEach } from "./filter";
import { knows } from "./tables";

/** The seed acts as a byte before the window. This, added to the byte that leaves, moves the seed along. */
const ADJUST: u32 = RABINKARP_SEED * (RABINKARP_MULTIPLIER - 1);
/** Room for one weak sum. */
const WEAK: usize = memory.data(4, 16);

/** The weak sum of the window at `position`. */
@inline
export function current(s: Searcher): u32 {
  return weakKind == ROLLSUM ? s.sum2 << 16 | (s.sum1 & 0xffff) : s.sum1;
}

@inline
export function isKnown(weak: u32): bool {
  return mayKnow(weak) && knows(weak);
}

/**
 * Rolls on to the next window whose weak sum is known, and returns whether there is one. If not, it stops at the last
 * window that there are bytes for.
 */
export function scan(s: Searcher, end: u32): bool {
  const last = end - blockLength;
  while (!isKnown(current(s))) {
    const from = s.position;
    if (weakKind == ROLLSUM ? skipByRollsum(s, last) : skipByRabinKarp(s, last)) return true;
    if (s.position > from) continue;
    if (s.position >= last) return false;
    step(s, end);
  }
  return true;
}

/** Room for the weak sums of eight windows. */
const EIGHT: usize = memory.data(32, 16);

/**
 * Goes to the first of eight windows whose sum is known, if there is one. The first window starts at `position`. The
 * masks are all ones in the lanes whose sums may be known.
 */
function goToKnown(s: Searcher, position: u32, low: v128, high: v128, mayLow: v128, mayHigh: v128): bool {
  v128.store(EIGHT, low);
  v128.store(EIGHT, high, 16);
  for (let bits = i32x4.bitmask(mayLow) | i32x4.bitmask(mayHigh) << 4; bits; bits &= bits - 1) {
    const i = <u32>ctz(bits);
    const weak = load<u32>(EIGHT + (i << 2));
    if (!knows(weak)) continue;
    s.position = position + i;
    s.sum1 = weak;
    if (weakKind == ROLLSUM) s.sum2 = weak >>> 16;
    return true;
  }
  return false;
}

/**
 * Rolls over windows in eights, to the first whose sum is known, or until less than eight are left. Both halves of the
 * sum are modulo 2^16, so lanes of 16 bits hold them. The sums of eight windows are running totals of what each step
 * adds.
 */
function skipByRollsum(s: Searcher, last: u32): bool {
  const n = <usize>blockLength;
  const length = i16x8.splat(<i16>blockLength);
  const lengthOffset = i16x8.splat(<i16>(blockLength * ROLLSUM_OFFSET));
  let s1 = i16x8.splat(<i16>s.sum1), s2 = i16x8.splat(<i16>s.sum2);
  let p = s.bytes + s.position;
  const end = s.bytes + last - 8;
  for (; p <= end; p += 8) {
    const out = v128.load_ext<u8>(p);
    s1 = i16x8.add(s1, totals(i16x8.sub(v128.load_ext<u8>(p + n), out)));
    s2 = i16x8.add(s2, totals(i16x8.sub(i16x8.sub(s1, lengthOffset), i16x8.mul(length, out))));
    const low = v128.shuffle<i16>(s1, s2, 0, 8, 1, 9, 2, 10, 3, 11);
    const high = v128.shuffle<i16>(s1, s2, 4, 12, 5, 13, 6, 14, 7, 15);
    const mayLow = mayKnowEach(low, ADDRESSES), mayHigh = mayKnowEach(high, ADDRESSES + 16);
    if (v128.any_true(v128.or(mayLow, mayHigh))) {
      if (goToKnown(s, <u32>(p - s.bytes) + 1, low, high, mayLow, mayHigh)) return true;
    }
    s1 = v128.shuffle<i16>(s1, s1, 7, 7, 7, 7, 7, 7, 7, 7);
    s2 = v128.shuffle<i16>(s2, s2, 7, 7, 7, 7, 7, 7, 7, 7);
  }
  s.sum1 = i16x8.extract_lane_u(s1, 7);
  s.sum2 = i16x8.extract_lane_u(s2, 7);
  s.position = <u32>(p - s.bytes);
  return false;
}

/**
 * Running totals of eight lanes, by shifts and a swizzle, whose mask stays in a register: V8 makes the mask of a
 * shuffle anew each time.
 */
@inline
function totals(x: v128): v128 {
  x = i16x8.add(x, i64x2.shl(x, 16));
  x = i16x8.add(x, i64x2.shl(x, 32));
  const third = i8x16(-1, -1, -1, -1, -1, -1, -1, -1, 6, 7, 6, 7, 6, 7, 6, 7);
  return i16x8.add(x, i8x16.swizzle(x, third));
}

/**
 * As `skipByRollsum`. The hashes of four windows are computed side by side from the four before: the hash of the window
 * four positions on is h M^4 + c0 M^3 + c1 M^2 + c2 M + c3, where each c is what a step adds.
 */
function skipByRabinKarp(s: Searcher, last: u32): bool {
  if (s.position + 16 > last) return false;
  const n = <usize>blockLength;
  const power = i32x4.splat(s.sum2), adjust = i32x4.splat(s.sum2 * ADJUST);
  let p = s.bytes + s.position;
  const end = s.bytes + last - 16;
  let c0 = added(p, n, power, adjust), c1 = added(p + 4, n, power, adjust);
  const h1 = s.sum1 * RABINKARP_MULTIPLIER + i32x4.extract_lane(c0, 0);
  const h2 = h1 * RABINKARP_MULTIPLIER + i32x4.extract_lane(c0, 1);
  const h3 = h2 * RABINKARP_MULTIPLIER + i32x4.extract_lane(c0, 2);
  let low = i32x4.replace_lane(i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(s.sum1), 1, h1), 2, h2), 3, h3);
  for (; p <= end; p += 8) {
    const high = fourOn(low, c0, c1);
    const mayLow = mayKnowEach(low, ADDRESSES), mayHigh = mayKnowEach(high, ADDRESSES + 16);
    if (v128.any_true(v128.or(mayLow, mayHigh))) {
      if (goToKnown(s, <u32>(p - s.bytes), low, high, mayLow, mayHigh)) return true;
    }
    c0 = added(p + 8, n, power, adjust);
    low = fourOn(high, c1, c0);
    c1 = added(p + 12, n, power, adjust);
  }
  s.sum1 = i32x4.extract_lane(low, 0);
  s.position = <u32>(p - s.bytes);
  return false;
}

/** What each of four steps from `p` on adds to a hash, after multiplying it. */
@inline
function added(p: usize, n: usize, power: v128, adjust: v128): v128 {
  const out = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(p)));
  const into = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(p + n)));
  return i32x4.sub(i32x4.sub(into, adjust), i32x4.mul(power, out));
}

/**
 * The hashes of the windows four positions on. `c` is what the next four steps add, `d` what the four after them add.
 */
@inline
function fourOn(h: v128, c: v128, d: v128): v128 {
  const m = v128.load32_splat(POWERS), m2 = v128.load32_splat(POWERS, 4);
  const m3 = v128.load32_splat(POWERS, 8), m4 = v128.load32_splat(POWERS, 12);
  return i32x4.add(
    i32x4.add(i32x4.mul(h, m4), i32x4.mul(c, m3)),
    i32x4.add(
      i32x4.add(i32x4.mul(v128.shuffle<i32>(c, d, 1, 2, 3, 4), m2), i32x4.mul(v128.shuffle<i32>(c, d, 2, 3, 4, 5), m)),
      v128.shuffle<i32>(c, d, 3, 4, 5, 6),
    ),
  );
}

/** The first four powers of the multiplier. In memory for the same reason as IV in `mix.ts`. */
const POWERS: usize = memory.data<u32>([M1, M2, M3, M4]);

/** Rolls on by one byte, if there is one. */
export function step(s: Searcher, end: u32): void {
  const p = s.bytes + s.position;
  const n = blockLength;
  if (s.position + n < end) {
    const out = <u32>load<u8>(p), into = <u32>load<u8>(p + n);
    if (weakKind == ROLLSUM) {
      s.sum1 += into - out;
      s.sum2 += s.sum1 - n * (out + ROLLSUM_OFFSET);
    } else {
      s.sum1 = s.sum1 * RABINKARP_MULTIPLIER + into - s.sum2 * (out + ADJUST);
    }
  }
  s.position++;
}

/** Sums a window. For RabinKarp, `sum2` is the power of the multiplier by the window's length. */
export function sumWeak(s: Searcher, start: u32, length: u32): void {
  if (weakKind == ROLLSUM) {
    rollsum_blocks(s.bytes + start, length, 1, length, WEAK);
    const weak = load<u32>(WEAK);
    s.sum1 = weak & 0xffff;
    s.sum2 = weak >>> 16;
  } else {
    rabinkarp_blocks(s.bytes + start, length, 1, length, WEAK);
    s.sum1 = load<u32>(WEAK);
    s.sum2 = power(length);
  }
}

/** A power of the multiplier, by squaring. */
function power(exponent: u32): u32 {
  let result: u32 = 1;
  for (let square = RABINKARP_MULTIPLIER; exponent; exponent >>>= 1) {
    if (exponent & 1) result *= square;
    square *= square;
  }
  return result;
}

/** Takes the first byte out of the sum of a window of `length` bytes. */
export function shrink(s: Searcher, start: u32, length: u32): void {
  const out = <u32>load<u8>(s.bytes + start);
  if (weakKind == ROLLSUM) {
    s.sum1 -= out + ROLLSUM_OFFSET;
    s.sum2 -= length * (out + ROLLSUM_OFFSET);
  } else {
    s.sum2 *= RABINKARP_INVERSE;
    s.sum1 -= s.sum2 * (out + ADJUST);
  }
}
