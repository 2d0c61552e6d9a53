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
 * status of its own.
 *
 * @param length Bytes of the body, if known.
 * @throws What the first read throws. `onOver` was called then.
 */
export async function openBody(
  readable: ReadableStream<Uint8Array<ArrayBuffer>>,
  watch: BodyWatch,
  length?: number,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const body = new WatchedBody(readable.getReader(), watch);
  await body.start();
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
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  #first: ReadableStreamReadResult<Uint8Array<ArrayBuffer>> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;
  readonly #onAbort = () => this.#fail(this.#watch.signal.reason);

  constructor(reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>, watch: BodyWatch) {
    this.#reader = reader;
    this.#watch = watch;
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

  attach(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): void {
    this.#controller = controller;
  }

  async pull(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      const { done, value } = this.#first ?? await this.#reader.read();
      this.#first = undefined;
      if (this.#isOver) return;
      if (done) {
        this.#settle();
        this.#controller!.close();
        await this.#watch.onOver();
      } else {
        this.#controller!.enqueue(value);
        this.#waitForReader();
      }
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
