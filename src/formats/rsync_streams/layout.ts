/** Where the parts of a layered signature stand, by arithmetic alone. */
import { copyBytes, viewOf } from "../../common/bytes.ts";
import { RsyncError } from "../../common/rsync_error.ts";
import type { SumBatch } from "../../kernel/interface.ts";
import { DIGEST_LENGTH, SIG_HEADER_LENGTH } from "./_numbers.ts";
import { FRAME_COUNT, type Layer, type LayeredFooter, layersLength } from "./layers.ts";

const WEAK_LENGTH = 4;
/** Bytes of the count before each frame. */
const COUNT_LENGTH = 4;
/** The count 0, and the length of the file. */
const TRAILER_LENGTH = COUNT_LENGTH + 8 + DIGEST_LENGTH;

/**
 * A range of bytes in a file.
 *
 * @example A range as HTTP names it
 * ```ts
 * import { type ByteRange } from "rsync-streams/sync";
 * import assert from "node:assert/strict";
 *
 * const toHeader = ({ offset, length }: ByteRange) => `bytes=${offset}-${offset + length - 1}`;
 * assert.equal(toHeader({ offset: 100, length: 50 }), "bytes=100-149");
 * ```
 */
export interface ByteRange {
  /** Where they start. */
  readonly offset: number;
  /** How many. */
  readonly length: number;
}

/** Bytes of a record. */
function recordLengthOf({ strongLength }: Layer): number {
  return WEAK_LENGTH + strongLength;
}

/** How many records a layer has. */
function recordCountOf({ blockLength }: Layer, fileLength: number): number {
  return Math.ceil(fileLength / blockLength);
}

/** The offsets in one layered signature. */
export class LayeredLayout {
  /** Where the footer starts. */
  readonly footerOffset: number;
  /** Bytes of all layers but the finest. */
  readonly coarserLength: number;
  readonly #footer: LayeredFooter;
  /** Where the records of each layer start, but for the finest. */
  readonly #offsets: number[];

  constructor(footer: LayeredFooter) {
    this.#footer = footer;
    const { layers, fileLength } = footer;
    const finest = layers.at(-1)!;
    const count = recordCountOf(finest, fileLength);
    let end = this.#frameOffset(0) + count * recordLengthOf(finest) +
      COUNT_LENGTH * Math.ceil(count / FRAME_COUNT) + TRAILER_LENGTH;
    const coarserOffset = end;
    this.#offsets = layers.map(() => 0);
    for (let i = layers.length - 2; i >= 0; i--) {
      this.#offsets[i] = end;
      end += this.recordCount(i) * recordLengthOf(layers[i]!);
    }
    this.footerOffset = end;
    this.coarserLength = end - coarserOffset;
  }

  /** How many records a layer has; 0 is the coarsest. */
  recordCount(layer: number): number {
    return recordCountOf(this.#footer.layers[layer]!, this.#footer.fileLength);
  }

  /** The bytes with the records `from` to `to` of a layer; `to` is not one of them. There is at least one. */
  rangeOf(layer: number, from: number, to: number): ByteRange {
    const start = this.#offsetOf(layer, from);
    const end = this.#offsetOf(layer, to - 1) + recordLengthOf(this.#footer.layers[layer]!);
    return { offset: start, length: end - start };
  }

  /**
   * Reads records out of the bytes of such a range into a batch: `from` to `to` of a range that starts with `first`.
   *
   * @throws {RsyncError} If a frame has another count than it must have: `unsupported`.
   */
  parse(bytes: Uint8Array, batch: SumBatch, layer: number, first: number, from: number, to: number): void {
    const { strongLength } = this.#footer.layers[layer]!;
    const fields = viewOf(bytes);
    const start = this.#offsetOf(layer, first);
    for (let k = from; k < to; k++) {
      const at = this.#offsetOf(layer, k) - start;
      if (k > first && this.#isFramed(layer) && k % FRAME_COUNT === 0) {
        this.#checkCount(fields.getUint32(at - COUNT_LENGTH, true), k, start + at - COUNT_LENGTH);
      }
      batch.weak[k - first] = fields.getUint32(at, true);
      copyBytes(bytes, at + WEAK_LENGTH, batch.strong, (k - first) * strongLength, strongLength);
    }
    batch.count = to - first;
  }

  #offsetOf(layer: number, record: number): number {
    const length = recordLengthOf(this.#footer.layers[layer]!);
    if (!this.#isFramed(layer)) return this.#offsets[layer]! + record * length;
    const frame = Math.floor(record / FRAME_COUNT);
    return this.#frameOffset(frame) + COUNT_LENGTH + (record - frame * FRAME_COUNT) * length;
  }

  /** Where a frame of the finest layer starts. */
  #frameOffset(frame: number): number {
    const { layers } = this.#footer;
    const frameLength = COUNT_LENGTH + FRAME_COUNT * recordLengthOf(layers.at(-1)!);
    return SIG_HEADER_LENGTH + layersLength(layers.length) + frame * frameLength;
  }

  #isFramed(layer: number): boolean {
    return layer === this.#footer.layers.length - 1;
  }

  #checkCount(count: number, record: number, offset: number): void {
    const left = this.recordCount(this.#footer.layers.length - 1) - record;
    const expected = Math.min(FRAME_COUNT, left);
    if (count === expected) return;
    const why = `a frame of ${count} records was seen, ${expected} were expected`;
    throw new RsyncError("unsupported", `Cannot read the layered signature: ${why}`, { offset });
  }
}
