import { copyBytes, startsWith, viewOf } from "../../common/bytes.ts";
import type { SigEvent, SigHeader, SigTrailer } from "../../engine/interface.ts";
import { SHINGLE_LENGTH, WORST_HASH } from "../../kernel/rules/anchor.ts";
import type { SumBatch } from "../../kernel/interface.ts";
import { createBatch } from "../../kernel/sum_batch.ts";
import type { ByteReader } from "../bytes/byte_reader.ts";
import { FormatReader } from "../bytes/reader.ts";
import { SigEncoder } from "../bytes/writer.ts";
import { MAX_BLOCK_LENGTH } from "../interface.ts";
import {
  DIGEST_LENGTH,
  MAX_FRAME_COUNT,
  MAX_SHORT_OFFSET_BLOCK_LENGTH,
  MIN_BLOCK_LENGTH,
  SIG_MAGIC,
  STRONG_SUMS,
  VERSION,
  WEAK_SUMS,
} from "./_numbers.ts";

const HEADER_LENGTH = 16;
const FLAG_DIGEST = 1;

function offsetLength({ weakSum, blockLength }: SigHeader): number {
  if (weakSum !== "anchor") return 0;
  return blockLength <= MAX_SHORT_OFFSET_BLOCK_LENGTH ? 2 : 4;
}

/** Writes signatures of the rsync-streams format. */
export class RsyncStreamsSigWriter extends SigEncoder {
  #header!: SigHeader;

  protected header(header: SigHeader): void {
    const { out } = this;
    this.#header = header;
    out.bytes(SIG_MAGIC);
    out.u8(VERSION);
    out.u8(header.hasDigest ? FLAG_DIGEST : 0);
    out.u8(WEAK_SUMS.indexOf(header.weakSum));
    out.u8(STRONG_SUMS.indexOf(header.strongSum));
    out.u32(header.blockLength, true);
    out.u8(header.strongLength);
    for (let i = 0; i < 3; i++) out.u8(0);
  }

  protected records(batch: SumBatch): void {
    const { out } = this;
    const { strongLength } = this.#header;
    const offsetBytes = offsetLength(this.#header);
    out.u32(batch.count, true);
    for (let k = 0; k < batch.count; k++) {
      out.u32(batch.weak[k]!, true);
      if (offsetBytes > 0) {
        if (offsetBytes === 2) out.u16(batch.offset[k]!, true);
        else out.u32(batch.offset[k]!, true);
        out.u32(batch.check[k]!, true);
      }
      out.few(batch.strong, k * strongLength, strongLength);
    }
  }

  protected trailer({ fileLength, digest }: SigTrailer): void {
    this.out.u32(0, true);
    this.out.u64(fileLength!, true);
    if (digest) this.out.bytes(digest);
  }
}

/** Reads signatures of the rsync-streams format. */
export class RsyncStreamsSigReader extends FormatReader<SigEvent> {
  #header: SigHeader | undefined;
  #batch!: SumBatch;
  #recordLength = 0;
  #frameCount = 0;
  #count = 0;
  #trailer: SigTrailer | undefined;

