import { copyBytes, growBytes, viewOf } from "../../common/bytes.ts";

const FIRST_LENGTH = 1024;
/** A longer buffer is not kept for the next chunk: streams that wait are small. */
const MAX_KEPT_LENGTH = 512 * 1024;

/** Bytes being written, until they are taken as one chunk. */
export class ByteWriter {
  #bytes = new Uint8Array(FIRST_LENGTH);
  #view = viewOf(this.#bytes);
  #length = 0;

  /** Bytes written and not yet taken. */
  get length(): number {
    return this.#length;
  }

  u8(value: number): void {
    const at = this.#advance(1);
    this.#view.setUint8(at, value);
  }

  u16(value: number, isLittleEndian: boolean): void {
    const at = this.#advance(2);
    this.#view.setUint16(at, value, isLittleEndian);
  }

  u32(value: number, isLittleEndian: boolean): void {
    const at = this.#advance(4);
    this.#view.setUint32(at, value, isLittleEndian);
  }

  /** An integer up to 2^53 - 1 in 8 bytes. */
  u64(value: number, isLittleEndian: boolean): void {
    const at = this.#advance(8);
    this.#view.setBigUint64(at, BigInt(value), isLittleEndian);
  }

  i64(value: bigint, isLittleEndian: boolean): void {
    const at = this.#advance(8);
    this.#view.setBigInt64(at, value, isLittleEndian);
  }

  /** An integer up to 2^53 - 1 as unsigned LEB128. */
  varint(value: number): void {
    while (value >= 128) {
      this.u8((value % 128) | 128);
      value = Math.floor(value / 128);
    }
    this.u8(value);
  }

  bytes(bytes: Uint8Array): void {
    const at = this.#advance(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** A few bytes of `bytes`, from `at` on. */
  few(bytes: Uint8Array, at: number, count: number): void {
    const to = this.#advance(count);
    copyBytes(bytes, at, this.#bytes, to, count);
  }

  /** What was written since the last call, in a buffer of its own. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    if (this.#bytes.length > MAX_KEPT_LENGTH) this.#use(new Uint8Array(FIRST_LENGTH));
    return taken;
  }

  #advance(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      this.#use(growBytes(this.#bytes, at, this.#length));
    }
    return at;
  }

  #use(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
  }
}
