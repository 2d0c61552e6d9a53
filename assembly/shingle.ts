// The hash of a shingle: a * K1 + b * K2 + c * K3 - 1 of its words at 0, 12 and 28. The multipliers add up to 0, so two
// multiplications do: (a - c) * K1 + (b - c) * K2 - 1.
import { SHINGLE_FACTOR_A, SHINGLE_FACTOR_B } from "./_generated/rules";

@inline
export function shingle(p: usize): u32 {
  const c = load<u32>(p, 28);
  return (load<u32>(p) - c) * SHINGLE_FACTOR_A + (load<u32>(p, 12) - c) * SHINGLE_FACTOR_B - 1;
}

/** What `shingles` multiplies by and adds. In memory for the reason that IV is in `mix.ts`; load them once before a loop. */
export const FACTORS: usize = memory.data<u32>([SHINGLE_FACTOR_A, SHINGLE_FACTOR_B, 0x7fffffff]);

/**
 * Four hashes, of the shingles whose words are in the lanes of a, b and c, with the sign bit flipped: SSE and NEON order
 * signed lanes in one instruction, unsigned ones in up to three.
 */
@inline
export function shingles(a: v128, b: v128, c: v128, k1: v128, k2: v128, bias: v128): v128 {
  return i32x4.add(i32x4.add(i32x4.mul(i32x4.sub(a, c), k1), i32x4.mul(i32x4.sub(b, c), k2)), bias);
}
