import { watchSignal } from "../../common/watch_signal.ts";
import { HttpError } from "../http_error.ts";

/** Ends a request that takes too long, or is no longer wanted. */
export class Watch {
  readonly #url: URL;
  readonly #failure: string;
  readonly #timeoutMs: number;
  readonly #controller = new AbortController();
  readonly #watched = watchSignal(this.#controller.signal);
  readonly #signals: readonly AbortSignal[];
  readonly #onAbort = (event: Event) => this.#controller.abort((event.target as AbortSignal).reason);

  constructor(url: URL, method: string, timeoutMs: number, signals: readonly (AbortSignal | undefined)[]) {
    this.#url = url;
    this.#failure = `Cannot ${method === "PATCH" ? "send to" : "read"} ${url}`;
    this.#timeoutMs = timeoutMs;
    this.#signals = signals.filter((signal) => signal !== undefined);
    for (const signal of this.#signals) signal.throwIfAborted();
    for (const signal of this.#signals) signal.addEventListener("abort", this.#onAbort);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Waits for a step of the request, which may take longer than others. */
  async wait<T>(step: Promise<T>, timeoutMs = this.#timeoutMs): Promise<T> {
    const { signal } = this.#controller;
    const timer = setTimeout(() => this.#controller.abort(this.#timeoutError(timeoutMs)), timeoutMs);
    try {
      // A `fetch` that the caller passed may ignore signals.
      return await this.#watched.orAborted(step);
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      throw new HttpError("network", this.#url, `${this.#failure}: ${reasonOf(cause)}`, { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Must be called once the request is over. */
  end(): void {
    for (const signal of this.#signals) signal.removeEventListener("abort", this.#onAbort);
  }

  #timeoutError(timeoutMs: number): HttpError {
    return new HttpError("timeout", this.#url, `${this.#failure}: nothing came for ${timeoutMs} ms`);
  }
}

/** What a runtime said. Node says "fetch failed", and the error of the system is the cause of that. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  if (!(cause instanceof Error)) return message;
  // Where several addresses were tried, the cause has a code and no message.
  const inner = cause.message || (cause as { code?: unknown }).code;
  return inner === undefined || message.includes(String(inner)) ? message : `${message}: ${inner}`;
}
