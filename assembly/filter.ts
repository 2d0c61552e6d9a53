// A Bloom filter of the weak sums of an index: it rules out most unknown sums without a look at a table. A weak sum
// sets four bits in one word, one in each byte, so that one swizzle makes the masks of four weak sums. Two bits of 64,
// which take shifts by a variable, made a rolling search half as fast.
import { factor0, factor1, filterHash, fold } from "./keyed_hash";

let filter: usize = 0;
/** By how much the hash of a weak sum is shifted to make it the offset of a word in the filter. */
let shift: u32 = 0;

/** 1 << n for n = 0 to 7. */
const BITS: usize = memory.data<u64>([0x8040201008040201, 0]);
/** The vectors of a probe of four. In memory, because V8 makes constants and globals anew in each turn of a loop. */
const PROBE: usize = memory.data(5 * 16, 16);

/** The address of the word of a weak sum: the upper bits of its hash. */
@inline
function filterWord(weak: u32): usize {
  return filter + <usize>(filterHash(weak) >>> shift & ~3);
}

/** The mask of a weak sum: in each byte 1 << n, where n is three bits of a byte of the half of its hash. */
@inline
function filterBits(weak: u32): u32 {
  const n = i32x4.splat(fold(weak) & 0x07070707);
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

/** Starts a filter in zeroed memory of `length` bytes, a power of two. The key has been set. */
export function setFilter(at: usize, length: u32): void {
  filter = at;
  shift = <u32>clz(length - 1);
  v128.store(PROBE, i32x4.splat(factor0()));
  v128.store(PROBE, i32x4.splat(factor1()), 16);
  v128.store(PROBE, i32x4.splat(~3), 32);
  v128.store(PROBE, i32x4.splat(<u32>filter), 48);
  v128.store(PROBE, i32x4.splat(0x07070707), 64);
}

/** Room for the addresses of eight words. They go through memory because extracting lanes was slower. */
export const ADDRESSES: usize = memory.data(32, 16);

/** All ones in the lanes whose weak sums may be known. `at` is the address of 16 bytes in ADDRESSES. */
@inline
export function mayKnowEach(weak: v128, at: usize): v128 {
  const product = i32x4.mul(weak, v128.load(PROBE));
  const half = v128.xor(product, i32x4.shr_u(product, 16));
  const bits = i8x16.swizzle(v128.load(BITS), v128.and(half, v128.load(PROBE, 64)));
  const word = v128.and(i32x4.shr_u(i32x4.mul(half, v128.load(PROBE, 16)), shift), v128.load(PROBE, 32));
  v128.store(at, i32x4.add(word, v128.load(PROBE, 48)));
  let words = v128.load32_zero(load<u32>(at));
  words = v128.load32_lane(load<u32>(at, 4), words, 1);
  words = v128.load32_lane(load<u32>(at, 8), words, 2);
  words = v128.load32_lane(load<u32>(at, 12), words, 3);
  return i32x4.eq(v128.and(words, bits), bits);
}
