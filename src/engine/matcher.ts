import type { Digest, Searcher } from "../kernel/interface.ts";
import { MAX_MATCHES } from "../kernel/rules/search.ts";
import type { CommandSink, Output, StrongSum } from "./interface.ts";
import { DONE, type Stage, type StageResult } from "./stage.ts";
import type { DeltaStats } from "./stats.ts";
import { TailBuffer } from "./tail_buffer.ts";

/** Blocks of the target that a search has to see at once, at most. */
const WINDOW_BLOCKS = 3;
/** Bytes seen beside them: as much again, so that what is seen moves to the front seldom, within these bounds. */
const MIN_ROOM = 2 ** 20;
const MAX_ROOM = 2 ** 26;
/** Bytes to gather for a call of the kernel, at least; and blocks, so that it can sum four at a time. */
const SEARCH_LENGTH = 128 * 1024;
const SEARCH_BLOCKS = 2;
/** Bytes of delta worth a chunk of their own while there is still input. */
const CHUNK_LENGTH = 256 * 1024;
const NO_BYTES = new Uint8Array(0);

/** What a matcher needs. */
export interface MatcherParts {
  readonly searcher: Searcher;
  readonly blockLength: number;
  readonly sigCount: number;
  readonly sink: CommandSink;
  /** Where the sink writes. */
  readonly output: Output;
  /** Of the whole target, if the delta shall carry it. */
  readonly digest: Digest | undefined;
  readonly digestSum: StrongSum | undefined;
}

/** Target bytes → delta bytes. */
export class Matcher implements Stage<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  readonly stats: DeltaStats;
  readonly #parts: MatcherParts;
  readonly #buffer: TailBuffer;
  /** Everything in the buffer before this went to the sink. */
  #written = 0;
  /** Everything in the buffer before this was there when the kernel was called last. */
  #searched = 0;
  #chunk = NO_BYTES;
  #at = 0;
  #isEnded = false;
  #isDone = false;

  constructor(parts: MatcherParts) {
    const { searcher, blockLength, sigCount, sink, digestSum } = parts;
    this.#parts = parts;
    const window = WINDOW_BLOCKS * blockLength;
    this.#buffer = new TailBuffer(searcher, window + Math.min(MAX_ROOM, Math.max(MIN_ROOM, window)));
    this.stats = { bytesIn: 0, bytesOut: 0, sigCount, falseAlarms: 0, goodAlarms: 0, copiedBytes: 0, literalBytes: 0 };
    sink.start(digestSum);
  }

  write(chunk: Uint8Array<ArrayBuffer>): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  end(): void {
    this.#isEnded = true;
  }

  next(): StageResult<Uint8Array<ArrayBuffer>> {
    const { output } = this.#parts;
    while (output.length < CHUNK_LENGTH) {
      if (this.#isDone || this.#at === this.#chunk.length && !this.#isEnded) break;
      if (this.#at < this.#chunk.length) this.#takeIn();
      else this.#finish();
    }
    if (output.length > 0) {
      const bytes = output.take();
      this.stats.bytesOut += bytes.length;
      return bytes;
    }
    if (this.#isDone) return DONE;
    this.#chunk = NO_BYTES;
    this.#at = 0;
    return undefined;
  }

  release(): void {
    this.#parts.searcher.release();
    this.#parts.digest?.release();
  }

  #takeIn(): void {
    const { digest } = this.#parts;
    const buffer = this.#buffer;
    if (buffer.isFull) this.#dropWritten();
    const start = buffer.length;
    const count = buffer.fill(this.#chunk, this.#at);
    this.#at += count;
    this.stats.bytesIn += count;
    digest?.update(buffer.view(start, start + count));
    const { blockLength } = this.#parts;
    const enough = Math.max(SEARCH_LENGTH, SEARCH_BLOCKS * blockLength);
    if (buffer.isFull || buffer.length - this.#searched >= enough) this.#search(false);
  }

  #finish(): void {
    const { sink, digest } = this.#parts;
    this.#search(true);
    sink.end(this.stats.bytesIn, digest?.digest());
    this.#isDone = true;
  }

  #search(isLast: boolean): void {
    const { searcher } = this.#parts;
    let count;
    do {
      count = searcher.search(this.#buffer.length, isLast);
      for (let i = 0; i < count; i++) this.#writeMatch(searcher.matches, 3 * i);
      this.#writeData(searcher.settled);
    } while (count === MAX_MATCHES);
    this.#searched = this.#buffer.length;
    this.stats.falseAlarms = searcher.falseAlarms;
    this.stats.goodAlarms = searcher.goodAlarms;
  }

  #writeMatch(matches: Uint32Array, at: number): void {
    const start = matches[at]!;
    const length = matches[at + 2]!;
    this.#writeData(start);
    this.#parts.sink.copy(matches[at + 1]! * this.#parts.blockLength, length);
    this.#written = start + length;
    this.stats.copiedBytes += length;
  }

  #writeData(end: number): void {
    if (end <= this.#written) return;
    this.#parts.sink.data(this.#buffer.view(this.#written, end));
    this.stats.literalBytes += end - this.#written;
    this.#written = end;
  }

  /** Makes room: what the search needs to see again is at most three blocks. */
  #dropWritten(): void {
    const count = this.#written;
    this.#buffer.drop(count);
    this.#parts.searcher.shift(count);
    this.#written = 0;
    this.#searched -= count;
  }
}
