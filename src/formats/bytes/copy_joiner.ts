import { PendingCopy, PendingData } from "./pending.ts";
import { DeltaShaper, type DeltaWriter } from "./writer.ts";

/** Joins copies that follow each other, and data up to a length. */
export class CopyJoiner<Out> extends DeltaShaper<Out> {
  readonly #maxData: number;
  readonly #copy: PendingCopy;
  readonly #data: PendingData;

  /** @param maxData Bytes of the longest data command. */
  constructor(writer: DeltaWriter<Out>, maxData: number) {
    super(writer);
    this.#maxData = maxData;
    this.#copy = new PendingCopy(writer);
    this.#data = new PendingData(maxData);
  }

  copy(offset: number, length: number): void {
    this.#flushData();
    this.#copy.add(offset, length);
  }

  data(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#copy.flush();
    for (let from = 0; from < bytes.length;) {
      if (this.#data.length === this.#maxData) this.#flushData();
      const n = Math.min(bytes.length - from, this.#maxData - this.#data.length);
      const piece = bytes.subarray(from, from + n);
      // As long as a command can be: nothing can be joined to it.
      if (n === this.#maxData) this.writer.data(piece);
      else this.#data.append(piece);
      from += n;
    }
  }

  end(targetLength: number, digest: Uint8Array | undefined): void {
    this.#flushData();
    this.#copy.flush();
    this.writer.end(targetLength, digest);
  }

  #flushData(): void {
    const { length } = this.#data;
    if (length === 0) return;
    this.writer.data(this.#data.view());
    this.#data.drop(length);
  }
}
