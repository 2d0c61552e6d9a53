import type { SumBatch } from "../engine/interface.ts";
import { createBatch } from "../engine/interface.ts";
import type { ByteReader } from "./_byte_reader.ts";
import type { ByteWriter } from "./_byte_writer.ts";
import type { SigEvent, SigHeader, SigReader, SigWriter } from "../engine/interface.ts";

/** Writes signatures of the luapower format: records of weak and strong sum, and nothing else. */
export class LuapowerSigWriter implements SigWriter {
  readonly #out: ByteWriter;
  #strongLength = 0;

  constructor(out: ByteWriter) {
    this.#out = out;
  }

  header({ strongLength }: SigHeader): void {
    this.#strongLength = strongLength;
  }

  records(batch: SumBatch): void {
    const length = this.#strongLength;
    for (let k = 0; k < batch.count; k++) {
      this.#out.u32(batch.weak[k]!, true);
      this.#out.bytes(batch.strong.subarray(k * length, (k + 1) * length));
    }
  }

  trailer(): void {}
}

/** Reads signatures of the luapower format. A signature cut between two records cannot be told from a whole one. */
export class LuapowerSigReader implements SigReader {
  readonly #reader: ByteReader;
  readonly #header: SigHeader;
  readonly #batch: SumBatch;
  #hasHeader = false;

  constructor(reader: ByteReader, header: SigHeader) {
    this.#reader = reader;
    this.#header = header;
    this.#batch = createBatch(header, 1024);
  }

  next(): SigEvent | undefined {
    const reader = this.#reader;
    if (!this.#hasHeader) {
      this.#hasHeader = true;
      return { type: "header", header: this.#header };
    }
    if (reader.isAtEnd) return { type: "end", trailer: {} };
    const batch = this.#batch;
    const { strongLength } = this.#header;
    const recordLength = 4 + strongLength;
    if (!reader.hasBytes) return undefined;
    const count = reader.itemsAvailable(recordLength, batch.weak.length);
    if (count === 0) return undefined;
    const bytes = reader.take(count * recordLength)!;
    const fields = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let k = 0; k < count; k++) {
      const at = k * recordLength;
      batch.weak[k] = fields.getUint32(at, true);
      batch.strong.set(bytes.subarray(at + 4, at + recordLength), k * strongLength);
    }
    batch.count = count;
    return { type: "records", batch };
  }
}
