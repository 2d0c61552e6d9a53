// Fills: windows of period 1, 2 or 4, such as zeros. All their shingles have the worst hash, so a block that is a fill
// has an anchor with that hash.
import { FILL_FACTOR, FILL_PERIOD, FILL_SLOT_BITS } from "./_generated/rules";
import { FILL_SLOT_LENGTH, FILLS, Searcher } from "./searcher";

/**
 * Whether a window is a fill. The fill seen last is remembered with its end, so each byte is compared once as long as
 * windows come in the order of their starts, as they nearly do.
 */
export function isFill(s: Searcher, start: u32, length: u32): bool {
  const inTarget = s.base + <f64>start;
  if (inTarget < s.fillStart || inTarget + <f64>FILL_PERIOD > s.fillEnd) {
    s.fillStart = inTarget;
    s.fillEnd = inTarget + <f64>FILL_PERIOD;
    s.isFillOver = 0;
  }
  const end = inTarget + <f64>length;
  if (!s.isFillOver && s.fillEnd < end) {
    const last = s.bytes + start + length;
    const p = firstOther(s.bytes + <usize>(s.fillEnd - s.base), last);
    s.fillEnd = s.base + <f64>(p - s.bytes);
    s.isFillOver = p < last;
  }
  return s.fillEnd >= end;
}

/** The first address from `p` on whose byte breaks the period, or `end`. */
function firstOther(p: usize, end: usize): usize {
  while (p + 16 <= end && !v128.any_true(v128.xor(v128.load(p), v128.load(p - FILL_PERIOD)))) p += 16;
  while (p < end && load<u8>(p) == load<u8>(p - FILL_PERIOD)) p++;
  return p;
}

/** The address of the cached result of testing a fill; that of another fill may be in it. */
export function fillSlot(s: Searcher, pattern: u32): usize {
  return changetype<usize>(s) + FILLS + <usize>(pattern * FILL_FACTOR >>> 32 - FILL_SLOT_BITS) * FILL_SLOT_LENGTH;
}
