import type { PatchBasis } from "../engine/interface.ts";

/**
 * A basis that is read at random: a file, a URL, a table, a formula.
 *
 * @example A basis that is computed
 * ```ts
 * import { type BasisSource, encodeDeltaStream, patchStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const evenBytes: BasisSource = {
 *   size: 128,
 *   read: (offset, length) => Uint8Array.from({ length: Math.min(length, 128 - offset) }, (_, i) => 2 * (offset + i)),
 * };
 * const delta = ReadableStream.from([{ copy: { offset: 5, length: 3 } }]).pipeThrough(encodeDeltaStream());
 * const patched = new Uint8Array(await new Response(delta.pipeThrough(patchStream(evenBytes))).arrayBuffer());
 * assert.deepEqual(patched, Uint8Array.of(10, 12, 14));
 * ```
 */
export interface BasisSource {
  /**
   * Reads bytes of the basis.
   *
   * @param offset Where, in bytes from the start.
   * @param length How many at most.
   * @returns 1 to `length` bytes, or none at the end of the basis. Short reads are no error: the rest is asked for
   * again.
   */
  read(offset: number, length: number): Uint8Array | Promise<Uint8Array>;
  /**
   * The same without a buffer for each read, used instead of `read` if it exists: puts at most `buffer.length` bytes
   * from `offset` on at the start of `buffer`, and does not keep the buffer.
   *
   * @param buffer Where the bytes go.
   * @param offset Where they are in the basis.
   * @returns How many bytes; 0 is the end of the basis.
   */
  readInto?(buffer: Uint8Array<ArrayBuffer>, offset: number): number | Promise<number>;
  /** Length of the basis in bytes. If known, a copy past the end fails before it starts. */
  readonly size?: number | undefined;
}

/** The property of a basis of this library that says how it is read best. */
export const READING: unique symbol = Symbol("reading");

/** How a basis is read best. */
export type Reading = Pick<PatchBasis, "createBuffer" | "readsAtOnce">;

/** A basis that may say how it is read best. */
export interface OwnSource extends BasisSource {
  readonly [READING]?: Reading;
}
