/**
 * What went wrong with the bytes that were read. `docs/formats/README.md` has the meaning of each code. Codes are never
 * renamed.
 *
 * @example Which errors another download may mend
 * ```ts
 * import { RsyncError, type RsyncErrorCode } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const damaged = new Set<RsyncErrorCode>(["truncated", "trailing-data", "unknown-command", "digest-mismatch"]);
 * const isDamaged = (error: unknown) => error instanceof RsyncError && damaged.has(error.code);
 *
 * assert.ok(isDamaged(new RsyncError("truncated", "Cannot read the delta: it ends too early")));
 * assert.ok(!isDamaged(new TypeError("something else")));
 * ```
 */
export type RsyncErrorCode =
  | "bad-magic"
  | "unsupported"
  | "truncated"
  | "trailing-data"
  | "unknown-command"
  | "copy-out-of-range"
  | "limit"
  | "digest-mismatch"
  | "basis-short-read";

/**
 * Options of {@linkcode RsyncError}.
 *
 * @example Where and why
 * ```ts
 * import { RsyncError } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const error = new RsyncError("truncated", "Cannot read the header", { offset: 4, cause: "a reason" });
 * assert.equal(error.message, "Cannot read the header (at byte 4)");
 * assert.deepEqual([error.offset, error.cause], [4, "a reason"]);
 * ```
 */
export interface RsyncErrorOptions extends ErrorOptions {
  /** Where in the stream being read the trouble starts, in bytes. */
  offset?: number;
}

/**
 * Bad bytes: a damaged or foreign signature or delta, a wrong basis, or a limit that was reached.
 *
 * Errors of a caller's callback, stream or signal are not wrapped: they pass through as the same object.
 *
 * @example Telling what is wrong with a delta
 * ```ts
 * import { patchStream, RsyncError } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const delta = new Blob(["not a delta"]);
 * const patched = delta.stream().pipeThrough(patchStream(new Uint8Array()));
 * await assert.rejects(
 *   new Response(patched).arrayBuffer(),
 *   (error) => error instanceof RsyncError && error.code === "bad-magic" && error.offset === 0,
 * );
 * ```
 */
export class RsyncError extends Error {
  /** Always `"RsyncError"`, also where two copies of the library meet. */
  override readonly name = "RsyncError";
  /** What went wrong, for programs. */
  readonly code: RsyncErrorCode;
  /** Where in the stream being read, in bytes; undefined if the trouble has no place there. */
  readonly offset: number | undefined;

  /**
   * Makes an error.
   *
   * @param code What went wrong, for programs.
   * @param message What was being done, why not, and what was seen, for people.
   * @param options Offset in the stream being read, and cause.
   */
  constructor(code: RsyncErrorCode, message: string, options: RsyncErrorOptions = {}) {
    const { offset, cause } = options;
    const place = offset === undefined ? "" : ` (at byte ${offset})`;
    super(message + place, cause === undefined ? undefined : { cause });
    this.code = code;
    this.offset = offset;
  }
}
