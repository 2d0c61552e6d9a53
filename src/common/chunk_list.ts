import { joined } from "./bytes.ts";

/** A chunk that is shorter is put together with others. */
const SHORT = 1024;
const MIN_BUFFER = 256;
const MAX_BUFFER = 16 * 1024;
const NO_BYTES = new Uint8Array(0);

/**
 * Chunks that are kept. Short ones are put together: a peer can send each byte in a chunk of its own, and a million
 * chunks take some hundred times the memory of a million bytes.
 */
export class ChunkList {
  readonly #chunks: Uint8Array[] = [];
  #length = 0;
  /** Where short chunks are put, and how much of it is used. The last of the chunks is a view of it. */
  #buffer: Uint8Array<ArrayBuffer> = NO_BYTES;
  #start = 0;
  #end = 0;

  /** Bytes of all chunks. */
  get length(): number {
    return this.#length;
  }

  get chunks(): readonly Uint8Array[] {
    return this.#chunks;
  }

  /** Adds a chunk. It must not be changed afterwards. */
  push(chunk: Uint8Array): void {
    if (chunk.length >= SHORT) {
      this.#chunks.push(chunk);
      this.#start = this.#end;
    } else if (chunk.length > 0) {
      this.#append(chunk);
    }
    this.#length += chunk.length;
  }

  /** The bytes of all chunks in one piece: that chunk itself, if there is no other. */
  join(): Uint8Array<ArrayBuffer> {
    const [only] = this.#chunks;
    return only?.length === this.#length ? only as Uint8Array<ArrayBuffer> : joined(this.#chunks, this.#length);
  }

  #append(chunk: Uint8Array): void {
    if (this.#end > this.#start) this.#chunks.pop();
    if (chunk.length > this.#buffer.length - this.#end) {
      if (this.#end > this.#start) this.#chunks.push(this.#buffer.subarray(this.#start, this.#end));
      this.#buffer = new Uint8Array(Math.min(MAX_BUFFER, Math.max(MIN_BUFFER, chunk.length, this.#length)));
      this.#start = this.#end = 0;
    }
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
    this.#chunks.push(this.#buffer.subarray(this.#start, this.#end));
  }
}
