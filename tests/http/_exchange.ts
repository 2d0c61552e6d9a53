/** Requests and answers as `node:http` has them, which go step by step. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable, Writable } from "node:stream";
import { exchange } from "../../src/cli/serve/node_exchange.ts";
import { settle, until } from "../_until.ts";

export const bytesOf = (text: string) => new TextEncoder().encode(text);
export const GET = { method: "GET", url: "/f", rawHeaders: [] as readonly string[] };
export const POST = { ...GET, method: "POST" };

/** A request with a body, which counts the pieces that it has given. */
export class Incoming extends Readable {
  givenCount = 0;

  constructor(head: typeof GET, pieces: readonly Uint8Array[] = [], isEndless = false) {
    const rest = [...pieces];
    super({
      read() {
        const piece = rest.shift();
        if (piece || !isEndless) this.push(piece ?? null);
      },
    });
    Object.assign(this, head);
  }

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event === "data") this.givenCount++;
    return super.emit(event as "data", ...args);
  }
}

/** An answer. If it is slow, each step waits until a test takes it. */
export class Outgoing extends Writable {
  statusCode = 0;
  readonly headers: Record<string, string> = {};
  text = "";
  readonly #steps: (() => void)[] = [];
  readonly #isSlow: boolean;

  constructor(isSlow = false) {
    super({ highWaterMark: 4 });
    this.#isSlow = isSlow;
  }

  setHeader(name: string, value: string): void {
    this.headers[name] = value;
  }

  /** As in `node:http`, nothing is called if the connection closes before. */
  override end(done?: unknown): this {
    this.once("finish", done as () => void);
    return super.end();
  }

  override _write(chunk: Uint8Array, _: string, done: () => void): void {
    this.text += new TextDecoder().decode(chunk);
    this.#note(done);
  }

  override _final(done: () => void): void {
    this.#note(done);
  }

  /** Takes a step, once everything has come to rest. */
  async take(): Promise<void> {
    await until("a step", () => this.#steps.length === 1);
    await settle();
    this.#steps.shift()!();
    await settle();
  }

  #note(done: () => void): void {
    if (this.#isSlow) this.#steps.push(done);
    else done();
  }
}

export function run(
  incoming: Incoming,
  outgoing: Outgoing,
  answer: (request: Request) => Response | Promise<Response>,
) {
  const [asked, answered] = [incoming, outgoing] as unknown as [IncomingMessage, ServerResponse];
  return exchange(asked, answered, async (request) => await answer(request));
}

/** A body that counts how often it is asked for bytes, and notes why it is cancelled. An endless one never ends. */
export class Body {
  pullCount = 0;
  readonly reasons: unknown[] = [];
  readonly readable: ReadableStream<Uint8Array>;

  constructor(pieces: readonly string[], isEndless = false) {
    this.readable = new ReadableStream({
      pull: async (controller) => {
        const piece = pieces[this.pullCount++];
        if (piece !== undefined) return controller.enqueue(bytesOf(piece));
        if (isEndless) await new Promise(() => {});
        controller.close();
      },
      cancel: async (reason) => {
        await settle();
        this.reasons.push(reason);
      },
    }, { highWaterMark: 0 });
  }
}
