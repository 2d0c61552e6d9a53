// The loop of the anchored search that sees every byte of new data.
import { mayKnow } from "./filter";
import { FACTORS, shingle, shingles } from "./shingle";
import { hasThreshold, MAX_SPECIALS, mayBeAnchor, special0, special1, specialCount, threshold } from "./tables";

/** The sign bit: hashes are compared as signed lanes. */
const SIGN: u32 = 0x80000000;

/** The first address from `p` to `limit` (inclusive) whose shingle may be an anchor, or `limit + 1`. */
export function nextCandidate(p: usize, limit: usize): usize {
  if (specialCount > MAX_SPECIALS) return nextByFilter(p, limit);
  if (specialCount) return nextWithSpecials(p, limit);
  return hasThreshold ? nextBelow(p, limit) : limit + 1;
}

/** Steps whose candidates are collected before they are looked up: few at first, as there may be one at once. */
const MIN_STEPS: usize = 4;
const MAX_STEPS: usize = 64;
/** The steps that have candidates: the address of each, and a bit for each candidate. */
const STEPS: usize = memory.data(64 * 8, 16);

/**
 * The next candidate by the threshold alone.
 *
 * A step hashes sixteen shingles, in four vectors by offset modulo 4. The words at 28 of one step are those at 12 of
 * the next. Where a quarter of a million blocks are known, one step in five has a candidate, and no processor predicts
 * which. So there is no branch: each step is written down, and overwritten by the next if it has no candidate.
 */
function nextBelow(p: usize, limit: usize): usize {
  const k1 = v128.load32_splat(FACTORS), k2 = v128.load32_splat(FACTORS, 4), bias = v128.load32_splat(FACTORS, 8);
  const bound = i32x4.splat(threshold ^ SIGN);
  for (let steps = MIN_STEPS; p + 15 <= limit; steps = min(2 * steps, MAX_STEPS)) {
    const last = min(limit - 15, p + 16 * (steps - 1));
    let at = STEPS;
    let b0 = v128.load(p, 12), b1 = v128.load(p, 13), b2 = v128.load(p, 14), b3 = v128.load(p, 15);
    for (; p <= last; p += 16) {
      const c0 = v128.load(p, 28), c1 = v128.load(p, 29), c2 = v128.load(p, 30), c3 = v128.load(p, 31);
      at = note(
        at,
        p,
        i32x4.le_s(shingles(v128.load(p), b0, c0, k1, k2, bias), bound),
        i32x4.le_s(shingles(v128.load(p, 1), b1, c1, k1, k2, bias), bound),
        i32x4.le_s(shingles(v128.load(p, 2), b2, c2, k1, k2, bias), bound),
        i32x4.le_s(shingles(v128.load(p, 3), b3, c3, k1, k2, bias), bound),
      );
      b0 = c0;
      b1 = c1;
      b2 = c2;
      b3 = c3;
    }
    const found = firstKnown(at);
    if (found) return found;
  }
  return nextByFilter(p, limit);
}

/** As `nextBelow`, where there are up to MAX_SPECIALS special hashes to compare with. */
function nextWithSpecials(p: usize, limit: usize): usize {
  const k1 = v128.load32_splat(FACTORS), k2 = v128.load32_splat(FACTORS, 4), bias = v128.load32_splat(FACTORS, 8);
  // Without a threshold only the hash 0 passes, and no record is found for it.
  const bound = i32x4.splat(hasThreshold ? threshold ^ SIGN : SIGN);
  const x = i32x4.splat(special0 ^ SIGN), y = i32x4.splat(special1 ^ SIGN);
  for (let steps = MIN_STEPS; p + 15 <= limit; steps = min(2 * steps, MAX_STEPS)) {
    const last = min(limit - 15, p + 16 * (steps - 1));
    let at = STEPS;
    for (; p <= last; p += 16) {
      const h0 = shingles(v128.load(p), v128.load(p, 12), v128.load(p, 28), k1, k2, bias);
      const h1 = shingles(v128.load(p, 1), v128.load(p, 13), v128.load(p, 29), k1, k2, bias);
      const h2 = shingles(v128.load(p, 2), v128.load(p, 14), v128.load(p, 30), k1, k2, bias);
      const h3 = shingles(v128.load(p, 3), v128.load(p, 15), v128.load(p, 31), k1, k2, bias);
      at = note(
        at,
        p,
        v128.or(i32x4.le_s(h0, bound), v128.or(i32x4.eq(h0, x), i32x4.eq(h0, y))),
        v128.or(i32x4.le_s(h1, bound), v128.or(i32x4.eq(h1, x), i32x4.eq(h1, y))),
        v128.or(i32x4.le_s(h2, bound), v128.or(i32x4.eq(h2, x), i32x4.eq(h2, y))),
        v128.or(i32x4.le_s(h3, bound), v128.or(i32x4.eq(h3, x), i32x4.eq(h3, y))),
      );
    }
    const found = firstKnown(at);
    if (found) return found;
  }
  return nextByFilter(p, limit);
}

/**
 * Writes down a step at `at`, and returns the place of the next: the same if the masks are empty. Position 4 k + c of a
 * step is lane k of mask c.
 */
@inline
function note(at: usize, p: usize, m0: v128, m1: v128, m2: v128, m3: v128): usize {
  const bits = i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(m0, m1), i16x8.narrow_i32x4_s(m2, m3)));
  store<u32>(at, <u32>p);
  store<u32>(at, <u32>bits, 4);
  return at + (<usize>(bits != 0) << 3);
}

/** The next candidate by a look at every position. */
function nextByFilter(p: usize, limit: usize): usize {
  while (p <= limit && !mayBeAnchor(shingle(p))) p++;
  return p;
}

/** The first candidate of the steps before `end` whose hash the filter knows, or 0. */
function firstKnown(end: usize): usize {
  for (let step = STEPS; step < end; step += 8) {
    for (let bits = transpose(load<u32>(step, 4)); bits; bits &= bits - 1) {
      const at = <usize>load<u32>(step) + <usize>ctz(bits);
      if (mayKnow(shingle(at))) return at;
    }
  }
  return 0;
}

/** Transposes four rows of four bits. */
@inline
function transpose(bits: u32): u32 {
  let swapped = (bits ^ bits >>> 3) & 0x0a0a;
  bits ^= swapped ^ swapped << 3;
  swapped = (bits ^ bits >>> 6) & 0x00cc;
  return bits ^ swapped ^ swapped << 6;
}
