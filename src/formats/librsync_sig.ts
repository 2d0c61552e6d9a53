import {
  createBatch,
  type SigEvent,
  type SigHeader,
  type SigReader,
  type SigWriter,
  type StrongSum,
  type SumBatch,
  type WeakSum,
  wholeStrongLength,
} from "../engine/interface.ts";
import type { ByteReader } from "./_byte_reader.ts";
import type { ByteWriter } from "./_byte_writer.ts";
import { BATCH_CAPACITY, readPlainRecords, writePlainRecords } from "./_plain_records.ts";
import { MAX_BLOCK_LENGTH } from "./interface.ts";

/** What all four kinds of signature start with; the fourth byte names the sums. */
export const SIG_MAGIC = Uint8Array.of(0x72, 0x73, 0x01);

const KIND_AT = 3;
const BLOCK_LENGTH_AT = 4;
const STRONG_LENGTH_AT = 8;
const HEADER_LENGTH = 12;

/** The sums by the last byte of the magic (format page, section 1). */
const KINDS: readonly { byte: number; weakSum: WeakSum; strongSum: StrongSum }[] = [
  { byte: 0x36, weakSum: "rollsum", strongSum: "md4" },
  { byte: 0x37, weakSum: "rollsum", strongSum: "blake2b" },
  { byte: 0x46, weakSum: "rabinkarp", strongSum: "md4" },
  { byte: 0x47, weakSum: "rabinkarp", strongSum: "blake2b" },
];

/** Writes signatures of librsync. */
export class LibrsyncSigWriter implements SigWriter {
  readonly #out: ByteWriter;
  #strongLength = 0;

  constructor(out: ByteWriter) {
    this.#out = out;
  }

  header({ weakSum, strongSum, blockLength, strongLength }: SigHeader): void {
    const kind = KINDS.find((one) => one.weakSum === weakSum && one.strongSum === strongSum)!;
    this.#strongLength = strongLength;
    this.#out.bytes(SIG_MAGIC);
    this.#out.u8(kind.byte);
    this.#out.u32(blockLength, false);
    this.#out.u32(strongLength, false);
  }

  records(batch: SumBatch): void {
    writePlainRecords(this.#out, batch, this.#strongLength, false);
  }

  trailer(): void {}
}

/**
 * Reads signatures of librsync, and is stricter than it (format page, section 1.4): a magic or a strong length of 0 is
 * no default, and bytes after the last record are an error. A signature cut between two records cannot be told from a whole one.
 */
export class LibrsyncSigReader implements SigReader {
  readonly #reader: ByteReader;
  #header: SigHeader | undefined;
  #batch!: SumBatch;

  constructor(reader: ByteReader) {
    this.#reader = reader;
  }

  next(): SigEvent | undefined {
    if (!this.#header) return this.#readHeader();
    if (this.#reader.isAtEnd) return { type: "end", trailer: {} };
    const batch = this.#batch;
    return readPlainRecords(this.#reader, batch, this.#header.strongLength, false)
      ? { type: "records", batch }
      : undefined;
  }

  #readHeader(): SigEvent | undefined {
    const bytes = this.#reader.peek(HEADER_LENGTH);
    if (!bytes) return undefined;
    this.#header = parseHeader(bytes, this.#reader);
    this.#reader.skip(HEADER_LENGTH);
    this.#batch = createBatch(this.#header, BATCH_CAPACITY);
    return { type: "header", header: this.#header };
  }
}

function parseHeader(bytes: Uint8Array, reader: ByteReader): SigHeader {
  const fields = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = KINDS.find(({ byte }) => byte === bytes[KIND_AT]);
  if (!kind || !SIG_MAGIC.every((byte, i) => bytes[i] === byte)) {
    const seen = fields.getUint32(0).toString(16).padStart(8, "0");
    throw reader.error("bad-magic", `0x${seen} is the magic of no kind of librsync signature`);
  }
  const blockLength = fields.getUint32(BLOCK_LENGTH_AT);
  if (blockLength < 1 || blockLength > MAX_BLOCK_LENGTH) {
    const why = `a block length of ${blockLength} was seen, 1 to ${MAX_BLOCK_LENGTH} are supported`;
    throw reader.error("unsupported", why, reader.position + BLOCK_LENGTH_AT);
  }
  const strongLength = fields.getUint32(STRONG_LENGTH_AT);
  const most = wholeStrongLength(kind.strongSum);
  if (strongLength < 1 || strongLength > most) {
    const why = `a strong length of ${strongLength} was seen, ${kind.strongSum} has 1 to ${most}`;
    throw reader.error("unsupported", why, reader.position + STRONG_LENGTH_AT);
  }
  const { weakSum, strongSum } = kind;
  return { weakSum, strongSum, blockLength, strongLength, hasDigest: false };
}
