/**
 * Why a whole file is downloaded.
 *
 * @example No file to start from
 * ```ts
 * import { fetchUpdate, syncHandler, type UpdateFallback } from "rsync-streams/http";
 * import assert from "node:assert/strict";
 *
 * const file = new TextEncoder().encode("a line of the file\n".repeat(1000));
 * const handler = syncHandler({
 *   open: ({ pathname }) => pathname === "/file" ? { basis: file, size: file.length, entityTag: '"1"' } : undefined,
 * });
 * const fetch = (url: string, init: RequestInit) => handler(new Request(url, init)); // stands for a server
 *
 * const { readable, stats } = await fetchUpdate("http://localhost/file", undefined, { fetch });
 * await readable.pipeTo(new WritableStream());
 * const fallback: UpdateFallback | undefined = stats.fallback;
 * assert.equal(fallback, "no-basis");
 * ```
 */
export type UpdateFallback =
  /** There is no local file to copy from, or it is empty. */
  | "no-basis"
  /** The server has no layered signature of the file. */
  | "no-signature"
  /** What it has in its place is none, or is damaged. */
  | "bad-signature"
  /** The layered signature is of another version of the file. */
  | "stale-signature"
  /** The server does not give ranges of the file. */
  | "no-ranges"
  /** The local file has so little of the remote one that a whole download costs less. */
  | "cheaper"
  /** The file changed on the server after the plan was made. */
  | "changed"
  /** The result of the plan had another digest. Short sums are equal by chance about once in a thousand updates. */
  | "digest-mismatch";

/**
 * What an update will take.
 *
 * @example Whether it is worth it
 * ```ts
 * import { planUpdate, syncHandler, type UpdatePlan } from "rsync-streams/http";
 * import assert from "node:assert/strict";
 *
 * const file = new TextEncoder().encode("a line of the file\n".repeat(1000));
 * const handler = syncHandler({
 *   open: ({ pathname }) => pathname === "/file" ? { basis: file, size: file.length, entityTag: '"1"' } : undefined,
 * });
 * const fetch = (url: string, init: RequestInit) => handler(new Request(url, init)); // stands for a server
 *
 * const plan: UpdatePlan = await planUpdate("http://localhost/file", new Blob([file]), { fetch });
 * assert.equal(plan.missingLength, 0);
 * assert.ok(plan.savedShare > 0.5);
 * ```
 */
export interface UpdatePlan {
  /**
   * How the missing bytes are fetched: by one list of runs, where the server is a handler (`syncHandler`), by `Range`
   * requests, or with the whole file.
   */
  readonly way: "runs" | "ranges" | "full";
  /** Why the whole file is fetched, if it is. */
  readonly fallback: UpdateFallback | undefined;
  /** Bytes of the remote file, if they are known. */
  readonly fileLength: number | undefined;
  /** SHA-256 of the remote file in hexadecimal digits, if it is known. */
  readonly digest: string | undefined;
  /** Bytes that the local file has. */
  readonly copiedLength: number;
  /** Bytes to fetch; NaN if nothing is known. */
  readonly missingLength: number;
  /** In how many runs. */
  readonly missingCount: number;
  /** Bytes of all bodies, those of the signature included, as far as they can be foreseen; NaN if nothing is known. */
  readonly bytesIn: number;
  /** Requests, those for the signature included, as far as they can be foreseen. */
  readonly requests: number;
  /**
   * The share of a full download that is saved, from 0 to 1. It is 0 where nothing can be saved: if the whole file is
   * fetched, and if the remote file is empty or its length is not known.
   */
  readonly savedShare: number;
  /** Runs nearer than this are fetched in one range: so many bytes take as long as one more request. */
  readonly requestCost: number;
}

/**
 * What an update has done so far.
 *
 * @example A line at the end
 * ```ts
 * import { fetchUpdate, syncHandler, type UpdateStats } from "rsync-streams/http";
 * import assert from "node:assert/strict";
 *
 * const file = new TextEncoder().encode("a line of the file\n".repeat(1000));
 * const handler = syncHandler({
 *   open: ({ pathname }) => pathname === "/file" ? { basis: file, size: file.length, entityTag: '"1"' } : undefined,
 * });
 * const fetch = (url: string, init: RequestInit) => handler(new Request(url, init)); // stands for a server
 *
 * const { readable, stats } = await fetchUpdate("http://localhost/file", new Blob([file]), { fetch });
 * await readable.pipeTo(new WritableStream());
 * const { bytesIn, bytesOut, isVerified }: UpdateStats = stats;
 * assert.ok(isVerified && bytesOut === file.length && bytesIn < bytesOut);
 * ```
 */
export interface UpdateStats {
  /** Bytes of bodies that have come, after any decompression. */
  bytesIn: number;
  /** Bytes of bodies that were sent. */
  bytesSent: number;
  /**
   * Bytes of the local file that were read before `readable` yields its first byte: all of it for each layer that is
   * searched, and parts of it again. If at most 32 MiB are missing, then also what is copied, to verify the result.
   */
  bytesRead: number;
  /** Bytes of the target that `readable` has yielded. */
  bytesOut: number;
  /** What `bytesOut` will be at the end, if that is known: by the signature, or by the response with the whole file. */
  total: number | undefined;
  /** Requests that were sent. Redirects are not counted. */
  requests: number;
  /** Requests that were sent again since a response failed or broke off. */
  retries: number;
  /** Why the whole file was fetched, if it was. */
  fallback: UpdateFallback | undefined;
  /** SHA-256 of the target in hexadecimal digits, once `readable` has yielded all of it. */
  digest: string | undefined;
  /** Whether that is the digest that the signature has. False before the end, and where there is no signature. */
  isVerified: boolean;
}

/** Counts of an update that has not begun. */
export function newStats(): UpdateStats {
  return {
    bytesIn: 0,
    bytesSent: 0,
    bytesRead: 0,
    bytesOut: 0,
    total: undefined,
    requests: 0,
    retries: 0,
    fallback: undefined,
    digest: undefined,
    isVerified: false,
  };
}
