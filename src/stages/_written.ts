import { DONE, type Source, type SourceResult } from "../engine/stage.ts";
import type { Writer } from "../formats/bytes/writer.ts";

/** The parts of a signature or a delta, written. */
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
