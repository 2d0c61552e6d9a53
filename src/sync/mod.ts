/**
 * Finds what a local file has of a remote one, and reads few bytes for it: layered signatures and plans. It opens no
 * connection. A layered signature can be any source of bytes that is read at random, such as a URL fetched by ranges.
 *
 * `docs/sync.md` describes how it works, and what it costs.
 *
 * @module
 */
export type { Layer, LayeredFooter, LayeredHeader } from "../formats/rsync_streams/layers.ts";
export type { BackendOptions, SumBatch } from "../kernel/interface.ts";
export type { ByteRange } from "../formats/rsync_streams/layout.ts";
export { LayeredSig, type RangesSource } from "./layered_sig.ts";
export { layeredSigStream, type LayeredSigStreamOptions } from "./layered_sig_stream.ts";
export type { Span, SyncPlan, SyncRun } from "./plan.ts";
export { planSync, type PlanSyncOptions, type PlanSyncStats } from "./plan_sync.ts";
export { recommendedLayers } from "./recommended_layers.ts";
