import { RsyncError } from "../../common/rsync_error.ts";
import type { DeltaEvent } from "../../engine/interface.ts";
import type { ByteReader } from "../bytes/byte_reader.ts";
import { DeltaFormatReader } from "../bytes/delta_reader.ts";
import { DeltaEncoder } from "../bytes/writer.ts";
import type { DeltaEncoding, OpenDelta } from "../interface.ts";

export const DATA = 1;
export const COPY = 2;
/** Blocks of the longest copy command. */
const MAX_COPY_COUNT = 255;
/** Bytes of the longest data command. */
const MAX_DATA_LENGTH = 2 ** 32 - 1;
/** Commands that one copy becomes at most: 24 KiB of delta. */
const COPIES_AT_ONCE = 4096;
/** Empty data commands that are read at once. Another is an empty part of the delta. */
const MAX_EMPTY = 16_384;
/** Blocks that a copy command can start at. The one that starts at the last of them may go on past it. */
const START_COUNT = 2 ** 32;

/** Writes commands of the luapower format. A copy of more than 255 blocks becomes several. */
class LuapowerDeltaEncoder extends DeltaEncoder {
  readonly #blockLength: number;

  constructor(blockLength: number) {
    super();
    this.#blockLength = blockLength;
  }

  start(): void {}

  copy(offset: number, length: number): void {
    const blockLength = this.#blockLength;
    let block = offset / blockLength;
    const blockCount = length / blockLength;
    const commandCount = Math.ceil(blockCount / MAX_COPY_COUNT);
    const lastStart = block + (commandCount - 1) * MAX_COPY_COUNT;
    if (!Number.isInteger(block) || !Number.isInteger(blockCount) || lastStart >= START_COUNT) {
      throw new RsyncError(
        "unsupported",
        `Cannot write a copy of ${length} bytes at offset ${offset} in the luapower format: ` +
          `it copies whole blocks of ${blockLength} bytes, and numbers the first 2^32 of them`,
      );
    }
    for (let left = blockCount; left > 0;) {
      const count = Math.min(left, MAX_COPY_COUNT);
      this.out.u8(COPY);
      this.out.u32(block, true);
      this.out.u8(count);
      block += count;
      left -= count;
    }
  }

  data(bytes: Uint8Array): void {
    if (bytes.length > MAX_DATA_LENGTH) {
      throw new RsyncError(
        "unsupported",
        `Cannot write ${bytes.length} bytes of data in the luapower format: a command has at most ${MAX_DATA_LENGTH}`,
      );
    }
    this.out.u8(DATA);
    this.out.u32(bytes.length, true);
    this.out.bytes(bytes);
  }

  end(): void {}
}

/**
 * Reads deltas of the luapower format. A delta that was cut between two commands looks like a whole one, and a wrong
 * basis goes unnoticed.
 */
export class LuapowerDeltaReader extends DeltaFormatReader {
  protected readonly blockLength: number;
  #hasStarted = false;

  constructor(bytes: ByteReader, blockLength: number) {
    super(bytes);
    this.blockLength = blockLength;
  }

  next(): DeltaEvent | undefined {
    const reader = this.bytes;
    if (!this.#hasStarted) {
      this.#hasStarted = true;
      return { type: "start", hasDigest: false };
    }
    // A loop, since a data command may be empty, and a hostile delta may have nothing else.
    for (let count = 0; this.dataLeft === 0; count++) {
      if (count === MAX_EMPTY) return this.readData();
      if (reader.isAtEnd) return { type: "end", targetLength: undefined, digest: undefined };
      if (!reader.hasBytes) return undefined;
      const opcode = reader.peekByte(0)!;
      if (opcode === COPY) return this.#readCopy();
      if (opcode !== DATA) throw reader.error("unknown-command", `command ${opcode} was seen, 1 is data and 2 is copy`);
      if (reader.peekByte(4) === undefined) return undefined;
      const length = this.#peekU32();
      this.addLength(length);
      reader.skip(5);
      this.dataLeft = length;
    }
    return this.readData();
  }

  protected get isAtCommand(): boolean {
    return this.#hasStarted && this.dataLeft === 0;
  }

  #readCopy(): DeltaEvent | undefined {
    const reader = this.bytes;
    const count = reader.peekByte(5);
    if (count === undefined) return undefined;
    if (count === 0) throw reader.error("unknown-command", "a copy of no blocks was seen");
    const offset = this.#peekU32() * this.blockLength;
    const length = count * this.blockLength;
    if (offset + length > Number.MAX_SAFE_INTEGER) {
      throw reader.error("copy-out-of-range", `a copy of ${length} bytes at offset ${offset} of the basis was seen`);
    }
    this.addLength(length);
    reader.skip(6);
    return { type: "copy", offset, length };
  }

  /** The integer behind the opcode, whose bytes have come. */
  #peekU32(): number {
    let value = 0;
    for (let i = 4; i > 0; i--) value = value * 256 + this.bytes.peekByte(i)!;
    return value;
  }
}

/** Reads its deltas. */
export const openLuapowerDelta: OpenDelta = (bytes, { blockLength }) => new LuapowerDeltaReader(bytes, blockLength!);

/** Writes its commands. */
export const luapowerEncoding: DeltaEncoding = {
  maxCopyLength: ({ blockLength }) => MAX_COPY_COUNT * COPIES_AT_ONCE * blockLength!,
  encoder: ({ blockLength }) => new LuapowerDeltaEncoder(blockLength!),
};
