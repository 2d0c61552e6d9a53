import { startsWith } from "../../common/bytes.ts";
import { RsyncError } from "../../common/rsync_error.ts";
import type { DeltaEvent } from "../../engine/interface.ts";
import { DeltaFormatReader } from "../bytes/delta_reader.ts";
import { DeltaEncoder } from "../bytes/writer.ts";
import type { DeltaEncoding, OpenDelta } from "../interface.ts";
import { DELTA_MAGIC, DIGEST_LENGTH, SHA_256, VERSION } from "./_numbers.ts";

const HEADER_LENGTH = 8;
/** Twice what is below it, and the lowest bit, are a varint: lengths under it, and distances from its negative on. */
const BOUND = 2 ** 52;
const MAX_VARINT_LENGTH = 8;

/** Writes commands of the rsync-streams format, one for one. */
class RsyncStreamsDeltaEncoder extends DeltaEncoder {
  /** End of the copy before. */
  #expected = 0;

  start(hasDigest: boolean): void {
    const { out } = this;
    out.bytes(DELTA_MAGIC);
    out.u8(VERSION);
    out.u8(hasDigest ? SHA_256 : 0);
    out.u16(0, true);
  }

  copy(offset: number, length: number): void {
    const distance = offset - this.#expected;
    if (length >= BOUND || distance < -BOUND || distance >= BOUND) {
      throw new RsyncError(
        "unsupported",
        `Cannot write a copy of ${length} bytes at offset ${offset}, ${distance} bytes from the end of the last: ` +
          "lengths under 2^52 and distances from -2^52 to 2^52 - 1 are possible in the rsync-streams format",
      );
    }
    this.out.varint(2 * length + 1);
    this.out.varint(distance < 0 ? -2 * distance - 1 : 2 * distance);
    this.#expected = offset + length;
  }

  data(bytes: Uint8Array): void {
    this.out.varint(2 * bytes.length);
    this.out.bytes(bytes);
  }

  end(targetLength: number, digest: Uint8Array | undefined): void {
    this.out.varint(0);
    this.out.varint(targetLength);
    if (!digest) return;
    if (digest.length !== DIGEST_LENGTH) {
      throw new TypeError(
        `Cannot write the delta: a digest of ${digest.length} bytes was given, ${DIGEST_LENGTH} were expected`,
      );
    }
    this.out.bytes(digest);
  }
}

/** Reads deltas of the rsync-streams format. */
export class RsyncStreamsDeltaReader extends DeltaFormatReader {
  /** End of the copy before. */
  protected expected = 0;
  #hasHeader = false;
  #hasDigest = false;
  #end: DeltaEvent | undefined;
  /** Bytes of the varint read last. */
  #varintLength = 0;

  next(): DeltaEvent | undefined {
    if (!this.#hasHeader) return this.#readHeader();
    if (this.#end) return this.bytes.expectEnd() && this.#end;
    if (this.dataLeft > 0) return this.readData();
    const head = this.#peekVarint(0);
    if (head === undefined) return undefined;
    if (head === 0) return this.#readEnd();
    const length = half(head);
    if (head % 2 === 1) {
      return this.#readCopy(length) ? { type: "copy", offset: this.expected - length, length } : undefined;
    }
    this.addLength(length);
    this.bytes.skip(this.#varintLength);
    this.dataLeft = length;
    return this.readData();
  }

  protected get isAtCommand(): boolean {
    return this.#hasHeader && !this.#end && this.dataLeft === 0;
  }

  #readHeader(): DeltaEvent | undefined {
    const reader = this.bytes;
    const bytes = reader.peek(HEADER_LENGTH);
    if (!bytes) return undefined;
    if (!startsWith(bytes, DELTA_MAGIC)) {
      throw reader.error("bad-magic", "it does not start as a delta of the rsync-streams format does");
    }
    if (bytes[4] !== VERSION) {
      throw reader.error("unsupported", `version ${bytes[4]} was seen, version ${VERSION} is supported`, 4);
    }
    this.#hasDigest = bytes[5] === SHA_256;
    if (bytes[5] !== 0 && !this.#hasDigest) throw reader.error("unsupported", `unknown digest ${bytes[5]} was seen`, 5);
    for (let i = 6; i < 8; i++) {
      if (bytes[i] !== 0) {
        throw reader.error("unsupported", `0x${bytes[i]!.toString(16)} was seen in a reserved byte`, i);
      }
    }
    reader.skip(HEADER_LENGTH);
    this.#hasHeader = true;
    return { type: "start", hasDigest: this.#hasDigest };
  }

  /** Reads the copy whose first varint was peeked at. Returns whether all of it has come. */
  #readCopy(length: number): boolean {
    const reader = this.bytes;
    const headLength = this.#varintLength;
    if (length === 0) throw reader.error("unknown-command", "a copy of no bytes was seen");
    const zigzag = this.#peekVarint(headLength);
    if (zigzag === undefined) return false;
    this.addLength(length);
    const distance = zigzag % 2 === 1 ? -half(zigzag + 1) : half(zigzag);
    const offset = this.expected + distance;
    if (offset < 0 || offset + length > Number.MAX_SAFE_INTEGER) {
      throw reader.error("copy-out-of-range", `a copy of ${length} bytes at offset ${offset} of the basis was seen`);
    }
    reader.skip(headLength + this.#varintLength);
    this.expected = offset + length;
    return true;
  }

  #readEnd(): DeltaEvent | undefined {
    const reader = this.bytes;
    const targetLength = this.#peekVarint(1);
    if (targetLength === undefined) return undefined;
    const digestAt = 1 + this.#varintLength;
    const length = digestAt + (this.#hasDigest ? DIGEST_LENGTH : 0);
    const bytes = reader.peek(length);
    if (!bytes) return undefined;
    if (targetLength !== this.targetLength) {
      throw reader.error(
        "digest-mismatch",
        `its commands make ${this.targetLength} bytes, and its end says ${targetLength}`,
      );
    }
    this.#end = { type: "end", targetLength, digest: this.#hasDigest ? bytes.slice(digestAt) : undefined };
    reader.skip(length);
    return this.next();
  }

  /** The varint that starts `at` bytes from here, and its length in `#varintLength`. */
  #peekVarint(at: number): number | undefined {
    let value = 0;
    for (let i = 0, scale = 1; i < MAX_VARINT_LENGTH; i++, scale *= 128) {
      const byte = this.bytes.peekByte(at + i);
      if (byte === undefined) return undefined;
      value += (byte & 127) * scale;
      if (byte >= 128) continue;
      if (byte === 0 && i > 0) throw this.#varintError(at, "is not in its shortest form");
      if (value > Number.MAX_SAFE_INTEGER) throw this.#varintError(at, "is above 2^53 - 1");
      this.#varintLength = i + 1;
      return value;
    }
    throw this.#varintError(at, `is longer than ${MAX_VARINT_LENGTH} bytes`);
  }

  #varintError(at: number, why: string): Error {
    return this.bytes.error("unsupported", `a number ${why}`, this.bytes.position + at);
  }
}

/** Half of a number, rounded down. Most are small, and divided as integers. */
function half(value: number): number {
  return value < 2 ** 31 ? value >>> 1 : Math.floor(value / 2);
}

/** Reads its deltas. */
export const openRsyncStreamsDelta: OpenDelta = (bytes) => new RsyncStreamsDeltaReader(bytes);

/** Writes its commands. */
export const rsyncStreamsEncoding: DeltaEncoding = {
  encoder: () => new RsyncStreamsDeltaEncoder(),
};
