// The search of the rsync technical report: a weak sum is rolled along, and looked up at every byte.
import { blockLength, hasStrong, keyOf, lengthOf, recordCount, ROLLSUM, strongLength, weakKind } from "./records";
import { rabinkarp_blocks } from "./rabinkarp_blocks";
import { rollsum_blocks } from "./rollsum_blocks";
import {
  addFalseAlarm,
  addMatch,
  blockOf,
  hasLength,
  isExhausted,
  isFull,
  Searcher,
  STRONG,
  sumWindows,
} from "./searcher";
import { head, mayKnow } from "./tables";

const CHAR_OFFSET: u32 = 31;
const MULTIPLIER: u32 = 0x08104225;
const ADJUST: u32 = MULTIPLIER - 1;
/** Blocks of a run that are summed together. */
const RUN: u32 = 4;
/** Weak sums of the blocks of a run. */
const WEAK: usize = memory.data(16, 16);

/** Searches as far as `end` bytes allow. Gives the number of matches. */
export function search_rolling(s: Searcher, end: u32, isLast: bool): u32 {
  s.matchCount = 0;
  if (!recordCount) {
    s.position = isLast ? end : max<u32>(s.position, end > blockLength ? end - blockLength : 0);
  } else {
    searchWhole(s, end, isLast);
    if (isLast && !isFull(s) && s.position + blockLength > end) {
      searchTail(s, end);
      s.position = end;
    }
  }
  s.settled = s.position;
  return s.matchCount;
}

/** Windows of a whole block. A byte more has to be there to roll on to, save at the end. */
function searchWhole(s: Searcher, end: u32, isLast: bool): void {
  const limit = <i64>end - <i64>blockLength - (isLast ? 0 : 1);
  while (<i64>s.position <= limit && !isFull(s)) {
    if (!s.isRolled && s.expected && takeRun(s, limit)) continue;
    if (!s.isRolled) sumWeak(s, s.position, blockLength);
    s.isRolled = 1;
    if (weakKind == ROLLSUM) scanRollsum(s, end);
    else scanRabinKarp(s, end);
    if (<i64>s.position > limit) return;
    const weak = current(s);
    if (head(weak) && test(s, s.position, blockLength, weak)) continue;
    step(s, end);
  }
}

/** Takes the next blocks of the basis, as far as they follow, if all four of their weak sums do. */
function takeRun(s: Searcher, limit: i64): bool {
  const first = s.expected - 1;
  const start = s.position;
  if (first + RUN > recordCount || <i64>start + <i64>(RUN - 1) * blockLength > limit) return false;
  if (lengthOf(first + RUN - 1) != blockLength) return false;
  if (weakKind == ROLLSUM) rollsum_blocks(s.bytes + start, blockLength, RUN, blockLength, WEAK);
  else rabinkarp_blocks(s.bytes + start, blockLength, RUN, blockLength, WEAK);
  for (let i: u32 = 0; i < RUN; i++) if (load<u32>(WEAK + (i << 2)) != keyOf(first + i)) return false;
  sumWindows(s, start, blockLength, RUN, blockLength);
  for (let i: u32 = 0; i < RUN; i++) {
    const strong = STRONG + <usize>(i * strongLength);
    // The run goes on only while the block taken is the one expected: else the search tells.
    if (isFull(s) || s.expected != first + i + 1 || !hasStrong(first + i, strong)) return i > 0;
    const block = s.preferNext ? first + i + 1 : blockOf(s, keyOf(first + i), strong, blockLength);
    if (!block) return i > 0;
    addMatch(s, start + i * blockLength, block - 1, blockLength);
  }
  return true;
}

@inline
function current(s: Searcher): u32 {
  return weakKind == ROLLSUM ? s.sum2 << 16 | (s.sum1 & 0xffff) : s.sum1;
}

/** Rolls on to the next window whose weak sum may be known, or to the last that there are bytes for. */
function scanRollsum(s: Searcher, end: u32): void {
  const n = blockLength;
  const last = s.bytes + end - n;
  let p = skipUnknown(s, s.bytes + s.position, last);
  let s1 = s.sum1, s2 = s.sum2;
  for (; p < last && !mayKnow(s2 << 16 | (s1 & 0xffff)); p++) {
    const out = <u32>load<u8>(p);
    s1 += <u32>load<u8>(p + n) - out;
    s2 += s1 - n * (out + CHAR_OFFSET);
  }
  s.sum1 = s1;
  s.sum2 = s2;
  s.position = <u32>(p - s.bytes);
}

/**
 * Rolls over windows in eights, as long as none of an eight may be known. Both sums are modulo 2^16, so lanes of 16 bits hold
 * them; the sums of eight windows are running totals over what one step each adds.
 */
