/** Files that lie, made by hand, and what has to come of them. */
import assert from "node:assert/strict";
import { type BasisSource, RsyncError, type RsyncErrorCode } from "rsync-streams";
import { SALT } from "./_helpers.ts";
import { concat, make, randomBytes } from "./_recipes.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

export const CODES: readonly RsyncErrorCode[] = [
  "bad-magic",
  "unsupported",
  "truncated",
  "trailing-data",
  "unknown-command",
  "copy-out-of-range",
  "limit",
  "digest-mismatch",
  "basis-short-read",
];

/** Checks all that is promised of an error over bytes of this length; gives it in short. */
export function inShort(error: unknown, length: number): string {
  if (!(error instanceof RsyncError)) throw error;
  assert.ok(CODES.includes(error.code), `unknown code ${error.code}`);
  assert.equal(error.name, "RsyncError");
  assert.match(error.message, /^Cannot .{10,}/, "a message that tells what was being done and what was seen");
  assert.ok(
    Number.isInteger(error.offset) && error.offset! >= 0 && error.offset! <= length,
    `offset ${error.offset} of ${length}`,
  );
  return `${error.code} at ${error.offset}`;
}

/** What comes of a piece of work: its bytes, or the error in short. */
export async function outcome(work: Promise<Bytes>, length: number): Promise<Bytes | string> {
  try {
    return await work;
  } catch (error) {
    return inShort(error, length);
  }
}

export async function assertFails(
  work: Promise<unknown>,
  code: RsyncErrorCode,
  offset: number | undefined,
  length: number,
): Promise<void> {
  const error = await work.then(() => assert.fail("it ended well"), (reason) => reason);
  const seen = inShort(error, length);
  assert.equal(
    offset === undefined ? error.code : seen,
    offset === undefined ? code : `${code} at ${offset}`,
    error.message,
  );
}

/** The file with each byte changed: one bit at a time, and all of them. */
export function* flips(bytes: Bytes): Generator<{ at: number; flipped: Bytes }> {
  for (let at = 0; at < bytes.length; at++) {
    for (const mask of [1, 2, 4, 8, 16, 32, 64, 128, 255]) {
      const flipped = bytes.slice();
      flipped[at]! ^= mask;
      yield { at, flipped };
    }
  }
}

export function u32(value: number): Bytes {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

export function u64(value: bigint): Bytes {
  return new Uint8Array(BigUint64Array.of(value).buffer);
}

export function bytesOf(...parts: (number | Uint8Array)[]): Bytes {
  return concat(parts.map((part) => typeof part === "number" ? Uint8Array.of(part) : part));
}
export const BASIS = concat([randomBytes(1, 150), make({ gen: "text", seed: 2, len: 150 })]);
export const TARGET = concat([randomBytes(3, 30), BASIS.subarray(128, 300), BASIS.subarray(0, 128), randomBytes(4, 9)]);

export interface HeaderFields {
  magic?: Uint8Array;
  version?: number;
  flags?: number;
  weakSum?: number;
  strongSum?: number;
  blockLength?: number;
  strongLength?: number;
  reserved?: [number, number, number];
  salt?: Uint8Array;
}

export const SIG_MAGIC = Uint8Array.of(0x92, 0x52, 0x53, 0x53);
export const DELTA_MAGIC = Uint8Array.of(0x92, 0x52, 0x53, 0x44);

/** A header of rollsum, BLAKE3, blocks of 16 bytes and 8 bytes of strong sum, save for what is said. */
export function sigHead(fields: HeaderFields = {}): Bytes {
  const { magic = SIG_MAGIC, version = 1, flags = 0, weakSum = 1, strongSum = 2 } = fields;
  const { blockLength = 16, strongLength = 8, reserved = [0, 0, 0], salt = SALT } = fields;
  return bytesOf(magic, version, flags, weakSum, strongSum, u32(blockLength), strongLength, ...reserved, salt);
}

export const RECORD = new Uint8Array(12);

/** The table of layers after the header of a layered signature. */
export function table(...layers: (readonly [blockLength: number, strongLength: number])[]): Bytes {
  return bytesOf(layers.length, ...layers.flatMap(([blockLength, strongLength]) => [u32(blockLength), strongLength]));
}

export interface Lie {
  bytes: Bytes;
  code: RsyncErrorCode;
  /** Where the error is; undefined where the truth is a matter of taste. */
  offset?: number;
}

export function deltaHead(
  { magic = DELTA_MAGIC, version = 1, digest = 0, reserved = [0, 0] as [number, number] } = {},
): Bytes {
  return bytesOf(magic, version, digest, ...reserved);
}

/** Unsigned LEB128 of any value. */
export function varint(value: bigint): Bytes {
  const out = [];
  for (; value >= 128n; value >>= 7n) out.push(Number(value & 127n) | 128);
  return Uint8Array.of(...out, Number(value));
}

export const copyHead = (length: bigint) => varint(2n * length + 1n);
export const dataHead = (length: bigint) => varint(2n * length);
export const zigzag = (distance: bigint) => varint(distance < 0n ? -2n * distance - 1n : 2n * distance);

/** Basis of the deltas below. */
export const TEN = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
/** The same, and it does not tell its length. */
export const TEN_UNTOLD: BasisSource = { read: (offset, length) => TEN.subarray(offset, offset + length) };
export const LUAPOWER = { format: "luapower", blockLength: 4 } as const;
