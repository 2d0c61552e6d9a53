import { HttpError } from "../http_error.ts";
import type { Answer, Connection } from "./_connection.ts";

/** Failures without progress between them after which the work is given up. */
const MAX_FAILURES = 5;
/** So many bytes are progress. */
const PROGRESS_LENGTH = 2 ** 16;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 10_000;
/** Bytes of the longest problem body that is read. */
const MAX_PROBLEM_LENGTH = 65_536;

/** Statuses that may be another a moment later. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);
/** The same, where the URL has worked before: what a redirect leads to may have expired. */
const EXPIRED = new Set([400, 401, 403, 404, 410]);

/** Decides whether a request is worth another attempt, and waits before it. */
export class Patience {
  readonly #connection: Connection;
  readonly #signal: AbortSignal | undefined;
  #failures = 0;
  #length = 0;

  constructor(connection: Connection, signal?: AbortSignal) {
    this.#connection = connection;
    this.#signal = signal;
  }

  /** Notes that bytes have come. */
  progress(length: number): void {
    this.#length += length;
    if (this.#length < PROGRESS_LENGTH) return;
    this.#length = 0;
    this.#failures = 0;
  }

  /**
   * Waits before the next attempt, longer each time.
   *
   * @param hasWorked Whether the URL has given what was asked before.
   * @throws `error` itself, if it is not one that passes, or has come too often.
   */
  async after(error: unknown, hasWorked = false): Promise<void> {
    if (!isPassing(error, hasWorked) || ++this.#failures > MAX_FAILURES) throw error;
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (this.#failures - 1), MAX_PAUSE_MS);
    await this.#wait(Math.max(pause, retryAfterMs(error) ?? 0));
    this.#connection.stats.retries++;
  }

  #wait(ms: number): Promise<void> {
    const signals = [this.#connection.signal, this.#signal].filter((signal) => signal !== undefined);
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        for (const signal of signals) signal.removeEventListener("abort", onAbort);
      };
      const onAbort = (event: Event) => {
        end();
        reject((event.target as AbortSignal).reason);
      };
      const timer = setTimeout(() => {
        end();
        resolve();
      }, ms);
      for (const signal of signals) {
        if (signal.aborted) return onAbort({ target: signal } as unknown as Event);
        signal.addEventListener("abort", onAbort);
      }
    });
  }
}

/** An answer whose status is not the one that is needed. */
export class StatusError extends HttpError {
  readonly headers: Headers;
  /** How long the server asks to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor({ url, status, headers }: Answer, detail: string) {
    super("status", url, `Cannot use ${url}: the server answered with status ${status}${detail}`, { status });
    this.headers = headers;
    const seconds = /^\d{1,5}$/.exec(headers.get("retry-after")?.trim() ?? "");
    this.retryAfterMs = seconds ? Number(seconds[0]) * 1000 : undefined;
  }
}

/** The error for a status. It takes the reason from a problem body (RFC 9457), and ends the answer. */
export async function statusError(answer: Answer): Promise<StatusError> {
  const isProblem = /^application\/problem\+json\b/i.test(answer.headers.get("content-type") ?? "");
  let detail = "";
  try {
    if (isProblem) {
      const problem = JSON.parse(new TextDecoder().decode(await answer.bytes(MAX_PROBLEM_LENGTH)));
      if (typeof problem?.detail === "string") detail = `: ${problem.detail}`;
    }
  } catch {
    // The status says enough.
  }
  await answer.cancel();
  return new StatusError(answer, detail);
}

function retryAfterMs(error: unknown): number | undefined {
  return error instanceof StatusError ? error.retryAfterMs : undefined;
}

/**
 * Whether the same request may succeed a moment later.
 *
 * @param hasWorked Whether the URL has given what was asked before.
 */
export function isPassing(error: unknown, hasWorked: boolean): boolean {
  if (!(error instanceof HttpError)) return false;
  if (error.code === "network" || error.code === "timeout") return true;
  const { status } = error;
  if ((retryAfterMs(error) ?? 0) > MAX_PAUSE_MS) return false;
  return status !== undefined && (PASSING.has(status) || hasWorked && EXPIRED.has(status));
}
