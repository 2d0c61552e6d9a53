// Fills: windows of period 1, 2 or 4, as zeros are. All their shingles have the worst hash, and so the anchor of each block that is one.
import { FILL_FACTOR, FILL_PERIOD, FILL_SLOT_BITS } from "./_generated/rules";
import { FILL_SLOT_LENGTH, FILLS, Searcher } from "./searcher";

/**
 * Whether a window is a fill. Windows come in the order of their starts, nearly, and each byte is compared once while they do: the fill
 * that they lie in is remembered, and its end.
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

/** The first address from `p` on whose byte differs from the one a period before, or `end`. */
function firstOther(p: usize, end: usize): usize {
  while (p + 16 <= end && !v128.any_true(v128.xor(v128.load(p), v128.load(p - FILL_PERIOD)))) p += 16;
  while (p < end && load<u8>(p) == load<u8>(p - FILL_PERIOD)) p++;
  return p;
}

/** Where the block is noted that a fill is, after a test: pattern, length, block plus 1. */
export function fillSlot(s: Searcher, pattern: u32): usize {
  return changetype<usize>(s) + FILLS + <usize>(pattern * FILL_FACTOR >>> 32 - FILL_SLOT_BITS) * FILL_SLOT_LENGTH;
}
