import { Buffer } from "node:buffer";

/** What is wrong with a file of zstd. */
export interface ZstdFault {
  readonly kind: "truncated" | "damaged" | "limit";
  readonly why: string;
}

const FRAME_MAGIC = 0xfd2fb528;
/** Frames that hold no data have one of 16 magics. */
const SKIPPABLE_MAGIC = 0x184d2a5;
/** What zstd itself accepts at most, in bytes: a decompressor keeps as much of its output. */
const MAX_WINDOW_LENGTH = 2 ** 27;
/** Bytes of one block (RFC 8878, section 3.1.1.2.4). */
const MAX_BLOCK_LENGTH = 2 ** 17;
const DICTIONARY_ID_LENGTHS = [0, 1, 2, 4];

/**
 * Finds the frames and blocks of a file of zstd (RFC 8878, section 3.1), without decompressing them.
 *
 * The streams of `node:zlib` do not: they take a cut file for a whole one (Node 22, Deno 2.9, Bun 1.4), and ignore
 * bytes or frames that follow the first frame (Node 22 and 24, Deno 2.9). And in Deno (2.9) an error ends the process
 * if it is noticed after the first step of a write. That step decodes one block, so no write goes past a block's end.
 */
export class ZstdFrames {
  readonly #source: AsyncIterator<Uint8Array, unknown>;
  readonly #fail: (fault: ZstdFault) => Error;
  /** What was read of the source and not taken. */
  #rest: Uint8Array = new Uint8Array();

  /** @param fail Makes the error of a fault. */
  constructor(source: AsyncIterator<Uint8Array, unknown>, fail: (fault: ZstdFault) => Error) {
    this.#source = source;
    this.#fail = fail;
  }

  /** Whether another frame follows. Skips those without data. */
  async hasNext(): Promise<boolean> {
    while (await this.#fill()) {
      const magic = readLittleEndian(await this.#take(4));
      if (magic === FRAME_MAGIC) return true;
      if (Math.floor(magic / 16) !== SKIPPABLE_MAGIC) {
        throw this.#fail({ kind: "damaged", why: "other bytes follow its end" });
      }
      let left = readLittleEndian(await this.#take(4));
      for (; left > 0; left -= Math.min(left, MAX_BLOCK_LENGTH)) await this.#take(Math.min(left, MAX_BLOCK_LENGTH));
    }
    return false;
  }

  /** The pieces of a frame whose magic {@linkcode hasNext} has taken: its header, each block, its checksum. */
  async *pieces(): AsyncGenerator<Uint8Array, void> {
    const magic = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd);
    const descriptor = await this.#take(1);
    const flags = descriptor[0]!;
    const isSingleSegment = (flags & 0x20) !== 0;
    const windowBytes = isSingleSegment ? 0 : 1;
    const idLength = DICTIONARY_ID_LENGTHS[flags & 3]!;
    const sizeFlag = flags >> 6;
    const sizeLength = sizeFlag > 0 ? 2 ** sizeFlag : isSingleSegment ? 1 : 0;
    const fields = await this.#take(windowBytes + idLength + sizeLength);
    const windowLength = isSingleSegment
      ? readLittleEndian(fields.subarray(idLength)) + (sizeFlag === 1 ? 256 : 0)
      : windowLengthOf(fields[0]!);
    if (windowLength > MAX_WINDOW_LENGTH) {
      const why = `it needs ${windowLength} bytes of memory, at most ${MAX_WINDOW_LENGTH} are allowed`;
      throw this.#fail({ kind: "limit", why });
    }
    yield Buffer.concat([magic, descriptor, fields]);
    for (let isLast = false; !isLast;) {
      const header = await this.#take(3);
      const bits = readLittleEndian(header);
      isLast = (bits & 1) === 1;
      const type = bits >> 1 & 3;
      const length = bits >> 3;
      if (type === 3 || length > MAX_BLOCK_LENGTH) throw this.#fail({ kind: "damaged", why: "a block is no block" });
      // A run of one byte is that byte; its length is that of the output.
      yield Buffer.concat([header, await this.#take(type === 1 ? 1 : length)]);
    }
    if ((flags & 4) !== 0) yield await this.#take(4);
  }

  /** Reads until there is a byte to take. Returns false at the end of the source. */
  async #fill(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#source.next();
      if (done) return false;
      this.#rest = value;
    }
    return true;
  }

  async #take(length: number): Promise<Uint8Array> {
    const taken = new Uint8Array(length);
    for (let count = 0; count < length;) {
      if (!await this.#fill()) throw this.#fail({ kind: "truncated", why: "it ends too early" });
      const part = this.#rest.subarray(0, length - count);
      taken.set(part, count);
      count += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    return taken;
  }
}

/** Bytes of the window, by an exponent of 5 bits and a mantissa of 3. */
function windowLengthOf(byte: number): number {
  return 2 ** (10 + (byte >> 3)) * (1 + (byte & 7) / 8);
}

function readLittleEndian(bytes: Uint8Array): number {
  return bytes.reduceRight((number, byte) => number * 256 + byte, 0);
}
