import type { BlobLike, SyncAccessHandle, WebFileHandle } from "../common/platform_types.ts";
import type { BasisSource } from "./interface.ts";

/**
 * The part of Node's `FileHandle` that the library uses. `fs.promises.open` returns one.
 *
 * @example A file of Node as the basis
 * ```ts
 * import { encodeDeltaStream, patchStream } from "rsync-streams";
 * import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import assert from "node:assert/strict";
 *
 * const folder = await mkdtemp(join(tmpdir(), "rsync-streams-"));
 * await writeFile(join(folder, "basis"), "hello, world");
 * const file = await open(join(folder, "basis"));
 * const delta = ReadableStream.from([{ copy: { offset: 7, length: 5 } }]).pipeThrough(encodeDeltaStream());
 * assert.equal(await new Response(delta.pipeThrough(patchStream(file))).text(), "world");
 * await file.close();
 * await rm(folder, { recursive: true });
 * ```
 */
export interface NodeFileHandle {
  /** The file descriptor. */
  readonly fd: number;
  /** Reads at a position. */
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
  /** Tells the length of the file. */
  stat(): Promise<{ readonly size: number; isFile(): boolean }>;
}

/**
 * The part of `Deno.FsFile` that the library uses. `Deno.open` returns one.
 *
 * @example A file of Deno as the basis
 * ```ts
 * import { encodeDeltaStream, patchStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "hello, world");
 * {
 *   using file = await Deno.open(path);
 *   const delta = ReadableStream.from([{ copy: { offset: 7, length: 5 } }]).pipeThrough(encodeDeltaStream());
 *   assert.equal(await new Response(delta.pipeThrough(patchStream(file))).text(), "world");
 * }
 * await Deno.remove(path);
 * ```
 */
export interface DenoFile {
  /** Goes to a position. */
  seek(offset: number, whence: number): Promise<number>;
  /** Reads from there; null is the end. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Returns the length of the file. */
  stat(): Promise<{ readonly size: number; readonly isFile: boolean }>;
}

/** From the start of the file, in Deno's words. */
const SEEK_START = 0;

/** Whether a value is a `FileHandle` of Node or Bun. */
export function isNodeFileHandle(value: unknown): value is NodeFileHandle {
  const handle = value as Partial<NodeFileHandle> | null | undefined;
  return typeof handle?.read === "function" && typeof handle.fd === "number";
}

/** Whether a value is a `Deno.FsFile`. */
export function isDenoFile(value: unknown): value is DenoFile {
  const file = value as Partial<DenoFile & { statSync: unknown }> | null | undefined;
  return typeof file?.seek === "function" && typeof file.read === "function" && typeof file.statSync === "function";
}

/** Whether a value is a `FileSystemFileHandle`. */
export function isWebFileHandle(value: unknown): value is WebFileHandle {
  return typeof (value as Partial<WebFileHandle> | null | undefined)?.getFile === "function";
}

/** Whether a value is a `FileSystemSyncAccessHandle`. */
export function isSyncAccessHandle(value: unknown): value is SyncAccessHandle {
  const handle = value as Partial<SyncAccessHandle> | null | undefined;
  return typeof handle?.read === "function" && typeof handle.getSize === "function";
}

/** A source whose length is known only after a wait. */
export interface LateSource extends BasisSource {
  /** Tells the length in bytes; undefined if the system does not know it. */
  findSize(): Promise<number | undefined>;
}

/** A basis that reads at positions of an open file, which stays open. */
export function basisFromNodeFileHandle(handle: NodeFileHandle): LateSource {
  return {
    async findSize() {
      const stat = await handle.stat();
      return stat.isFile() ? stat.size || undefined : undefined;
    },
    read: async (offset, length) => {
      const buffer = new Uint8Array(length);
      const { bytesRead } = await handle.read(buffer, 0, length, offset);
      return buffer.subarray(0, bytesRead);
    },
    readInto: async (buffer, offset) => (await handle.read(buffer, 0, buffer.length, offset)).bytesRead,
  };
}

/** When the last read of a basis that has a position ends. */
const turns = new WeakMap<object, Promise<void>>();

/** Reads once that has ended: patches may share a basis, and one that was cancelled may still read. */
export function readInTurn(
  owner: object,
  length: number,
  readInto: (buffer: Uint8Array<ArrayBuffer>) => Promise<number>,
): Promise<Uint8Array<ArrayBuffer>> {
  const turn = (turns.get(owner) ?? Promise.resolve()).then(async () => {
    const buffer = new Uint8Array(length);
    return buffer.subarray(0, await readInto(buffer));
  });
  const end = () => {};
  turns.set(owner, turn.then(end, end));
  return turn;
}

/** A basis that moves through an open file, which stays open. Only such bases may move in it meanwhile. */
export function basisFromDenoFile(file: DenoFile): LateSource {
  return {
    async findSize() {
      const { isFile, size } = await file.stat();
      return isFile ? size || undefined : undefined;
    },
    read: (offset, length) =>
      readInTurn(file, length, async (buffer) => {
        await file.seek(offset, SEEK_START);
        return await file.read(buffer) ?? 0;
      }),
  };
}

/** A basis of a `Blob`, which stays where it is: parts of it are read when they are asked for. */
export function basisFromBlob(blob: BlobLike): BasisSource {
  return {
    // 0 is also what the size of a file that is gone looks like: a read says more.
    size: blob.size || undefined,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  };
}

/** A basis of a file that the File System API names. It is opened at the first read. */
export function basisFromWebFileHandle(handle: WebFileHandle): LateSource {
  let opening: Promise<BasisSource> | undefined;
  const open = () => opening ??= handle.getFile().then(basisFromBlob);
  return {
    findSize: async () => (await open()).size,
    read: async (offset, length) => await (await open()).read(offset, length),
  };
}

/** A basis of an access handle, which stays open. */
export function basisFromSyncAccessHandle(handle: SyncAccessHandle): BasisSource {
  const readInto = (buffer: Uint8Array<ArrayBuffer>, offset: number) => handle.read(buffer, { at: offset });
  return {
    size: handle.getSize(),
    readInto,
    read(offset, length) {
      const buffer = new Uint8Array(length);
      return buffer.subarray(0, readInto(buffer, offset));
    },
  };
}
