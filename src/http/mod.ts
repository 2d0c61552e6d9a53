/**
 * Updates files over HTTP: from a static host, from a handler, and back. It stands on `Request` and `Response`, and
 * runs wherever `fetch` does.
 *
 * `docs/http.md` describes the protocols.
 *
 * @module
 */
export { HttpError, type HttpErrorCode, type HttpErrorOptions } from "./http_error.ts";
export { fetchUpdate, type Update } from "./client/fetch_update.ts";
export { planUpdate } from "./client/plan_update.ts";
export { type SendStats, sendUpdate, type SendUpdateOptions, type SentUpdate } from "./client/send_update.ts";
export type { ConnectionOptions, UpdateOptions } from "./client/update_options.ts";
export type { UpdateFallback, UpdatePlan, UpdateStats } from "./client/update_plan.ts";
export { type ServedFile, type SyncHandler, syncHandler, type SyncHandlerOptions } from "./server/sync_handler.ts";
