import { HttpError } from "../http_error.ts";
import type { Connection } from "./connection.ts";
import { StatusError } from "./_status_error.ts";

/** Failures without progress between them after which the work is given up. */
const MAX_FAILURES = 5;
/** So many bytes are progress. */
const PROGRESS_LENGTH = 2 ** 16;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 10_000;

/** Statuses that may be another a moment later. */
const TRANSIENT = new Set([408, 425, 429, 500, 502, 503, 504]);
/** The same, where the URL has worked before: what a redirect leads to may have expired. */
const EXPIRED = new Set([400, 401, 403, 404, 410]);

/** Decides whether a request is worth another attempt, and waits before it. */
export class Retries {
  readonly #connection: Connection;
  readonly #signal: AbortSignal | undefined;
  #failures = 0;
  #length = 0;

  constructor(connection: Connection, signal?: AbortSignal) {
    this.#connection = connection;
    this.#signal = signal;
  }

  /** Notes that bytes have come. */
  noteProgress(length: number): void {
    this.#length += length;
    if (this.#length < PROGRESS_LENGTH) return;
    this.#length = 0;
    this.#failures = 0;
  }

  /**
   * Waits before the next attempt, longer each time.
   *
   * @param hasWorked Whether the URL has given what was asked before.
   * @throws `error` itself, if it is not transient, or too many failures came without progress between them.
   */
  async waitOrThrow(error: unknown, hasWorked = false): Promise<void> {
    if (!isTransient(error, hasWorked) || ++this.#failures > MAX_FAILURES) throw error;
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

function retryAfterMs(error: unknown): number | undefined {
  return error instanceof StatusError ? error.retryAfterMs : undefined;
}

/**
 * Whether the same request may succeed a moment later.
 *
 * @param hasWorked Whether the URL has given what was asked before.
 */
export function isTransient(error: unknown, hasWorked: boolean): boolean {
  if (!(error instanceof HttpError)) return false;
  if (error.code === "network" || error.code === "timeout") return true;
  const { status } = error;
  if ((retryAfterMs(error) ?? 0) > MAX_PAUSE_MS) return false;
  return status !== undefined && (TRANSIENT.has(status) || hasWorked && EXPIRED.has(status));
}
