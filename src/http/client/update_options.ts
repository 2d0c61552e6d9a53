import type { BackendOptions } from "../../kernel/interface.ts";
import type { UpdateStats } from "./update_plan.ts";

/** The names of options that clients take. */
export const CLIENT_NAMES = {
  fetch: true,
  headers: true,
  signal: true,
  timeoutMs: true,
  sigUrl: true,
  onProgress: true,
  backend: true,
} as const;

/**
 * Options of requests to servers, and of the sums that are compared with theirs.
 *
 * @example A token, and less patience
 * ```ts
 * import { type ConnectionOptions, fetchUpdate, syncHandler } from "rsync-streams/http";
 * import assert from "node:assert/strict";
 *
 * const file = new TextEncoder().encode("a line of the file\n".repeat(1000));
 * const handler = syncHandler({
 *   open: ({ pathname }) => pathname === "/file" ? { basis: file, size: file.length, entityTag: '"1"' } : undefined,
 * });
 * const fetch = (url: string, init: RequestInit) => handler(new Request(url, init)); // stands for a server
 *
 * const options: ConnectionOptions = {
 *   fetch,
 *   headers: { Authorization: "Bearer a-token" },
 *   timeoutMs: 5000,
 *   signal: AbortSignal.timeout(60_000),
 * };
 * const { readable } = await fetchUpdate("http://localhost/file", undefined, options);
 * assert.deepEqual(new Uint8Array(await new Response(readable).arrayBuffer()), file);
 * ```
 */
export interface ConnectionOptions extends BackendOptions {
  /**
   * Used in place of the global `fetch`: for proxies, tests, or a service of a worker.
   * @default {globalThis.fetch}
   */
  fetch?: ((request: string, init: RequestInit) => Promise<Response>) | undefined;
  /** Headers of each request, such as `Authorization`. */
  headers?: Headers | [string, string][] | Record<string, string> | undefined;
  /** Ends the work early. */
  signal?: AbortSignal | undefined;
  /**
   * Longest wait for a response, or for its next bytes, in milliseconds. Then the request is tried again.
   * @default {30_000}
   */
  timeoutMs?: number | undefined;
}

/**
 * Options of {@linkcode planUpdate} and {@linkcode fetchUpdate}.
 *
 * @example A signature in another place
 * ```ts
 * import { fetchUpdate, syncHandler, type UpdateOptions } from "rsync-streams/http";
 * import assert from "node:assert/strict";
 *
 * const file = new TextEncoder().encode("a line of the file\n".repeat(1000));
 * const handler = syncHandler({
 *   open: ({ pathname }) => pathname === "/file" ? { basis: file, size: file.length, entityTag: '"1"' } : undefined,
 * });
 * const fetch = (url: string, init: RequestInit) => handler(new Request(url, init)); // stands for a server
 *
 * const options: UpdateOptions = {
 *   fetch: (url, init) => fetch(url.replace("/signatures/file", "/file.rsig"), init),
 *   sigUrl: "/signatures/file",
 * };
 * const { readable, stats } = await fetchUpdate("http://localhost/file", new Blob([file]), options);
 * await readable.pipeTo(new WritableStream());
 * assert.ok(stats.isVerified);
 * ```
 */
export interface UpdateOptions extends ConnectionOptions {
  /**
   * Where the layered signature is.
   * @default the URL of the file, with `.rsig` at the end of its path
   */
  sigUrl?: string | URL | undefined;
  /**
   * Called with the stats at most every 100 ms while the local file is searched, bytes come, the result is verified and
   * `readable` is read, and at the end. It is called before `fetchUpdate` resolves too, when there is no plan yet.
   */
  onProgress?: ((stats: Readonly<UpdateStats>) => void) | undefined;
}
