/**
 * A wire format as a newcomer would add one: `tests/new_format_test.ts` copies it to `src/formats/toy/mod.ts`. Its
 * signatures have a block length, its deltas offsets in bytes, and both have a magic.
 */
import { startsWith, viewOf } from "../../common/bytes.ts";
import type { DeltaEvent, SigEvent, SigHeader, SigTrailer } from "../../engine/interface.ts";
import type { SumBatch } from "../../kernel/interface.ts";
import { createBatch } from "../../kernel/sum_batch.ts";
import { CopyJoiner } from "../bytes/copy_joiner.ts";
import { BATCH_CAPACITY, readPlainRecords, writePlainRecords } from "../bytes/plain_records.ts";
import { FormatReader } from "../bytes/reader.ts";
import { DeltaEncoder, SigEncoder } from "../bytes/writer.ts";
import type { DeltaEncoding, FormatCodec, FormatTraits, OpenDelta } from "../interface.ts";

const SIG_MAGIC = new TextEncoder().encode("TOYS");
const DELTA_MAGIC = new TextEncoder().encode("TOYD");
const STRONG_LENGTH = 32;
const COPY = 1;
const DATA = 2;

class ToySigWriter extends SigEncoder {
  protected header({ blockLength }: SigHeader): void {
    this.out.bytes(SIG_MAGIC);
    this.out.u32(blockLength, true);
  }

  protected records(batch: SumBatch): void {
    writePlainRecords(this.out, batch, STRONG_LENGTH, true);
  }

  protected trailer(_trailer: SigTrailer): void {}
}

class ToySigReader extends FormatReader<SigEvent> {
  #batch: SumBatch | undefined;

  next(): SigEvent | undefined {
    if (this.#batch) {
      if (this.bytes.isAtEnd) return { type: "end", trailer: {} };
      const hasRead = readPlainRecords(this.bytes, this.#batch, STRONG_LENGTH, true);
      return hasRead ? { type: "records", batch: this.#batch } : undefined;
    }
    const bytes = this.bytes.take(8);
    if (!bytes) return undefined;
    if (!startsWith(bytes, SIG_MAGIC)) throw this.bytes.error("bad-magic", "it is no toy");
    const blockLength = viewOf(bytes).getUint32(4, true);
    const header: SigHeader = {
      weakSum: "rollsum",
      strongSum: "blake3",
      blockLength,
      strongLength: STRONG_LENGTH,
      hasDigest: false,
    };
    this.#batch = createBatch(header, BATCH_CAPACITY);
    return { type: "header", header };
  }
}

class ToyDeltaEncoder extends DeltaEncoder {
  start(): void {
    this.out.bytes(DELTA_MAGIC);
  }

  copy(offset: number, length: number): void {
    this.out.u8(COPY);
    this.out.u64(offset, true);
    this.out.u64(length, true);
  }

  data(bytes: Uint8Array): void {
    this.out.u8(DATA);
    this.out.u32(bytes.length, true);
    this.out.bytes(bytes);
  }

  end(): void {
    this.out.u8(0);
  }
}

class ToyDeltaReader extends FormatReader<DeltaEvent> {
  #hasStarted = false;
  #dataLeft = 0;

  next(): DeltaEvent | undefined {
    const { bytes } = this;
    if (!this.#hasStarted) {
      if (!bytes.take(4)) return undefined;
      this.#hasStarted = true;
      return { type: "start", hasDigest: false };
    }
    if (this.#dataLeft === 0) {
      const opcode = bytes.peek(1)?.[0];
      if (opcode === undefined) return undefined;
      if (opcode === 0) {
        bytes.skip(1);
        return { type: "end", targetLength: undefined, digest: undefined };
      }
      const command = bytes.take(opcode === COPY ? 17 : 5);
      if (!command) return undefined;
      const view = viewOf(command);
      if (opcode === COPY) {
        return { type: "copy", offset: Number(view.getBigUint64(1, true)), length: Number(view.getBigUint64(9, true)) };
      }
      this.#dataLeft = view.getUint32(1, true);
    }
    const data = bytes.data(this.#dataLeft);
    if (!data) return undefined;
    this.#dataLeft -= data.length;
    return { type: "data", bytes: data };
  }
}

/** What the format says of itself. */
export const toyTraits: FormatTraits<"toy"> = {
  name: "toy",
  isSelfDescribing: true,
  hasDigest: false,
  hasShortBlock: true,
  hasRdiffExact: false,
  sigMagic: SIG_MAGIC,
  deltaMagic: DELTA_MAGIC,
};

/** Reads its deltas. */
export const openToyDelta: OpenDelta = (bytes) => new ToyDeltaReader(bytes);

/** Writes its commands. */
export const toyEncoding: DeltaEncoding = { encoder: () => new ToyDeltaEncoder() };

/** The codec of the toy format. */
export const toy: FormatCodec<"toy"> = {
  ...toyTraits,
  search: { tail: "any", keptBlock: "first", preferNext: true },
  sig: {
    weakSums: ["rollsum"],
    strongSums: ["blake3"],
    minBlockLength: 1,
    minStrongLength: STRONG_LENGTH,
    maxStrongLength: STRONG_LENGTH,
    writer: () => new ToySigWriter(),
    reader: (bytes) => new ToySigReader(bytes),
  },
  delta: { ...toyEncoding, shaper: (writer) => new CopyJoiner(writer, 65_536) },
};
