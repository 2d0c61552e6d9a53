// The strong sums, numbered as in the rsync-streams format. MD4 is librsync's alone.
export const BLAKE2SP: u32 = 1;
export const BLAKE3: u32 = 2;
export const BLAKE2B: u32 = 3;
export const MD4: u32 = 4;
