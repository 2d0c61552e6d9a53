import { ANCHOR_CAP, MAX_USE, SHINGLE_LENGTH, USE_SHIFT, USE_TABLE_LENGTH, WORST_HASH } from "./_generated/rules";
import { high32, high64, low32, low64 } from "./lanes";
import { FACTORS, shingle, shingles } from "./shingle";

/** Stands for the use of a hash that is no candidate: more than any use. */
const NO_USE: u32 = (MAX_USE >> USE_SHIFT) + 1;

/** The smallest hash in each class of offset modulo 4. Room for four. */
const SMALLEST: usize = memory.data(16, 16);

@inline
function min4(a: v128, b: v128): v128 {
  return i32x4.min_s(a, b);
}

/**
 * Finds the smallest hash of each class among the shingles at `p` to `end`, exclusive.
 *
 * The four words of a load at `p + class` are of one class, so nothing is shuffled. The words at 28 of one step are
 * those at 12 of the next. Positions are not kept: in the end one class is chosen, and finding its hash again costs an
 * eighth.
 */
function findSmallest(p: usize, end: usize): void {
  const k1 = v128.load32_splat(FACTORS), k2 = v128.load32_splat(FACTORS, 4), bias = v128.load32_splat(FACTORS, 8);
  // The bias is the hash of zeros, the largest there is.
  let smallest0 = bias, smallest1 = bias, smallest2 = bias, smallest3 = bias;
  let b0 = v128.load(p, 12), b1 = v128.load(p, 13), b2 = v128.load(p, 14), b3 = v128.load(p, 15);
  for (; p + 16 <= end; p += 16) {
    const c0 = v128.load(p, 28), c1 = v128.load(p, 29), c2 = v128.load(p, 30), c3 = v128.load(p, 31);
    smallest0 = min4(smallest0, shingles(v128.load(p), b0, c0, k1, k2, bias));
    smallest1 = min4(smallest1, shingles(v128.load(p, 1), b1, c1, k1, k2, bias));
    smallest2 = min4(smallest2, shingles(v128.load(p, 2), b2, c2, k1, k2, bias));
    smallest3 = min4(smallest3, shingles(v128.load(p, 3), b3, c3, k1, k2, bias));
    b0 = c0;
    b1 = c1;
    b2 = c2;
    b3 = c3;
  }
  // Lanes are positions here; transposed, they are classes. Through memory it cost 10 % at 1,024 bytes.
  const low01 = low32(smallest0, smallest1), low23 = low32(smallest2, smallest3);
  const high01 = high32(smallest0, smallest1), high23 = high32(smallest2, smallest3);
  const smallest = min4(
    min4(low64(low01, low23), high64(low01, low23)),
    min4(low64(high01, high23), high64(high01, high23)),
  );
  v128.store(SMALLEST, v128.xor(smallest, i32x4.splat(0x80000000)));
  for (let c: usize = 0; p < end; p++) {
    const at = SMALLEST + (c << 2);
    store<u32>(at, min<u32>(load<u32>(at), shingle(p)));
    c = (c + 1) & 3;
  }
}

/** The first shingle at `p`, `p + 4`, `p + 8`… with this hash. There must be one before `end`. */
function findFirst(p: usize, end: usize, hash: u32): usize {
  const k1 = v128.load32_splat(FACTORS), k2 = v128.load32_splat(FACTORS, 4), bias = v128.load32_splat(FACTORS, 8);
  const wanted = i32x4.splat(hash ^ 0x80000000);
  for (; p + 13 <= end; p += 16) {
    const found = i32x4.eq(shingles(v128.load(p), v128.load(p, 12), v128.load(p, 28), k1, k2, bias), wanted);
    if (v128.any_true(found)) return p + (<usize>ctz(i32x4.bitmask(found)) << 2);
  }
  while (shingle(p) != hash) p += 4;
  return p;
}

/**
 * Writes the anchors of consecutive blocks to three columns of u32.
 *
 * @param src Address of `count` blocks of `blockLength` bytes, of which the last is `lastLength` long.
 * @param uses Address of the USE_TABLE_LENGTH counters of the rule of use.
 */
export function anchor_blocks(
  src: usize,
  blockLength: u32,
  count: u32,
  lastLength: u32,
  dstHash: usize,
  dstOffset: usize,
  dstCheck: usize,
  uses: usize,
): void {
  for (; count; count--) {
    const length: usize = count > 1 ? blockLength : lastLength;
    let hash: u32 = WORST_HASH, offset: usize = 0, check: u32 = 0;
    if (length >= SHINGLE_LENGTH) {
      const last = src + length - SHINGLE_LENGTH;
      findSmallest(src, last + 1);
      // Lowest use, then smallest hash, then first class, in one comparison. Other hashes come after all candidates.
      let best: u64 = u64.MAX_VALUE;
      for (let c: usize = 0; c < 4; c++) {
        const h = load<u32>(SMALLEST + (c << 2));
        const use: u32 = h <= ANCHOR_CAP ? load<u8>(uses + (h & USE_TABLE_LENGTH - 1)) >> USE_SHIFT : NO_USE;
        best = min<u64>(best, (<u64>use << 34) | (<u64>h << 2) | c);
      }
      hash = <u32>(best >> 2);
      offset = findFirst(src + (<usize>best & 3), last + 1, hash) - src;
      const counter = uses + (hash & USE_TABLE_LENGTH - 1);
      const used = <u32>load<u8>(counter);
      if (used < MAX_USE) store<u8>(counter, used + 1);
      check = shingle(src) ^ rotl<u32>(shingle(last), 16);
    }
    store<u32>(dstHash, hash);
    store<u32>(dstOffset, <u32>offset);
    store<u32>(dstCheck, check);
    dstHash += 4;
    dstOffset += 4;
    dstCheck += 4;
    src += blockLength;
  }
}
