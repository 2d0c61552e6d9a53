import { PendingCopy, PendingData } from "../bytes/pending.ts";
import { DeltaShaper, type DeltaWriter } from "../bytes/writer.ts";

/**
 * Splits literal data where the original does.
 *
 * The original searches through a ring of M bytes, and writes data whenever the ring is full or wraps around. What it
 * writes depends only on where the matches are, so the ring can be played back afterwards: D is the start of the bytes
 * not yet written, E the end of the bytes that the ring has loaded. M is the buffer length, at least two blocks,
 * rounded up to whole blocks. Names and rules are those of docs/formats/luapower.md.
 */
export class LuapowerSplitter<Out> extends DeltaShaper<Out> {
  readonly #blockLength: number;
  /** M. */
  readonly #ringLength: number;
  /** D. */
  #start = 0;
  /** E, as if the target went on for ever. */
  #loaded: number;
  /** Literal bytes from `#start` on. */
  readonly #data: PendingData;
  readonly #copy: PendingCopy;

  constructor(writer: DeltaWriter<Out>, blockLength: number, memLength: number) {
    super(writer);
    this.#blockLength = blockLength;
    this.#ringLength = Math.ceil(Math.max(memLength, 2 * blockLength) / blockLength) * blockLength;
    this.#loaded = this.#ringLength;
    this.#data = new PendingData(this.#ringLength);
    this.#copy = new PendingCopy(writer);
  }

  data(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) {
      const n = Math.min(bytes.length - from, this.#ringLength - this.#data.length);
      this.#data.append(bytes.subarray(from, from + n));
      from += n;
      // The ring is full for certain only when its last byte is there: else the target may end before.
      while (this.#start + this.#data.length >= this.#loaded) this.#passFullRing();
    }
  }

  copy(offset: number, length: number): void {
    // A window that starts in the last block of the ring, but not at its start, is met after the next load.
    while (this.#start + this.#data.length > this.#loaded - this.#blockLength) this.#passFullRing();
    this.#writeData(this.#data.length);
    this.#copy.add(offset, length);
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
    this.#writeData(this.#data.length);
    this.#copy.flush();
    this.writer.end(targetLength, digest);
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
    this.#copy.flush();
    const wrap = Math.ceil((this.#start + 1) / this.#ringLength) * this.#ringLength - this.#start;
    if (wrap < length) this.writer.data(this.#data.view(0, wrap));
    this.writer.data(this.#data.view(wrap < length ? wrap : 0, length));
    this.#data.drop(length);
    this.#start += length;
  }
}
