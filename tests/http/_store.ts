/** Files in memory for tests of the handler: they count what is opened, read and closed. */
import assert from "node:assert/strict";
import { type ServedFile, syncHandler, type SyncHandlerOptions } from "rsync-streams/http";
import { toBytes } from "../_helpers.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export const ORIGIN = "http://host.test";
/** A whole second: HTTP's dates have no fractions. */
export const MODIFIED_MS = Date.UTC(2024, 1, 29, 12, 30, 15);

/** A file, and which of its versions it is. */
interface StoredFile {
  readonly bytes: Bytes;
  readonly version: number;
}

export class Store {
  readonly files = new Map<string, StoredFile>();
  openCount = 0;
  closeCount = 0;
  readCount = 0;
  /** The longest read. */
  maxReadLength = 0;
  /** Files that were committed, and the reasons of those that were not. */
  commits: Bytes[] = [];
  failures: unknown[] = [];
  /** Called before each read of a file. */
  onRead: (offset: number) => unknown = () => {};
  /** Called when a file is opened. */
  onOpen: (path: string) => unknown = () => {};
  /** Called by a commit once it has all bytes, before it replaces the file. */
  onCommit: (path: string) => unknown = () => {};
  #version = 0;

  constructor(files: Record<string, Bytes> = {}) {
    for (const [path, bytes] of Object.entries(files)) this.put(path, bytes);
  }

  put(path: string, bytes: Bytes): void {
    this.files.set(path, { bytes, version: ++this.#version });
  }

  tagOf(path: string): string {
    return `"v${this.files.get(path)!.version}"`;
  }

  async open({ pathname }: URL): Promise<ServedFile | undefined> {
    await this.onOpen(pathname);
    const file = this.files.get(pathname);
    if (!file) return undefined;
    const { bytes, version } = file;
    this.openCount++;
    let isClosed = false;
    return {
      basis: {
        size: bytes.length,
        read: async (offset: number, length: number) => {
          assert.ok(!isClosed, "read after close");
          this.readCount++;
          this.maxReadLength = Math.max(this.maxReadLength, length);
          await this.onRead(offset);
          assert.ok(!isClosed, "closed while a read was under way");
          return bytes.subarray(offset, offset + length);
        },
      },
      size: bytes.length,
      entityTag: `"v${version}"`,
      modifiedMs: MODIFIED_MS + 0.25,
      contentType: "text/x-test",
      close: () => {
        assert.ok(!isClosed, "closed twice");
        isClosed = true;
        this.closeCount++;
      },
    };
  }

  async commit({ pathname }: URL, readable: ReadableStream<Bytes>): Promise<void> {
    try {
      const bytes = await toBytes(readable);
      await this.onCommit(pathname);
      this.put(pathname, bytes);
      this.commits.push(bytes);
    } catch (error) {
      this.failures.push(error);
      throw error;
    }
  }

  /** Everything that was opened is closed. */
  assertClosed(): void {
    assert.equal(this.closeCount, this.openCount, `${this.openCount} files were opened, ${this.closeCount} closed`);
  }

  /** A handler that can read, and fails the test if something becomes a 500. */
  reader(options: Partial<SyncHandlerOptions> = {}) {
    return syncHandler({ open: (url) => this.open(url), onError: fail, ...options });
  }

  /** A handler that can also write. */
  writer(options: Partial<SyncHandlerOptions> = {}) {
    return this.reader({ commit: (url, readable) => this.commit(url, readable), ...options });
  }
}

function fail(error: unknown): never {
  throw new Error("the handler failed", { cause: error });
}

export function get(path: string, headers: HeadersInit = {}, method = "GET"): Request {
  return new Request(new URL(path, ORIGIN), { method, headers });
}

export function send(method: string, path: string, body: BodyInit, headers: HeadersInit, signal?: AbortSignal) {
  const init = { method, headers, body, duplex: "half", ...(signal && { signal }) };
  return new Request(new URL(path, ORIGIN), init as RequestInit);
}

/** The body of an answer. */
export async function bytesOf(response: Response): Promise<Bytes> {
  return new Uint8Array(await response.arrayBuffer());
}

/** Titles of statuses (RFC 9110, section 15). */
const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  408: "Request Timeout",
  412: "Precondition Failed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  416: "Range Not Satisfiable",
  422: "Unprocessable Content",
  428: "Precondition Required",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** Checks a problem body, and returns it. */
export async function assertProblem(response: Response, status: number, code?: string) {
  assert.equal(response.headers.get("Content-Type"), "application/problem+json", `status ${response.status}`);
  const body = await response.json() as Record<string, unknown>;
  assert.equal(response.status, status, JSON.stringify(body));
  assert.equal(body.status, status);
  assert.equal(body.type, "about:blank");
  assert.equal(body.title, TITLES[status]);
  assert.equal(body.code, code);
  return body as { detail: string };
}
