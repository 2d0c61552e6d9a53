// The loop that sees every byte of new data.
import { mayKnow } from "./filter";
import { FACTORS, shingle, shingles } from "./shingle";
import { hasThreshold, MAX_SPECIALS, mayBeAnchor, special0, special1, specialCount, threshold } from "./tables";

/** The sign bit: hashes are compared as signed lanes. */
const SIGN: u32 = 0x80000000;

/** The first address from `p` to `limit` (inclusive) whose shingle may be an anchor, or `limit + 1`. */
export function nextCandidate(p: usize, limit: usize): usize {
  if (specialCount > MAX_SPECIALS) return nextByFilter(p, limit);
  // Without any threshold no lane compares below the least signed number.
  if (specialCount) return nextWithSpecials(p, limit);
  return hasThreshold ? nextBelow(p, limit) : limit + 1;
}

/** Sixteen shingles a step, in four loads by offset modulo 4: the words at 28 of one step are those at 12 of the next. */
function nextBelow(p: usize, limit: usize): usize {
  const k1 = v128.load32_splat(FACTORS), k2 = v128.load32_splat(FACTORS, 4), bias = v128.load32_splat(FACTORS, 8);
  const most = i32x4.splat(threshold ^ SIGN);
  if (p + 15 <= limit) {
    let b0 = v128.load(p, 12), b1 = v128.load(p, 13), b2 = v128.load(p, 14), b3 = v128.load(p, 15);
    for (; p + 15 <= limit; p += 16) {
      const c0 = v128.load(p, 28), c1 = v128.load(p, 29), c2 = v128.load(p, 30), c3 = v128.load(p, 31);
      const h0 = shingles(v128.load(p), b0, c0, k1, k2, bias);
      const h1 = shingles(v128.load(p, 1), b1, c1, k1, k2, bias);
      const h2 = shingles(v128.load(p, 2), b2, c2, k1, k2, bias);
      const h3 = shingles(v128.load(p, 3), b3, c3, k1, k2, bias);
      const least = i32x4.min_s(i32x4.min_s(h0, h1), i32x4.min_s(h2, h3));
      if (v128.any_true(i32x4.le_s(least, most))) {
        const found = firstKnown(
          p,
          i32x4.le_s(h0, most),
          i32x4.le_s(h1, most),
          i32x4.le_s(h2, most),
          i32x4.le_s(h3, most),
        );
        if (found) return found;
      }
      b0 = c0;
      b1 = c1;
      b2 = c2;
      b3 = c3;
    }
  }
  return nextByFilter(p, limit);
}

/** As `nextBelow`, and compares with up to two special hashes. */
function nextWithSpecials(p: usize, limit: usize): usize {
  const k1 = v128.load32_splat(FACTORS), k2 = v128.load32_splat(FACTORS, 4), bias = v128.load32_splat(FACTORS, 8);
  const most = i32x4.splat(hasThreshold ? threshold ^ SIGN : SIGN);
  const x = i32x4.splat(special0 ^ SIGN), y = i32x4.splat(special1 ^ SIGN);
  for (; p + 15 <= limit; p += 16) {
    const h0 = shingles(v128.load(p), v128.load(p, 12), v128.load(p, 28), k1, k2, bias);
    const h1 = shingles(v128.load(p, 1), v128.load(p, 13), v128.load(p, 29), k1, k2, bias);
    const h2 = shingles(v128.load(p, 2), v128.load(p, 14), v128.load(p, 30), k1, k2, bias);
    const h3 = shingles(v128.load(p, 3), v128.load(p, 15), v128.load(p, 31), k1, k2, bias);
    const m0 = v128.or(i32x4.le_s(h0, most), v128.or(i32x4.eq(h0, x), i32x4.eq(h0, y)));
    const m1 = v128.or(i32x4.le_s(h1, most), v128.or(i32x4.eq(h1, x), i32x4.eq(h1, y)));
    const m2 = v128.or(i32x4.le_s(h2, most), v128.or(i32x4.eq(h2, x), i32x4.eq(h2, y)));
    const m3 = v128.or(i32x4.le_s(h3, most), v128.or(i32x4.eq(h3, x), i32x4.eq(h3, y)));
    if (v128.any_true(v128.or(v128.or(m0, m1), v128.or(m2, m3)))) {
      const found = firstKnown(p, m0, m1, m2, m3);
      if (found) return found;
    }
  }
  return nextByFilter(p, limit);
}

function nextByFilter(p: usize, limit: usize): usize {
  while (p <= limit && !mayBeAnchor(shingle(p))) p++;
  return p;
}

/** The first of sixteen positions whose lane is set and whose hash the filter knows, or 0: position 4 k + c is lane k of mask c. */
function firstKnown(p: usize, m0: v128, m1: v128, m2: v128, m3: v128): usize {
  const bytes = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(m0, m1), i16x8.narrow_i32x4_s(m2, m3));
  for (let bits = transpose(<u32>i8x16.bitmask(bytes)); bits; bits &= bits - 1) {
    const at = p + <usize>ctz(bits);
    if (mayKnow(shingle(at))) return at;
  }
  return 0;
}

/** Four rows of four bits, as columns. */
@inline
function transpose(bits: u32): u32 {
  let swapped = (bits ^ bits >>> 3) & 0x0a0a;
  bits ^= swapped ^ swapped << 3;
  swapped = (bits ^ bits >>> 6) & 0x00cc;
  return bits ^ swapped ^ swapped << 6;
}
