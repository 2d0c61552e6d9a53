// The search by anchors (docs/formats/rsync-streams.md, "The anchor"): it hashes the shingle at each position, and
// tests windows only where the hash may be that of an anchor.
import { CHAIN_STEP_COST, CHECK_COST, FILL_PERIOD, SHINGLE_LENGTH, TAIL_LAST, WORST_HASH } from "./_generated/rules";
import {
  blockLength,
  hasStrong,
  isAnchored,
  keyOf,
  lengthOf,
  nextOf,
  offsetOf,
  recordCount,
  strongKind,
  strongLength,
} from "./records";
import { nextCandidate } from "./scan";
import { fillSlot, isFill } from "./fills";
import {
  addFalseAlarm,
  addMatch,
  blockOf,
  isDoubtExhausted,
  isExhausted,
  isFull,
  isWanted,
  RUN,
  Searcher,
  STRONG,
  sumFour,
  sumWindows,
} from "./searcher";
import { inLockstep } from "./strong_blocks";
import { shingle } from "./shingle";
import { fillRecord, head, isOfFill, mayBeAnchor } from "./tables";

/** Searches as far as `end` bytes allow, and returns the number of matches. */
export function search_anchored(s: Searcher, end: u32, isLast: bool): u32 {
  if (!isAnchored) unreachable();
  s.matchCount = 0;
  startCount = 0;
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
  // At a position up to here, the windows end in the bytes at hand: those that it implies, and those that are looked at
  // before one of them is taken.
  const limit = <i64>end - (isLast ? <i64>SHINGLE_LENGTH : 2 * <i64>blockLength);
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

/** Check of a window: the hash of its first shingle xor that of its last, rotated by 16; 0 if it is too short. */
@inline
function checkAt(p: usize, length: u32): u32 {
  if (length < SHINGLE_LENGTH) return 0;
  return shingle(p) ^ rotl<u32>(shingle(p + length - SHINGLE_LENGTH), 16);
}

/**
 * Tests whether the blocks after the one just matched follow, as many at once as are summed together. Returns false if
 * that takes more bytes.
 */
function takeNext(s: Searcher, end: u32, isLast: bool): bool {
  const first = s.expected - 1;
  const start = s.literalStart;
  let count: u32 = 0;
  let at = start;
  let last: u32 = 0;
  // The run ends at a block with another check, and waits at a block whose bytes are missing.
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
  startCount = 0;
  sumWindows(s, start, blockLength, count, last);
  at = start;
  for (let i: u32 = 0; i < count; i++) {
    const length = lengthOf(first + i);
    if (!hasStrong(first + i, STRONG + <usize>(i * strongLength))) {
      addFalseAlarm(s, length);
      s.expected = 0;
      return true;
    }
    // If there is no room for more matches, the next call sums the rest of the run again.
    if (isFull(s)) return true;
    addMatch(s, at, first + i, length);
    at += length;
  }
  return true;
}

/** Goes on to the next position with a window that is a block. Returns false if there is none up to `limit`. */
function findAnchor(s: Searcher, limit: i64, end: u32): bool {
  while (<i64>s.position <= limit) {
    const found = nextCandidate(s.bytes + s.position, s.bytes + <usize>limit) - s.bytes;
    s.position = <u32>found;
    if (<i64>found > limit) return false;
    s.block = 0;
    look(s, s.position, end);
    if (s.block) return true;
    s.position = fillRecord ? afterFill(s, s.position, end) : s.position + 1;
  }
  return false;
}

/**
 * Looks at the positions in the window found, for a window that starts earlier.
 *
 * If the window is the short last block, it also looks for a whole block with the same start: otherwise a file of equal
 * blocks would be copied in pieces of the short one. That look goes beyond the window, so it is charged, and left out
 * when the budget is used up.
 */
function preferEarlier(s: Searcher, end: u32): void {
  const wantsWhole = s.length < blockLength && !isExhausted(s, s.position);
  if (wantsWhole) s.spent += <f64>blockLength;
  for (let at = s.position + 1; at + SHINGLE_LENGTH <= end; at++) {
    if (wantsWhole && s.length < blockLength) {
      if (at + SHINGLE_LENGTH > s.start + blockLength) return;
    } else if (s.start <= s.literalStart || at >= s.start + s.length) {
      return;
    }
    if (mayBeAnchor(shingle(s.bytes + at))) look(s, at, end);
  }
}

/** Tests the windows that an anchor at `at` implies. Keeps the earliest that is a block; of those, the longest. */
function look(s: Searcher, at: u32, end: u32): void {
  const hash = shingle(s.bytes + at);
  if (fillRecord && hash == WORST_HASH) return lookAtFill(s, at, end);
  for (let next = head(hash); next;) {
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
    s.spent += CHECK_COST;
    const check = keyOf(k);
    if (checkAt(s.bytes + start, length) != check) continue;
    const block = isOfFill(k) ? testFill(s, start, length) : testWindow(s, start, length, check, at, next, end);
    if (!block) continue;
    s.start = start;
    s.length = length;
    s.block = block;
  }
}

/** As `look`, where one record stands for all fills. It is free of charge, since its time is bounded. */
function lookAtFill(s: Searcher, start: u32, end: u32): void {
  if (start < s.literalStart || <u64>start + blockLength > end) return;
  if (s.block && (start > s.start || blockLength <= s.length)) return;
  if (checkAt(s.bytes + start, blockLength)) return;
  const block = testFill(s, start, blockLength);
  if (!block) return;
  s.start = start;
  s.length = blockLength;
  s.block = block;
}

/** The next position to look at. Skips the windows of a fill if none of its four patterns is a block. */
function afterFill(s: Searcher, at: u32, end: u32): u32 {
  if (shingle(s.bytes + at) != WORST_HASH || <u64>at + blockLength > end || !isFill(s, at, blockLength)) return at + 1;
  for (let i: u32 = 0; i < FILL_PERIOD; i++) {
    const pattern = load<u32>(s.bytes + at + i);
    const slot = fillSlot(s, pattern);
    if (load<u32>(slot) != pattern || load<u32>(slot, 4) != blockLength || load<u32>(slot, 8)) return at + 1;
  }
  isFill(s, at, end - at);
  return <u32>(s.fillEnd - s.base) - blockLength + 1;
}

/**
 * As `testWindow`, where the record is that of a fill. Fills are known by their pattern, and each is tested once.
 *
 * A window that is no fill can have the same check, since it starts and ends in fills; executables have millions of
 * those. It is a block only if another encoder chose its anchor differently, so a small share of the budget is for such
 * windows.
 */
function testFill(s: Searcher, start: u32, length: u32): u32 {
  if (!isFill(s, start, length)) {
    if (isDoubtExhausted(s, start)) return 0;
    const block = testWindow(s, start, length, 0, start, 0, 0);
    if (!block) s.doubted += <f64>length;
    return block;
  }
  const pattern = load<u32>(s.bytes + start);
  const slot = fillSlot(s, pattern);
  if (load<u32>(slot) == pattern && load<u32>(slot, 4) == length) return load<u32>(slot, 8);
  const block = testWindow(s, start, length, 0, start, 0, 0);
  store<u32>(slot, pattern);
  store<u32>(slot, length, 4);
  store<u32>(slot, block, 8);
  return block;
}

/**
 * The block that a window is plus 1, or 0. If several anchors imply a window one after another, it is tested once.
 *
 * @param at The position of the anchor. The search goes on from there, with entry `next` of its chain.
 */
function testWindow(s: Searcher, start: u32, length: u32, check: u32, at: u32, next: u32, end: u32): u32 {
  const inTarget = s.base + <f64>start;
  if (inTarget == s.testedStart && length == s.testedLength) return s.testedBlock;
  const block = blockOf(s, check, sumAhead(s, start, length, at, next, end), length);
  if (!block) addFalseAlarm(s, length);
  s.testedStart = inTarget;
  s.testedLength = length;
  s.testedBlock = block;
  return block;
}

/** False alarms in a row after which windows are summed together. */
const PATIENCE: u32 = 4;
/** How far the search looks ahead for them: entries of chains, and bytes. */
const AHEAD: u32 = 16;
const REACH: u32 = 256;
/** The starts of the windows whose sums are in STRONG, and their number. */
const STARTS: usize = memory.data(16, 16);
let startCount: u32 = 0;

/**
 * Computes the strong sum of a window, and returns its address.
 *
 * Four sums cost what one does. So the sums of windows that the search may come to next are computed too, and found
 * here when it does.
 */
function sumAhead(s: Searcher, start: u32, length: u32, at: u32, next: u32, end: u32): usize {
  if (length == blockLength && s.alarms >= PATIENCE) {
    for (let i: u32 = 0; i < startCount; i++) {
      if (load<u32>(STARTS + (i << 2)) == start) return STRONG + <usize>(i * strongLength);
    }
    startCount = 0;
    addStart(start);
    gatherStarts(s, at, next, end);
    if (startCount > 1 && inLockstep(strongKind, length, startCount)) {
      // A lane without a window repeats the first.
      for (let i = startCount; i < 4; i++) store<u32>(STARTS + (i << 2), start);
      sumFour(s, STARTS);
      return STRONG;
    }
  }
  startCount = 0;
  sumWindows(s, start, length, 1, length);
  return STRONG;
}

/** Adds windows of the rest of a chain and of the next positions, up to four in all. */
function gatherStarts(s: Searcher, at: u32, next: u32, end: u32): void {
  const reach = min<u32>(at + REACH, end - SHINGLE_LENGTH);
  for (let left = AHEAD; left && startCount < 4; left--) {
    while (!next) {
      at = <u32>(nextCandidate(s.bytes + at + 1, s.bytes + reach) - s.bytes);
      if (at > reach) return;
      next = head(shingle(s.bytes + at));
    }
    const k = next - 1;
    next = nextOf(k);
    const start = at - offsetOf(k);
    if (at < offsetOf(k) || start < s.literalStart || <u64>start + blockLength > end || isOfFill(k)) continue;
    if (lengthOf(k) == blockLength && checkAt(s.bytes + start, blockLength) == keyOf(k)) addStart(start);
  }
}

function addStart(start: u32): void {
  store<u32>(STARTS + (startCount << 2), start);
  startCount++;
}

/** Looks for a last block that is too short for an anchor, at the end of the target. */
function searchTail(s: Searcher, end: u32): void {
  if (s.tail != TAIL_LAST || !recordCount) return;
  const length = lengthOf(recordCount - 1);
  if (length >= SHINGLE_LENGTH || end < length || end - length < s.literalStart) return;
  sumWindows(s, end - length, length, 1, length);
  if (hasStrong(recordCount - 1, STRONG)) addMatch(s, end - length, recordCount - 1, length);
  else addFalseAlarm(s, length);
}
