import { fromHex } from "../../common/bytes.ts";
import type { SumBatch } from "../../kernel/interface.ts";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { writePlainRecords } from "../bytes/plain_records.ts";
import { encodeFooter, FRAME_COUNT, type LayeredFooter, type LayeredHeader, writeLayers } from "./layers.ts";
import { writeSigHeader } from "./sig.ts";

/**
 * Writes a layered signature from its start to its end. The records of the finest layer are written as they come; those
 * of the others wait until the end.
 */
export class LayeredSigWriter {
  readonly #header: LayeredHeader;
  readonly #out = new ByteWriter();
  /** The frame of the finest layer that is being filled. */
  readonly #frame = new ByteWriter();
  #frameCount = 0;
  /** The records of the other layers, from the coarsest on. */
  readonly #coarser: readonly ByteWriter[];

  constructor(header: LayeredHeader) {
    this.#header = header;
    const { layers, weakSum, strongSum, salt } = header;
    this.#coarser = layers.slice(0, -1).map(() => new ByteWriter());
    const { blockLength, strongLength } = layers.at(-1)!;
    const isLayered = true;
    writeSigHeader(this.#out, { weakSum, strongSum, blockLength, strongLength, salt, hasDigest: true }, isLayered);
    writeLayers(this.#out, layers);
  }

  /** Bytes written and not yet taken. */
  get length(): number {
    return this.#out.length;
  }

  /** Returns those bytes, in a buffer of their own. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#out.take();
  }

  /** Writes records of a layer; 0 is the coarsest. */
  records(layer: number, batch: SumBatch): void {
    const { strongLength } = this.#header.layers[layer]!;
    const coarser = this.#coarser[layer];
    if (coarser) return writePlainRecords(coarser, batch, strongLength, true);
    for (let from = 0; from < batch.count;) {
      const to = Math.min(batch.count, from + FRAME_COUNT - this.#frameCount);
      writePlainRecords(this.#frame, batch, strongLength, true, from, to);
      this.#frameCount += to - from;
      from = to;
      if (this.#frameCount === FRAME_COUNT) this.#flushFrame();
    }
  }

  /** Writes what comes after the records of the finest layer. */
  end(footer: LayeredFooter): void {
    this.#flushFrame();
    this.#out.u32(0, true);
    this.#out.u64(footer.fileLength, true);
    this.#out.bytes(fromHex(footer.digest));
    for (const records of this.#coarser.toReversed()) this.#out.bytes(records.take());
    this.#out.bytes(encodeFooter(footer));
  }

  #flushFrame(): void {
    if (this.#frameCount === 0) return;
    this.#out.u32(this.#frameCount, true);
    this.#out.bytes(this.#frame.take());
    this.#frameCount = 0;
  }
}
