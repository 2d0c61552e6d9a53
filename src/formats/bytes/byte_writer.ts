import { copyBytes, growBytes, viewOf } from "../../common/bytes.ts";

/** Bytes being written, until they are taken as one chunk. */
export class ByteWriter {
  #bytes = new Uint8Array(1024);
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
    return taken;
  }

  #advance(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      this.#bytes = growBytes(this.#bytes, at, this.#length);
      this.#view = viewOf(this.#bytes);
    }
    return at;
  }
}
