/**
 * Updates files over HTTP: downloads from a static host or a handler, and uploads to a handler. It is built on
 * `Request` and `Response`, and runs wherever `fetch` does.
 *
 * `docs/http.md` describes the protocol.
 *
 * @example A handler, and a client with an older version of its file
 * ```ts
 * import { fetchUpdate, syncHandler } from "rsync-streams/http";
 * import assert from "node:assert/strict";
 *
 * const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`);
 * const old = new Blob([lines.join("")]);
 * const fresh = new Blob([lines.with(9000, "a new line\n").join("")]);
 *
 * const handler = syncHandler({ open: () => ({ basis: fresh, size: fresh.size, entityTag: '"2"' }) });
 *
 * const { readable, stats } = await fetchUpdate("http://localhost/file", old, {
 *   fetch: (url, init) => handler(new Request(url, init)), // leave it out where there is a server
 * });
 * assert.equal(await new Response(readable).text(), await fresh.text());
 * assert.ok(stats.isVerified && stats.bytesIn < 5000);
 * ```
 *
 * @module
 */
export type { BackendOptions } from "../kernel/interface.ts";
export { sendUpdate } from "./client/send_update.ts";
export type { SendStats, SendUpdateOptions, SentUpdate } from "./client/send_options.ts";
export { HttpError, type HttpErrorCode, type HttpErrorOptions } from "./http_error.ts";
export { fetchUpdate, type Update } from "./client/fetch_update.ts";
export { planUpdate } from "./client/plan_update.ts";
export type { ConnectionOptions, UpdateOptions } from "./client/update_options.ts";
export type { UpdateFallback, UpdatePlan, UpdateStats } from "./client/update_plan.ts";
export { type ServedFile, type SyncHandler, syncHandler, type SyncHandlerOptions } from "./server/sync_handler.ts";
