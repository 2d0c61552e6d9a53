// The hashes of the tables and of the filter. Each has a key that is drawn for each index, so whoever makes the records
// of a signature cannot aim them at one slot.

/** The key: two words. */
let key0: u32 = 0;
let key1: u32 = 0;

/** Sets the key. */
export function setKey(low: u32, high: u32): void {
  key0 = low;
  key1 = high;
}

/** The first multiplier of `filterHash`. Multipliers are odd, so each step is a bijection. */
@inline
export function factor0(): u32 {
  return key0 | 1;
}

/** The second multiplier. */
@inline
export function factor1(): u32 {
  return key1 | 1;
}

/** The first half of `filterHash`. */
@inline
export function fold(weak: u32): u32 {
  const product = weak * factor0();
  return product ^ product >>> 16;
}

/**
 * Hash of a weak sum for the filter, of which the upper bits count. Any two weak sums share the upper n of them for two
 * in 2^n keys at most.
 */
@inline
export function filterHash(weak: u32): u32 {
  return fold(weak) * factor1();
}

/**
 * Hash of a weak sum for the table. By `filterHash` alone, weak sums at equal distances would now and then stand in one
 * row of slots, up to 200 probes each.
 */
export function weakHash(weak: u32): u32 {
  let hash = filterHash(weak);
  hash = (hash ^ hash >>> 16) * 0x85ebca6b;
  return hash ^ hash >>> 13;
}

/** Hash of a weak sum and the `length` bytes of strong sum at `sum`: HalfSipHash-1-3. */
export function strongHash(weak: u32, sum: usize, length: u32): u32 {
  let v0 = key0, v1 = key1, v2 = key0 ^ 0x6c796765, v3 = key1 ^ 0x74656462;
  const words = <i32>(length >>> 2);
  let last = length + 4 << 24;
  for (let i = length & ~3; i < length; i++) last |= <u32>load<u8>(sum + i) << (i << 3);
  // The weak sum, the whole words, the last one, and three rounds more.
  for (let i = -1; i <= words + 3; i++) {
    const word = i < 0 ? weak : i < words ? load<u32>(sum + (<usize>i << 2)) : i == words ? last : 0;
    if (i == words + 1) v2 ^= 0xff;
    v3 ^= word;
    v0 += v1;
    v2 += v3;
    v1 = rotl<u32>(v1, 5) ^ v0;
    v3 = rotl<u32>(v3, 8) ^ v2;
    v0 = rotl<u32>(v0, 16) + v3;
    v2 += v1;
    v3 = rotl<u32>(v3, 7) ^ v0;
    v1 = rotl<u32>(v1, 13) ^ v2;
    v2 = rotl<u32>(v2, 16);
    v0 ^= word;
  }
  return v1 ^ v3;
}
