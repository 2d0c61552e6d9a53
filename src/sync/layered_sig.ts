import { type Basis, type BasisSource, readAtRandom, toPatchBasis } from "../basis/basis_source.ts";
import { checkInteger } from "../common/checks.ts";
import { giveWay } from "../common/give_way.ts";
import { RsyncError } from "../common/rsync_error.ts";
import type { PatchBasis } from "../engine/interface.ts";
import { footerLength, type LayeredFooter, parseFooter } from "../formats/rsync_streams/layers.ts";
import { type ByteRange, LayeredLayout } from "../formats/rsync_streams/layout.ts";
import type { SumBatch } from "../kernel/interface.ts";
import { createBatch } from "../kernel/sum_batch.ts";
import type { Span } from "./plan.ts";

/** Bytes read at first, from the end: the footer, and the coarsest layer of many files. */
const FIRST_READ_LENGTH = 2048;

/**
 * A source that can read several ranges at once, as a client of HTTP does.
 *
 * @example A source that counts its reads
 * ```ts
 * import { LayeredSig, layeredSigStream, type RangesSource } from "rsync-streams/sync";
 * import assert from "node:assert/strict";
 *
 * const file = new Blob(["some text, ".repeat(5000)]);
 * const made = await new Response(file.stream().pipeThrough(layeredSigStream())).arrayBuffer();
 * const sig = new Uint8Array(made);
 *
 * const read = (offset: number, length: number) => sig.slice(offset, offset + length);
 * let calls = 0;
 * const source: RangesSource = {
 *   size: sig.length,
 *   read,
 *   async *readRanges(ranges) {
 *     calls++;
 *     for (const { offset, length } of ranges) yield read(offset, length);
 *   },
 * };
 * const layered = await LayeredSig.open(source);
 * const last = layered.footer.layers.length - 1;
 * const spans = [{ start: 0, end: 1 }, { start: 5, end: 7 }];
 * const counts: number[] = [];
 * for await (const { count } of layered.recordsOf(last, spans)) counts.push(count);
 * assert.deepEqual(counts, [1, 2]);
 * assert.ok(calls <= 1);
 * ```
 */
export interface RangesSource extends BasisSource {
  /**
   * Reads ranges, which ascend and do not overlap.
   *
   * @returns The bytes of each range, in their order.
   */
  readRanges(ranges: readonly ByteRange[]): AsyncIterable<Uint8Array>;
}

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
 * It may come from an untrusted peer. Its size must match what its end says, and it takes no more memory than what is
 * read.
 *
 * @example Its end, and some of its records
 * ```ts
 * import { LayeredSig, layeredSigStream } from "rsync-streams/sync";
 * import assert from "node:assert/strict";
 *
 * const file = new Blob(["some text, ".repeat(5000)]);
 * const sig = await new Response(file.stream().pipeThrough(layeredSigStream())).blob();
 *
 * const layered = await LayeredSig.open(sig);
 * assert.equal(layered.footer.fileLength, file.size);
 * const { count } = await layered.records(0, 0, layered.recordCount(0));
 * assert.equal(count, layered.recordCount(0));
 * assert.ok(layered.bytesRead <= sig.size);
 * ```
 */
export class LayeredSig {
  /** What it says about itself. */
  readonly footer: LayeredFooter;
  /** Bytes read of it so far. */
  bytesRead = 0;
  /** Reads so far. */
  readCount = 0;
  readonly #source: PatchBasis;
  readonly #readRanges: RangesSource["readRanges"];
  readonly #layout: LayeredLayout;
  readonly #tail: Tail;

  private constructor(basis: Basis, source: PatchBasis, footer: LayeredFooter, layout: LayeredLayout, tail: Tail) {
    this.#source = source;
    this.#readRanges = (basis as RangesSource).readRanges?.bind(basis) ?? ((ranges) => this.#readEach(ranges));
    this.footer = footer;
    this.#layout = layout;
    this.#tail = tail;
  }

