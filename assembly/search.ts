// The search of the rsync technical report: it rolls a weak sum along the target and looks it up at every byte.
import { ROLLSUM, TAIL_LAST, TAIL_NONE } from "./_generated/rules";
import { blockLength, hasStrong, lengthOf, recordCount, strongLength, weakKind, weakOf } from "./records";
import { rabinkarp_blocks } from "./rabinkarp_blocks";
import { rollsum_blocks } from "./rollsum_blocks";
import { current, isKnown, scan, shrink, step, sumWeak } from "./scan";
import {
  addFalseAlarm,
  addMatch,
  blockOf,
  budgetedFrom,
  hasLength,
  isCutShort,
  isExhausted,
  isFull,
  RUN,
  Searcher,
  STRONG,
  sumFour,
  sumWindows,
} from "./searcher";

/** Longer windows are summed one by one: several are long work. */
const MAX_TOGETHER: u32 = 4 * 1024 * 1024;
/** Room for the weak sums of the blocks of a run. */
const WEAK: usize = memory.data(RUN * 4, 16);

/** Searches as far as `end` bytes and its turn allow, and returns the number of matches. */
export function search(s: Searcher, end: u32, isLast: bool): u32 {
  s.matchCount = 0;
  s.worked = 0;
  if (!recordCount) {
    s.position = isLast ? end : max<u32>(s.position, end > blockLength ? end - blockLength : 0);
  } else {
    searchWhole(s, end, isLast);
    if (isLast && s.position + blockLength > end) searchTail(s, end);
  }
  s.settled = s.position;
  return s.matchCount;
}

/** Windows of a whole block. Except at the end of the target, one more byte must be there to roll on to. */
function searchWhole(s: Searcher, end: u32, isLast: bool): void {
  const limit = <i64>end - <i64>blockLength - (isLast ? 0 : 1);
  while (<i64>s.position <= limit && !isCutShort(s)) {
    if (!s.isRolled && s.expected && s.position == s.literalStart && takeRun(s, limit)) continue;
    if (!s.isRolled) sumWeak(s, s.position, blockLength);
    s.isRolled = 1;
    const isFound = scan(s, end);
    if (<i64>s.position > limit) return;
    if (isFound && isRefused(s, s.position, current(s))) skipUnbudgeted(s, limit);
    else if (isFound && s.alarms >= PATIENCE && blockLength <= MAX_TOGETHER) testFour(s, end, limit);
    else if (!isFound || !takeRun(s, limit)) step(s, end);
  }
}

/**
 * Takes blocks that follow one another in the target, whether they do so in the basis or not. Their strong sums are
 * computed together. The outcome is that of testing one window after another: the budget has allowed the first, or it
 * follows a match, and behind a match the budget is never used up. Returns whether it did something.
 */
function takeRun(s: Searcher, limit: i64): bool {
  const start = s.position;
  const run: i64 = blockLength > MAX_TOGETHER ? 1 : s.run;
  const maxCount = <u32>min<i64>(run, (limit - start) / blockLength + 1);
  if (weakKind == ROLLSUM) rollsum_blocks(s.bytes + start, blockLength, maxCount, blockLength, WEAK);
  else rabinkarp_blocks(s.bytes + start, blockLength, maxCount, blockLength, WEAK);
  let count: u32 = 0;
  while (count < maxCount && isInRun(s, count, load<u32>(WEAK + (count << 2)))) count++;
  if (!count) return false;
  sumWindows(s, start, blockLength, count, blockLength);
  for (let i: u32 = 0; i < count; i++) {
    const weak = load<u32>(WEAK + (i << 2));
    if (isFull(s)) return true;
    if (!take(s, s.position, blockLength, weak, STRONG + <usize>(i * strongLength))) {
      // The sums of the rest were in vain. Where that comes again and again, they are not computed.
      s.run = 1;
      if (s.isRolled) return false;
      s.position++;
      return true;
    }
  }
  s.run = min(2 * s.run, RUN);
  return true;
}

/** Whether a weak sum is known: in the cheapest way if it is that of the block `count` after the one expected. */
@inline
function isInRun(s: Searcher, count: u32, weak: u32): bool {
  const k = s.expected - 1 + count;
  return (k < recordCount && weakOf(k) == weak) || isKnown(weak);
}

