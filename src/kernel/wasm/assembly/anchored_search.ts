// The search by anchors (format page, "The anchor"): the shingle at each position is hashed, and only where it may be an anchor are the windows tested
// that it implies.
import { blockLength, hasStrong, keyOf, lengthOf, nextOf, offsetOf, recordCount, strongLength } from "./records";
import { nextCandidate } from "./scan";
import { addFalseAlarm, addMatch, blockOf, isExhausted, isFull, isWanted, Searcher, STRONG, sumWindows } from "./searcher";
import { shingle, SPAN } from "./shingle";
import { head, mayBeAnchor, zeroBlock } from "./tables";

/** Charged for an entry of a chain, and for a window whose check is computed, as in ../../work_budget.ts. */
const CHAIN_STEP_COST: f64 = 1;
const CHECK_COST: f64 = 4;
/** Blocks of a run that are summed together. */
const RUN: u32 = 4;

/** Searches as far as `end` bytes allow. Gives the number of matches. */
export function search_anchored(s: Searcher, end: u32, isLast: bool): u32 {
  s.matchCount = 0;
  if (recordCount) run(s, end, isLast);
  else s.position = end;
  if (isLast && !isFull(s)) {
    searchTail(s, end);
    s.position = s.settled = end;
  } else {
    s.settled = max<u32>(s.literalStart, s.position > blockLength ? s.position - blockLength : 0);
  }
  return s.matchCount;
}

function run(s: Searcher, end: u32, isLast: bool): void {
  // Windows implied by a position, and by the positions looked at before one of them is taken, end in the bytes there are.
  const limit = <i64>end - (isLast ? <i64> SPAN : 2 * <i64>blockLength);
  while (!isFull(s)) {
    if (s.expected) {
      if (!takeNext(s, end, isLast)) return;
      continue;
    }
    if (!findAnchor(s, limit, end)) return;
    preferEarlier(s, end);
    addMatch(s, s.start, s.block - 1, s.length);
  }
}

@inline
function checkAt(p: usize, length: u32): u32 {
  if (length < <u32> SPAN) return 0;
  return shingle(p) ^ rotl<u32>(shingle(p + length - SPAN), 16);
}

/** Tests whether the blocks after the one just matched follow, up to four at once. False if more bytes are needed to tell. */
function takeNext(s: Searcher, end: u32, isLast: bool): bool {
  const first = s.expected - 1;
  const start = s.literalStart;
  let count: u32 = 0;
  let at = start;
  let last: u32 = 0;
  // The run ends in the block whose check differs, and waits at the one whose bytes are missing.
  let isMissing = false;
  while (count < RUN && first + count < recordCount) {
    const length = lengthOf(first + count);
    if (<u64>at + length > end) {
      isMissing = true;
      break;
    }
    if (!isWanted(s, first + count)) break;
    if (checkAt(s.bytes + at, length) != keyOf(first + count)) break;
    at += last = length;
    count++;
  }
  if (!count) {
    if (isMissing && !isLast) return false;
    s.expected = 0;
    return true;
  }
  sumWindows(s, start, blockLength, count, last);
  at = start;
  for (let i: u32 = 0; i < count; i++) {
    const length = lengthOf(first + i);
    if (!hasStrong(first + i, STRONG + <usize>(i * strongLength))) {
      addFalseAlarm(s, length);
      s.expected = 0;
      return true;
    }
    // Room for a match may end within the run; the rest of it is summed again.
    if (isFull(s)) return true;
    addMatch(s, at, first + i, length);
    at += length;
  }
  return true;
}

/** Goes on to the next position that implies a window which is a block. */
function findAnchor(s: Searcher, limit: i64, end: u32): bool {
  while (<i64>s.position <= limit) {
    const found = nextCandidate(s.bytes + s.position, s.bytes + <usize>limit) - s.bytes;
    s.position = <u32>found;
    if (<i64>found > limit) return false;
    s.block = 0;
    look(s, s.position, end);
    if (s.block) return true;
    s.position++;
  }
  return false;
}

/**
 * Looks whether later positions imply a window that starts before the one found, or, if that is the short last block, a
 * whole block where it starts. That look goes further than the window found, so it is charged, and left out when the budget is used
 * up.
 */
function preferEarlier(s: Searcher, end: u32): void {
  const wantsWhole = s.length < blockLength && !isExhausted(s, s.position);
  if (wantsWhole) s.spent += <f64>blockLength;
  for (let at = s.position + 1; at + <u32>SPAN <= end; at++) {
    if (wantsWhole && s.length < blockLength) {
      if (at + <u32>SPAN > s.start + blockLength) return;
    } else if (s.start <= s.literalStart || at >= s.start + s.length) {
      return;
    }
    if (mayBeAnchor(shingle(s.bytes + at))) look(s, at, end);
  }
}

/** Tests the windows that an anchor at `at` implies, and keeps the earliest that is a block; the longest of those. */
function look(s: Searcher, at: u32, end: u32): void {
  for (let next = head(shingle(s.bytes + at)); next;) {
    const k = next - 1;
    next = nextOf(k);
    s.spent += CHAIN_STEP_COST;
    if (isExhausted(s, at)) return;
    const offset = offsetOf(k);
    const length = lengthOf(k);
    if (at < offset) continue;
    const start = at - offset;
    if (start < s.literalStart || <u64>start + length > end || !isWanted(s, k)) continue;
    if (s.block && (start > s.start || start == s.start && length <= s.length)) continue;
    if (k + 1 == zeroBlock && !isZero(s, start, length)) continue;
    s.spent += CHECK_COST;
    const check = keyOf(k);
    if (checkAt(s.bytes + start, length) != check) continue;
    const block = testWindow(s, start, length, check);
    if (!block) continue;
    s.start = start;
    s.length = length;
    s.block = block;
  }
}

/**
 * Whether a window holds zeros alone. Short runs of them are everywhere in executables, and pass for a block of zeros if another run
 * stands where the block would end. A byte that is none rules out all windows over it, so this takes a pass or two over the target.
 */
function isZero(s: Searcher, start: u32, length: u32): bool {
  const inTarget = s.base + <f64>start;
  if (s.nonZeroAt >= inTarget && s.nonZeroAt < inTarget + <f64>length) return false;
  const first = s.bytes + start;
  let p = first + length;
  for (; p >= first + 16 && !v128.any_true(v128.load(p - 16)); p -= 16);
  for (; p > first; p--) {
    if (load<u8>(p - 1)) {
      s.nonZeroAt = s.base + <f64>(p - 1 - s.bytes);
      return false;
    }
  }
  return true;
}

/** The block that a window is plus 1, or 0; computed once for a window that several anchors imply. */
function testWindow(s: Searcher, start: u32, length: u32, check: u32): u32 {
  const inTarget = s.base + <f64>start;
  if (inTarget == s.testedStart && length == s.testedLength) return s.testedBlock;
  sumWindows(s, start, length, 1, length);
  const block = blockOf(s, check, STRONG, length);
  if (!block) addFalseAlarm(s, length);
  s.testedStart = inTarget;
  s.testedLength = length;
  s.testedBlock = block;
  return block;
}

/** A last block too short for an anchor is looked for at the end of the target. */
function searchTail(s: Searcher, end: u32): void {
  if (s.tail != 1 || !recordCount) return;
  const length = lengthOf(recordCount - 1);
  if (length >= <u32> SPAN || end < length || end - length < s.literalStart) return;
  sumWindows(s, end - length, length, 1, length);
  if (hasStrong(recordCount - 1, STRONG)) addMatch(s, end - length, recordCount - 1, length);
  else addFalseAlarm(s, length);
}