  /**
   * Reads the end of a layered signature.
   *
   * @param basis Where its bytes are. Its length has to be known. If it can read several ranges at once, it does.
   * @returns The layered signature.
   * @throws {RsyncError} If it is not a layered signature (`bad-magic`, `unsupported`), or its size is not what its end
   * says (`truncated`, `trailing-data`).
   * @throws {TypeError} If its size is not known.
   */
  static async open(basis: Basis | RangesSource): Promise<LayeredSig> {
    const source = toPatchBasis(basis);
    const size = await source.findSize?.();
    if (size === 0 || (size === undefined && await isEmpty(source))) {
      throw new RsyncError("bad-magic", "Cannot read the layered signature: it is empty, a footer was expected", {
        offset: 0,
      });
    }
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
    const sig = new LayeredSig(basis, source, footer, layout, { bytes, offset: size - length });
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
    let records: SumBatch | undefined;
    // To the end: the source lets go of what it read from there.
    for await (const batch of this.recordsOf(layer, [{ start: from, end: to }])) records = batch;
    return records!;
  }

  /**
   * Reads records of a layer in several places, together if the source can.
   *
   * @param layer Number of the layer; 0 is the coarsest.
   * @param spans Numbers of records, ascending: from `start` to `end`, without `end`. None is empty.
   * @returns The records of each span, in columns.
   * @throws {RangeError} If the layer does not have them.
   * @throws {RsyncError} If a frame has a wrong count (`unsupported`), or bytes are missing (`basis-short-read`).
   */
  async *recordsOf(layer: number, spans: readonly Span[]): AsyncGenerator<SumBatch, void, void> {
    const count = this.recordCount(layer);
    const ranges: ByteRange[] = [];
    for (const { start, end } of spans) {
      if (ranges.length % RECORDS_AT_ONCE === 0) await giveWay();
      checkInteger("the first record", start, 0, count - 1);
      checkInteger("the end of the records", end, start + 1, count);
      ranges.push(this.#layout.rangeOf(layer, start, end));
    }
    const inTail = ranges.findIndex(({ offset }) => offset >= this.#tail.offset);
    const remote = inTail < 0 ? ranges : ranges.slice(0, inTail);
    let next = 0;
    const parse = (bytes: Uint8Array) => this.#parse(bytes, layer, spans[next++]!);
    if (remote.length > 0) {
      for await (const bytes of this.#readRanges(remote)) {
        if (next === remote.length) break;
        const { offset, length } = remote[next]!;
        this.readCount++;
        this.bytesRead += length;
        if (bytes.length !== length) throw shortReadError(offset, length, bytes.length);
        yield await parse(bytes);
      }
      const unread = remote[next];
      if (unread) throw shortReadError(unread.offset, unread.length, 0);
    }
    for (const { offset, length } of ranges.slice(remote.length)) {
      const at = offset - this.#tail.offset;
      yield await parse(this.#tail.bytes.subarray(at, at + length));
    }
  }

  async #parse(bytes: Uint8Array, layer: number, { start, end }: Span): Promise<SumBatch> {
    const batch = createBatch(this.footer.layers[layer]!, end - start);
    for (let at = start; at < end; at += RECORDS_AT_ONCE) {
      this.#layout.parse(bytes, batch, layer, start, at, Math.min(end, at + RECORDS_AT_ONCE));
      await giveWay();
    }
    return batch;
  }

  #checkLayer(layer: number): number {
    return checkInteger("layer", layer, 0, this.footer.layers.length - 1);
  }

  /** The same by single reads. */
  async *#readEach(ranges: readonly ByteRange[]): AsyncGenerator<Uint8Array, void, void> {
    for (const { offset, length } of ranges) yield await readAtRandom(this.#source, offset, length);
  }
}

/** Whether a source has no bytes. Blobs and files that are reported as empty have no size: they may hold something. */
async function isEmpty(source: PatchBasis): Promise<boolean> {
  return await source.readInto(new Uint8Array(1), 0) === 0;
}

function shortReadError(offset: number, expected: number, seen: number): RsyncError {
  const why = `${seen} bytes came, ${expected} were expected`;
  return new RsyncError("basis-short-read", `Cannot read the layered signature at offset ${offset}: ${why}`);
}

function sizeError(code: "truncated" | "trailing-data", size: number, expected: number): RsyncError {
  const why = `it has ${size} bytes, ${expected} were expected by what its end says`;
  return new RsyncError(code, `Cannot read the layered signature: ${why}`, { offset: Math.min(size, expected) });
}
