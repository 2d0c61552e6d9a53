import type { SigEvent, SigHeader } from "../../engine/interface.ts";
import type { SumBatch } from "../../kernel/interface.ts";
import { createBatch } from "../../kernel/sum_batch.ts";
import type { ByteReader } from "../bytes/byte_reader.ts";
import { BATCH_CAPACITY, readPlainRecords, writePlainRecords } from "../bytes/plain_records.ts";
import { FormatReader } from "../bytes/reader.ts";
import { SigEncoder } from "../bytes/writer.ts";

/** Writes signatures of the luapower format: records of weak and strong sum, and nothing else. */
export class LuapowerSigWriter extends SigEncoder {
  #strongLength = 0;

  protected header({ strongLength }: SigHeader): void {
    this.#strongLength = strongLength;
  }

  protected records(batch: SumBatch): void {
    writePlainRecords(this.out, batch, this.#strongLength, true);
  }

  protected trailer(): void {}
}

/** Reads signatures of the luapower format. A signature that was cut between two records looks like a whole one. */
export class LuapowerSigReader extends FormatReader<SigEvent> {
  readonly #header: SigHeader;
  readonly #batch: SumBatch;
  #hasHeader = false;

  constructor(bytes: ByteReader, header: SigHeader) {
    super(bytes);
    this.#header = header;
    this.#batch = createBatch(header, BATCH_CAPACITY);
  }

  next(): SigEvent | undefined {
    if (!this.#hasHeader) {
      this.#hasHeader = true;
      return { type: "header", header: this.#header };
    }
    if (this.bytes.isAtEnd) return { type: "end", trailer: {} };
    const batch = this.#batch;
    return readPlainRecords(this.bytes, batch, this.#header.strongLength, true)
      ? { type: "records", batch }
      : undefined;
  }
}
