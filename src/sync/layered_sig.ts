import { type Basis, readAtRandom, toPatchBasis } from "../basis/basis_source.ts";
import { checkInteger } from "../common/checks.ts";
import { giveWay } from "../common/give_way.ts";
import { RsyncError } from "../common/rsync_error.ts";
import type { PatchBasis } from "../engine/patcher.ts";
import { footerLength, type LayeredFooter, parseFooter } from "../formats/rsync_streams/layers.ts";
import { LayeredLayout } from "../formats/rsync_streams/layout.ts";
import type { SumBatch } from "../kernel/interface.ts";
import { createBatch } from "../kernel/sum_batch.ts";

/** Bytes read at first, from the end: the footer, and the coarsest layer of many files. */
const FIRST_READ_LENGTH = 2048;

/** Records that are parsed without letting others work. */
const RECORDS_AT_ONCE = 16_384;

/** Bytes at the end that are kept. */
interface Tail {
  readonly bytes: Uint8Array;
  /** Where they start. */
  readonly offset: number;
}

/**
 * A layered signature that is read a piece at a time: its last bytes first, then the records that are asked for.
 *
 * It may come from an untrusted peer. Its size has to be the one that follows from its end, and what it takes of memory
 * is at most what is read.
 */
export class LayeredSig {
  /** What it says about itself. */
  readonly footer: LayeredFooter;
  /** Bytes read of it so far. */
  bytesRead = 0;
  /** Reads so far. */
  readCount = 0;
  readonly #source: PatchBasis;
  readonly #layout: LayeredLayout;
  readonly #tail: Tail;

  private constructor(source: PatchBasis, footer: LayeredFooter, layout: LayeredLayout, tail: Tail) {
    this.#source = source;
    this.footer = footer;
    this.#layout = layout;
    this.#tail = tail;
  }

  /**
   * Reads the end of a layered signature.
   *
   * @param basis Where its bytes are. Its `size` has to be known.
   * @returns The layered signature.
   * @throws {RsyncError} If it is none (`bad-magic`, `unsupported`), or has another size than its end says
   * (`truncated`, `trailing-data`).
   * @throws {TypeError} If its size is not known.
   */
  static async open(basis: Basis): Promise<LayeredSig> {
    const source = toPatchBasis(basis);
    const { size } = source;
    if (size === undefined) {
      throw new TypeError("Cannot read the layered signature: its size is unknown, a basis with a size was expected");
    }
    const length = Math.min(size, FIRST_READ_LENGTH);
    const bytes = await readAtRandom(source, size - length, length);
    const footerStart = length - footerLength(bytes, size - length);
    if (footerStart < 0) throw sizeError("truncated", size, length - footerStart);
    const footer = parseFooter(bytes.subarray(footerStart), size - length + footerStart);
    const layout = new LayeredLayout(footer);
    const expected = layout.footerOffset + length - footerStart;
    if (expected !== size) throw sizeError(size < expected ? "truncated" : "trailing-data", size, expected);
    const sig = new LayeredSig(source, footer, layout, { bytes, offset: size - length });
    sig.bytesRead = length;
    sig.readCount = 1;
    return sig;
  }

  /**
   * Returns how many records a layer has.
   *
   * @param layer Number of the layer; 0 is the coarsest.
   * @returns The count of its records.
   * @throws {RangeError} If there is no such layer.
   */
  recordCount(layer: number): number {
    return this.#layout.recordCount(this.#checkLayer(layer));
  }

  /**
   * Returns how long the records of a layer are.
   *
   * @param layer Number of the layer; 0 is the coarsest.
   * @returns Bytes of a record.
   * @throws {RangeError} If there is no such layer.
   */
  recordLength(layer: number): number {
    const { length } = this.#layout.rangeOf(this.#checkLayer(layer), 0, 1);
    return length;
  }

  /**
   * Reads consecutive records of a layer. Those among the last bytes are there already.
   *
   * @param layer Number of the layer; 0 is the coarsest.
   * @param from Number of the first record.
   * @param to Number of the record after the last one, above `from`.
   * @returns The records, in columns.
   * @throws {RangeError} If the layer does not have them.
   * @throws {RsyncError} If a frame has a wrong count (`unsupported`), or bytes are missing (`basis-short-read`).
   */
  async records(layer: number, from: number, to: number): Promise<SumBatch> {
    const count = this.recordCount(layer);
    checkInteger("from", from, 0, count - 1);
    checkInteger("to", to, from + 1, count);
    const { offset, length } = this.#layout.rangeOf(layer, from, to);
    const inTail = offset - this.#tail.offset;
    const isThere = inTail >= 0;
    if (!isThere) {
      this.readCount++;
      this.bytesRead += length;
    }
    const bytes = isThere
      ? this.#tail.bytes.subarray(inTail, inTail + length)
      : await readAtRandom(this.#source, offset, length);
    const batch = createBatch(this.footer.layers[layer]!, to - from);
    for (let at = from; at < to; at += RECORDS_AT_ONCE) {
      this.#layout.parse(bytes, batch, layer, from, at, Math.min(to, at + RECORDS_AT_ONCE));
      await giveWay();
    }
    return batch;
  }

  #checkLayer(layer: number): number {
    return checkInteger("layer", layer, 0, this.footer.layers.length - 1);
  }
}

function sizeError(code: "truncated" | "trailing-data", size: number, expected: number): RsyncError {
  const why = `it has ${size} bytes, ${expected} were expected by what its end says`;
  return new RsyncError(code, `Cannot read the layered signature: ${why}`, { offset: Math.min(size, expected) });
}
