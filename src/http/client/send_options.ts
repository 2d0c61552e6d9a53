import type { SyncPlan } from "../../sync/plan.ts";
import type { ConnectionOptions } from "./update_options.ts";

/**
 * Options of {@linkcode sendUpdate}. The request with the delta may take `timeoutMs`, and the time that its bytes need
 * at 8 KB/s besides.
 *
 * @example A token, and what went so far
 * ```ts
 * import { sendUpdate, type SendUpdateOptions, syncHandler } from "rsync-streams/http";
 * import assert from "node:assert/strict";
 *
 * let file: Uint8Array<ArrayBuffer> | undefined;
 * const handler = syncHandler({
 *   open: () => file && { basis: file, size: file.length, entityTag: '"1"' },
 *   commit: async (_url, readable) => void (file = new Uint8Array(await new Response(readable).arrayBuffer())),
 * });
 * const fetch = (url: string, init: RequestInit) => handler(new Request(url, init)); // stands for a server
 *
 * const sent: number[] = [];
 * const options: SendUpdateOptions = {
 *   fetch,
 *   headers: { Authorization: "Bearer a-token" },
 *   onProgress: ({ bytesSent }) => sent.push(bytesSent),
 * };
 * const { stats } = await sendUpdate("http://localhost/file", new Blob(["text"]), options);
 * assert.equal(sent.at(-1), stats.bytesSent);
 * ```
 */
export interface SendUpdateOptions extends ConnectionOptions {
  /**
   * Where the layered signature is.
   * @default the URL of the file, with `.rsig` at the end of its path
   */
  sigUrl?: string | URL | undefined;
  /** Called with the stats as bytes come and go, and at most every 100 ms while the target is read before. */
  onProgress?: ((stats: Readonly<SendStats>) => void) | undefined;
}

/**
 * What an upload has done so far.
 *
 * @example Bytes of an upload
 * ```ts
 * import { type SendStats, sendUpdate, syncHandler } from "rsync-streams/http";
 * import assert from "node:assert/strict";
 *
 * let file: Uint8Array<ArrayBuffer> | undefined;
 * const handler = syncHandler({
 *   open: () => file && { basis: file, size: file.length, entityTag: '"1"' },
 *   commit: async (_url, readable) => void (file = new Uint8Array(await new Response(readable).arrayBuffer())),
 * });
 * const fetch = (url: string, init: RequestInit) => handler(new Request(url, init)); // stands for a server
 *
 * const { stats } = await sendUpdate("http://localhost/file", new Blob(["text"]), { fetch });
 * const { fallback, literalBytes }: SendStats = stats;
 * assert.deepEqual([fallback, literalBytes], ["no-file", 4]);
 * ```
 */
export interface SendStats {
  /** Bytes of bodies that have come: of the signature. */
  bytesIn: number;
  /** Bytes handed over in the bodies of requests, also of those that ask a handler for parts of its signature. */
  bytesSent: number;
  /** Bytes of the target that were read before they are sent: once for its digest, and again for each search. */
  bytesRead: number;
  /**
   * What `bytesSent` will be at the end, once that is known: before the request is sent, unless its body is longer than
   * 32 MiB and the runtime sends it as a stream.
   */
  total?: number | undefined;
  /** Requests sent. */
  requests: number;
  /** Requests that were sent again since a response failed or broke off. */
  retries: number;
  /** Bytes of the target that the server has already, as far as was found. 0 until the search has ended. */
  copiedBytes: number;
  /** Bytes of the target that are sent as data, before they are compressed. 0 until the search has ended. */
  literalBytes: number;
  /**
   * Why the whole file was sent: the server has none, or it could not make the target from the copies that were found,
   * which happens about once in a thousand uploads, since the sums of layers are short.
   */
  fallback?: "no-file" | "wrong-copies";
  /** SHA-256 of the target in hexadecimal digits. */
  digest?: string;
}

/**
 * What {@linkcode sendUpdate} did.
 *
 * @example Once created, then unchanged
 * ```ts
 * import { sendUpdate, type SentUpdate, syncHandler } from "rsync-streams/http";
 * import assert from "node:assert/strict";
 *
 * let file: Uint8Array<ArrayBuffer> | undefined;
 * const handler = syncHandler({
 *   open: () => file && { basis: file, size: file.length, entityTag: '"1"' },
 *   commit: async (_url, readable) => void (file = new Uint8Array(await new Response(readable).arrayBuffer())),
 * });
 * const fetch = (url: string, init: RequestInit) => handler(new Request(url, init)); // stands for a server
 *
 * const target = new Blob(["text"]);
 * const first: SentUpdate = await sendUpdate("http://localhost/file", target, { fetch });
 * const second: SentUpdate = await sendUpdate("http://localhost/file", target, { fetch });
 * assert.deepEqual([first.status, second.status], ["created", "unchanged"]);
 * ```
 */
export interface SentUpdate {
  /** The file was replaced, or there was none before, or the server had it already and nothing was sent. */
  readonly status: "updated" | "created" | "unchanged";
  /** The tag of the version that the server has now, if it says so. */
  readonly entityTag: string | undefined;
  /** What the server had of the target. Undefined if that was not looked for. */
  readonly plan: SyncPlan | undefined;
  /** What was sent and received. */
  readonly stats: Readonly<SendStats>;
}
