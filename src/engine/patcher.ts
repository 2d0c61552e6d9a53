import { changedLengthError, copyBytes, growBytes, hex } from "../common/bytes.ts";
import { isPromise } from "../common/is_promise.ts";
import { RsyncError } from "../common/rsync_error.ts";
import type { DeltaEvent, Digest, PatchBasis, TargetRoom } from "./interface.ts";
import { ReadsAtOnce } from "./reads_at_once.ts";
import { BUSY, DONE, type Source, type SourceResult } from "./stage.ts";
import type { PatchStats } from "./stats.ts";

/**
 * Bytes of target gathered for a chunk: what a patch holds, however much the delta makes. With 256 KiB, a patch from
 * file to file took a third longer.
 */
const CHUNK_LENGTH = 2 ** 20;
/** Commands and reads of the basis at a time: each takes up to some microseconds, however short it is. */
const MAX_STEPS = 16_384;

const NOTHING = new Uint8Array(0);

type EndEvent = Extract<DeltaEvent, { type: "end" }>;

/** Where the parts of a delta come from. The caller owns data bytes. */
export interface DeltaEventSource extends Source<DeltaEvent> {
  /** Bytes of delta read so far; undefined where commands do not come from bytes. */
  readonly position?: number;
  /**
   * Carries out the commands that come next, as far as there is room for each of them. Returns how many: after none,
   * `next` has to be asked. An event for each would be most of the work of short ones.
   */
  carryOut?(room: TargetRoom): number;
}

/** What a patcher needs. */
export interface PatcherParts {
  readonly commands: DeltaEventSource;
  readonly basis: PatchBasis;
  /** Makes a digest of the target. */
  readonly createDigest: () => Digest;
  readonly maxOutputLength: number;
}

/** Commands of a delta → target bytes. */
export class Patcher {
  readonly stats: PatchStats = { bytesIn: 0, bytesOut: 0, copiedBytes: 0, literalBytes: 0 };
  readonly #parts: PatcherParts;
  #digest: Digest | undefined;
  /** The chunk being gathered. */
  #out = new Uint8Array(0);
  #outLength = 0;
  /** Whether the chunk before was full. The next one will be too, most likely, and gets all of its room at once. */
  #wasFull = false;
  /** The read of the basis that was started while the chunk before was hashed. */
  #ahead: Promise<void> | undefined;
  /** Reads under way into the chunk being gathered. */
  readonly #reads: ReadsAtOnce;
  /** What is left of the command being carried out. */
  #copyOffset = 0;
  #copyLeft = 0;
  #data = new Uint8Array(0);
  #dataAt = 0;
  /** How long the data was when it came: its owner may take its bytes away. */
  #dataLength = 0;
  /** Bytes of the target so far, those of the command being carried out included. */
  #length = 0;
  /** What was done since it was asked last. */
  #steps = 0;
  /** The end of the delta, once it has come. */
  #end: EndEvent | undefined;
  #isReleased = false;

  constructor(parts: PatcherParts) {
    this.#parts = parts;
    this.#reads = new ReadsAtOnce(parts.basis);
  }

  next(): SourceResult<Uint8Array<ArrayBuffer>> | Promise<SourceResult<Uint8Array<ArrayBuffer>>> {
    this.#steps = 0;
    const result = this.#advance();
    return isPromise(result) ? this.#advanceAfter(result) : result;
  }

