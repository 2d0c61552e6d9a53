import type { StrongSum, WeakSum } from "../../kernel/interface.ts";

export const SIG_MAGIC = Uint8Array.of(0x92, 0x52, 0x53, 0x53);
export const DELTA_MAGIC = Uint8Array.of(0x92, 0x52, 0x53, 0x44);
export const VERSION = 1;
/** Bytes of a digest of a whole file. */
export const DIGEST_LENGTH = 32;

/** Sums by their number on the wire. */
export const WEAK_SUMS: readonly (WeakSum | undefined)[] = [undefined, "rollsum", "rabinkarp"];
export const STRONG_SUMS: readonly (StrongSum | undefined)[] = [undefined, "blake2sp", "blake3", "blake2b"];

/** Smallest block length. */
export const MIN_BLOCK_LENGTH = 16;
export const MAX_FRAME_COUNT = 65_536;
