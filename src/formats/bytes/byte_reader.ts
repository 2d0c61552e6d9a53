import { growBytes } from "../../common/bytes.ts";
import { RsyncError } from "../../common/rsync_error.ts";

const EMPTY = new Uint8Array(0);
/** Data commands are returned whole up to this length, and in pieces of this length beyond it. */
export const MAX_DATA_LENGTH = 2 ** 20;

/**
 * Bytes that arrive in chunks, read in items that may lie across chunks.
 *
 * Each method returns undefined if bytes are missing. Nothing is lost then: make the same call again after the next
 * chunk.
 */
export class ByteReader {
  /** What is being read, for messages: "the delta". */
  readonly what: string;
  #chunk: Uint8Array = EMPTY;
  #at = 0;
  /** The start of an item whose rest is still missing. */
  #carry = new Uint8Array(64);
  #carried = 0;
  #position = 0;
  #isEnded = false;
  #data = EMPTY;
  #dataLength = 0;

  constructor(what: string) {
    this.what = what;
  }

  /** Bytes read so far: where the next item starts. */
  get position(): number {
    return this.#position;
  }

  /** Whether the stream has ended and everything was read. */
  get isAtEnd(): boolean {
    return this.#isEnded && !this.hasBytes;
  }

  /** Whether there is at least one byte. */
  get hasBytes(): boolean {
    return this.#carried > 0 || this.#at < this.#chunk.length;
  }

  /** Takes the next chunk, once the one before was read to its end. A chunk is not used after that. */
  push(chunk: Uint8Array): void {
    // A view of fixed length: a chunk may grow with its buffer, once it was read and its owner uses it again.
    this.#chunk = chunk.subarray(0, chunk.length);
    this.#at = 0;
  }

  /** Notes that no more chunks come: missing bytes are an error from now on. */
  end(): void {
    this.#isEnded = true;
  }

  /** The next `count` bytes without reading them: a view that is valid until the next call. At most 64 KiB. */
  peek(count: number): Uint8Array | undefined {
    const here = this.#chunk.length - this.#at;
    if (this.#carried === 0 && here >= count) return this.#chunk.subarray(this.#at, this.#at + count);
    this.#carry = growBytes(this.#carry, this.#carried, count);
    if (this.#carried < count) {
      const n = Math.min(here, count - this.#carried);
      this.#carry.set(this.#chunk.subarray(this.#at, this.#at + n), this.#carried);
      this.#carried += n;
      this.#at += n;
    }
    if (this.#carried >= count) return this.#carry.subarray(0, count);
    if (this.#isEnded) this.#failTruncated(count);
    return undefined;
  }

  /** The byte that stands `index` bytes from here, without reading it. */
  peekByte(index: number): number | undefined {
    // A view of a few bytes takes longer than all else that a short command takes.
    if (this.#carried === 0 && this.#at + index < this.#chunk.length) return this.#chunk[this.#at + index];
    return this.peek(index + 1)?.[index];
  }

  /** The chunk at hand. */
  get chunk(): Uint8Array {
    return this.#chunk;
  }

  /** Where in the chunk the next item starts: at its end if it has begun in a chunk before. */
  get at(): number {
    return this.#carried > 0 ? this.#chunk.length : this.#at;
  }

  /** Reads over `count` bytes that were peeked at. */
  skip(count: number): void {
    this.#position += count;
    if (this.#carried === 0) {
      this.#at += count;
      return;
    }
    const n = Math.min(count, this.#carried);
    this.#carry.copyWithin(0, n, this.#carried);
    this.#carried -= n;
    this.#at += count - n;
  }

  /** Reads `count` bytes: a view that is valid until the next call. */
  take(count: number): Uint8Array | undefined {
    const bytes = this.peek(count);
    if (!bytes) return undefined;
    // What is left in the carry moves to its front, under the view.
    const taken = this.#carried > count ? bytes.slice() : bytes;
    this.skip(count);
    return taken;
  }

  /** How many items of `length` bytes can be taken as one piece: at least 1, or 0 if bytes are missing. */
  itemsAvailable(length: number, maxCount: number): number {
    if (this.#carried === 0) {
      const n = Math.min(maxCount, Math.floor((this.#chunk.length - this.#at) / length));
      if (n > 0) return n;
    }
    return this.peek(length) ? 1 : 0;
  }

  /**
   * The next `length` bytes in a buffer of their own, or the first {@linkcode MAX_DATA_LENGTH} of them. Memory grows
   * with what arrives.
   */
  data(length: number): Uint8Array<ArrayBuffer> | undefined {
    const wanted = Math.min(length, MAX_DATA_LENGTH);
    if (this.#dataLength === 0 && this.#carried === 0 && this.#chunk.length - this.#at >= wanted) {
      this.#position += wanted;
      this.#at += wanted;
      return this.#chunk.slice(this.#at - wanted, this.#at) as Uint8Array<ArrayBuffer>;
    }
    while (this.#dataLength < wanted && this.hasBytes) {
      const n = Math.min(wanted - this.#dataLength, this.#carried || this.#chunk.length - this.#at);
      this.#appendData(this.take(n)!, wanted);
    }
    if (this.#dataLength < wanted) {
      if (this.#isEnded) this.#failTruncated(wanted - this.#dataLength);
      return undefined;
    }
    const data = this.#data.length === wanted ? this.#data : this.#data.slice(0, wanted);
    this.#data = EMPTY;
    this.#dataLength = 0;
    return data;
  }

  /** Throws unless the stream is at its end. Undefined if that is not known yet. */
  expectEnd(): true | undefined {
    if (this.hasBytes) throw this.error("trailing-data", "data goes on after its end");
    return this.#isEnded || undefined;
  }

  /** An error at `offset`, or where the next item starts. */
  error(code: RsyncError["code"], why: string, offset: number = this.#position): RsyncError {
    return new RsyncError(code, `Cannot read ${this.what}: ${why}`, { offset });
  }

  #appendData(bytes: Uint8Array, wanted: number): void {
    const length = this.#dataLength + bytes.length;
    this.#data = growBytes(this.#data, this.#dataLength, length, wanted);
    this.#data.set(bytes, this.#dataLength);
    this.#dataLength = length;
  }

  #failTruncated(wanted: number): never {
    const have = this.#carried;
    throw this.error("truncated", `${wanted} bytes were expected, and it ends after ${have} of them`, this.#position);
  }
}
