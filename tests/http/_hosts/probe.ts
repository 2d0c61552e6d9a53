/** A client that trusts nobody: it writes a request to a connection, and shows what came, byte by byte. */
import { concat } from "../../_recipes.ts";
import type { Bytes } from "./host.ts";

/** What came. */
export interface Seen {
  /** 0 if there was no status line. */
  readonly status: number;
  readonly headers: Headers;
  readonly body: Bytes;
  /** How the connection ended: closed, reset, refused, or still open when the time or the bytes were over. */
  readonly end: "closed" | "reset" | "refused" | "open";
  /** Milliseconds until the last byte. */
  readonly ms: number;
  /** All bytes, with the head. */
  readonly raw: Bytes;
}

/** Limits of a probe. */
export interface ProbeOptions {
  readonly method?: string;
  readonly body?: Bytes;
  readonly maxMs?: number;
  readonly maxBytes?: number;
}

/** Asks a URL for something. */
export async function probe(
  url: URL,
  headers: Record<string, string> = {},
  { method = "GET", body, maxMs = 1000, maxBytes = 4_000_000 }: ProbeOptions = {},
): Promise<Seen> {
  const start = performance.now();
  let connection: Deno.Conn;
  try {
    connection = await Deno.connect({ hostname: url.hostname, port: Number(url.port) });
  } catch {
    return {
      status: 0,
      headers: new Headers(),
      body: new Uint8Array(0),
      end: "refused",
      ms: 0,
      raw: new Uint8Array(0),
    };
  }
  const framing: Record<string, string> = body ? { "content-length": String(body.length) } : {};
  const all = { host: url.host, connection: "close", ...framing, ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const pieces: Bytes[] = [];
  let length = 0;
  let end: Seen["end"] = "open";
  let ms = 0;
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
    connection.close();
  }, maxMs);
  try {
    await connection.write(new TextEncoder().encode(`${method} ${url.pathname}${url.search} HTTP/1.1\r\n${lines}\r\n`));
    if (body) await connection.write(body);
    while (length < maxBytes) {
      const buffer = new Uint8Array(65_536);
      const count = await connection.read(buffer);
      if (count === null) {
        end = "closed";
        break;
      }
      ms = performance.now() - start;
      length += count;
      pieces.push(buffer.subarray(0, count));
    }
  } catch (error) {
    if (!isOver) end = error instanceof Deno.errors.ConnectionReset ? "reset" : "closed";
  } finally {
    clearTimeout(timer);
    if (!isOver) connection.close();
  }
  return { ...parse(concat(pieces)), end, ms };
}

function parse(raw: Bytes): Pick<Seen, "status" | "headers" | "body" | "raw"> {
  const text = new TextDecoder("latin1").decode(raw.subarray(0, 65_536));
  const headLength = text.indexOf("\r\n\r\n");
  const [first, ...lines] = text.slice(0, Math.max(0, headLength)).split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(first!)?.[1] ?? 0);
  if (headLength < 0 || status === 0) return { status: 0, headers: new Headers(), body: new Uint8Array(0), raw };
  const headers = new Headers();
  for (const line of lines) headers.append(line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim());
  const body = raw.slice(headLength + 4);
  return { status, headers, body: headers.has("transfer-encoding") ? dechunked(body) : body, raw };
}

function dechunked(body: Bytes): Bytes {
  const pieces: Bytes[] = [];
  for (let at = 0;;) {
    const lineEnd = body.indexOf(10, at);
    if (lineEnd < 0) return concat(pieces);
    const length = parseInt(new TextDecoder().decode(body.subarray(at, lineEnd)), 16);
    if (!(length > 0)) return concat(pieces);
    pieces.push(body.slice(lineEnd + 1, lineEnd + 1 + length));
    at = lineEnd + 1 + length + 2;
  }
}
