import { patchStream } from "../../patch_stream.ts";
import type { BasisSource } from "../../basis/interface.ts";
import { Problem } from "./_problem.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What {@linkcode Upload} needs. */
export interface UploadParts {
  /** Bytes of the delta. */
  readonly delta: ReadableStream<Bytes>;
  readonly basis: BasisSource;
  readonly maxOutputLength: number;
  /** That of the request. */
  readonly signal: AbortSignal;
  /** Called once all bytes are verified, before the readable closes. If it throws, the readable errors with that. */
  readonly beforeEnd: () => Promise<void>;
}

/**
 * The file that an upload makes. The readable closes only if the digest is right, nobody has changed the file and the
 * client is still there; else it errors, so whoever replaces the file at its end never keeps a wrong one.
 */
export class Upload {
  readonly readable: ReadableStream<Bytes>;
  /** Why the readable errored. */
  failure: { readonly reason: unknown } | undefined;
  /** Whether the readable has closed. */
  isWhole = false;
  readonly #parts: UploadParts;
  readonly #stream: ReturnType<typeof patchStream>;
  readonly #reader: ReadableStreamDefaultReader<Bytes>;
  #controller!: ReadableStreamDefaultController<Bytes>;
  readonly #onAbort = () => void this.#fail(this.#parts.signal.reason);

  constructor(parts: UploadParts) {
    const { delta, basis, maxOutputLength, signal } = parts;
    this.#parts = parts;
    this.#stream = patchStream(basis, { maxOutputLength });
    this.#reader = delta.pipeThrough(this.#stream).getReader();
    this.readable = new ReadableStream<Bytes>({
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#pull(),
      cancel: (reason) => this.stop(reason),
    }, { highWaterMark: 0 });
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Stops reading. The readable errors if it has not closed. */
  async stop(reason: unknown): Promise<void> {
    this.#parts.signal.removeEventListener("abort", this.#onAbort);
    if (this.isWhole) return;
    await this.#fail(reason);
  }

  async #pull(): Promise<void> {
    try {
      const { done, value } = await this.#reader.read();
      if (this.failure) return;
      if (!done) return this.#controller.enqueue(value);
      if (this.#stream.stats.digest === undefined) {
        throw new Problem(422, "Cannot verify the upload: the delta has no digest, one of its target was expected");
      }
      await this.#parts.beforeEnd();
      this.#parts.signal.throwIfAborted();
      if (this.failure) return;
      this.isWhole = true;
      this.#controller.close();
    } catch (error) {
      await this.#fail(error);
    }
  }

  async #fail(reason: unknown): Promise<void> {
    if (this.failure || this.isWhole) return;
    this.failure = { reason };
    this.#controller.error(reason);
    await this.#reader.cancel(reason).catch(() => {});
  }
}
