import { startsWith } from "../../common/bytes.ts";
import type { DeltaEvent } from "../../engine/interface.ts";
import { DeltaFormatReader } from "../bytes/delta_reader.ts";
import { DeltaEncoder } from "../bytes/writer.ts";
import type { DeltaEncoding, OpenDelta } from "../interface.ts";

export const DELTA_MAGIC = Uint8Array.of(0x72, 0x73, 0x02, 0x36);

/** Opcodes (docs/formats/librsync.md): up to 64 the opcode is the length of a literal. */
const END = 0x00;
const MAX_INLINE_LENGTH = 0x40;
/** Literals whose length has 1, 2, 4 or 8 bytes. */
export const LITERAL = 0x41;
/** Copies: 4 times the width of the offset, plus the width of the length, each 0 to 3. */
export const COPY = 0x45;
const LAST_COPY = 0x54;

/** Bytes of an integer by its width. */
const WIDTHS = [1, 2, 4, 8] as const;
type Width = 0 | 1 | 2 | 3;

/** Writes commands of librsync, one for one, each in its shortest form. */
class LibrsyncDeltaEncoder extends DeltaEncoder {
  start(): void {
    this.out.bytes(DELTA_MAGIC);
  }

  copy(offset: number, length: number): void {
    const offsetWidth = widthOf(offset);
    const lengthWidth = widthOf(length);
    this.out.u8(COPY + 4 * offsetWidth + lengthWidth);
    this.#integer(offset, offsetWidth);
    this.#integer(length, lengthWidth);
  }

  data(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length <= MAX_INLINE_LENGTH) {
      this.out.u8(length);
    } else {
      const width = widthOf(length);
      this.out.u8(LITERAL + width);
      this.#integer(length, width);
    }
    this.out.bytes(bytes);
  }

  end(): void {
    this.out.u8(END);
  }

  #integer(value: number, width: Width): void {
    const { out } = this;
    if (width === 0) out.u8(value);
    else if (width === 1) out.u16(value, false);
    else if (width === 2) out.u32(value, false);
    else out.u64(value, false);
  }
}

/**
 * Reads deltas of librsync. As rdiff does, it takes integers that are wider than they need be, and ignores what follows
 * the end. It reads those bytes too, so that the writer of the delta can finish.
 */
export class LibrsyncDeltaReader extends DeltaFormatReader {
  #hasStarted = false;
  #hasEnded = false;

  next(): DeltaEvent | undefined {
    const reader = this.bytes;
    if (!this.#hasStarted) return this.#readMagic();
    if (this.#hasEnded) return this.#skipRest();
    if (this.dataLeft > 0) return this.readData();
    const opcode = reader.peekByte(0);
    if (opcode === undefined) return undefined;
    if (opcode > LAST_COPY) throw reader.error("unknown-command", `command 0x${opcode.toString(16)} was seen`);
    if (opcode >= COPY) return this.#readCopy(opcode - COPY);
    if (opcode !== END) return this.#readLiteral(opcode);
    reader.skip(1);
    this.#hasEnded = true;
    return this.#skipRest();
  }

  protected get isAtCommand(): boolean {
    return this.#hasStarted && !this.#hasEnded && this.dataLeft === 0;
  }

  #readMagic(): DeltaEvent | undefined {
    const reader = this.bytes;
    const bytes = reader.peek(DELTA_MAGIC.length);
    if (!bytes) return undefined;
    if (!startsWith(bytes, DELTA_MAGIC)) {
      throw reader.error("bad-magic", "it does not start as a delta of librsync does");
    }
    reader.skip(DELTA_MAGIC.length);
    this.#hasStarted = true;
    return { type: "start", hasDigest: false };
  }

  #readLiteral(opcode: number): DeltaEvent | undefined {
    const isInline = opcode < LITERAL;
    const width = isInline ? 0 : WIDTHS[opcode - LITERAL]!;
    if (this.bytes.peekByte(width) === undefined) return undefined;
    this.dataLeft = this.#checkLength("literal", isInline ? opcode : this.#integerAt(1, 1 + width));
    this.bytes.skip(1 + width);
    return this.readData();
  }

  #readCopy(widths: number): DeltaEvent | undefined {
    const reader = this.bytes;
    const offsetWidth = WIDTHS[widths >> 2]!;
    const lengthWidth = WIDTHS[widths & 3]!;
    const end = 1 + offsetWidth + lengthWidth;
    if (reader.peekByte(end - 1) === undefined) return undefined;
    const length = this.#checkLength("copy", this.#integerAt(1 + offsetWidth, end));
    const offset = this.#integerAt(1, 1 + offsetWidth);
    if (offset > Number.MAX_SAFE_INTEGER) throw this.#tooLarge(`a copy at offset ${offset}`);
    if (offset < 0 || offset + length > Number.MAX_SAFE_INTEGER) {
      throw reader.error("copy-out-of-range", `a copy of ${length} bytes at offset ${offset} of the basis was seen`);
    }
    reader.skip(end);
    return { type: "copy", offset, length };
  }

  /**
   * The integer from `at` to `end`, in bytes that have come. If it has 8 bytes it is signed, and above 2^53 it is
   * rounded at each of them: enough to refuse it.
   */
  #integerAt(at: number, end: number): number {
    const isNegative = end - at === 8 && this.bytes.peekByte(at)! >= 128;
    let value = isNegative ? -1 : 0;
    for (let i = at; i < end; i++) value = value * 256 + this.bytes.peekByte(i)!;
    return value;
  }

  /** Returns the length of a command, and adds it to that of the target. */
  #checkLength(command: string, length: number): number {
    if (length <= 0) throw this.bytes.error("unknown-command", `a ${command} of ${length} bytes was seen`);
    this.targetLength += length;
    if (this.targetLength > Number.MAX_SAFE_INTEGER) throw this.#tooLarge(`a ${command} of ${length} bytes`);
    return length;
  }

  #tooLarge(what: string): Error {
    return this.bytes.error("unsupported", `${what} was seen, offsets and the target's length are at most 2^53 - 1`);
  }

  #skipRest(): DeltaEvent | undefined {
    const reader = this.bytes;
    while (reader.hasBytes) reader.skip(reader.itemsAvailable(1, Infinity));
    return reader.isAtEnd ? { type: "end", targetLength: undefined, digest: undefined } : undefined;
  }
}

function widthOf(value: number): Width {
  if (value < 2 ** 8) return 0;
  if (value < 2 ** 16) return 1;
  return value < 2 ** 32 ? 2 : 3;
}

/** Reads its deltas. */
export const openLibrsyncDelta: OpenDelta = (bytes) => new LibrsyncDeltaReader(bytes);

/** Writes its commands. */
export const librsyncEncoding: DeltaEncoding = {
  encoder: () => new LibrsyncDeltaEncoder(),
};
