// The hash of a shingle is A * a + B * b + C * c - 1, of its words a, b and c at 0, 12 and 28. The factors add up to 0,
// so two multiplications do: A * (a - c) + B * (b - c) - 1.
import { SHINGLE_FACTOR_A, SHINGLE_FACTOR_B } from "./_generated/rules";

/** The hash of the shingle at `p`. */
@inline
export function shingle(p: usize): u32 {
  const c = load<u32>(p, 28);
  return (load<u32>(p) - c) * SHINGLE_FACTOR_A + (load<u32>(p, 12) - c) * SHINGLE_FACTOR_B - 1;
}

/** The factors and the bias of `shingles`. In memory for the same reason as IV in `mix.ts`. Load them before a loop. */
export const FACTORS: usize = memory.data<u32>([SHINGLE_FACTOR_A, SHINGLE_FACTOR_B, 0x7fffffff]);

/**
 * The hashes of four shingles, whose words are in the lanes of `a`, `b` and `c`. The sign bit is flipped, because SSE
 * and NEON compare signed lanes in one instruction, and unsigned lanes in up to three.
 */
@inline
export function shingles(a: v128, b: v128, c: v128, k1: v128, k2: v128, bias: v128): v128 {
  return i32x4.add(i32x4.add(i32x4.mul(i32x4.sub(a, c), k1), i32x4.mul(i32x4.sub(b, c), k2)), bias);
}
