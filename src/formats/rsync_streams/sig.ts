import { startsWith, viewOf } from "../../common/bytes.ts";
import type { SigEvent, SigHeader, SigTrailer } from "../../engine/interface.ts";
import type { SumBatch } from "../../kernel/interface.ts";
import { createBatch } from "../../kernel/sum_batch.ts";
import type { ByteReader } from "../bytes/byte_reader.ts";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { BATCH_CAPACITY, readPlainRecords, writePlainRecords } from "../bytes/plain_records.ts";
import { FormatReader } from "../bytes/reader.ts";
import { SigEncoder } from "../bytes/writer.ts";
import { MAX_BLOCK_LENGTH } from "../interface.ts";
import { LayeredRest } from "./_layered_rest.ts";
import {
  DIGEST_LENGTH,
  FLAG_DIGEST,
  FLAG_LAYERED,
  MAX_FRAME_COUNT,
  MAX_STRONG_LENGTH,
  MIN_BLOCK_LENGTH,
  MIN_STRONG_LENGTH,
  SALT_AT,
  SIG_HEADER_LENGTH,
  SIG_MAGIC,
  STRONG_SUMS,
  VERSION,
  WEAK_SUMS,
} from "./_numbers.ts";

/** Writes the header of a signature. */
export function writeSigHeader(out: ByteWriter, header: SigHeader, isLayered = false): void {
  const { weakSum, strongSum, blockLength, strongLength, hasDigest, salt } = header;
  out.bytes(SIG_MAGIC);
  out.u8(VERSION);
  out.u8((hasDigest ? FLAG_DIGEST : 0) | (isLayered ? FLAG_LAYERED : 0));
  out.u8(WEAK_SUMS.indexOf(weakSum));
  out.u8(STRONG_SUMS.indexOf(strongSum));
  out.u32(blockLength, true);
  out.u8(strongLength);
  for (let i = 0; i < 3; i++) out.u8(0);
  out.bytes(salt!);
}

/** Bytes of the basis whose blocks make a frame; a block if that is longer. */
const FRAME_BYTES = 2 ** 20;

/** Writes signatures of the rsync-streams format. */
export class RsyncStreamsSigWriter extends SigEncoder {
  #strongLength = 0;
  #maxFrameCount = 0;
  /** Records that wait for the rest of their frame. */
  readonly #frame = new ByteWriter();
  #frameCount = 0;

  protected header(header: SigHeader): void {
    this.#strongLength = header.strongLength;
    const count = Math.floor(FRAME_BYTES / header.blockLength);
    this.#maxFrameCount = Math.min(MAX_FRAME_COUNT, Math.max(1, count));
    writeSigHeader(this.out, header);
  }

  protected records(batch: SumBatch): void {
    for (let from = 0; from < batch.count;) {
      const count = Math.min(batch.count - from, this.#maxFrameCount - this.#frameCount);
      writePlainRecords(this.#frame, batch, this.#strongLength, true, from, from + count);
      this.#frameCount += count;
      from += count;
      if (this.#frameCount === this.#maxFrameCount) this.#endFrame();
    }
  }

  protected trailer({ fileLength, digest }: SigTrailer): void {
    if (this.#frameCount > 0) this.#endFrame();
    this.out.u32(0, true);
    this.out.u64(fileLength!, true);
    if (digest) this.out.bytes(digest);
  }

  #endFrame(): void {
    this.out.u32(this.#frameCount, true);
    this.out.bytes(this.#frame.take());
    this.#frameCount = 0;
  }
}

/** Reads signatures of the rsync-streams format; of layered ones the finest layer, and checks the rest. */
export class RsyncStreamsSigReader extends FormatReader<SigEvent> {
  #header: SigHeader | undefined;
  #layers: LayeredRest | undefined;
  #batch!: SumBatch;
  #frameCount = 0;
  #count = 0;
  #trailer: SigTrailer | undefined;

  next(): SigEvent | undefined {
    if (!this.#header) return this.#readHeader();
    if (this.#trailer) return this.#readEnd(this.#trailer);
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
      this.#layers?.checkFrame(value, this.bytes);
      this.bytes.skip(4);
      this.#frameCount = value;
    }
    return this.#readRecords();
  }

  #readHeader(): SigEvent | undefined {
    const bytes = this.bytes.peek(SIG_HEADER_LENGTH);
    if (!bytes) return undefined;
    const header = parseHeader(bytes, this.bytes);
    if ((bytes[5]! & FLAG_LAYERED) !== 0) {
      this.#layers = LayeredRest.open(this.bytes, header);
      if (!this.#layers) return undefined;
    } else {
      this.bytes.skip(SIG_HEADER_LENGTH);
    }
    this.#header = header;
    this.#batch = createBatch(header, BATCH_CAPACITY);
    return { type: "header", header };
  }

  /** The end comes after the other layers, and nothing after it. */
  #readEnd(trailer: SigTrailer): SigEvent | undefined {
    if (this.#layers && !this.#layers.read(this.bytes, trailer)) return undefined;
    return this.bytes.expectEnd() && { type: "end", trailer: { ...trailer, ...this.#layers?.trailer } };
  }

  #readRecords(): SigEvent | undefined {
    const batch = this.#batch;
    if (!readPlainRecords(this.bytes, batch, this.#header!.strongLength, true, this.#frameCount)) return undefined;
    this.#frameCount -= batch.count;
    this.#count += batch.count;
    return { type: "records", batch };
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
    reader.skip(length);
    return this.next();
  }
}

function parseHeader(bytes: Uint8Array, reader: ByteReader): SigHeader {
  const fail = (at: number, why: string) => reader.error("unsupported", why, reader.position + at);
  if (!startsWith(bytes, SIG_MAGIC)) {
    throw reader.error("bad-magic", "it does not start as a signature of the rsync-streams format does");
  }
  const [version, flags, weak, strong] = bytes.subarray(4, 8) as unknown as [number, number, number, number];
  if (version !== VERSION) throw fail(4, `version ${version} was seen, version ${VERSION} is supported`);
  if ((flags & ~(FLAG_DIGEST | FLAG_LAYERED)) !== 0) throw fail(5, `unknown flags 0x${flags.toString(16)} were seen`);
  const weakSum = WEAK_SUMS[weak];
  if (!weakSum) throw fail(6, `unknown weak sum ${weak} was seen`);
  const strongSum = STRONG_SUMS[strong];
  if (!strongSum) throw fail(7, `unknown strong sum ${strong} was seen`);
  const blockLength = viewOf(bytes).getUint32(8, true);
  if (blockLength < MIN_BLOCK_LENGTH || blockLength > MAX_BLOCK_LENGTH) {
    throw fail(
      8,
      `a block length of ${blockLength} was seen, ${MIN_BLOCK_LENGTH} to ${MAX_BLOCK_LENGTH} are supported`,
    );
  }
  const strongLength = bytes[12]!;
  if (strongLength < MIN_STRONG_LENGTH || strongLength > MAX_STRONG_LENGTH) {
    const supported = `${MIN_STRONG_LENGTH} to ${MAX_STRONG_LENGTH} are supported`;
    throw fail(12, `a strong length of ${strongLength} was seen, ${supported}`);
  }
  for (let i = 13; i < SALT_AT; i++) {
    if (bytes[i] !== 0) throw fail(i, `0x${bytes[i]!.toString(16)} was seen in a reserved byte`);
  }
  const salt = bytes.slice(SALT_AT, SIG_HEADER_LENGTH);
  return { weakSum, strongSum, blockLength, strongLength, hasDigest: (flags & FLAG_DIGEST) !== 0, salt };
}
