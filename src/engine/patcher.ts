import { RsyncError } from "../rsync_error.ts";
import type { Digest, Kernel } from "../kernel/interface.ts";
import type { DeltaEvent, DeltaReader, Input } from "./interface.ts";
import { DONE, type Stage, type StageResult } from "./stage.ts";
import type { PatchStats } from "./stats.ts";

/** Bytes of target gathered for a chunk: what a patch holds, however much the delta makes. 256 KiB took a third longer, from file to file. */
const CHUNK_LENGTH = 2 ** 20;

/** The basis, read at random. */
export interface PatchBasis {
  /** Puts 1 to `buffer.length` bytes from `offset` on at the start of `buffer`, or none at its end, and tells how many. */
  readInto(buffer: Uint8Array<ArrayBuffer>, offset: number): number | Promise<number>;
  /** Its length, if known. */
  readonly size?: number | undefined;
}

/** What a patcher needs. */
export interface PatcherParts {
  readonly reader: DeltaReader;
  /** What the reader reads. */
  readonly input: Input;
  readonly basis: PatchBasis;
  readonly kernel: Kernel;
  readonly maxOutputLength: number;
}

/** Delta bytes → target bytes. */
export class Patcher implements Stage<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  readonly stats: PatchStats = { bytesIn: 0, bytesOut: 0, copiedBytes: 0, literalBytes: 0 };
  readonly #parts: PatcherParts;
  #digest: Digest | undefined;
  /** The chunk being gathered. */
  #out = new Uint8Array(0);
  #outLength = 0;
  /** What the command being carried out still has to give. */
  #copyOffset = 0;
  #copyLeft = 0;
  #data = new Uint8Array(0);
  #dataAt = 0;
  /** Bytes of the target so far, those of the command being carried out included. */
  #length = 0;
  #isDone = false;
  #isReleased = false;

  constructor(parts: PatcherParts) {
    this.#parts = parts;
  }

  write(chunk: Uint8Array): void {
    this.#parts.input.push(chunk);
  }

  end(): void {
    this.#parts.input.end();
  }

  next(): StageResult<Uint8Array<ArrayBuffer>> | Promise<StageResult<Uint8Array<ArrayBuffer>>> {
    const result = this.#advance();
    return result instanceof Promise ? this.#advanceAfter(result) : result;
  }

  /** Goes on until there is something to give, or a read of the basis to wait for. */
  #advance(): StageResult<Uint8Array<ArrayBuffer>> | Promise<void> {
    while (!this.#isDone && this.#outLength < CHUNK_LENGTH) {
      if (this.#copyLeft > 0) {
        const reading = this.#copy();
        if (reading) return reading;
      } else if (this.#dataAt < this.#data.length) {
        this.#takeData();
      } else {
        const event = this.#parts.reader.next();
        this.stats.bytesIn = this.#parts.input.position;
        if (!event) return this.#outLength > 0 ? this.#takeOut() : undefined;
        this.#begin(event);
      }
    }
    return this.#outLength > 0 ? this.#takeOut() : DONE;
  }

  /** A loop: a chunk may be made of a million reads, and no promise shall wait for another of them. */
  async #advanceAfter(reading: Promise<void>): Promise<StageResult<Uint8Array<ArrayBuffer>>> {
    for (;;) {
      await reading;
      if (this.#isReleased) return DONE;
      const result = this.#advance();
      if (!(result instanceof Promise)) return result;
      reading = result;
    }
  }

  release(): void {
    this.#isReleased = true;
    this.#digest?.release();
    this.#digest = undefined;
  }

  #begin(event: DeltaEvent): void {
    if (event.type === "start") {
      if (event.strongSum) this.#digest = this.#parts.kernel.digest(event.strongSum);
    } else if (event.type === "data") {
      this.#addLength(event.bytes.length);
      this.stats.literalBytes += event.bytes.length;
      this.#data = event.bytes;
      this.#dataAt = 0;
    } else if (event.type === "copy") {
      this.#beginCopy(event.offset, event.length);
    } else {
      this.#checkEnd(event.targetLength, event.digest);
      this.#isDone = true;
    }
  }

  #beginCopy(offset: number, length: number): void {
    const { size } = this.#parts.basis;
    if (size !== undefined && offset + length > size) {
      throw this.#error(
        "copy-out-of-range",
        `a copy of ${length} bytes at offset ${offset} was seen, the basis has ${size} bytes`,
      );
    }
    this.#addLength(length);
    this.stats.copiedBytes += length;
    this.#copyOffset = offset;
    this.#copyLeft = length;
  }

  #addLength(length: number): void {
    this.#length += length;
    const { maxOutputLength } = this.#parts;
    if (this.#length > maxOutputLength) {
      throw this.#error("limit", `the target is longer than maxOutputLength, which is ${maxOutputLength} bytes`);
    }
  }

  #takeData(): void {
    const count = Math.min(CHUNK_LENGTH - this.#outLength, this.#data.length - this.#dataAt);
    this.#reserve(count).set(this.#data.subarray(this.#dataAt, this.#dataAt + count));
    this.#dataAt += count;
    this.#outLength += count;
  }

  /** Reads what fits of the copy straight into the chunk being gathered. Gives a promise if that takes time. */
  #copy(): Promise<void> | undefined {
    const wanted = Math.min(CHUNK_LENGTH - this.#outLength, this.#copyLeft);
    const count = this.#parts.basis.readInto(this.#reserve(wanted), this.#copyOffset);
    if (typeof count !== "number") return count.then((count) => this.#copied(count));
    this.#copied(count);
  }

  #copied(count: number): void {
    if (count === 0) {
      throw this.#error(
        "basis-short-read",
        `a copy needs ${this.#copyLeft} bytes at offset ${this.#copyOffset}, the basis gave none there`,
      );
    }
    this.#outLength += count;
    this.#copyOffset += count;
    this.#copyLeft -= count;
  }

  /** The next `count` bytes of the chunk being gathered, to be filled. */
  #reserve(count: number): Uint8Array<ArrayBuffer> {
    const length = this.#outLength + count;
    if (length > this.#out.length) {
      const longer = new Uint8Array(Math.min(CHUNK_LENGTH, Math.max(length, 2 * this.#out.length)));
      longer.set(this.#out.subarray(0, this.#outLength));
      this.#out = longer;
    }
    return this.#out.subarray(this.#outLength, length);
  }

  #takeOut(): Uint8Array<ArrayBuffer> {
    const bytes = this.#out.length === this.#outLength ? this.#out : this.#out.slice(0, this.#outLength);
    this.#out = new Uint8Array(0);
    this.#outLength = 0;
    this.stats.bytesOut += bytes.length;
    this.#digest?.update(bytes);
    return bytes;
  }

  /** The digest covers what was given; the last bytes, which wait to be given, are added first. */
  #checkEnd(targetLength: number | undefined, expected: Uint8Array | undefined): void {
    if (targetLength !== undefined && targetLength !== this.#length) {
      throw this.#error("digest-mismatch", `the target has ${this.#length} bytes, the delta tells ${targetLength}`);
    }
    if (!this.#digest || !expected) return;
    const last = this.#out.subarray(0, this.#outLength);
    this.#digest.update(last);
    const digest = this.#digest.digest();
    this.#digest.release();
    this.#digest = undefined;
    if (!digest.every((byte, i) => byte === expected[i])) {
      throw this.#error(
        "digest-mismatch",
        `the target's digest is ${hex(digest)}, the delta tells ${hex(expected)}: is it made for this basis?`,
      );
    }
  }

  #error(code: RsyncError["code"], why: string): RsyncError {
    return new RsyncError(code, `Cannot apply the delta: ${why}`, { offset: this.#parts.input.position });
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
