/**
 * The client that the hosts are tried with. To switch from the stub to the real one, replace the last two lines by
 *
 *     export { fetchUpdate, planUpdate } from "rsync-streams/http";
 *     export const isStub = false;
 */
import type { Basis } from "rsync-streams";

/** Options that the tests give. */
export interface FetchUpdateOptions {
  fetch?: typeof fetch;
  signal?: AbortSignal;
  timeoutMs?: number;
}

/** What the tests look at in a plan. */
export interface UpdatePlan {
  way: "runs" | "ranges" | "full";
  fallback?: string | undefined;
  copiedLength: number;
  missingLength: number;
  missingCount: number;
  bytesDown: number;
  requests: number;
  savedShare: number;
  requestCost: number;
}

/** What the tests look at in stats. */
export interface UpdateStats {
  bytesIn: number;
  requests: number;
  retries: number;
  fallback?: string | undefined;
  isVerified: boolean;
}

/** What comes of an update. */
export interface Update {
  readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  plan: UpdatePlan;
  stats: UpdateStats;
}

/** The client, as the tests call it. */
export type FetchUpdate = (url: URL, basis: Basis | undefined, options: FetchUpdateOptions) => Promise<Update>;

export { fetchUpdate, planUpdate } from "./_stub_client.ts";
/** Whether it is the stub, of which no more is expected than a full download. */
export const isStub = true;
