/**
 * Puts at most `length` bytes at the start of `buffer` and returns how many. 0 is the end, after which it is not called
 * again. Short reads are no error. Whatever it throws is passed on to the caller.
 *
 * @example From an array
 * ```ts
 * import { type ReadCallback, readableFromRead } from "rsync-streams/callbacks";
 * import assert from "node:assert/strict";
 *
 * const bytes = Uint8Array.of(1, 2, 3);
 * let at = 0;
 * const read: ReadCallback = (buffer, length) => {
 *   const piece = bytes.subarray(at, at + length);
 *   buffer.set(piece);
 *   at += piece.length;
 *   return piece.length;
 * };
 * assert.deepEqual(new Uint8Array(await new Response(readableFromRead(read)).arrayBuffer()), bytes);
 * ```
 */
export type ReadCallback = (buffer: Uint8Array, length: number) => number | Promise<number>;

/**
 * Takes exactly `length` bytes, which are all of `buffer`, or throws. It may keep the buffer.
 *
 * @example Into a list
 * ```ts
 * import { writableFromWrite, type WriteCallback } from "rsync-streams/callbacks";
 * import assert from "node:assert/strict";
 *
 * const buffers: Uint8Array[] = [];
 * const write: WriteCallback = (buffer) => buffers.push(buffer);
 * await new Blob(["12345"]).stream().pipeTo(writableFromWrite(write));
 * assert.equal(await new Blob(buffers as Uint8Array<ArrayBuffer>[]).text(), "12345");
 * ```
 */
export type WriteCallback = (buffer: Uint8Array, length: number) => unknown;

/**
 * Goes to an offset of the basis, in bytes.
 *
 * @example A position
 * ```ts
 * import { basisFromCallbacks, type SeekCallback } from "rsync-streams/callbacks";
 * import assert from "node:assert/strict";
 *
 * let position = 0;
 * const seek: SeekCallback = (offset) => position = offset;
 * const basis = basisFromCallbacks({ seek, read: () => 0 });
 * await basis.read(7, 1);
 * assert.equal(position, 7);
 * ```
 */
export type SeekCallback = (offset: number) => unknown;

/**
 * One record of a signature.
 *
 * @example The records of a file
 * ```ts
 * import { readFromReadable, Rsync, type SigRecord } from "rsync-streams/callbacks";
 * import assert from "node:assert/strict";
 *
 * const { read } = readFromReadable(new Blob(["x".repeat(2048)]).stream());
 * const records: SigRecord[] = [];
 * await new Rsync().genSigs(read, (record) => records.push(record));
 * assert.equal(records.length, 2);
 * assert.deepEqual(records[0], records[1]);
 * ```
 */
export interface SigRecord {
  /** The weak sum, 0 to 2^32 - 1. */
  weak: number;
  /** The strong sum. */
  strong: Uint8Array;
}

/**
 * Counts of a search.
 *
 * @example How many blocks were found
 * ```ts
 * import { type Alarms, readFromReadable, Rsync } from "rsync-streams/callbacks";
 * import assert from "node:assert/strict";
 *
 * const readOf = (text: string) => readFromReadable(new Blob([text]).stream()).read;
 * const rsync = new Rsync({ blockLength: 4 });
 * const sig: number[] = [];
 * await rsync.genSigsFile(readOf("abcdefgh"), (buffer) => sig.push(...buffer));
 * const sigs = await rsync.loadSigsFile(readFromReadable(new Blob([Uint8Array.from(sig)]).stream()).read);
 *
 * const alarms: Alarms = await rsync.genDeltasFile(readOf("abcd, efgh"), sigs, () => {});
 * assert.equal(alarms.goodAlarms, 2);
 * ```
 */
export interface Alarms {
  /** Windows whose weak sum is known and whose strong sum is not. */
  falseAlarms: number;
  /** Windows whose weak and strong sums are known: blocks matched. */
  goodAlarms: number;
}

export type { RollingSum, StrongHash } from "../kernel/portable/sums.ts";
