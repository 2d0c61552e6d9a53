import type { UpdateStats } from "./update_plan.ts";

/** The names of options that clients take. */
export const CLIENT_NAMES = {
  fetch: true,
  headers: true,
  signal: true,
  timeoutMs: true,
  sigUrl: true,
  onProgress: true,
} as const;

/** How servers are asked. */
export interface ConnectionOptions {
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
   * Longest wait for an answer, or for its next bytes, in milliseconds. Then the request is tried again.
   * @default {30_000}
   */
  timeoutMs?: number | undefined;
}

/** Options of {@linkcode planUpdate} and {@linkcode fetchUpdate}. */
export interface UpdateOptions extends ConnectionOptions {
  /**
   * Where the layered signature is.
   * @default the URL of the file, with `.rsig` at the end of its path
   */
  sigUrl?: string | URL | undefined;
  /** Called with the stats at most every 100 ms while bytes come or go, and at the end. */
  onProgress?: ((stats: Readonly<UpdateStats>) => void) | undefined;
}
