/**
 * Finding what a local file has of a remote one, in few bytes: layered signatures and plans. It reads and writes no
 * network; `rsync-streams/http` does.
 *
 * @module
 */
export type { Layer, LayeredFooter, LayeredHeader } from "../formats/rsync_streams/layers.ts";
export { LayeredSig } from "./layered_sig.ts";
export { layeredSigStream, type LayeredSigStreamOptions } from "./layered_sig_stream.ts";
export type { SyncPlan, SyncRun } from "./plan.ts";
export { planSync, type PlanSyncOptions } from "./plan_sync.ts";
export { recommendedLayers } from "./recommended_layers.ts";
