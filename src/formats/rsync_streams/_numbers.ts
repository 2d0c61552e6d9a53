import type { StrongSum, WeakSum } from "../../kernel/interface.ts";

export const SIG_MAGIC = Uint8Array.of(0x92, 0x52, 0x53, 0x53);
export const DELTA_MAGIC = Uint8Array.of(0x92, 0x52, 0x53, 0x44);
export const VERSION = 1;
/** Bytes of a digest of a whole file. */
export const DIGEST_LENGTH = 32;

/** Sums by their number on the wire. */
export const WEAK_SUMS: readonly (WeakSum | undefined)[] = [undefined, "rollsum", "rabinkarp", "anchor"];
export const STRONG_SUMS: readonly (StrongSum | undefined)[] = [undefined, "blake2sp", "blake3", "blake2b"];

/** Smallest block length with each weak sum: with anchors, a block has room for a shingle and more. */
export const MIN_BLOCK_LENGTH: Readonly<Record<WeakSum, number>> = { anchor: 64, rollsum: 16, rabinkarp: 16 };
/** Anchor offsets take 2 bytes up to this block length, else 4. */
export const MAX_SHORT_OFFSET_BLOCK_LENGTH = 65_536;
export const MAX_FRAME_COUNT = 65_536;
