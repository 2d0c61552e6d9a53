// Words of four independent inputs side by side: lane k of every vector belongs to input k.

@inline
export function add(a: v128, b: v128): v128 {
  return i32x4.add(a, b);
}

@inline
export function xor(a: v128, b: v128): v128 {
  return v128.xor(a, b);
}

@inline
export function rotl(x: v128, n: i32): v128 {
  return v128.or(i32x4.shl(x, n), i32x4.shr_u(x, 32 - n));
}

@inline
export function splat(x: u32): v128 {
  return i32x4.splat(x);
}

// Halves of a 4 by 4 transposition. V8 and JavaScriptCore compile each to one unpack instruction.

@inline
export function low32(a: v128, b: v128): v128 {
  return v128.shuffle<u32>(a, b, 0, 4, 1, 5);
}

@inline
export function high32(a: v128, b: v128): v128 {
  return v128.shuffle<u32>(a, b, 2, 6, 3, 7);
}

@inline
export function low64(a: v128, b: v128): v128 {
  return v128.shuffle<u64>(a, b, 0, 2);
}

@inline
export function high64(a: v128, b: v128): v128 {
  return v128.shuffle<u64>(a, b, 1, 3);
}
