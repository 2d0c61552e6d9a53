// A Bloom filter of the weak sums of an index: it rules out most unknown sums without a look at a table. A weak sum
// sets four bits in one word, one in each byte, so that one swizzle makes the masks of four weak sums. Two bits of 64,
// which take shifts by a variable, made a rolling search half as fast.
let filter: usize = 0;
/** Masks the offset of a word in the filter. */
let filterMask: u32 = 0;

/** Multipliers of two hashes: one chooses a word of the filter, the other a bit in each of its bytes. */
const WORD_FACTOR: u32 = 0x9e3779b1;
const BITS_FACTOR: u32 = 0x85ebca77;

/** 1 << n for n = 0 to 7. */
const BITS: usize = memory.data<u64>([0x8040201008040201, 0]);
/** The vectors of a probe of four. In memory, because V8 makes constants and globals anew in each turn of a loop. */
const PROBE: usize = memory.data(5 * 16, 16);

/** The address of the word of a weak sum: the hash without its 8 lowest bits, masked. */
@inline
function filterWord(weak: u32): usize {
  return filter + <usize>(weak * WORD_FACTOR >>> 8 & filterMask);
}

/** The mask of a weak sum: in each byte 1 << n, where n is three bits of a byte of the hash. */
@inline
function filterBits(weak: u32): u32 {
  const n = i32x4.splat(weak * BITS_FACTOR >>> 5 & 0x07070707);
  return i32x4.extract_lane(i8x16.swizzle(v128.load(BITS), n), 0);
}

export function addToFilter(weak: u32): void {
  const word = filterWord(weak);
  store<u32>(word, load<u32>(word) | filterBits(weak));
}

/** Whether a weak sum may be known: true for about one unknown sum in a hundred. */
@inline
export function mayKnow(weak: u32): bool {
  const bits = filterBits(weak);
  return (load<u32>(filterWord(weak)) & bits) == bits;
}

/** Starts a filter in zeroed memory of `length` bytes, a power of two. */
export function setFilter(at: usize, length: u32): void {
  filter = at;
  filterMask = length - 1 & ~3;
  v128.store(PROBE, i32x4.splat(WORD_FACTOR));
  v128.store(PROBE, i32x4.splat(BITS_FACTOR), 16);
  v128.store(PROBE, i32x4.splat(filterMask), 32);
  v128.store(PROBE, i32x4.splat(<u32>filter), 48);
  v128.store(PROBE, i32x4.splat(0x07070707), 64);
}

/** Room for the addresses of eight words. They go through memory because extracting lanes was slower. */
export const ADDRESSES: usize = memory.data(32, 16);

/** All ones in the lanes whose weak sums may be known. `at` is the address of 16 bytes in ADDRESSES. */
@inline
export function mayKnowEach(weak: v128, at: usize): v128 {
  const bits = i8x16.swizzle(
    v128.load(BITS),
    v128.and(i32x4.shr_u(i32x4.mul(weak, v128.load(PROBE, 16)), 5), v128.load(PROBE, 64)),
  );
  const word = v128.and(i32x4.shr_u(i32x4.mul(weak, v128.load(PROBE)), 8), v128.load(PROBE, 32));
  v128.store(at, i32x4.add(word, v128.load(PROBE, 48)));
  let words = v128.load32_zero(load<u32>(at));
  words = v128.load32_lane(load<u32>(at, 4), words, 1);
  words = v128.load32_lane(load<u32>(at, 8), words, 2);
  words = v128.load32_lane(load<u32>(at, 12), words, 3);
  return i32x4.eq(v128.and(words, bits), bits);
}
