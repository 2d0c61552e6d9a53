import { startsWith, viewOf } from "../../common/bytes.ts";
import type { SigEvent, SigHeader } from "../../engine/interface.ts";
import type { StrongSum, SumBatch, WeakSum } from "../../kernel/interface.ts";
import { wholeStrongLength } from "../../kernel/rules/strong_length.ts";
import { createBatch } from "../../kernel/sum_batch.ts";
import type { ByteReader } from "../bytes/byte_reader.ts";
import { BATCH_CAPACITY, readPlainRecords, writePlainRecords } from "../bytes/plain_records.ts";
import { FormatReader } from "../bytes/reader.ts";
import { SigEncoder } from "../bytes/writer.ts";
import { MAX_BLOCK_LENGTH } from "../interface.ts";

/** What all four kinds of signature start with; the fourth byte names the sums. */
export const SIG_MAGIC = Uint8Array.of(0x72, 0x73, 0x01);

const KIND_AT = 3;
const BLOCK_LENGTH_AT = 4;
const STRONG_LENGTH_AT = 8;
const HEADER_LENGTH = 12;

/** The sums by the last byte of the magic (docs/formats/librsync.md). */
const KINDS: readonly { byte: number; weakSum: WeakSum; strongSum: StrongSum }[] = [
  { byte: 0x36, weakSum: "rollsum", strongSum: "md4" },
  { byte: 0x37, weakSum: "rollsum", strongSum: "blake2b" },
  { byte: 0x46, weakSum: "rabinkarp", strongSum: "md4" },
  { byte: 0x47, weakSum: "rabinkarp", strongSum: "blake2b" },
];

/** Writes signatures of librsync. */
export class LibrsyncSigWriter extends SigEncoder {
  #strongLength = 0;

  protected header({ weakSum, strongSum, blockLength, strongLength }: SigHeader): void {
    const kind = KINDS.find((kind) => kind.weakSum === weakSum && kind.strongSum === strongSum)!;
    this.#strongLength = strongLength;
    this.out.bytes(SIG_MAGIC);
    this.out.u8(kind.byte);
    this.out.u32(blockLength, false);
    this.out.u32(strongLength, false);
  }

  protected records(batch: SumBatch): void {
    writePlainRecords(this.out, batch, this.#strongLength, false);
  }

  protected trailer(): void {}
}

/**
 * Reads signatures of librsync, and is stricter than librsync (docs/formats/librsync.md): a magic or a strong length
 * of 0 is no default, and bytes after the last record are an error. A signature that was cut between two records looks
 * like a whole one.
 */
export class LibrsyncSigReader extends FormatReader<SigEvent> {
  #header: SigHeader | undefined;
  #batch!: SumBatch;

  next(): SigEvent | undefined {
    if (!this.#header) return this.#readHeader();
    if (this.bytes.isAtEnd) return { type: "end", trailer: {} };
    const batch = this.#batch;
    return readPlainRecords(this.bytes, batch, this.#header.strongLength, false)
      ? { type: "records", batch }
      : undefined;
  }

  #readHeader(): SigEvent | undefined {
    const bytes = this.bytes.peek(HEADER_LENGTH);
    if (!bytes) return undefined;
    this.#header = parseHeader(bytes, this.bytes);
    this.bytes.skip(HEADER_LENGTH);
    this.#batch = createBatch(this.#header, BATCH_CAPACITY);
    return { type: "header", header: this.#header };
  }
}

function parseHeader(bytes: Uint8Array, reader: ByteReader): SigHeader {
  const fields = viewOf(bytes);
  const kind = KINDS.find(({ byte }) => byte === bytes[KIND_AT]);
  if (!kind || !startsWith(bytes, SIG_MAGIC)) {
    const seen = fields.getUint32(0).toString(16).padStart(8, "0");
    throw reader.error("bad-magic", `0x${seen} is the magic of no kind of librsync signature`);
  }
  const blockLength = fields.getUint32(BLOCK_LENGTH_AT);
  if (blockLength < 1 || blockLength > MAX_BLOCK_LENGTH) {
    const why = `a block length of ${blockLength} was seen, 1 to ${MAX_BLOCK_LENGTH} are supported`;
    throw reader.error("unsupported", why, reader.position + BLOCK_LENGTH_AT);
  }
  const strongLength = fields.getUint32(STRONG_LENGTH_AT);
  const maxLength = wholeStrongLength(kind.strongSum);
  if (strongLength < 1 || strongLength > maxLength) {
    const why = `a strong length of ${strongLength} was seen, ${kind.strongSum} has 1 to ${maxLength}`;
    throw reader.error("unsupported", why, reader.position + STRONG_LENGTH_AT);
  }
  const { weakSum, strongSum } = kind;
  return { weakSum, strongSum, blockLength, strongLength, hasDigest: false };
}
