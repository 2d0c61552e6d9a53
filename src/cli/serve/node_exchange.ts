/** Requests and answers of `node:http`, which Deno and Bun have too, as those of the web platform. */
import type { IncomingMessage, ServerResponse } from "node:http";

type Bytes = Uint8Array<ArrayBuffer>;

/** How a request was answered. */
export interface Exchange {
  readonly status: number;
  /** Bytes of the body that were sent. */
  readonly length: number;
  /** Whether the answer was sent to its end. */
  readonly isWhole: boolean;
}

/**
 * Answers one request. It does not reject.
 *
 * Bytes are read as they are wanted on either side. If the client goes away, the signal of the request aborts.
 *
 * @param answer What answers. If it rejects, the connection is closed.
 */
export async function exchange(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answer: (request: Request) => Promise<Response>,
): Promise<Exchange> {
  const gone = new AbortController();
  const writer = new Writer(outgoing, gone);
  let status = 400;
  try {
    const request = requestOf(incoming, gone.signal);
    const response = request ? await answer(request) : new Response("Bad request\n", { status });
    status = response.status;
    await writer.send(response, incoming.method === "HEAD");
  } catch {
    // What went wrong inside was reported there. The client must not take what it has for the whole.
    outgoing.destroy();
  }
  return { status, length: writer.length, isWhole: writer.isWhole };
}

/** The request, or undefined if it is none that the web platform knows. */
function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request | undefined {
  const { method = "", url = "", rawHeaders } = incoming;
  try {
    const headers = new Headers();
    for (let k = 0; k < rawHeaders.length; k += 2) headers.append(rawHeaders[k]!, rawHeaders[k + 1]!);
    // A proxy is asked with a whole URL.
    const target = new URL(url.startsWith("/") ? `http://localhost${url}` : url);
    const init: RequestInit = { method, headers, signal };
    if (method === "GET" || method === "HEAD") return new Request(target, init);
    return new Request(target, { ...init, body: bodyOf(incoming), duplex: "half" } as RequestInit);
  } catch {
    return undefined;
  }
}

/** The body of a request. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Bytes> {
  let isWanted = true;
  return new ReadableStream({
    start(controller) {
      // It has no effect on a stream that has ended. Not every runtime is silent afterwards.
      const fail = (error: Error) => {
        isWanted = false;
        controller.error(error);
      };
      incoming.on("data", (chunk: Uint8Array) => {
        if (!isWanted) return;
        incoming.pause();
        // The runtime may use its buffer again.
        controller.enqueue(new Uint8Array(chunk));
      });
      incoming.on("end", () => isWanted && controller.close());
      incoming.on("error", fail);
      incoming.on("close", () => fail(new Error("Cannot read the request: it broke off")));
      incoming.pause();
    },
    pull() {
      incoming.resume();
    },
    cancel() {
      isWanted = false;
      // What still comes is dropped: a client that sends does not listen.
      incoming.resume();
    },
  }, { highWaterMark: 0 });
}

/** Sends an answer as fast as the client takes it. */
class Writer {
  readonly #outgoing: ServerResponse;
  readonly #gone: AbortController;
  #wake: (() => void) | undefined;
  length = 0;
  isWhole = false;

  constructor(outgoing: ServerResponse, gone: AbortController) {
    this.#outgoing = outgoing;
    this.#gone = gone;
    outgoing.on("error", () => {});
    outgoing.on("drain", () => this.#wake?.());
    outgoing.on("close", () => {
      if (!outgoing.writableFinished) gone.abort(new DOMException("The client has gone", "AbortError"));
      this.#wake?.();
    });
  }

  async send({ status, headers, body }: Response, isHead: boolean): Promise<void> {
    const { signal } = this.#gone;
    const reader = body?.getReader();
    try {
      signal.throwIfAborted();
      this.#outgoing.statusCode = status;
      for (const [name, value] of headers) this.#outgoing.setHeader(name, value);
      while (reader && !isHead) {
        const { done, value } = await reader.read();
        signal.throwIfAborted();
        if (done) break;
        await this.#write(value as Bytes);
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#outgoing.end(() => resolve());
      });
      signal.throwIfAborted();
      this.isWhole = true;
    } finally {
      // Without effect on a body that was read to its end.
      await reader?.cancel(signal.reason).catch(() => {});
    }
  }

  async #write(bytes: Bytes): Promise<void> {
    this.length += bytes.length;
    if (this.#outgoing.write(bytes)) return;
    await new Promise<void>((resolve) => this.#wake = resolve);
    this.#gone.signal.throwIfAborted();
  }
}