  /** Works until a chunk is full, input is missing, a read of the basis has to be waited for, or it has done much. */
  #advance(): SourceResult<Uint8Array<ArrayBuffer>> | Promise<void> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead) return ahead;
    const { commands } = this.#parts;
    try {
      while (!this.#end && this.#outLength < CHUNK_LENGTH) {
        if (this.#steps++ >= MAX_STEPS) return BUSY;
        if (this.#copyLeft > 0) {
          const reading = this.#copy();
          if (reading) return reading;
        } else if (this.#dataAt < this.#dataLength) {
          this.#takeData();
        } else if (!this.#carryOut()) {
          const event = commands.next();
          if (event === BUSY) return BUSY;
          if (event === undefined && this.#outLength === 0) return undefined;
          if (event === undefined || event === DONE) break;
          this.#begin(event);
        }
      }
      if (this.#reads.length > 0) return this.#reads.settle();
      if (this.#end) this.#checkEnd(this.#end);
      return this.#outLength > 0 ? this.#takeOut() : DONE;
    } finally {
      this.stats.bytesIn = commands.position ?? 0;
    }
  }

  /** A loop and no recursion: a chunk may be made of a million reads. */
  async #advanceAfter(reading: Promise<void>): Promise<SourceResult<Uint8Array<ArrayBuffer>>> {
    for (;;) {
      await reading;
      if (this.#isReleased) return DONE;
      const result = this.#advance();
      if (!isPromise(result)) return result;
      reading = result;
    }
  }

  release(): void {
    this.#isReleased = true;
    this.#digest = undefined;
  }

  #begin(event: DeltaEvent): void {
    if (event.type === "copy") {
      this.#beginCopy(event.offset, event.length);
    } else if (event.type === "start") {
      if (event.hasDigest) this.#digest = this.#parts.createDigest();
    } else if (event.type === "data") {
      this.#addLength(event.bytes.length);
      this.stats.literalBytes += event.bytes.length;
      this.#data = event.bytes;
      this.#dataAt = 0;
      this.#dataLength = event.bytes.length;
    } else {
      this.#end = event;
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

  /** Carries out commands for which there is room. Returns whether there was one. */
  #carryOut(): boolean {
    const { commands, basis: { bytes, size }, maxOutputLength } = this.#parts;
    if (!commands.carryOut) return false;
    const start = this.#outLength;
    const room: TargetRoom = {
      // The buffer of a basis may be resized: each copy is compared with the length that it had.
      basis: bytes && bytes.length === size ? bytes : NOTHING,
      out: this.#out,
      at: start,
      end: Math.min(this.#out.length, start + (maxOutputLength - this.#length)),
      maxCommands: MAX_STEPS - this.#steps,
      copied: 0,
    };
    const count = commands.carryOut(room);
    const length = room.at - start;
    this.#steps += count;
    this.#outLength = room.at;
    this.#length += length;
    this.stats.copiedBytes += room.copied;
    this.stats.literalBytes += length - room.copied;
    return count > 0;
  }

  #addLength(length: number): void {
    this.#length += length;
    const { maxOutputLength } = this.#parts;
    if (this.#length > maxOutputLength) {
      throw this.#error("limit", `the target is longer than maxOutputLength, which is ${maxOutputLength} bytes`);
    }
  }

  #takeData(): void {
    if (this.#data.length !== this.#dataLength) throw changedLengthError(this.#dataLength, this.#data.length);
    const count = Math.min(CHUNK_LENGTH - this.#outLength, this.#dataLength - this.#dataAt);
    copyBytes(this.#data, this.#dataAt, this.#reserve(count), 0, count);
    this.#dataAt += count;
    this.#outLength += count;
  }

  /** Reads what fits of the copy straight into the chunk being gathered. Returns a promise if it has to be awaited. */
  #copy(): Promise<void> | undefined {
    const { basis } = this.#parts;
    const wanted = Math.min(CHUNK_LENGTH - this.#outLength, this.#copyLeft);
    const buffer = this.#reserve(wanted);
    const count = basis.readInto(buffer, this.#copyOffset);
    if (typeof count === "number") return void this.#copied(count);
    // A chunk that still grows would leave the buffer behind.
    if (!basis.readsAtOnce || this.#out.length < CHUNK_LENGTH) return count.then((count) => this.#copied(count));
    const { commands: { position } } = this.#parts;
    const offset = this.#copyOffset;
    const left = this.#copyLeft;
    this.#copied(wanted);
    return this.#reads.add(buffer, offset, count, (at) => this.#shortRead(left - at, offset + at, position));
  }

  /** Starts the next read of a copy that goes on behind the chunk. */
  #readAhead(): void {
    this.#ahead = this.#copy();
    // A failure is reported when the next chunk is asked for. If it never is, it must not be an unhandled rejection.
    this.#ahead?.catch(() => {});
  }

  #copied(count: number): void {
    if (count === 0) throw this.#shortRead(this.#copyLeft, this.#copyOffset);
    this.#outLength += count;
    this.#copyOffset += count;
    this.#copyLeft -= count;
  }

  /** The next `count` bytes of the chunk being gathered, to be filled. */
  #reserve(count: number): Uint8Array<ArrayBuffer> {
    const length = this.#outLength + count;
    const { basis } = this.#parts;
    const room = this.#wasFull ? CHUNK_LENGTH : length;
    this.#out = growBytes(this.#out, this.#outLength, room, CHUNK_LENGTH, basis.createBuffer);
    return this.#out.subarray(this.#outLength, length);
  }

  #takeOut(): Uint8Array<ArrayBuffer> {
    this.#wasFull = this.#outLength === CHUNK_LENGTH;
    const bytes = this.#out.length === this.#outLength ? this.#out : this.#out.slice(0, this.#outLength);
    this.#out = new Uint8Array(0);
    this.#outLength = 0;
    this.stats.bytesOut += bytes.length;
    // A digest takes as long as a read.
    if (this.#digest && this.#copyLeft > 0) this.#readAhead();
    this.#digest?.update(bytes);
    return bytes;
  }

  /** The digest covers what was given; the bytes still gathered are added first. */
  #checkEnd({ targetLength, digest: expected }: EndEvent): void {
    if (targetLength !== undefined && targetLength !== this.#length) {
      throw this.#error("digest-mismatch", `the target has ${this.#length} bytes, the delta says ${targetLength}`);
    }
    if (!this.#digest || !expected) return;
    const last = this.#out.subarray(0, this.#outLength);
    this.#digest.update(last);
    const digest = this.#digest.digest();
    this.#digest = undefined;
    if (!digest.every((byte, i) => byte === expected[i])) {
      throw this.#error(
        "digest-mismatch",
        `the target's digest is ${hex(digest)}, the delta says ${hex(expected)}: is it made for this basis?`,
      );
    }
    this.stats.digest = hex(digest);
  }

  #shortRead(length: number, offset: number, position?: number): RsyncError {
    const why = `a copy needs ${length} bytes at offset ${offset}, the basis gave none there`;
    return this.#error("basis-short-read", why, position);
  }

  #error(code: RsyncError["code"], why: string, position = this.#parts.commands.position): RsyncError {
    return new RsyncError(code, `Cannot apply the delta: ${why}`, position === undefined ? {} : { offset: position });
  }
}
