import { RsyncError } from "../common/rsync_error.ts";
import { BUSY, DONE, type Source, type SourceResult } from "../engine/stage.ts";
import type { Writer } from "../formats/bytes/writer.ts";

/** Turns the parts of a signature or a delta into output, by a writer. */
export class Written<Event, Out extends { length: number }> implements Source<Out> {
  readonly #events: Source<Event>;
  readonly #writer: Writer<Event, Out>;
  readonly #stats: { bytesOut: number };
  readonly #chunkLength: number;
  #isDone = false;

  /**
   * @param stats Where what comes out is counted.
   * @param chunkLength How much is worth a chunk of its own while there is still input.
   */
  constructor(events: Source<Event>, writer: Writer<Event, Out>, stats: { bytesOut: number }, chunkLength = 1) {
    this.#events = events;
    this.#writer = writer;
    this.#stats = stats;
    this.#chunkLength = chunkLength;
  }

  next(): SourceResult<Out> {
    const writer = this.#writer;
    while (!this.#isDone && writer.length < this.#chunkLength) {
      const event = this.#events.next();
      if (event === BUSY) return BUSY;
      if (event === undefined) break;
      if (event === DONE) this.#isDone = true;
      else writer.write(event);
    }
    if (writer.length === 0) return this.#isDone ? DONE : undefined;
    const out = writer.take();
    this.#stats.bytesOut += out.length;
    return out;
  }
}

/** Passes on the output of a source, up to a limit. */
export class Limited<Out> implements Source<Out> {
  readonly #source: Source<Out>;
  readonly #stats: { readonly bytesOut: number };
  readonly #maxLength: number;

  /**
   * @param stats Where what comes out is counted.
   * @param maxLength Bytes that may come out.
   */
  constructor(source: Source<Out>, stats: { readonly bytesOut: number }, maxLength: number) {
    this.#source = source;
    this.#stats = stats;
    this.#maxLength = maxLength;
  }

  next(): SourceResult<Out> {
    const out = this.#source.next();
    if (this.#stats.bytesOut <= this.#maxLength) return out;
    const why = `it is longer than maxOutputLength, which is ${this.#maxLength} bytes`;
    throw new RsyncError("limit", `Cannot write the delta: ${why}`);
  }
}
