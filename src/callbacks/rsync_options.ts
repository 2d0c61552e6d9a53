import type { Format } from "../formats/format.ts";
import type { BackendOptions } from "../kernel/interface.ts";
import type { RollingSum, StrongHash } from "../kernel/portable/sums.ts";

/**
 * Options of {@linkcode Rsync}.
 *
 * @example Short blocks in the format of rdiff
 * ```ts
 * import { Rsync, type RsyncOptions } from "rsync-streams/callbacks";
 * import assert from "node:assert/strict";
 *
 * const options: RsyncOptions = { blockLength: 256, format: "librsync" };
 * const rsync = new Rsync(options);
 * assert.deepEqual([rsync.blockLength, rsync.format], [256, "librsync"]);
 * ```
 */
export interface RsyncOptions extends BackendOptions {
  /**
   * Bytes of a block.
   * @default {1024}
   */
  blockLength?: number | undefined;
  /**
   * Length of the original's buffer, in bytes, which fixes where data commands split.
   * @default {65536}
   */
  memLength?: number | undefined;
  /**
   * The wire format.
   * @default {"luapower"}
   */
  format?: Format | undefined;
  /**
   * Makes a weak sum that replaces rollsum. Only for the luapower format, since the others name their sums. The call
   * that uses it fails if `digest` returns no integer.
   */
  weakSum?: (() => RollingSum) | undefined;
  /**
   * Makes a strong sum that replaces BLAKE2sp, with the same limit as {@linkcode RsyncOptions.weakSum}. The call that
   * uses it fails if `digest` returns anything but a `Uint8Array` of `length` bytes, 1 to 255.
   */
  strongSum?: (() => StrongHash) | undefined;
}

/** The names of {@linkcode RsyncOptions}. */
export const RSYNC_NAMES = {
  blockLength: true,
  memLength: true,
  format: true,
  weakSum: true,
  strongSum: true,
  backend: true,
} as const;
