import { checkChoice, checkInteger } from "./_options.ts";
import type { DeltaReader } from "./engine/interface.ts";
import type { ByteReader } from "./formats/_byte_reader.ts";
import { type Format, type FormatCodec, MAX_BLOCK_LENGTH } from "./formats/interface.ts";
import { FORMAT_NAMES, formats, recognize } from "./formats/mod.ts";

/** Options that tell in which format a delta is. */
export interface DeltaFormatOptions {
  /**
   * The wire format of the delta. Formats with a magic are recognized; luapower's has none.
   * @default told by the magic
   */
  format?: Format | undefined;
  /** Bytes of a block, for the luapower format, which counts in blocks and does not tell. */
  blockLength?: number | undefined;
}

/**
 * Checks the options of a format that may not tell its block length.
 *
 * @throws {TypeError} If the block length is needed and missing.
 * @throws {RangeError} If it is out of range.
 */
export function checkDeltaFormat(codec: FormatCodec, blockLength: number | undefined): number | undefined {
  if (codec.deltaMagic) return undefined;
  if (blockLength === undefined) {
    throw new TypeError(`Cannot use format "${codec.name}" without blockLength: the format does not tell it`);
  }
  return checkInteger("blockLength", blockLength, 1, MAX_BLOCK_LENGTH);
}

/** Makes a reader of the format that the options name, or else of the one that the first bytes tell. */
export function deltaReaderFor(input: ByteReader, { format, blockLength }: DeltaFormatOptions): DeltaReader {
  if (format === undefined) return new RecognizingReader(input);
  const codec = formats[checkChoice("format", format, FORMAT_NAMES)];
  return codec.deltaReader(input, { blockLength: checkDeltaFormat(codec, blockLength) });
}

/** Finds out the format by its magic, then hands on. */
class RecognizingReader implements DeltaReader {
  readonly #input: ByteReader;
  #reader: DeltaReader | undefined;

  constructor(input: ByteReader) {
    this.#input = input;
  }

  next(): ReturnType<DeltaReader["next"]> {
    this.#reader ??= recognize(this.#input, "deltaMagic")?.deltaReader(this.#input, {});
    return this.#reader?.next();
  }
}
