const MIN_PIECE = 1024;
/** Bytes of the longest buffer: what is held beside the window is no more than two of them. */
const MAX_PIECE = 2 ** 20;
const NO_BYTES = new Uint8Array(0);

/**
 * A window over input that arrives in chunks of any length. What came last is not copied before it is known to be
 * needed again: until `keep` it lies in the caller's chunk. Nothing is allocated before its bytes are there.
 */
export class InputWindow {
  /** Contiguous, but for their places in memory. */
  readonly #pieces: Uint8Array<ArrayBuffer>[] = [];
  /** How many of the pieces are copies, from the first on. */
  #keptCount = 0;
  #length = 0;
  /** Where the last copy lies, and the end of it: copies go on behind. */
  #buffer: Uint8Array<ArrayBuffer> = NO_BYTES;
  #end = 0;

  /** Bytes held. */
  get length(): number {
    return this.#length;
  }

  /** All that is held, in pieces: valid until the next call of another method. */
  get pieces(): readonly Uint8Array<ArrayBuffer>[] {
    return this.#pieces;
  }

  /** Adds bytes at the end. They stay where they are until `keep` is called. */
  add(bytes: Uint8Array<ArrayBuffer>): void {
    this.#pieces.push(bytes);
    this.#length += bytes.length;
  }

  /** Copies what was added since the last call: its place in memory may then be used for something else. */
  keep(): void {
    for (const piece of this.#pieces.splice(this.#keptCount)) this.#copy(piece);
    this.#keptCount = this.#pieces.length;
  }

  /** Held bytes from `start` on, up to `end` or less: at least one, as many as lie together. */
  view(start: number, end: number): Uint8Array<ArrayBuffer> {
    let at = 0;
    for (const piece of this.#pieces) {
      if (start < at + piece.length) return piece.subarray(start - at, end - at);
      at += piece.length;
    }
    return NO_BYTES;
  }

  /** Forgets the first `count` bytes. */
  drop(count: number): void {
    this.#length -= count;
    const pieces = this.#pieces;
    let whole = 0;
    while (whole < pieces.length && count >= pieces[whole]!.length) count -= pieces[whole++]!.length;
    pieces.splice(0, whole);
    this.#keptCount = Math.max(0, this.#keptCount - whole);
    if (count > 0) pieces[0] = pieces[0]!.subarray(count);
  }

  #copy(bytes: Uint8Array): void {
    // With no copy left, the buffer can be used from its start.
    if (this.#pieces.length === 0) this.#end = 0;
    for (let from = 0; from < bytes.length;) {
      const isNew = this.#end === this.#buffer.length || this.#end === 0;
      if (this.#end === this.#buffer.length) {
        const length = Math.max(this.#length, MIN_PIECE);
        this.#buffer = new Uint8Array(Math.min(length, MAX_PIECE));
        this.#end = 0;
      }
      const count = Math.min(bytes.length - from, this.#buffer.length - this.#end);
      const start = isNew ? this.#end : this.#end - this.#pieces.pop()!.length;
      this.#buffer.set(bytes.subarray(from, from + count), this.#end);
      this.#end += count;
      this.#pieces.push(this.#buffer.subarray(start, this.#end));
      from += count;
    }
  }
}
