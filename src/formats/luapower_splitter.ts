import type { StrongSum } from "../engine/interface.ts";
import type { CommandSink } from "../engine/interface.ts";

/**
 * Splits literal data where the original does.
 *
 * The original searches through a ring of M bytes, and writes data whenever the ring is full or wraps around.
 * What it writes depends on where matches are, and on nothing else, so the ring can be played back afterwards: D is the start of the
 * bytes not yet written, E the end of the bytes that the ring has loaded. M is the buffer length, at least two blocks, rounded up to
 * whole blocks. Names and rules are those of the vectors' page (tests/vectors/README.md).
 */
export class LuapowerSplitter implements CommandSink {
  readonly #sink: CommandSink;
  readonly #blockLength: number;
  /** M. */
  readonly #ringLength: number;
  /** D. */
  #start = 0;
  /** E, as if the target went on for ever. */
  #loaded: number;
  /** Literal bytes from `#start` on. */
  #data = new Uint8Array(0);
  #dataLength = 0;
  #copyOffset = 0;
  #copyLength = 0;

  constructor(sink: CommandSink, blockLength: number, memLength: number) {
    this.#sink = sink;
    this.#blockLength = blockLength;
    this.#ringLength = Math.ceil(Math.max(memLength, 2 * blockLength) / blockLength) * blockLength;
    this.#loaded = this.#ringLength;
  }

  start(strongSum: StrongSum | undefined): void {
    this.#sink.start(strongSum);
  }

  data(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) {
      const n = Math.min(bytes.length - from, this.#ringLength - this.#dataLength);
      this.#append(bytes.subarray(from, from + n));
      from += n;
      // The ring is full for certain only when its last byte is there: else the target may end before.
      while (this.#start + this.#dataLength >= this.#loaded) this.#passFullRing();
    }
  }

  copy(offset: number, length: number): void {
    // A window that starts in the last block of the ring, but not at its start, is met after the next load.
    while (this.#start + this.#dataLength > this.#loaded - this.#blockLength) this.#passFullRing();
    this.#writeData(this.#dataLength);
    if (this.#copyLength > 0 && this.#copyOffset + this.#copyLength === offset) {
      this.#copyLength += length;
    } else {
      this.#flushCopy();
      this.#copyOffset = offset;
      this.#copyLength = length;
    }
    for (let left = length; left > 0; left -= this.#blockLength) this.#passBlock();
  }

  end(targetLength: number, digest: Uint8Array | undefined): void {
    let loaded = Math.min(this.#loaded, targetLength);
    // The last window is not tested twice: what is left when nothing more can be loaded is one command.
    while (targetLength - this.#start >= this.#blockLength) {
      this.#writeData(loaded - this.#blockLength - this.#start);
      const reloaded = Math.min(this.#start + this.#ringLength, targetLength);
      if (reloaded === loaded) break;
      loaded = reloaded;
    }
    this.#writeData(this.#dataLength);
    this.#flushCopy();
    this.#sink.end(targetLength, digest);
  }

  /** Step 3: no window in the ring matched: its bytes are written but for the last block, and it loads. */
  #passFullRing(): void {
    this.#writeData(this.#loaded - this.#blockLength - this.#start);
    this.#loaded = this.#start + this.#ringLength;
  }

  /** Step 2: a window matched; the ring loads when less than a block is left. */
  #passBlock(): void {
    this.#start += this.#blockLength;
    if (this.#loaded - this.#start < this.#blockLength) this.#loaded = this.#start + this.#ringLength;
  }

  /** "Write data": two commands where the ring wraps around. */
  #writeData(length: number): void {
    if (length <= 0) return;
    this.#flushCopy();
    const wrap = Math.ceil((this.#start + 1) / this.#ringLength) * this.#ringLength - this.#start;
    if (wrap < length) this.#sink.data(this.#data.subarray(0, wrap));
    this.#sink.data(this.#data.subarray(wrap < length ? wrap : 0, length));
    this.#data.copyWithin(0, length, this.#dataLength);
    this.#dataLength -= length;
    this.#start += length;
  }

  #flushCopy(): void {
    if (this.#copyLength > 0) this.#sink.copy(this.#copyOffset, this.#copyLength);
    this.#copyLength = 0;
  }

  #append(bytes: Uint8Array): void {
    const length = this.#dataLength + bytes.length;
    if (length > this.#data.length) {
      const longer = new Uint8Array(Math.min(this.#ringLength, 2 * length));
      longer.set(this.#data.subarray(0, this.#dataLength));
      this.#data = longer;
    }
    this.#data.set(bytes, this.#dataLength);
    this.#dataLength = length;
  }
}
