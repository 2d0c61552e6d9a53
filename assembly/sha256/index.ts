// SHA-256 (FIPS 180-4), a module of its own. A state is the hash so far as 32 big-endian bytes, so the state after the
// last block is the digest.

/** The cube roots of the first 64 primes. Reading 64 bytes more is harmless. */
const K: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
], 16);

/** The square roots of the first 8 primes. */
const INITIAL: usize = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
], 16);

/** Sixteen words of the message schedule, with their constants added. */
const WORDS: usize = memory.data(64, 16);

/** Loads four words, or makes big-endian words of loaded ones. */
@inline
function bigEndian(at: usize): v128 {
  const x = v128.load(at);
  return v128.shuffle<u8>(x, x, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

@inline
function add(a: v128, b: v128): v128 {
  return i32x4.add(a, b);
}

/** Two rotations to the right and a shift, of each word: the lower-case sigmas of the standard. */
@inline
function mixWords(x: v128, first: i32, second: i32, shift: i32): v128 {
  const a = v128.or(i32x4.shr_u(x, first), i32x4.shl(x, 32 - first));
  const b = v128.or(i32x4.shr_u(x, second), i32x4.shl(x, 32 - second));
  return v128.xor(v128.xor(a, b), i32x4.shr_u(x, shift));
}

/** The four words after the sixteen in `x0` to `x3`. The last two depend on the first two. */
@inline
function nextWords(x0: v128, x1: v128, x2: v128, x3: v128): v128 {
  const zero = i32x4.splat(0);
  const known = add(x0, mixWords(v128.shuffle<u32>(x0, x1, 1, 2, 3, 4), 7, 18, 3));
  const sum = add(known, v128.shuffle<u32>(x2, x3, 1, 2, 3, 4));
  const half = add(sum, mixWords(v128.shuffle<u32>(x3, zero, 2, 3, 4, 4), 17, 19, 10));
  return add(half, mixWords(v128.shuffle<u32>(half, zero, 4, 4, 0, 1), 17, 19, 10));
}

@inline
function addConstants(words: v128, k: usize, at: usize): void {
  v128.store(WORDS + at, add(words, v128.load(k + at)));
}

@inline
function sum0(a: u32): u32 {
  return rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22);
}

/** What a round adds to `d`. The order of the additions is what V8 runs fastest: `h` and the word are there early. */
@inline
function step(e: u32, f: u32, g: u32, h: u32, at: usize): u32 {
  const choice = g ^ (e & (f ^ g));
  const sum1 = rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25);
  return h + load<u32>(WORDS + at) + (choice + sum1);
}

/** Makes the state before the first block. */
export function sha256_start(state: usize): void {
  v128.store(state, bigEndian(INITIAL));
  v128.store(state, bigEndian(INITIAL + 16), 16);
}

/**
 * Takes `length` bytes, a multiple of 64.
 *
 * Sixteen rounds are written out, one a line, with the schedule of the next sixteen words between them: its vectors run
 * beside the rounds, which have one chain of additions. Eight rounds made the module 1,200 bytes smaller, and 8 %
 * slower in V8 and 20 % in JavaScriptCore. The last sixteen rounds schedule words that nothing uses.
 *
 * The majority of a, b and c is (a ^ b) & (b ^ c) ^ b, and a ^ b is b ^ c of the next round.
 */
export function sha256_blocks(state: usize, src: usize, length: usize): void {
  v128.store(state, bigEndian(state));
  v128.store(state, bigEndian(state + 16), 16);
  let a = load<u32>(state), b = load<u32>(state, 4), c = load<u32>(state, 8), d = load<u32>(state, 12);
  let e = load<u32>(state, 16), f = load<u32>(state, 20), g = load<u32>(state, 24), h = load<u32>(state, 28);
  for (const end = src + length; src < end; src += 64) {
    let x0 = bigEndian(src), x1 = bigEndian(src + 16), x2 = bigEndian(src + 32), x3 = bigEndian(src + 48);
    addConstants(x0, K, 0);
    addConstants(x1, K, 16);
    addConstants(x2, K, 32);
    addConstants(x3, K, 48);
    let t: u32, ab: u32, bc = b ^ c;
    for (let k = K + 64; k < K + 320; k += 64) {
      t = step(e, f, g, h, 0); ab = a ^ b; d += t; h = t + sum0(a) + (ab & bc ^ b);
      t = step(d, e, f, g, 4); bc = h ^ a; c += t; g = t + sum0(h) + (bc & ab ^ a);
      t = step(c, d, e, f, 8); ab = g ^ h; b += t; f = t + sum0(g) + (ab & bc ^ h);
      t = step(b, c, d, e, 12); bc = f ^ g; a += t; e = t + sum0(f) + (bc & ab ^ g);
      x0 = nextWords(x0, x1, x2, x3);
      addConstants(x0, k, 0);
      t = step(a, b, c, d, 16); ab = e ^ f; h += t; d = t + sum0(e) + (ab & bc ^ f);
      t = step(h, a, b, c, 20); bc = d ^ e; g += t; c = t + sum0(d) + (bc & ab ^ e);
      t = step(g, h, a, b, 24); ab = c ^ d; f += t; b = t + sum0(c) + (ab & bc ^ d);
      t = step(f, g, h, a, 28); bc = b ^ c; e += t; a = t + sum0(b) + (bc & ab ^ c);
      x1 = nextWords(x1, x2, x3, x0);
      addConstants(x1, k, 16);
      t = step(e, f, g, h, 32); ab = a ^ b; d += t; h = t + sum0(a) + (ab & bc ^ b);
      t = step(d, e, f, g, 36); bc = h ^ a; c += t; g = t + sum0(h) + (bc & ab ^ a);
      t = step(c, d, e, f, 40); ab = g ^ h; b += t; f = t + sum0(g) + (ab & bc ^ h);
      t = step(b, c, d, e, 44); bc = f ^ g; a += t; e = t + sum0(f) + (bc & ab ^ g);
      x2 = nextWords(x2, x3, x0, x1);
      addConstants(x2, k, 32);
      t = step(a, b, c, d, 48); ab = e ^ f; h += t; d = t + sum0(e) + (ab & bc ^ f);
      t = step(h, a, b, c, 52); bc = d ^ e; g += t; c = t + sum0(d) + (bc & ab ^ e);
      t = step(g, h, a, b, 56); ab = c ^ d; f += t; b = t + sum0(c) + (ab & bc ^ d);
      t = step(f, g, h, a, 60); bc = b ^ c; e += t; a = t + sum0(b) + (bc & ab ^ c);
      x3 = nextWords(x3, x0, x1, x2);
      addConstants(x3, k, 48);
    }
    store<u32>(state, a += load<u32>(state));
    store<u32>(state, b += load<u32>(state, 4), 4);
    store<u32>(state, c += load<u32>(state, 8), 8);
    store<u32>(state, d += load<u32>(state, 12), 12);
    store<u32>(state, e += load<u32>(state, 16), 16);
    store<u32>(state, f += load<u32>(state, 20), 20);
    store<u32>(state, g += load<u32>(state, 24), 24);
    store<u32>(state, h += load<u32>(state, 28), 28);
  }
  v128.store(state, bigEndian(state));
  v128.store(state, bigEndian(state + 16), 16);
}
