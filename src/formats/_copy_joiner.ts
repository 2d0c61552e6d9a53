import type { StrongSum } from "../engine/interface.ts";
import type { CommandSink } from "../engine/interface.ts";

/** Joins copies that follow each other, and data up to a length, before they reach a sink. */
export class CopyJoiner implements CommandSink {
  readonly #sink: CommandSink;
  readonly #maxData: number;
  #copyOffset = 0;
  #copyLength = 0;
  #data: Uint8Array;
  #dataLength = 0;

  /** @param maxData Bytes of the longest data command. */
  constructor(sink: CommandSink, maxData: number) {
    this.#sink = sink;
    this.#maxData = maxData;
    this.#data = new Uint8Array(Math.min(maxData, 4096));
  }

  start(strongSum: StrongSum | undefined): void {
    this.#sink.start(strongSum);
  }

  copy(offset: number, length: number): void {
    this.#flushData();
    if (this.#copyLength > 0 && this.#copyOffset + this.#copyLength === offset) {
      this.#copyLength += length;
      return;
    }
    this.#flushCopy();
    this.#copyOffset = offset;
    this.#copyLength = length;
  }

  data(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#flushCopy();
    for (let from = 0; from < bytes.length;) {
      if (this.#dataLength === this.#maxData) this.#flushData();
      const n = Math.min(bytes.length - from, this.#maxData - this.#dataLength);
      const piece = bytes.subarray(from, from + n);
      // As long as a command can be: nothing can be joined to it.
      if (n === this.#maxData) this.#sink.data(piece);
      else this.#append(piece);
      from += n;
    }
  }

  end(targetLength: number, digest: Uint8Array | undefined): void {
    this.#flushData();
    this.#flushCopy();
    this.#sink.end(targetLength, digest);
  }

  #append(bytes: Uint8Array): void {
    const length = this.#dataLength + bytes.length;
    if (length > this.#data.length) {
      const longer = new Uint8Array(Math.min(this.#maxData, 2 * length));
      longer.set(this.#data.subarray(0, this.#dataLength));
      this.#data = longer;
    }
    this.#data.set(bytes, this.#dataLength);
    this.#dataLength = length;
  }

  #flushData(): void {
    if (this.#dataLength > 0) this.#sink.data(this.#data.subarray(0, this.#dataLength));
    this.#dataLength = 0;
  }

  #flushCopy(): void {
    if (this.#copyLength > 0) this.#sink.copy(this.#copyOffset, this.#copyLength);
    this.#copyLength = 0;
  }
}