  next(): SigEvent | undefined {
    if (!this.#header) return this.#readHeader();
    if (this.#trailer) return this.bytes.expectEnd() && { type: "end", trailer: this.#trailer };
    if (this.#frameCount === 0) {
      const count = this.bytes.peek(4);
      if (!count) return undefined;
      const value = viewOf(count).getUint32(0, true);
      if (value === 0) return this.#readTrailer();
      if (value > MAX_FRAME_COUNT) {
        throw this.bytes.error(
          "limit",
          `a frame of ${value} records was seen, at most ${MAX_FRAME_COUNT} are allowed`,
        );
      }
      this.bytes.skip(4);
      this.#frameCount = value;
    }
    return this.#readRecords();
  }

  #readHeader(): SigEvent | undefined {
    const bytes = this.bytes.peek(HEADER_LENGTH);
    if (!bytes) return undefined;
    this.#header = parseHeader(bytes, this.bytes);
    this.bytes.skip(HEADER_LENGTH);
    const offset = offsetLength(this.#header);
    this.#recordLength = 4 + offset + (offset > 0 ? 4 : 0) + this.#header.strongLength;
    this.#batch = createBatch(this.#header, 1024);
    return { type: "header", header: this.#header };
  }

  #readRecords(): SigEvent | undefined {
    const batch = this.#batch;
    const count = this.bytes.itemsAvailable(this.#recordLength, Math.min(this.#frameCount, batch.weak.length));
    if (count === 0) return undefined;
    const start = this.bytes.position;
    const bytes = this.bytes.take(count * this.#recordLength)!;
    batch.count = count;
    const fields = viewOf(bytes);
    for (let k = 0; k < count; k++) this.#parseRecord(bytes, fields, k, start);
    this.#frameCount -= count;
    this.#count += count;
    return { type: "records", batch };
  }

  #parseRecord(bytes: Uint8Array, fields: DataView, k: number, start: number): void {
    const header = this.#header!;
    const batch = this.#batch;
    let at = k * this.#recordLength;
    batch.weak[k] = fields.getUint32(at, true);
    at += 4;
    const offsetBytes = offsetLength(header);
    if (offsetBytes > 0) {
      const offset = offsetBytes === 2 ? fields.getUint16(at, true) : fields.getUint32(at, true);
      if (offset > header.blockLength - SHINGLE_LENGTH) {
        throw this.bytes.error(
          "unsupported",
          `an anchor at offset ${offset} of a block of ${header.blockLength} bytes was seen`,
          start + at,
        );
      }
      batch.offset[k] = offset;
      batch.check[k] = fields.getUint32(at + offsetBytes, true);
      at += offsetBytes + 4;
    }
    copyBytes(bytes, at, batch.strong, k * header.strongLength, header.strongLength);
  }

  #readTrailer(): SigEvent | undefined {
    const header = this.#header!;
    const reader = this.bytes;
    const length = 12 + (header.hasDigest ? DIGEST_LENGTH : 0);
    const bytes = reader.peek(length);
    if (!bytes) return undefined;
    const fileLength = viewOf(bytes).getBigUint64(4, true);
    if (fileLength > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw reader.error(
        "unsupported",
        `a file length of ${fileLength} was seen, at most 2^53 - 1 is supported`,
        reader.position + 4,
      );
    }
    const blocks = Math.ceil(Number(fileLength) / header.blockLength);
    if (blocks !== this.#count) {
      const why =
        `${this.#count} records were seen, a file of ${fileLength} bytes has ${blocks} blocks of ${header.blockLength}`;
      throw reader.error(blocks > this.#count ? "truncated" : "trailing-data", why, reader.position + 4);
    }
    this.#trailer = {
      fileLength: Number(fileLength),
      ...(header.hasDigest && { digest: bytes.slice(12) }),
    };
    this.#checkLast(Number(fileLength));
    reader.skip(length);
    return this.next();
  }

  /** A short last block's anchor lies in it, or is the one of a block without shingles. */
  #checkLast(fileLength: number): void {
    const header = this.#header!;
    const batch = this.#batch;
    if (header.weakSum !== "anchor" || this.#count === 0) return;
    const length = fileLength - (this.#count - 1) * header.blockLength;
    const k = batch.count - 1;
    const offset = batch.offset[k]!;
    const isRight = length < SHINGLE_LENGTH
      ? batch.weak[k] === WORST_HASH && offset === 0 && batch.check[k] === 0
      : offset <= length - SHINGLE_LENGTH;
    if (!isRight) {
      throw this.bytes.error(
        "unsupported",
        `the last block has ${length} bytes, and its anchor at offset ${offset} does not lie in it`,
      );
    }
  }
}

function parseHeader(bytes: Uint8Array, reader: ByteReader): SigHeader {
  const fail = (at: number, why: string) => reader.error("unsupported", why, reader.position + at);
  if (!startsWith(bytes, SIG_MAGIC)) {
    throw reader.error("bad-magic", "it does not start as a signature of the rsync-streams format does");
  }
  const [version, flags, weak, strong] = bytes.subarray(4, 8) as unknown as [number, number, number, number];
  if (version !== VERSION) throw fail(4, `version ${version} was seen, version ${VERSION} is supported`);
  if ((flags & ~FLAG_DIGEST) !== 0) throw fail(5, `unknown flags 0x${flags.toString(16)} were seen`);
  const weakSum = WEAK_SUMS[weak];
  if (!weakSum) throw fail(6, `unknown weak sum ${weak} was seen`);
  const strongSum = STRONG_SUMS[strong];
  if (!strongSum) throw fail(7, `unknown strong sum ${strong} was seen`);
  const blockLength = viewOf(bytes).getUint32(8, true);
  const least = MIN_BLOCK_LENGTH[weakSum];
  if (blockLength < least || blockLength > MAX_BLOCK_LENGTH) {
    throw fail(8, `a block length of ${blockLength} was seen, ${least} to ${MAX_BLOCK_LENGTH} are supported`);
  }
  const strongLength = bytes[12]!;
  if (strongLength < 8 || strongLength > 32) {
    throw fail(12, `a strong length of ${strongLength} was seen, 8 to 32 are supported`);
  }
  for (let i = 13; i < 16; i++) {
    if (bytes[i] !== 0) throw fail(i, `0x${bytes[i]!.toString(16)} was seen in a reserved byte`);
  }
  return { weakSum, strongSum, blockLength, strongLength, hasDigest: flags === FLAG_DIGEST };
}
