/**
 * A host that writes its answers to a TCP connection by hand, one answer a connection. It stands on `node:net`, which
 * can reset a connection: `Deno.Conn` cannot.
 */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { Answer, Behaviour, Bytes, Host, HostRequest, LoggedRequest } from "./host.ts";
import { MAX_LIFE_MS, RequestLog } from "./host.ts";

/** What a host without end sends at most. Then it gives up, and the client has failed. */
const MAX_ENDLESS_LENGTH = 64 * 2 ** 20;
const MAX_HEAD_LENGTH = 64 * 1024;
/** Bytes of one write. */
const PIECE_LENGTH = 16_384;
/** How long a reset waits for what was written before it to arrive. */
const RESET_DELAY_MS = 20;

/** Starts a raw host on loopback. */
export async function serveRaw(behaviour: Behaviour): Promise<Host> {
  const log = new RequestLog();
  const ending = new AbortController();
  const sockets = new Set<Socket>();
  const work = new Set<Promise<void>>();
  const stopListening = () => {
    if (server.listening) server.close();
  };
  const converse = async (socket: Socket) => {
    sockets.add(socket);
    try {
      await new Conversation(socket, ending.signal).answer(behaviour, log);
    } catch {
      // The client is gone, or the host is at its end.
    } finally {
      if (behaviour.refusesAfter !== undefined && log.requests.length >= behaviour.refusesAfter) stopListening();
      socket.end(() => socket.destroy());
      if (socket.destroyed) sockets.delete(socket);
      else socket.once("close", () => sockets.delete(socket));
    }
  };
  const server = createServer((socket) => {
    socket.on("error", () => {}); // the client is gone
    const conversation = converse(socket);
    work.add(conversation);
    conversation.finally(() => work.delete(conversation));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const closed = once(server, "close");
  const end = () => {
    ending.abort();
    stopListening();
    sockets.forEach((socket) => socket.destroy());
  };
  const life = setTimeout(end, MAX_LIFE_MS);
  return {
    url: new URL(`http://127.0.0.1:${port}/`),
    log,
    [Symbol.asyncDispose]: async () => {
      clearTimeout(life);
      end();
      await Promise.all(work);
      await closed;
    },
  };
}

/** One request and its answer. */
class Conversation {
  readonly #socket: Socket;
  readonly #signal: AbortSignal;

  constructor(socket: Socket, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
  }

  async answer(behaviour: Behaviour, log: RequestLog): Promise<void> {
    const text = await this.#readHead();
    const request = parseHead(text);
    if (!request) return;
    const [answer, logged] = await log.answer(behaviour, request, await this.#readBody(text, request));
    const { wire = {}, body } = answer;
    if (wire.isSilent) return await this.#waitForEnd();
    if (wire.nonsense !== undefined) return await this.#write(new TextEncoder().encode(wire.nonsense));
    await this.#write(headOf(answer, body.length).subarray(0, wire.cutHeadAt));
    if (wire.cutHeadAt !== undefined || request.method === "HEAD") return;
    await this.#writeBody(answer, logged);
    if (wire.isEndless) log.isExceeded = true;
    if (wire.isReset) {
      await sleep(RESET_DELAY_MS, this.#signal);
      this.#socket.resetAndDestroy();
    }
  }

  async #writeBody({ body, wire = {} }: Answer, logged: LoggedRequest): Promise<void> {
    const { cutAt, stallAt, byteEveryMs, isEndless } = wire;
    const length = Math.min(cutAt ?? body.length, stallAt ?? body.length, body.length);
    const step = byteEveryMs === undefined ? PIECE_LENGTH : 1;
    do {
      for (let at = 0; at < length; at += step) {
        if (byteEveryMs !== undefined) await sleep(byteEveryMs, this.#signal);
        const piece = body.subarray(at, Math.min(length, at + step));
        await this.#write(piece);
        logged.bodyLength += piece.length;
      }
    } while (isEndless && logged.bodyLength < MAX_ENDLESS_LENGTH);
    if (stallAt !== undefined && stallAt < body.length) await this.#waitForEnd();
  }

  async #readHead(): Promise<string> {
    let head = "";
    const signal = this.#signal;
    while (!head.includes("\r\n\r\n") && head.length < MAX_HEAD_LENGTH) {
      const [chunk] = await once(this.#socket, "data", { signal });
      head += chunk.toString("latin1");
    }
    return head;
  }

  /** @param text The head in latin1, and what came of the body with it. */
  async #readBody(text: string, { headers }: HostRequest): Promise<Bytes> {
    const length = Number(headers.get("content-length") ?? 0);
    let body = text.slice(text.indexOf("\r\n\r\n") + 4);
    while (body.length < length) {
      const [chunk] = await once(this.#socket, "data", { signal: this.#signal });
      body += chunk.toString("latin1");
    }
    return Uint8Array.from(body, (character) => character.charCodeAt(0));
  }

  /** Resolves when the socket has taken the bytes, and rejects when nobody will. */
  #write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new Error("The connection is closed"));
      this.#socket.once("close", reject);
      this.#socket.write(bytes, (error) => {
        this.#socket.off("close", reject);
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /** Until the client closes the connection or the host ends. */
  async #waitForEnd(): Promise<void> {
    if (!this.#socket.destroyed) await once(this.#socket, "close", { signal: this.#signal });
  }
}

function parseHead(head: string): HostRequest | undefined {
  const [first, ...lines] = head.slice(0, head.indexOf("\r\n\r\n")).split("\r\n");
  const [method, path] = first!.split(" ");
  if (!method || !path) return undefined;
  const headers = new Headers();
  for (const line of lines) headers.append(line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim());
  return { method, path, headers };
}

function headOf({ status, headers, wire }: Answer, length: number): Bytes {
  const isBounded = !wire?.hasNoLength && !wire?.isEndless;
  const all = { ...(isBounded ? { "content-length": String(length) } : {}), ...headers, connection: "close" };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return new TextEncoder().encode(`HTTP/1.1 ${status} Conformance\r\n${lines.join("")}\r\n`);
}

/** Waits, but no longer than the host lives. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
  });
}