function skipUnknown(s: Searcher, p: usize, last: usize): usize {
  const n = <usize>blockLength;
  const length = i16x8.splat(<i16>blockLength);
  const charOffset = i16x8.splat(<i16>CHAR_OFFSET);
  let s1 = i16x8.splat(<i16>s.sum1), s2 = i16x8.splat(<i16>s.sum2);
  for (; p + 8 <= last; p += 8) {
    const out = v128.load_ext<u8>(p);
    const into = v128.load_ext<u8>(p + n);
    const next1 = i16x8.add(s1, total(i16x8.sub(into, out)));
    const next2 = i16x8.add(s2, total(i16x8.sub(next1, i16x8.mul(length, i16x8.add(out, charOffset)))));
    // The windows at p to p + 7 have the sums before the step of p and after those of p to p + 6.
    const here1 = v128.shuffle<i16>(s1, next1, 7, 8, 9, 10, 11, 12, 13, 14);
    const here2 = v128.shuffle<i16>(s2, next2, 7, 8, 9, 10, 11, 12, 13, 14);
    const low = v128.shuffle<i16>(here1, here2, 0, 8, 1, 9, 2, 10, 3, 11);
    const high = v128.shuffle<i16>(here1, here2, 4, 12, 5, 13, 6, 14, 7, 15);
    if (
      mayKnow(i32x4.extract_lane(low, 0)) | mayKnow(i32x4.extract_lane(low, 1)) |
      mayKnow(i32x4.extract_lane(low, 2)) | mayKnow(i32x4.extract_lane(low, 3)) |
      mayKnow(i32x4.extract_lane(high, 0)) | mayKnow(i32x4.extract_lane(high, 1)) |
      mayKnow(i32x4.extract_lane(high, 2)) | mayKnow(i32x4.extract_lane(high, 3))
    ) break;
    s1 = v128.shuffle<i16>(next1, next1, 7, 7, 7, 7, 7, 7, 7, 7);
    s2 = v128.shuffle<i16>(next2, next2, 7, 7, 7, 7, 7, 7, 7, 7);
  }
  s.sum1 = i16x8.extract_lane_u(s1, 7);
  s.sum2 = i16x8.extract_lane_u(s2, 7);
  return p;
}

/** Running totals of eight lanes. */
@inline
function total(x: v128): v128 {
  const zero = i16x8.splat(0);
  x = i16x8.add(x, v128.shuffle<i16>(zero, x, 0, 8, 9, 10, 11, 12, 13, 14));
  x = i16x8.add(x, v128.shuffle<i16>(zero, x, 0, 1, 8, 9, 10, 11, 12, 13));
  return i16x8.add(x, v128.shuffle<i16>(zero, x, 0, 1, 2, 3, 8, 9, 10, 11));
}

function scanRabinKarp(s: Searcher, end: u32): void {
  let hash = s.sum1;
  const power = s.sum2;
  const n = blockLength;
  let p = s.bytes + s.position;
  const last = s.bytes + end - n;
  for (; p < last && !mayKnow(hash); p++) {
    hash = hash * MULTIPLIER + load<u8>(p + n) - power * (<u32>load<u8>(p) + ADJUST);
  }
  s.sum1 = hash;
  s.position = <u32>(p - s.bytes);
}

/** Rolls on by one byte, if there is one. */
function step(s: Searcher, end: u32): void {
  const p = s.bytes + s.position;
  const n = blockLength;
  if (s.position + n < end) {
    const out = <u32>load<u8>(p), into = <u32>load<u8>(p + n);
    if (weakKind == ROLLSUM) {
      s.sum1 += into - out;
      s.sum2 += s.sum1 - n * (out + CHAR_OFFSET);
    } else {
      s.sum1 = s.sum1 * MULTIPLIER + into - s.sum2 * (out + ADJUST);
    }
  }
  s.position++;
}

/** The weak sum of a window, and for RabinKarp the power of the multiplier by its length. */
function sumWeak(s: Searcher, start: u32, length: u32): void {
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

/** MULTIPLIER to a power, by squaring. */
function power(exponent: u32): u32 {
  let result: u32 = 1;
  for (let square = MULTIPLIER; exponent; exponent >>>= 1) {
    if (exponent & 1) result *= square;
    square *= square;
  }
  return result;
}

/** Windows shorter than a block, at the end of the target. */
function searchTail(s: Searcher, end: u32): void {
  if (s.tail == 0) return;
  let start = s.position;
  if (s.tail == 1) {
    const length = lengthOf(recordCount - 1);
    if (end < length || end - length < s.position) return;
    start = end - length;
  }
  if (start >= end) return;
  sumWeak(s, start, end - start);
  for (; start < end; start++) {
    const weak = current(s);
    if (mayKnow(weak) && head(weak) && test(s, start, end - start, weak)) return;
    if (s.tail == 1) return;
    shrink(s, start, end - start);
  }
}

/** Drops the first byte of a window of `length` bytes. */
function shrink(s: Searcher, start: u32, length: u32): void {
  const out = <u32>load<u8>(s.bytes + start);
  if (weakKind == ROLLSUM) {
    s.sum1 -= out + CHAR_OFFSET;
    s.sum2 -= length * (out + CHAR_OFFSET);
  } else {
    s.sum2 = power(length - 1);
    s.sum1 -= s.sum2 * (out + ADJUST);
  }
}

/** Tests a window whose weak sum is known, and takes it if its strong sum is known too. */
function test(s: Searcher, start: u32, length: u32, weak: u32): bool {
  const next = s.expected && start == s.literalStart && keyOf(s.expected - 1) == weak ? s.expected : 0;
  if (!next && isExhausted(s, start)) return false;
  sumWindows(s, start, length, 1, length);
  const block = next && s.preferNext && hasLength(s, next - 1, length) && hasStrong(next - 1, STRONG)
    ? next
    : blockOf(s, weak, STRONG, length);
  if (!block) {
    addFalseAlarm(s, length);
    return false;
  }
  addMatch(s, start, block - 1, length);
  s.isRolled = 0;
  return true;
}
