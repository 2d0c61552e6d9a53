/**
 * What is used of objects of the platform. Types of DOM, Node, Deno and Bun differ, and a project may have some of them
 * and not others: whatever has these members will do.
 */

/** Bytes in memory: a buffer, or a view of one, such as a `Uint8Array` or Node's `Buffer`. */
export type ByteChunk = ArrayBuffer | ArrayBufferView;

/** What is used of a reader of a stream. */
export interface ByteReader {
  /** Reads the next chunk. */
  read(): Promise<{ done: boolean; value?: ByteChunk | undefined }>;
  /** Ends the stream early. */
  cancel(reason?: unknown): Promise<unknown>;
  /** Lets go of the stream. */
  releaseLock(): void;
}

/** What is used of a `ReadableStream`. */
export interface ByteReadable {
  /** Whether somebody reads it. */
  readonly locked: boolean;
  /** Locks the stream, and returns what reads it. */
  getReader(): ByteReader;
}

/** What is used of a `Response` or a `Request`. */
export interface ByteBody {
  /** Its bytes; null if there are none. */
  readonly body: ByteReadable | AsyncIterable<ByteChunk> | null;
  /** Whether they were read already. */
  readonly bodyUsed: boolean;
}

/** What is used of a part of a `Blob`. */
export interface BlobPartLike {
  /** Reads all of it. */
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** What is used of a `Blob`, a `File`, or what `Bun.file` returns. */
export interface BlobLike extends BlobPartLike {
  /** How many bytes it has. */
  readonly size: number;
  /** A part of it: from `start` to `end`, without `end`. */
  slice(start?: number, end?: number): BlobPartLike;
  /** Its bytes as a stream. */
  stream(): ByteReadable;
}

/** What is used of a file of the File System API: `FileSystemFileHandle`, also of the origin private file system. */
export interface WebFileHandle {
  /** Tells it from a folder. */
  readonly kind: "file";
  /** Returns the file as it is now. */
  getFile(): Promise<BlobLike>;
}

/** What is used of `FileSystemSyncAccessHandle`, which a worker opens in the origin private file system. */
export interface SyncAccessHandle {
  /** Reads at an offset, and returns how many bytes came. */
  read(buffer: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  /** How many bytes the file has. */
  getSize(): number;
}

/** A compiled module, `WebAssembly.Module`, in projects that have types of WebAssembly. */
export type WasmModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } } ? Module
  : object;
