import {
  createBatch,
  type SigEvent,
  type SigHeader,
  type SigReader,
  type SigWriter,
  type SumBatch,
} from "../engine/interface.ts";
import type { ByteReader } from "./_byte_reader.ts";
import type { ByteWriter } from "./_byte_writer.ts";
import { BATCH_CAPACITY, readPlainRecords, writePlainRecords } from "./_plain_records.ts";

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
    writePlainRecords(this.#out, batch, this.#strongLength, true);
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
    this.#batch = createBatch(header, BATCH_CAPACITY);
  }

  next(): SigEvent | undefined {
    if (!this.#hasHeader) {
      this.#hasHeader = true;
      return { type: "header", header: this.#header };
    }
    if (this.#reader.isAtEnd) return { type: "end", trailer: {} };
    const batch = this.#batch;
    return readPlainRecords(this.#reader, batch, this.#header.strongLength, true)
      ? { type: "records", batch }
      : undefined;
  }
}
