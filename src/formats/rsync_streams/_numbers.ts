import type { StrongSum, WeakSum } from "../../kernel/interface.ts";

export const SIG_MAGIC = Uint8Array.of(0x92, 0x52, 0x53, 0x53);
export const DELTA_MAGIC = Uint8Array.of(0x92, 0x52, 0x53, 0x44);
export const VERSION = 1;
/** Bytes of a digest of a whole file, and the number of SHA-256, the only function for it. */
export const DIGEST_LENGTH = 32;
export const SHA_256 = 4;
/** Bytes of the header of a signature, of the salt at its end, and where the salt starts. */
export const SIG_HEADER_LENGTH = 32;
export const SALT_LENGTH = 16;
export const SALT_AT = 16;
/** Flags of the header. */
export const FLAG_DIGEST = 1;
export const FLAG_LAYERED = 2;
export const MIN_STRONG_LENGTH = 2;
export const MAX_STRONG_LENGTH = 32;

/** Sums by their number on the wire. */
export const WEAK_SUMS: readonly (WeakSum | undefined)[] = [undefined, "rollsum", "rabinkarp"];
export const STRONG_SUMS: readonly (StrongSum | undefined)[] = [undefined, undefined, "blake3", "blake2b"];

/** Smallest block length. */
export const MIN_BLOCK_LENGTH = 16;
export const MAX_FRAME_COUNT = 65_536;
