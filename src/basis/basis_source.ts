import { isArrayBuffer, isBlob, kindOf, requireAttached, toUint8Array } from "../common/bytes.ts";
import type { BlobLike, ByteChunk, SyncAccessHandle, WebFileHandle } from "../common/platform_types.ts";
import { RsyncError } from "../common/rsync_error.ts";
import type { PatchBasis } from "../engine/interface.ts";
import { type BasisSource, type OwnSource, READING } from "./interface.ts";
import { readByPages } from "./read_by_pages.ts";

export type { BasisSource } from "./interface.ts";
import {
  basisFromBlob,
  basisFromDenoFile,
  basisFromNodeFileHandle,
  basisFromSyncAccessHandle,
  basisFromWebFileHandle,
  type DenoFile,
  isDenoFile,
  isNodeFileHandle,
  isSyncAccessHandle,
  isWebFileHandle,
  type LateSource,
  type NodeFileHandle,
  readInTurn,
} from "./file_handles.ts";

/**
 * A basis as two callbacks: one goes to an offset, one reads into a buffer.
 *
 * @example Bytes behind a position
 * ```ts
 * import { encodeDeltaStream, patchStream, type SeekableBasis } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const bytes = new TextEncoder().encode("hello, world");
 * let position = 0;
 * const basis: SeekableBasis = {
 *   seek: (offset) => position = offset,
 *   read(buffer, length) {
 *     const piece = bytes.subarray(position, position + length);
 *     buffer.set(piece);
 *     return piece.length;
 *   },
 * };
 * const delta = ReadableStream.from([{ copy: { offset: 7, length: 5 } }]).pipeThrough(encodeDeltaStream());
 * assert.equal(await new Response(delta.pipeThrough(patchStream(basis))).text(), "world");
 * ```
 */
export interface SeekableBasis {
  /** Goes to an offset, in bytes. */
  seek(offset: number): unknown;
  /** Puts at most `length` bytes at the start of `buffer` and returns how many; 0 is the end. */
  read(buffer: Uint8Array, length: number): number | Promise<number>;
  /** Length of the basis in bytes, if known. */
  readonly size?: number | undefined;
}

/**
 * Whatever bytes can be read from at random: a `Blob` or `File`, what `Bun.file` returns, bytes, an open file of Node,
 * Deno or the File System API, `{ read(offset, length), size? }`, or `{ seek, read }`. Open files stay open.
 *
 * @example The same basis in three forms
 * ```ts
 * import { type Basis, encodeDeltaStream, patchStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const bytes = new TextEncoder().encode("hello, world");
 * const read = (offset: number, length: number) => bytes.slice(offset, offset + length);
 * const bases: Basis[] = [bytes, new Blob([bytes]), { read }];
 * for (const basis of bases) {
 *   const delta = ReadableStream.from([{ copy: { offset: 7, length: 5 } }]).pipeThrough(encodeDeltaStream());
 *   assert.equal(await new Response(delta.pipeThrough(patchStream(basis))).text(), "world");
 * }
 * ```
 */
export type Basis =
  | BlobLike
  | ByteChunk
  | WebFileHandle
  | SyncAccessHandle
  | BasisSource
  | SeekableBasis
  | NodeFileHandle
  | DenoFile;

/**
 * Turns a pair of callbacks into a basis.
 *
 * @param callbacks `seek` and `read`, sync or async. Each `read` follows the `seek` to its offset.
 * @returns A source that reads through them.
 * @throws {TypeError} If one of them is not a function.
 *
 * @example From a position and a read
 * ```ts
 * import { basisFromCallbacks } from "rsync-streams/callbacks";
 * import assert from "node:assert/strict";
 *
 * const bytes = new TextEncoder().encode("hello, world");
 * let position = 0;
 * const basis = basisFromCallbacks({
 *   seek: (offset) => position = offset,
 *   read(buffer, length) {
 *     const piece = bytes.subarray(position, position + length);
 *     buffer.set(piece);
 *     return piece.length;
 *   },
 * });
 *
 * assert.equal(new TextDecoder().decode(await basis.read(7, 100)), "world");
 * ```
 */
export function basisFromCallbacks(callbacks: SeekableBasis): BasisSource {
  const { seek, read, size } = callbacks;
  if (typeof seek !== "function" || typeof read !== "function") {
    throw new TypeError("Cannot use the basis: seek and read have to be functions");
  }
  return {
    size,
    read: (offset, length) =>
      readInTurn(callbacks, length, async (buffer) => {
        await seek.call(callbacks, offset);
        return checkReadCount(await read.call(callbacks, buffer, length), length);
      }),
  };
}

/**
 * Checks what a `read(buffer, length)` returned.
 *
 * @throws {TypeError} If it is not a count from 0 to `length`.
 */
