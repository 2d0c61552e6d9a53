import { toUint8Array } from "../../common/bytes.ts";
import { ChunkList } from "../../common/chunk_list.ts";
import { type Coding, decodeStream, supportedCodings } from "../protocol/content_coding.ts";
import { Problem } from "./_problem.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Bounds of a request's body. */
export interface InputLimits {
  /** Bytes, as sent and as decoded. */
  readonly maxLength: number;
  /** How long all of it may take. */
  readonly timeoutMs: number;
}

/** What {@linkcode BoundedStream} needs. */
interface Bounds {
  readonly maxLength: number;
  readonly timeoutMs?: number | undefined;
  /** What is done with it, for messages. */
  readonly verb: "read" | "decode";
}

/** The content coding of a request's body. @throws {Problem} 415, if it is not known. */
export function codingOf({ headers }: Request): Coding | undefined {
  const value = (headers.get("Content-Encoding") ?? "").trim().toLowerCase();
  if (value === "" || value === "identity") return undefined;
  const supported = supportedCodings();
  const coding = supported.find((name) => name === (value === "x-gzip" ? "gzip" : value));
  if (coding) return coding;
  const detail = `Cannot decode the request body: its Content-Encoding is ${value}, ${supported.join(", ")} are known`;
  throw new Problem(415, detail, { headers: { "Accept-Encoding": supported.join(", ") } });
}

/**
 * The body of a request, decoded. It errors with a {@linkcode Problem}: 400 if it breaks off or is damaged, 408 if it
 * does not come in time, 413 if it is too long.
 *
 * @throws {Problem} 413 or 415, if its headers say enough.
 */
export function openRequestBody(request: Request, limits: InputLimits): ReadableStream<Bytes> {
  const coding = codingOf(request);
  const { maxLength, timeoutMs } = limits;
  if (Number(request.headers.get("Content-Length") ?? 0) > maxLength) throw tooLong("read", maxLength);
  const received = bounded(request.body ?? new Blob([]).stream(), { maxLength, timeoutMs, verb: "read" });
  return coding ? bounded(decodeStream(received, coding), { maxLength, verb: "decode" }) : received;
}

/** Reads a whole stream. `Response` would replace its error by another one in Chromium (156). */
export async function readAll(readable: ReadableStream<Bytes>): Promise<Bytes> {
  const reader = readable.getReader();
  const chunks = new ChunkList();
  for (let read = await reader.read(); !read.done; read = await reader.read()) chunks.push(read.value);
  return chunks.join();
}

function bounded(readable: ReadableStream<Bytes>, bounds: Bounds): ReadableStream<Bytes> {
  const input = new BoundedStream(readable.getReader(), bounds);
  return new ReadableStream({
    start: (controller) => input.start(controller),
    pull: () => input.pull(),
    cancel: (reason) => input.end(reason),
  }, { highWaterMark: 0 });
}

class BoundedStream {
  readonly #reader: ReadableStreamDefaultReader<Bytes>;
  readonly #bounds: Bounds;
  #controller!: ReadableStreamDefaultController<Bytes>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #length = 0;
  #isOver = false;

  constructor(reader: ReadableStreamDefaultReader<Bytes>, bounds: Bounds) {
    this.#reader = reader;
    this.#bounds = bounds;
  }

  start(controller: ReadableStreamDefaultController<Bytes>): void {
    this.#controller = controller;
    const { timeoutMs, verb } = this.#bounds;
    if (timeoutMs === undefined) return;
    this.#timer = setTimeout(() => {
      const detail = `Cannot ${verb} the request body: it has not come within ${timeoutMs} ms`;
      this.#fail(new Problem(408, detail, { headers: { Connection: "close" } }));
    }, timeoutMs);
  }

  async pull(): Promise<void> {
    try {
      const { done, value } = await this.#reader.read();
      if (this.#isOver) return;
      if (done) {
        this.#settle();
        return this.#controller.close();
      }
      const bytes = toUint8Array(value);
      this.#length += bytes.length;
      const { maxLength, verb } = this.#bounds;
      if (this.#length > maxLength) throw tooLong(verb, maxLength);
      this.#controller.enqueue(bytes);
    } catch (error) {
      await this.#fail(error instanceof Problem ? error : this.#broken(error));
    }
  }

  async end(reason: unknown): Promise<void> {
    this.#settle();
    await this.#reader.cancel(reason).catch(() => {});
  }

  async #fail(problem: Problem): Promise<void> {
    if (this.#isOver) return;
    this.#controller.error(problem);
    await this.end(problem);
  }

  #settle(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #broken(cause: unknown): Problem {
    const { verb } = this.#bounds;
    const why = verb === "read" ? "it broke off" : "it is damaged";
    return new Problem(400, `Cannot ${verb} the request body: ${why}`, { cause });
  }
}

function tooLong(verb: Bounds["verb"], maxLength: number): Problem {
  return new Problem(413, `Cannot ${verb} the request body: it has more than ${maxLength} bytes`, { code: "limit" });
}
