/** What the tests use of the client. */
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
  /** As far as they can be foreseen. */
  requests: number;
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
