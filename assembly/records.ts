// The records of one signature. An instance holds one index, so the fields of the index are globals.
//
// With anchors a record is hash, check, offset, next (u32 each) and the strong sum; else weak sum (u32) and strong sum.

import { ANCHOR, RABINKARP, ROLLSUM } from "./_generated/rules";

/** Address of the first record. */
export let records: usize = 0;
export let recordCount: u32 = 0;
/** Bytes from one record to the next. */
export let stride: usize = 0;
/** Offset of the strong sum in a record. */
export let strongAt: usize = 0;
/** Offset of the key in a record: the check with anchors, else the weak sum. */
let keyAt: usize = 0;
export let isAnchored: bool = false;
export let blockLength: u32 = 0;
/** Length of the last block; `blockLength` where the format does not say. */
export let lastLength: u32 = 0;
export let strongLength: u32 = 0;
export let weakKind: u32 = 0;
export let strongKind: u32 = 0;

const CHECK_AT: usize = 4;
const OFFSET_AT: usize = 8;
const NEXT_AT: usize = 12;

/**
 * Starts an index whose records begin at `at`.
 *
 * An unknown weak sum traps here, so the searches need not check it again. An unknown strong sum traps when it is
 * computed.
 *
 * @param weak Number of the weak sum.
 * @param strong Number of the strong sum.
 * @param length Bytes of a block.
 * @param kept Bytes of each strong sum.
 */
export function index_init(at: usize, weak: u32, strong: u32, length: u32, kept: u32): void {
  if (weak != ANCHOR && weak != ROLLSUM && weak != RABINKARP) unreachable();
  records = at;
  recordCount = 0;
  weakKind = weak;
  strongKind = strong;
  blockLength = length;
  strongLength = kept;
  isAnchored = weak == ANCHOR;
  keyAt = isAnchored ? CHECK_AT : 0;
  strongAt = isAnchored ? 16 : 4;
  stride = strongAt + kept;
}

/** Bytes from one record to the next. */
export function index_stride(): usize {
  return stride;
}

/** Appends `count` records from columns. The memory behind the last record must have room for them. */
export function index_add(count: u32, weak: usize, offset: usize, check: usize, strong: usize): void {
  let at = records + <usize>recordCount * stride;
  for (let i: u32 = 0; i < count; i++) {
    store<u32>(at, load<u32>(weak + (<usize>i << 2)));
    if (isAnchored) {
      store<u32>(at, load<u32>(check + (<usize>i << 2)), CHECK_AT);
      store<u32>(at, load<u32>(offset + (<usize>i << 2)), OFFSET_AT);
    }
    copy(at + strongAt, strong, strongLength);
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

@inline
export function keyOf(k: u32): u32 {
  return load<u32>(record(k) + keyAt);
}

@inline
export function offsetOf(k: u32): u32 {
  return load<u32>(record(k), OFFSET_AT);
}

/** The number of the next record with the same anchor, plus 1, or 0. */
@inline
export function nextOf(k: u32): u32 {
  return load<u32>(record(k), NEXT_AT);
}

export function setNext(k: u32, next: u32): void {
  store<u32>(record(k), next, NEXT_AT);
}

/** Length of block `k`. */
@inline
export function lengthOf(k: u32): u32 {
  return k == recordCount - 1 ? lastLength : blockLength;
}

/** Whether record `k` has the strong sum at `sum`. */
export function hasStrong(k: u32, sum: usize): bool {
  const strong = record(k) + strongAt;
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
