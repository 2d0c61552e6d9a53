/** What the body of an answer needs beside its bytes. */
export interface BodyWatch {
  /** That of the request: once it aborts, nobody listens any more. */
  readonly signal: AbortSignal;
  /** How long its reader may take nothing. */
  readonly timeoutMs: number;
  /** Called once, when the body has ended in whatever way. */
  readonly onOver: () => unknown;
  /** Called if the body cannot be read to its end. */
  readonly onError: (error: unknown) => void;
}

interface FixedLengthStream {
  new (length: number): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>;
}

/**
 * Makes the body of an answer from a stream. Its first chunk is read before, so that what fails at once can still get a
 * status of its own. If that is all, it is the body: no stream is as quick, and Bun sends no Content-Length with one.
 *
 * @param length Bytes of the body, if known.
 * @throws What the first read throws. `onOver` was called then.
 */
export async function openBody(
  readable: ReadableStream<Uint8Array<ArrayBuffer>>,
  watch: BodyWatch,
  length?: number,
): Promise<BodyInit> {
  const body = new WatchedBody(readable.getReader(), watch, length);
  await body.start();
  const whole = await body.takeWhole();
  if (whole) return whole;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => body.attach(controller),
    pull: () => body.pull(),
    cancel: (reason) => body.end(reason),
  }, { highWaterMark: 0 });
  // Without it, workerd sends no Content-Length.
  const { FixedLengthStream: Fixed } = globalThis as { FixedLengthStream?: FixedLengthStream };
  return Fixed && length !== undefined ? stream.pipeThrough(new Fixed(length)) : stream;
}

class WatchedBody {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  readonly #watch: BodyWatch;
  /** Bytes that are still to come, if known. */
  #left: number | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  #first: ReadableStreamReadResult<Uint8Array<ArrayBuffer>> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;
  readonly #onAbort = () => this.#fail(this.#watch.signal.reason);

  constructor(reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>, watch: BodyWatch, length?: number) {
    this.#reader = reader;
    this.#watch = watch;
    this.#left = length;
  }

  async start(): Promise<void> {
    const { signal } = this.#watch;
    try {
      signal.throwIfAborted();
      this.#first = await this.#reader.read();
      signal.throwIfAborted();
    } catch (error) {
      await this.end(error);
      throw error;
    }
    signal.addEventListener("abort", this.#onAbort, { once: true });
    this.#waitForReader();
  }

  /** Ends it if its first chunk is all of it, and returns that. */
  async takeWhole(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { done, value } = this.#first!;
    const chunk = done ? new Uint8Array(0) : value;
    if (!done && chunk.length !== this.#left) return undefined;
    await this.end(undefined);
    return chunk;
  }

  attach(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): void {
    this.#controller = controller;
  }

  async pull(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      const { done, value } = this.#first ?? await this.#reader.read();
      this.#first = undefined;
      if (this.#isOver) return;
      if (done) return await this.#close();
      this.#controller!.enqueue(value);
      if (this.#left !== undefined) this.#left -= value.length;
      // Deno aborts the request once it has sent Content-Length bytes: the end must not come later than the last one.
      if (this.#left === 0) await this.#close();
      else this.#waitForReader();
    } catch (error) {
      if (this.#isOver) return;
      this.#watch.onError(error);
      await this.#fail(error);
    }
  }

  /** Stops reading. It is over once the read under way has ended. */
  async end(reason: unknown): Promise<void> {
    if (this.#isOver) return;
    this.#settle();
    await this.#reader.cancel(reason).catch(() => {});
    await this.#watch.onOver();
  }

  async #fail(reason: unknown): Promise<void> {
    if (this.#isOver) return;
    this.#controller?.error(reason);
    await this.end(reason);
  }

  async #close(): Promise<void> {
    this.#settle();
    this.#controller!.close();
    await Promise.all([this.#reader.cancel(), this.#watch.onOver()]);
  }

  #settle(): void {
    this.#isOver = true;
    this.#first = undefined;
    clearTimeout(this.#timer);
    this.#watch.signal.removeEventListener("abort", this.#onAbort);
  }

  #waitForReader(): void {
    const { timeoutMs } = this.#watch;
    this.#timer = setTimeout(() => {
      const why = `its reader has taken nothing for ${timeoutMs} ms`;
      this.#fail(new DOMException(`Cannot send the body: ${why}`, "TimeoutError"));
    }, timeoutMs);
    // A body that was dropped must not keep Node from ending.
    (this.#timer as { unref?(): unknown }).unref?.();
  }
}
