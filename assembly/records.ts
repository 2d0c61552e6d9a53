// The records of one signature: weak sum (u32) and strong sum. An instance has one index at a time, so the fields of
// the index are globals. The host sets them anew when it has put another index into the memory.
import { RABINKARP, ROLLSUM } from "./_generated/rules";

/** Address of the first record. */
export let records: usize = 0;
export let recordCount: u32 = 0;
/** Bytes from one record to the next. */
export let stride: usize = 0;
/** Offset of the strong sum in a record. */
export const STRONG_AT: usize = 4;
export let blockLength: u32 = 0;
/** Length of the last block; `blockLength` where the format does not say. */
export let lastLength: u32 = 0;
export let strongLength: u32 = 0;
export let weakKind: u32 = 0;
export let strongKind: u32 = 0;
/** Address of the key of the strong sums, or 0. */
export let strongKey: usize = 0;

/**
 * Goes to an index whose records begin at `at`.
 *
 * An unknown weak sum traps here, so the searches need not check it again. An unknown strong sum traps when it is
 * computed.
 *
 * @param count Records that are there.
 * @param weak Number of the weak sum.
 * @param strong Number of the strong sum.
 * @param length Bytes of a block.
 * @param kept Bytes of each strong sum.
 * @param key Address of the key of the strong sums, or 0.
 */
export function index_init(
  at: usize,
  count: u32,
  weak: u32,
  strong: u32,
  length: u32,
  kept: u32,
  key: usize,
): void {
  if (weak != ROLLSUM && weak != RABINKARP) unreachable();
  records = at;
  recordCount = count;
  weakKind = weak;
  strongKind = strong;
  strongKey = key;
  blockLength = length;
  strongLength = kept;
  stride = STRONG_AT + kept;
}

/** Bytes from one record to the next. */
export function index_stride(): usize {
  return stride;
}

/** Appends `count` records from columns. The memory behind the last record must have room for them. */
export function index_add(count: u32, weak: usize, strong: usize): void {
  let at = records + <usize>recordCount * stride;
  for (let i: u32 = 0; i < count; i++) {
    store<u32>(at, load<u32>(weak + (<usize>i << 2)));
    copy(at + STRONG_AT, strong, strongLength);
    strong += strongLength;
    at += stride;
  }
  recordCount += count;
}

export function setLastLength(length: u32): void {
  lastLength = length;
}

@inline
export function record(k: u32): usize {
  return records + <usize>k * stride;
}

@inline
export function weakOf(k: u32): u32 {
  return load<u32>(record(k));
}

/** Length of block `k`. */
@inline
export function lengthOf(k: u32): u32 {
  return k == recordCount - 1 ? lastLength : blockLength;
}

/** Whether record `k` has the strong sum at `sum`. */
export function hasStrong(k: u32, sum: usize): bool {
  const strong = record(k) + STRONG_AT;
  let i: usize = 0;
  for (; i + 8 <= strongLength; i += 8) if (load<u64>(strong + i) != load<u64>(sum + i)) return false;
  for (; i < strongLength; i++) if (load<u8>(strong + i) != load<u8>(sum + i)) return false;
  return true;
}

/** Copies bytes by a loop, because `memory.copy` is a call out of WebAssembly. */
function copy(to: usize, from: usize, length: usize): void {
  let i: usize = 0;
  for (; i + 8 <= length; i += 8) store<u64>(to + i, load<u64>(from + i));
  for (; i < length; i++) store<u8>(to + i, load<u8>(from + i));
}