/** Windows shorter than a block, at the end of the target: those that start at `position` and later. */
function searchTail(s: Searcher, end: u32): void {
  const length = lengthOf(recordCount - 1);
  const isPast = s.tail == TAIL_LAST && (end < length || end - length < s.position);
  if (s.tail == TAIL_NONE || isPast) s.position = end;
  else if (s.tail == TAIL_LAST) s.position = end - length;
  while (s.position < end && !isCutShort(s)) {
    const start = s.position;
    if (!s.isTail) sumWeak(s, start, end - start);
    s.isTail = 1;
    const weak = current(s);
    if (isKnown(weak) && test(s, start, end - start, weak)) return;
    shrink(s, start, end - start);
    s.position = s.tail == TAIL_LAST ? end : start + 1;
    s.worked++;
  }
}

/** Goes on to the next window that the budget allows. Those before it count as unknown, whatever their sums are. */
function skipUnbudgeted(s: Searcher, limit: i64): void {
  s.position = <u32>min<f64>(<f64>(limit + 1), budgetedFrom(s));
  s.isRolled = 0;
}

/** False alarms in a row after which windows are tested four at a time. */
const PATIENCE: u32 = 4;
/** How many bytes the search looks ahead for the next three. */
const REACH: u32 = 16384;
/** The starts of up to four windows, and their weak sums. */
const STARTS: usize = memory.data(16, 16);
const WEAKS: usize = memory.data(16, 16);

/**
 * Tests the window at hand and the next three with a known weak sum together, as four strong sums cost what one does.
 * The outcome is that of testing them one after another, since what follows a match is forgotten.
 */
function testFour(s: Searcher, end: u32, limit: i64): void {
  const reach = min<i64>(limit, <i64>s.position + <i64>REACH);
  let count: usize = 0;
  for (let isThere = true; isThere;) {
    store<u32>(STARTS + (count << 2), s.position);
    store<u32>(WEAKS + (count << 2), current(s));
    step(s, end);
    count++;
    isThere = count < 4 && <i64>s.position <= reach && scan(s, end) && <i64>s.position <= limit;
  }
  if (count < 4) {
    for (let i: usize = 0; i < count; i++) {
      if (test(s, load<u32>(STARTS + (i << 2)), blockLength, load<u32>(WEAKS + (i << 2)))) return;
    }
    return;
  }
  sumFour(s, STARTS);
  for (let i: usize = 0; i < 4; i++) {
    const start = load<u32>(STARTS + (i << 2));
    if (isExhausted(s, start)) continue;
    if (take(s, start, blockLength, load<u32>(WEAKS + (i << 2)), STRONG + i * strongLength)) return;
  }
}

/** Tests a window whose weak sum is known, and takes it if its strong sum is known too. Returns whether it did. */
function test(s: Searcher, start: u32, length: u32, weak: u32): bool {
  if (isRefused(s, start, weak)) return false;
  sumWindows(s, start, length, 1, length);
  return take(s, start, length, weak, STRONG);
}

/** Whether a window follows the last match and has the weak sum of the block that follows the one matched. */
@inline
function isNext(s: Searcher, start: u32, weak: u32): bool {
  return s.expected && start == s.literalStart && weakOf(s.expected - 1) == weak;
}

/** Whether the budget does not allow to test a window whose weak sum is known. Blocks that are expected need none. */
@inline
function isRefused(s: Searcher, start: u32, weak: u32): bool {
  return !isNext(s, start, weak) && isExhausted(s, start);
}

/** Takes a window if its strong sum, at `strong`, is known. Returns whether it did. */
function take(s: Searcher, start: u32, length: u32, weak: u32, strong: usize): bool {
  const next = s.expected;
  const block = isNext(s, start, weak) && s.preferNext && hasLength(s, next - 1, length) && hasStrong(next - 1, strong)
    ? next
    : blockOf(s, weak, strong, length);
  if (!block) {
    addFalseAlarm(s, length);
    return false;
  }
  addMatch(s, start, block - 1, length);
  s.isRolled = 0;
  return true;
}
