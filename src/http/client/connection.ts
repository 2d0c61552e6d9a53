import { compact } from "../../common/bytes.ts";
import { ChunkList } from "../../common/chunk_list.ts";
import { checkFunction, checkInteger, checkSignal } from "../../common/checks.ts";
import { HttpError } from "../http_error.ts";
import { isBrowser, noStore } from "./_browser.ts";
import type { ConnectionOptions } from "./update_options.ts";
import { Watch } from "./_watch.ts";

/** Longest wait without a byte, in milliseconds, if nothing is said. */
const TIMEOUT_MS = 30_000;
/** Longest time that timers take, in milliseconds. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
/** What a request needs whose body is a stream. The types of the platform do not know it yet. */
const HALF_DUPLEX: RequestInit = { duplex: "half" } as RequestInit;
/** A header that asks for a body as it is, so that its bytes can be counted. */
export const NOT_ENCODED = { "Accept-Encoding": "identity" } as const;
/** Requests at once. */
export const MAX_PARALLEL = 4;
/** What a request is worth in bytes: at least its own headers, at most this. */
const MIN_REQUEST_COST = 512;
const MAX_REQUEST_COST = 2 ** 17;
/** Bytes in a second that a connection is thought to have, before anything long was read and at most. */
const TYPICAL_RATE = 5e6;
const MAX_RATE = 12.5e6;
/** The rate of shorter bodies says little. */
const MIN_RATED_LENGTH = 2 ** 16;

/** What a connection counts. */
export interface ConnectionStats {
  /** Bytes of bodies that have come, after any decompression. */
  bytesIn: number;
  /** Bytes of bodies that were sent. */
  bytesSent: number;
  /** Requests that were sent. */
  requests: number;
  /** Requests that were sent again since an answer failed or broke off. */
  retries: number;
}

/** A request to send. */
export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes are counted here, others where they come from. */
  readonly body?: Uint8Array<ArrayBuffer> | Blob | ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  /** How long the head of the answer is waited for, if it may take longer than others. */
  readonly timeoutMs?: number | undefined;
  /** Ends this request early. */
  readonly signal?: AbortSignal | undefined;
}

/** Sends requests, counts them, and notes how fast the server is. */
export class Connection {
  readonly stats: ConnectionStats;
  readonly signal: AbortSignal | undefined;
  /**
   * Whether the server is of another origin than the page. Then requests with anything but one range of the form
   * `bytes=a-b` need the permission of the server, and headers of answers, such as `Content-Range`, cannot be read.
   */
  isForeign: boolean;
  /** Called whenever bytes have come. */
  onStep: (() => void) | undefined;
  readonly #fetch: (request: string, init: RequestInit) => Promise<Response>;
  readonly #headers: Headers;
  readonly #timeoutMs: number;
  #roundTripMs = Infinity;
  #rate = 0;

  constructor(url: URL, options: ConnectionOptions, stats: ConnectionStats) {
    this.isForeign = isForeign(url);
    const { fetch, headers, signal, timeoutMs = TIMEOUT_MS } = options;
    // The global one insists on being called as a function of its own.
    this.#fetch = fetch === undefined ? (url, init) => globalThis.fetch(url, init) : checkFunction("fetch", fetch);
    this.#headers = new Headers(headers);
    this.#timeoutMs = checkInteger("timeoutMs", timeoutMs, 1, MAX_TIMEOUT_MS);
    this.signal = checkSignal(signal);
    this.stats = stats;
  }

