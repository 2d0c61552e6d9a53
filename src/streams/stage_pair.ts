import { isPromise } from "../common/is_promise.ts";
import { giveWay } from "../common/give_way.ts";
import { BUSY, DONE, type Stage } from "../engine/stage.ts";
import { WrittenLengths } from "./written_lengths.ts";

/** Strategies of the two ends, as the platform's own streams take them. */
export interface StreamStrategies<In, Out> {
  /** Queue of the writable end. @default one chunk */
  writableStrategy?: QueuingStrategy<In> | undefined;
  /** Queue of the readable end. @default none: work is done when it is asked for */
  readableStrategy?: QueuingStrategy<Out> | undefined;
}

/** How a pair treats what is written. */
export interface ChunkHooks<In> {
  /** Converts each chunk, or throws. @default as it is */
  convert?: (chunk: unknown) => In;
  /** The bytes that a chunk refers to: they must still be there when the chunk is used. @default the chunk */
  bytesOf?: (chunk: unknown) => unknown;
}

/** What a pair calls while it works. */
export interface StageHooks<In> extends ChunkHooks<In> {
  /** Called after each piece of work, whether or not it made an item. */
  onStep?: () => void;
  /** Called once, after the last item. */
  onEnd?: () => void;
}

/** A write, or the close, that waits until the stage has used it up. */
interface Pending<In> {
  chunk: In | undefined;
  /** Bytes of the chunk when it was written; undefined for the close. */
  length: number | undefined;
  resolve: () => void;
  reject: (reason: unknown) => void;
}

/**
 * Makes a pair of streams from a stage.
 *
 * It does not use the platform's `TransformStream`. That one cannot hold back a transformer that makes a thousand
 * chunks out of one, and in Node 20 it loses the reason of an abort that meets backpressure. `toTransformStream` of
 * `@std/streams` is built on it, and its cancel waits for input that may never come.
 *
 * Reads drive the pair: each asks the stage for one item. A write is done when the stage has used up its chunk. Work
 * gives way to timers now and then, also where neither end ever waits.
 * Whatever ends one side early ends the other with the same reason object, and releases the stage.
 */
export function stagePair<In, Out, StageIn = In>(
  stage: Stage<StageIn, Out>,
  strategies: StreamStrategies<In, Out> = {},
  hooks: StageHooks<StageIn> = {},
): { readable: ReadableStream<Out>; writable: WritableStream<In> } {
  const lengths = new WrittenLengths(hooks.bytesOf);
  const pair = new StagePair<In, Out, StageIn>(stage, hooks, lengths);
  return {
    writable: new WritableStream<In>(
      {
        start: (controller) => pair.startWritable(controller),
        write: (chunk) => pair.push(chunk, lengths.take()),
        close: () => pair.push(),
        abort: (reason) => pair.fail(reason),
      },
      lengths.watch(strategies.writableStrategy ?? { highWaterMark: 1 }, pair),
    ),
    readable: new ReadableStream<Out>(
      {
        start: (controller) => pair.startReadable(controller),
        pull: () => pair.pull(),
        cancel: (reason) => pair.cancel(reason),
      },
      strategies.readableStrategy ?? { highWaterMark: 0 },
    ),
  };
}

class StagePair<In, Out, StageIn> {
  readonly #stage: Stage<StageIn, Out>;
  readonly #hooks: StageHooks<StageIn>;
  readonly #lengths: WrittenLengths;
  #writable!: WritableStreamDefaultController;
  #readable!: ReadableStreamDefaultController<Out>;
  #pending: Pending<In> | undefined;
  /** Whether the stage has the chunk of `#pending`. */
  #isTaken = false;
  /** Wakes a pull that waits for input. */
  #wake: (() => void) | undefined;
  #isOver = false;

  constructor(stage: Stage<StageIn, Out>, hooks: StageHooks<StageIn>, lengths: WrittenLengths) {
    this.#stage = stage;
    this.#hooks = hooks;
    this.#lengths = lengths;
  }

  startWritable(controller: WritableStreamDefaultController): void {
    this.#writable = controller;
    // An abort waits for the write under way, which may wait for a reader, so listen to the signal as well. The stream
    // is about to get the reason by itself: if it came from here too, abort() would reject instead of resolving.
    controller.signal?.addEventListener("abort", () => this.#abort(controller.signal.reason), { once: true });
  }

  startReadable(controller: ReadableStreamDefaultController<Out>): void {
    this.#readable = controller;
  }

  push(chunk?: In, length?: number): Promise<void> | void {
    if (this.#isOver) return;
    return new Promise((resolve, reject) => {
      this.#pending = { chunk, length, resolve, reject };
      this.#isTaken = false;
      this.#wakeUp();
    });
  }

  /** Enqueues one item, or closes. */
  async pull(): Promise<void> {
    try {
      while (!this.#isOver) {
        // Without input the stage is not asked: its last answer was that it needs more.
        if (!this.#pending) {
          await new Promise<void>((resolve) => this.#wake = resolve);
          continue;
        }
        const waiting = giveWay();
        if (waiting) await waiting;
        if (this.#isOver) return;
        // Not in variables: they would hold the chunk while the pull waits for the next.
        this.#lengths.check(this.#pending.chunk, this.#pending.length);
        if (!this.#isTaken) this.#handOver(this.#pending);
        const result = this.#stage.next();
        const item = isPromise(result) ? await result : result;
        if (this.#isOver) return;
        if (item === DONE) return this.#finish();
        this.#hooks.onStep?.();
        if (item === BUSY) continue;
        if (item !== undefined) {
          this.#readable.enqueue(item);
          return;
        }
        this.#usedUp();
      }
    } catch (error) {
      this.fail(error);
    }
  }

  /** Ends both sides with one reason. */
  fail(reason: unknown): void {
    if (this.#isOver) return;
    this.#writable.error(reason);
    this.#end(reason);
  }

  /** Ends the writable after a cancel. */
  cancel(reason: unknown): void {
    this.#dropWrite();
    this.fail(reason);
  }

  /** Ends the readable after an abort. */
  #abort(reason: unknown): void {
    this.#dropWrite();
    this.#end(reason);
  }

  /**
   * Resolves the write under way, when somebody ends the streams early. The stream has its reason then, and those who
   * write next get it. In Node 20 and 22, a pipe that its signal aborts never cancels its source if that write rejects.
   */
  #dropWrite(): void {
    if (!this.#isOver && this.#pending?.length !== undefined) this.#usedUp();
  }

  /** Ends the readable and what is under way. */
  #end(reason: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#readable.error(reason);
    this.#pending?.reject(reason);
    this.#pending = undefined;
    this.#stage.release();
    this.#wakeUp();
  }

  #handOver(pending: Pending<In>): void {
    this.#isTaken = true;
    if (pending.length === undefined) this.#stage.end();
    else this.#stage.write(this.#hooks.convert?.(pending.chunk) ?? pending.chunk as unknown as StageIn);
  }

  #usedUp(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.resolve();
  }

  #finish(): void {
    this.#hooks.onEnd?.();
    this.#isOver = true;
    this.#stage.release();
    this.#readable.close();
    this.#usedUp();
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
