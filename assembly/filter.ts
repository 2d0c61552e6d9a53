// A Bloom filter of the weak sums of an index: it tells most that are unknown without a look at a table, and holds four bits in one word
// for each weak sum, a bit in each byte. So a swizzle makes the masks of four weak sums; two bits of 64, which take shifts by a variable,
// made a rolling search half as fast.
let filter: usize = 0;
/** The bits of an offset in the filter. */
let filterMask: u32 = 0;

/** Multipliers of the hash that chooses a word of the filter, and of the one that chooses a bit in each of its bytes. */
const WORD_FACTOR: u32 = 0x9e3779b1;
const BITS_FACTOR: u32 = 0x85ebca77;

/** 1 << n for n = 0 to 7. */
const BITS: usize = memory.data<u64>([0x8040201008040201, 0]);
/** What a probe of four needs in vectors. Made once before a loop: V8 makes constants and globals anew each time around. */
const PROBE: usize = memory.data(5 * 16, 16);

/** The address of a word. Of the hash the bits above the lowest 8 and 2 count, as the filter has words. */
@inline
function filterWord(weak: u32): usize {
  return filter + <usize>(weak * WORD_FACTOR >>> 8 & filterMask);
}

/** 1 << n for each n of the low bytes; n is three bits of each byte of a hash. */
@inline
function filterBits(weak: u32): u32 {
  const n = i32x4.splat(weak * BITS_FACTOR >>> 5 & 0x07070707);
  return i32x4.extract_lane(i8x16.swizzle(v128.load(BITS), n), 0);
}

export function addToFilter(weak: u32): void {
  const word = filterWord(weak);
  store<u32>(word, load<u32>(word) | filterBits(weak));
}

/** Whether a weak sum may be known: wrongly so for about one in a hundred. */
@inline
export function mayKnow(weak: u32): bool {
  const bits = filterBits(weak);
  return (load<u32>(filterWord(weak)) & bits) == bits;
}

/** Takes zeroed memory for a filter: `length` bytes, a power of two. */
export function setFilter(at: usize, length: u32): void {
  filter = at;
  filterMask = length - 1 & ~3;
  v128.store(PROBE, i32x4.splat(WORD_FACTOR));
  v128.store(PROBE, i32x4.splat(BITS_FACTOR), 16);
  v128.store(PROBE, i32x4.splat(filterMask), 32);
  v128.store(PROBE, i32x4.splat(<u32>filter), 48);
  v128.store(PROBE, i32x4.splat(0x07070707), 64);
}

/** Room for the addresses of eight words. Through memory: extracting lanes was slower. */
export const ADDRESSES: usize = memory.data(32, 16);

/** In each lane, all ones if its weak sum may be known. `at` is 16 bytes of ADDRESSES. */
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
