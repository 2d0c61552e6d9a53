// The state of one search. It is in memory, because several can search an index at a time. Positions are offsets in the
// searcher's bytes.
import {
  BUDGET_PER_BYTE,
  BUDGET_START,
  BUDGET_START_BLOCKS,
  LEAST_COST,
  MATCH_FIELDS,
  MAX_MATCHES,
  RESERVE_BLOCKS,
  TAIL_ANY,
  TAIL_LAST,
  TAIL_NONE,
} from "./_generated/rules";
import { blockLength, lengthOf, recordCount, strongKey, strongKind, strongLength } from "./records";
import { strong_blocks, strongOfFour } from "./strong_blocks";
import { find } from "./tables";

/** Bytes of a match: u32 each. */
const MATCH_LENGTH: usize = 4 * MATCH_FIELDS;

@unmanaged
export class Searcher {
  /** Address of the searcher's bytes. */
  bytes: usize;
  /** Address of the matches. */
  matches: usize;
  matchCount: u32;
  position: u32;
  /** End of the last match: windows do not start before it. */
  literalStart: u32;
  /** Everything before this is decided. */
  settled: u32;
  /** The block after the one just matched plus 1, if the match ended at `literalStart`; else 0. */
  expected: u32;
  /** Which short windows are looked for: TAIL_NONE, TAIL_LAST or TAIL_ANY. */
  tail: u32;
  preferNext: u32;
  /** Whether `sum1` and `sum2` are those of the window at `position`. */
  isRolled: u32;
  sum1: u32;
  sum2: u32;
  /** False alarms since the last match. */
  alarms: u32;
  /** Position of the bytes in the target. */
  base: f64;
  /** Spent on false alarms, in the units of the budget. */
  spent: f64;
  falseAlarms: f64;
  goodAlarms: f64;
  /** Whether the budget was used up and its reserve has not filled yet. */
  isResting: u32;
  /** Bytes summed by the call under way. */
  worked: u32;
  /** Whether `sum1` and `sum2` are those of the bytes from `position` to the end of the target. */
  isTail: u32;
  /** Blocks after a match that are summed together. */
  run: u32;
}

/** Bytes that a call sums before it returns, so that others can work. */
const TURN_LENGTH: u32 = 16 * 1024 * 1024;

/** Blocks of a run that are summed together, at most. */
export const RUN: u32 = 8;
/** The strong sums computed last. */
export const STRONG: usize = memory.data(RUN * 32, 16);

export function searcher_size(): usize {
  return offsetof<Searcher>();
}

/** Starts a search. The memory of its state must be zeroed. */
export function searcher_init(s: Searcher, matches: usize, tail: u32, preferNext: u32): void {
  if (tail != TAIL_NONE && tail != TAIL_LAST && tail != TAIL_ANY) unreachable();
  s.matches = matches;
  s.tail = tail;
  s.preferNext = preferNext;
  s.run = RUN;
}

export function searcher_set_bytes(s: Searcher, bytes: usize): void {
  s.bytes = bytes;
}

export function searcher_settled(s: Searcher): u32 {
  return s.settled;
}

export function searcher_false_alarms(s: Searcher): f64 {
  return s.falseAlarms;
}

export function searcher_good_alarms(s: Searcher): f64 {
  return s.goodAlarms;
}

/** Moves all positions to the front by `length`, which is at most `settled`. */
export function searcher_shift(s: Searcher, length: u32): void {
  s.base += <f64>length;
  s.position -= length;
  s.settled -= length;
  if (s.literalStart >= length) {
    s.literalStart -= length;
  } else {
    // The last match is out of sight, so no window follows it any more.
    s.literalStart = 0;
    s.expected = 0;
  }
}

export function isFull(s: Searcher): bool {
  return s.matchCount == MAX_MATCHES;
}

/** Whether a call has found or done enough, and another shall go on. */
export function isCutShort(s: Searcher): bool {
  return isFull(s) || s.worked >= TURN_LENGTH;
}

export function searcher_is_cut_short(s: Searcher): bool {
  return isCutShort(s);
}

/** What a strong sum of `length` bytes costs, in the units of the budget. */
@inline
function costOf(length: u32): f64 {
  return max<f64>(LEAST_COST, <f64>length);
}

@inline
function budget(s: Searcher, at: u32): f64 {
  return max<f64>(BUDGET_START, BUDGET_START_BLOCKS * <f64>blockLength) + BUDGET_PER_BYTE * (s.base + <f64>at);
}

/** Whether the budget is used up at a position. Once it is, it stays so until the reserve has filled. */
export function isExhausted(s: Searcher, at: u32): bool {
  const reserve = s.isResting ? RESERVE_BLOCKS * costOf(blockLength) : 0;
  s.isResting = u32(s.spent + reserve > budget(s, at));
  return s.isResting != 0;
}

/** The first position where the reserve has filled, if nothing is spent before. */
export function budgetedFrom(s: Searcher): f64 {
  return ceil((s.spent + RESERVE_BLOCKS * costOf(blockLength) - budget(s, 0)) / BUDGET_PER_BYTE);
}

/** Computes the strong sums of `count` consecutive windows into STRONG: `last` is the length of the last window. */
export function sumWindows(s: Searcher, start: u32, length: u32, count: u32, last: u32): void {
  s.worked += count * length;
  strong_blocks(strongKind, strongKey, s.bytes + start, length, count, last, strongLength, STRONG);
}

/** Computes the strong sums of four whole windows into STRONG. The starts of the windows are at `starts`. */
export function sumFour(s: Searcher, starts: usize): void {
  s.worked += 4 * blockLength;
  const p0 = s.bytes + load<u32>(starts), p1 = s.bytes + load<u32>(starts, 4);
  const p2 = s.bytes + load<u32>(starts, 8), p3 = s.bytes + load<u32>(starts, 12);
  strongOfFour(strongKind, strongKey, p0, p1, p2, p3, blockLength, strongLength, STRONG);
}

/** The block with this weak sum and the strong sum at `sum` plus 1, or 0. */
export function blockOf(s: Searcher, weak: u32, sum: usize, length: u32): u32 {
  const block = find(weak, sum);
  return block && hasLength(s, block - 1, length) ? block : 0;
}

/** Whether a block may have this length. Where the length of the last block is unknown, any may. */
export function hasLength(s: Searcher, k: u32, length: u32): bool {
  return s.tail == TAIL_ANY || lengthOf(k) == length;
}

export function addFalseAlarm(s: Searcher, length: u32): void {
  s.falseAlarms += 1;
  s.alarms++;
  s.spent += costOf(length);
}

/** Adds a match, joined to the one before if it continues it, and goes on behind it. */
export function addMatch(s: Searcher, start: u32, k: u32, length: u32): void {
  s.goodAlarms += 1;
  s.alarms = 0;
  if (!join(s, start, k, length)) {
    const at = s.matches + <usize>s.matchCount * MATCH_LENGTH;
    store<u32>(at, start);
    store<u32>(at, k, 4);
    store<u32>(at, length, 8);
    s.matchCount++;
  }
  s.literalStart = s.position = start + length;
  s.expected = k + 1 < recordCount ? k + 2 : 0;
}

function join(s: Searcher, start: u32, k: u32, length: u32): bool {
  if (!s.matchCount) return false;
  const at = s.matches + <usize>(s.matchCount - 1) * MATCH_LENGTH;
  const joined = load<u32>(at, 8);
  if (load<u32>(at) + joined != start) return false;
  const first = load<u32>(at, 4);
  if (k < first || <u64>(k - first) * blockLength != joined) return false;
  store<u32>(at, joined + length, 8);
  return true;
}
