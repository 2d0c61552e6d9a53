/** The media types of what goes over HTTP. */

/** A signature, also a layered one. */
export const SIG_TYPE = "application/vnd.rsync-streams.sig";
/** A delta. */
export const DELTA_TYPE = "application/vnd.rsync-streams.delta";
/** A list of runs. */
export const RUNS_TYPE = "application/vnd.rsync-streams.runs";
/** What the path of a layered signature ends in: it lies beside its file. */
const SIG_SUFFIX = ".rsig";

/**
 * What follows it in the path of a layered signature with longer strong sums: 40 bits of margin in place of 10. A
 * client asks for it where short sums were equal by chance.
 */
const LONG_SUFFIX = "-long";

/** The URL of the layered signature of a file. The query stays. */
export function sigUrlOf(url: URL): URL {
  return withSuffix(url, SIG_SUFFIX);
}

/** The URL of the one with longer strong sums. */
export function longSigUrlOf(sigUrl: URL): URL {
  return withSuffix(sigUrl, LONG_SUFFIX);
}

/** What a URL stands for: a file, or its layered signature with short or with long strong sums. */
export interface Named {
  /** The URL of the file. */
  readonly url: URL;
  readonly kind: "file" | "sig" | "long-sig";
}

/** Tells the URL of a layered signature from that of a file. */
export function parseUrl(url: URL): Named {
  const kinds = [["long-sig", SIG_SUFFIX + LONG_SUFFIX], ["sig", SIG_SUFFIX]] as const;
  for (const [kind, suffix] of kinds) {
    if (!url.pathname.endsWith(suffix)) continue;
    const file = new URL(url);
    file.pathname = file.pathname.slice(0, -suffix.length);
    return { url: file, kind };
  }
  return { url, kind: "file" };
}

function withSuffix(url: URL, suffix: string): URL {
  const longer = new URL(url);
  longer.pathname += suffix;
  return longer;
}

/** The type of a `Content-Type`, without its parameters, in lower case. */
export function mediaTypeOf(headers: Headers): string {
  return (headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
}
