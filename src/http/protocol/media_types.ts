/** The media types of what goes over HTTP. */

/** A signature, also a layered one. */
export const SIG_TYPE = "application/vnd.rsync-streams.sig";
/** A delta. */
export const DELTA_TYPE = "application/vnd.rsync-streams.delta";
/** A list of runs. */
export const RUNS_TYPE = "application/vnd.rsync-streams.runs";
/** What the path of a layered signature ends in: it lies beside its file. */
export const SIG_SUFFIX = ".rsig";

/** The URL of the layered signature of a file. The query stays. */
export function sigUrlOf(url: URL): URL {
  const sigUrl = new URL(url);
  sigUrl.pathname += SIG_SUFFIX;
  return sigUrl;
}

/** The type of a `Content-Type`, without its parameters, in lower case. */
export function mediaTypeOf(headers: Headers): string {
  return (headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
}
