/** Hosts across origins, as the `fetch` of a browser sees them. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { assertBytes } from "../../_helpers.ts";
import type { Expected, HostCase, Quirk } from "./case.ts";
import { failure, quirky, siteOf, THE_FILE, UPDATED } from "./case.ts";
import { whole } from "./good_host.ts";
import { FILE } from "./published.ts";

/** Headers of answers that are shown without being exposed. */
const SAFE_ANSWER = [
  "cache-control",
  "content-language",
  "content-length",
  "content-type",
  "expires",
  "last-modified",
  "pragma",
];
/** Headers of requests that need no preflight, with any value. */
const SAFE_REQUEST = ["accept", "accept-language", "content-language"];
/** The one kind of range that needs no preflight (Fetch, "simple range header value"). */
const SAFE_RANGE = /^bytes=\d+-\d*$/;

/** What a browser's `fetch` does across origins. */
export interface Browser {
  /** Headers that the host exposes. */
  exposes?: readonly string[];
  /** The host allows nothing at all. */
  isRefused?: boolean;
  /** Whether calls without `cache: "no-store"` fail: their cache is full of wrong parts. */
  needsNoStore?: boolean;
  /** What the browser says it accepts, whatever the program says. */
  acceptEncoding?: string;
}

/** Makes a `fetch` as a page has it that talks to a host of another origin, which answers no preflight. */
export function browserFetch({ exposes = [], isRefused = false, needsNoStore = false, acceptEncoding }: Browser = {}) {
  const shown = [...SAFE_ANSWER, ...exposes];
  return async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    const request = new Request(input, init);
    if (isRefused || !isSimple(request)) throw new TypeError("Failed to fetch");
    const cache = init.cache ?? (input instanceof Request ? input.cache : undefined);
    if (needsNoStore && cache !== "no-store") throw new TypeError("The cache of the browser answered");
    const headers = new Headers(request.headers);
    if (acceptEncoding !== undefined) headers.set("accept-encoding", acceptEncoding);
    const response = await fetch(request, { headers });
    const visible = [...response.headers].filter(([name]) => shown.includes(name));
    const { status, statusText, url } = response;
    // Deno leaves a body as it is where a program has set `Accept-Encoding`; a browser never does.
    const isZipped = response.headers.get("content-encoding") === "gzip";
    const body = isZipped ? response.body!.pipeThrough(new DecompressionStream("gzip")) : response.body;
    const seen = new Response(body, { status, statusText, headers: visible });
    return Object.defineProperty(seen, "url", { value: url });
  };
}

/** Whether a request goes without a preflight. Browsers leave `Accept-Encoding` out, whoever sets it. */
function isSimple(request: Request): boolean {
  if (!["GET", "HEAD", "POST"].includes(request.method)) return false;
  return [...request.headers].every(([name, value]) => {
    if (name === "range") return SAFE_RANGE.test(value);
    return SAFE_REQUEST.includes(name) || name === "accept-encoding" ||
      (name === "content-type" && /^(text\/plain|multipart\/form-data|application\/x-www-form-urlencoded)/.test(value));
  });
}

interface PageCase {
  name: string;
  who: string;
  browser: Browser;
  proof: HostCase["proof"];
  expected: Expected;
  quirk?: Quirk;
}

function pageCase({ name, who, browser, proof, expected, quirk = () => undefined }: PageCase): HostCase {
  return {
    name: `across origins: ${name}`,
    who,
    make: (update) => quirky(siteOf(update), quirk),
    makeFetch: () => browserFetch(browser),
    proof,
    expected,
  };
}

const urlOf = (url: URL) => new URL(FILE, url);

/** Shows that a `fetch` refuses what needs a preflight. */
const refusesPreflight: HostCase["proof"] = async ({ fetch, url }) => {
  const refused = [{ range: "bytes=-9" }, { range: "bytes=0-1,5-6" }, { "if-range": '"v2"' }, { "if-match": '"v2"' }];
  for (const headers of refused) await assert.rejects(fetch(urlOf(url), { headers }), TypeError);
};

/** Headers that can be read of a range. */
async function shownOf(fetch: typeof globalThis.fetch, url: URL): Promise<Headers> {
  const response = await fetch(urlOf(url), { headers: { range: "bytes=5-9" }, cache: "no-store" });
  assert.equal(response.status, 206);
  assert.equal((await response.bytes()).length, 5);
  return response.headers;
}

export const browsers: readonly HostCase[] = [
  pageCase({
    name: "nothing exposed, no preflight",
    who: "browsers with S3, GitHub Pages, jsDelivr",
    browser: {},
    proof: async (proof) => {
      await refusesPreflight(proof);
      const headers = await shownOf(proof.fetch, proof.url);
      assert.deepEqual([headers.get("content-range"), headers.get("etag")], [null, null]);
    },
    expected: { ...UPDATED, requests: 150 },
  }),
  pageCase({
    name: "Content-Range and ETag exposed, no preflight",
    who: "browsers with hosts that are set up for ranges",
    browser: { exposes: ["content-range", "etag", "accept-ranges"] },
    proof: async (proof) => {
      await refusesPreflight(proof);
      const headers = await shownOf(proof.fetch, proof.url);
      assert.equal(headers.get("etag"), '"v2"');
      assert.match(headers.get("content-range")!, /^bytes 5-9\//);
    },
    expected: { ...UPDATED, requests: 150 },
  }),
  pageCase({
    name: "a cache that mixes parts",
    who: "browsers: all calls have to say no-store",
    browser: { needsNoStore: true },
    proof: async ({ fetch, url }) => {
      await assert.rejects(fetch(urlOf(url)), TypeError);
      await shownOf(fetch, url);
    },
    expected: { ...UPDATED, requests: 150 },
  }),
  pageCase({
    name: "gzip of everything, which the page cannot refuse",
    who: "browsers with Cloudflare, Netlify",
    browser: { acceptEncoding: "gzip, deflate, br" },
    quirk: ({ headers, method }, version) => {
      if (!version || method !== "GET" || !/gzip/.test(headers.get("accept-encoding") ?? "")) return undefined;
      const answer = whole(version);
      const body = Uint8Array.from(gzipSync(answer.body));
      return { ...answer, headers: { ...answer.headers, "content-encoding": "gzip" }, body };
    },
    proof: async ({ fetch, url, update }) => {
      const response = await fetch(urlOf(url), { headers: { range: "bytes=0-9", "accept-encoding": "identity" } });
      assert.equal(response.status, 200);
      assertBytes(await response.bytes(), update.file.bytes);
      assert.equal(response.headers.get("content-encoding"), null);
    },
    expected: THE_FILE,
  }),
  pageCase({
    name: "nothing allowed",
    who: "browsers with GitHub Releases",
    browser: { isRefused: true },
    proof: async ({ fetch, url }) => await assert.rejects(fetch(urlOf(url)), TypeError),
    expected: failure("network"),
  }),
];
