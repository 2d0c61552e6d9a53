import { sigUrlOf } from "../protocol/media_types.ts";

/** What a client asks for. */
export interface Urls {
  /** The file. */
  readonly url: URL;
  /** Its layered signature. */
  readonly sigUrl: URL;
}

/**
 * Resolves the URLs that a caller gave. In a page they may be relative.
 *
 * @throws {TypeError} If one is invalid, or has a name or a password: `fetch` of most runtimes refuses it.
 */
export function resolveUrls(file: string | URL, sig: string | URL | undefined): Urls {
  const { href } = (globalThis as { location?: { href?: string } }).location ?? {};
  const url = withoutCredentials(new URL(file, href));
  return { url, sigUrl: sig === undefined ? sigUrlOf(url) : withoutCredentials(new URL(sig, url)) };
}

function withoutCredentials(url: URL): URL {
  if (url.username === "" && url.password === "") return url;
  throw new TypeError(
    `Cannot use a URL of ${url.host}: it has a name or a password, which belong in the header Authorization`,
  );
}