  /**
   * How many bytes take as long as one more request, where several are under way at once. It follows from the shortest
   * round trip and the highest rate that were seen.
   */
  get requestCost(): number {
    if (this.#roundTripMs === Infinity) return MIN_REQUEST_COST;
    const rate = Math.min(this.#rate || TYPICAL_RATE, MAX_RATE);
    const cost = this.#roundTripMs / 1000 * rate / MAX_PARALLEL;
    return Math.round(Math.min(Math.max(cost, MIN_REQUEST_COST), MAX_REQUEST_COST));
  }

  /**
   * Sends a request, and waits for the head of the answer.
   *
   * @throws {HttpError} If there is none: `network`, `timeout`.
   */
  async send(url: URL, asked: Asked): Promise<Answer> {
    const headers = new Headers(this.#headers);
    for (const [name, value] of Object.entries(asked.headers ?? {})) headers.set(name, value);
    const answer = await this.#sendOnce(url, asked, headers);
    if (!isLeftEncoded(answer, headers)) return answer;
    await answer.cancel();
    return await this.#sendOnce(url, asked, this.#headers);
  }

  async #sendOnce(url: URL, asked: Asked, headers: Headers): Promise<Answer> {
    const { method = "GET", body, signal, timeoutMs = this.#timeoutMs } = asked;
    const watch = new Watch(url, method, this.#timeoutMs, [this.signal, signal]);
    this.stats.requests++;
    if (body instanceof Uint8Array) this.stats.bytesSent += body.length;
    const start = performance.now();
    const init: RequestInit = { ...noStore(), method, headers, signal: watch.signal };
    const request = (async () => await this.#fetch(url.href, body ? { ...init, body, ...HALF_DUPLEX } : init))();
    const response = await watch.wait(request, Math.min(timeoutMs, MAX_TIMEOUT_MS)).catch((error) => {
      watch.end();
      request.then((late) => late.body?.cancel()).catch(() => {});
      throw error;
    });
    this.#roundTripMs = Math.min(this.#roundTripMs, performance.now() - start);
    const tellsLength = !this.isForeign || method === "HEAD" || response.status === 206;
    const onChunk = (length: number) => this.#noteChunk(length);
    const onEnd = (length: number, ms: number) => this.#noteRate(length, ms);
    return new Answer({ url, response, isHead: method === "HEAD", watch, tellsLength, onChunk, onEnd });
  }

  #noteChunk(length: number): void {
    this.stats.bytesIn += length;
    this.onStep?.();
  }

  #noteRate(length: number, ms: number): void {
    if (length >= MIN_RATED_LENGTH) this.#rate = Math.max(this.#rate, length / ms * 1000);
  }
}

/**
 * Whether a whole file came encoded, though that was not allowed, and stays so. Deno decodes a body only if the request
 * allows its coding, or has neither `Accept-Encoding` nor a range.
 */
function isLeftEncoded(answer: Answer, asked: Headers): boolean {
  return "Deno" in globalThis && answer.status === 200 && answer.isEncoded && !answer.isHead &&
    asked.get("Accept-Encoding") === "identity";
}

interface AnswerParts {
  readonly url: URL;
  readonly response: Response;
  readonly isHead: boolean;
  readonly watch: Watch;
  /** Whether `Content-Length` can be believed. */
  readonly tellsLength: boolean;
  /** Called with the bytes of each chunk of the body. */
  readonly onChunk: (length: number) => void;
  /** Called at the end of the body with its bytes, and the time that they took. */
  readonly onEnd: (length: number, ms: number) => void;
}

/** The answer to a request. Its body has to be read or cancelled. */
export class Answer {
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  /** Whether it answers `HEAD`. */
  readonly isHead: boolean;
  readonly #parts: AnswerParts;

  constructor(parts: AnswerParts) {
    this.url = parts.url;
    this.status = parts.response.status;
    this.headers = parts.response.headers;
    this.isHead = parts.isHead;
    this.#parts = parts;
  }

  /** Whether the body is compressed, or said to be. */
  get isEncoded(): boolean {
    const encoding = this.headers.get("content-encoding")?.trim().toLowerCase();
    return encoding !== undefined && encoding !== "" && encoding !== "identity";
  }

  /** Length of the body, if known. Across origins, nothing says whether it is that before or after compression. */
  get length(): number | undefined {
    const length = this.headers.get("content-length");
    return length !== null && this.#parts.tellsLength && /^\d{1,15}$/.test(length) && !this.isEncoded
      ? Number(length)
      : undefined;
  }

  /**
   * Reads the body. The rest is cancelled if the caller stops early.
   *
   * @throws {HttpError} If it breaks off: `network`, `timeout`.
   */
  async *chunks(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
    const { response, watch, onChunk, onEnd } = this.#parts;
    const reader = response.body?.getReader();
    let length = 0;
    const start = performance.now();
    try {
      while (reader) {
        const { done, value } = await watch.wait(reader.read());
        if (done) break;
        length += value.length;
        onChunk(value.length);
        yield compact(value as Uint8Array<ArrayBuffer>);
      }
      onEnd(length, Math.max(performance.now() - start, 1e-3));
    } finally {
      // Without effect on a body that was read to its end.
      await this.#letGo(reader);
    }
  }

  /**
   * Reads the body into memory.
   *
   * @throws {HttpError} If it breaks off (`network`, `timeout`), or has more than `limit` bytes (`protocol`).
   */
  async bytes(limit: number): Promise<Uint8Array<ArrayBuffer>> {
    const chunks = new ChunkList();
    for await (const chunk of this.chunks()) {
      chunks.push(chunk);
      if (chunks.length > limit) {
        throw new HttpError("protocol", this.url, `Cannot read ${this.url}: more than ${limit} bytes came`);
      }
    }
    return chunks.join();
  }

  /** Ends the answer without reading its body. */
  cancel(): Promise<void> {
    return this.#letGo(this.#parts.response.body);
  }

  /** Waits no longer than for its bytes: the caller's own `fetch` may give a body whose `cancel` never answers. */
  async #letGo(body: { cancel(): Promise<void> } | null | undefined): Promise<void> {
    const { watch } = this.#parts;
    if (body) await watch.wait(body.cancel()).catch(() => {});
    watch.end();
  }
}

/** Whether a URL is of another origin than the page or worker that runs this. */
function isForeign(url: URL): boolean {
  const origin = (globalThis as { location?: { origin?: string } }).location?.origin;
  return isBrowser() && origin !== undefined && origin !== url.origin;
}