export function checkReadCount(count: unknown, length: number): number {
  if (typeof count !== "number" || !Number.isInteger(count) || count < 0 || count > length) {
    throw new TypeError(
      `Cannot use what read() returned: a count from 0 to ${length} was expected, ${String(count)} was returned`,
    );
  }
  return count;
}

/**
 * Turns what the caller of a patch gave into a basis.
 *
 * @throws {TypeError} If it cannot be read at random.
 */
export function toPatchBasis(basis: Basis): PatchBasis {
  const source = toSource(basis);
  const { size } = source;
  if (size !== undefined && !(Number.isSafeInteger(size) && size >= 0)) {
    const seen = typeof size === "number" ? size : kindOf(size);
    throw new TypeError(`Cannot use the basis: its size is ${seen}, a count of bytes as a number was expected`);
  }
  const readInto = source.readInto?.bind(source) ?? readIntoBy(source);
  const checked: PatchBasis["readInto"] = (buffer, offset) => {
    const count = readInto(buffer, offset);
    if (typeof count === "number") return checkReadCount(count, buffer.length);
    return Promise.resolve(count).then((count) => checkReadCount(count, buffer.length));
  };
  return {
    size,
    createBuffer: source[READING]?.createBuffer,
    readsAtOnce: source[READING]?.readsAtOnce,
    bytes: isInMemory(basis) ? toUint8Array(basis) : undefined,
    findSize: async () => size ?? await source.findSize?.(),
    readInto: isSlow(basis) ? readByPages(checked) : checked,
  };
}

/** `readInto` by way of `read`. It is synchronous if `read` is. */
function readIntoBy(source: BasisSource): NonNullable<BasisSource["readInto"]> {
  return (buffer, offset) => {
    const bytes = source.read(offset, buffer.length);
    if (ArrayBuffer.isView(bytes)) return fill(buffer, bytes, offset);
    return Promise.resolve(bytes).then((bytes) => fill(buffer, bytes, offset));
  };
}

function fill(buffer: Uint8Array, read: unknown, offset: number): number {
  if (!ArrayBuffer.isView(read) && !isArrayBuffer(read)) {
    throw new TypeError(
      `Cannot read the basis: read() returned ${kindOf(read)} at offset ${offset}, a Uint8Array was expected`,
    );
  }
  const bytes = toUint8Array(read);
  if (bytes.length > buffer.length) {
    throw new TypeError(
      `Cannot read the basis: read() returned ${bytes.length} bytes at offset ${offset}, at most ${buffer.length} ` +
        "were expected",
    );
  }
  buffer.set(bytes);
  return bytes.length;
}

/** Whether each read takes long, however short it is. Sources of the caller's own are read as they are. */
function isSlow(basis: Basis): boolean {
  return isBlob(basis) || isWebFileHandle(basis) || isNodeFileHandle(basis) || isDenoFile(basis);
}

function isInMemory(basis: Basis): basis is ByteChunk {
  return isArrayBuffer(basis) || ArrayBuffer.isView(basis);
}

function toSource(basis: Basis): OwnSource & Partial<LateSource> {
  if (isBlob(basis)) return basisFromBlob(basis);
  if (isInMemory(basis)) {
    const bytes = toUint8Array(basis);
    return {
      size: bytes.length,
      read(offset, length) {
        if (bytes.length > 0) return bytes.subarray(offset, offset + length);
        // All of them are gone, and no view of them can be made.
        requireAttached(bytes.buffer);
        return new Uint8Array(0);
      },
    };
  }
  if (isWebFileHandle(basis)) return basisFromWebFileHandle(basis);
  if (isSyncAccessHandle(basis)) return basisFromSyncAccessHandle(basis);
  if (isNodeFileHandle(basis)) return basisFromNodeFileHandle(basis);
  if (isDenoFile(basis)) return basisFromDenoFile(basis);
  if (typeof (basis as SeekableBasis)?.seek === "function") return basisFromCallbacks(basis as SeekableBasis);
  if (typeof (basis as BasisSource)?.read !== "function") {
    const hint = typeof basis === "string" ? "; fileBasis() of rsync-streams/files opens a path" : "";
    throw new TypeError(
      `Cannot use the basis: ${kindOf(basis)} was given, a Blob, bytes, an open file, { read(offset, length) } or ` +
        `{ seek, read } were expected${hint}`,
    );
  }
  return basis as BasisSource;
}

/**
 * Reads bytes of a basis that has to have them.
 *
 * @throws {RsyncError} If it ends before: `basis-short-read`.
 */
export async function readAtRandom(
  source: PatchBasis,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await source.readInto(bytes.subarray(at), offset + at);
    if (count === 0) {
      throw new RsyncError(
        "basis-short-read",
        `Cannot read ${length} bytes at offset ${offset}: none came at offset ${offset + at}`,
      );
    }
    at += count;
  }
  return bytes;
}
