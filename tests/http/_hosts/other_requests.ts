/** What hosts do to suffix ranges, to HEAD, to lengths, and to what they compress. */
import assert from "node:assert/strict";
import { gunzipSync, gzipSync } from "node:zlib";
import { assertBytes } from "../../_helpers.ts";
import type { Expected, HostCase, Proof } from "./case.ts";
import { quirky, siteOf, THE_FILE, UPDATED } from "./case.ts";
import { answerWell, isSuffix, part, refuse, whole } from "./good_host.ts";
import type { Answer, Bytes, Version, Visit } from "./host.ts";
import type { Seen } from "./probe.ts";
import { FILE, SIG } from "./published.ts";

function suffixCase(
  name: string,
  who: string,
  answer: (version: Version) => Answer,
  status: number,
  expected: Expected = THE_FILE,
): HostCase {
  return {
    name: `a suffix range: ${name}`,
    who,
    make: (update) =>
      quirky(siteOf(update), (visit, version) => version && isSuffix(visit) ? answer(version) : undefined),
    proof: async ({ see, update }: Proof) => {
      const seen = await see(SIG, { range: "bytes=-20" });
      assert.equal(seen.status, status);
      if (status < 300) assert.notDeepEqual(seen.body, update.sig.bytes.slice(-20));
      const { body } = await see(SIG, { range: "bytes=5-9" });
      assert.deepEqual(body, update.sig.bytes.slice(5, 10));
    },
    expected,
  };
}

function headCase(
  name: string,
  who: string,
  answer: (version: Version) => Answer,
  proof: (seen: Seen) => void,
): HostCase {
  return {
    name: `HEAD: ${name}`,
    who,
    make: (update) =>
      quirky(siteOf(update), ({ method }, version) => version && method === "HEAD" ? answer(version) : undefined),
    proof: async ({ see }) => proof(await see(FILE, {}, { method: "HEAD" })),
    expected: UPDATED,
  };
}

interface Lengths {
  name: string;
  who: string;
  change: (answer: Answer, visit: Visit) => Answer;
  isRaw?: boolean;
  proof: (see: Proof["see"], file: Bytes) => Promise<void>;
  expected?: HostCase["expected"];
}

function answersCase({ name, who, change, isRaw = false, proof, expected = UPDATED }: Lengths): HostCase {
  return {
    name,
    who,
    make: (update) => ({
      ...quirky(siteOf(update), (visit, version) => version && change(answerWell(version, visit), visit)),
      isRaw,
    }),
    proof: ({ see, update }) => proof(see, update.file.bytes),
    expected,
  };
}

/** How long a CDN needs for its first answer, and for others. */
const FIRST_MS = 700;
const OTHER_MS = 60;

const asksForGzip = ({ headers }: Visit) => /\bgzip\b/.test(headers.get("accept-encoding") ?? "");
const GZIP = { "accept-encoding": "gzip, br" };

/** A strong tag does not fit what is compressed, so nginx makes it weak. */
function gzipped(answer: Answer): Answer {
  const { etag, ...headers } = answer.headers;
  return {
    ...answer,
    headers: {
      ...headers,
      ...(etag && { etag: etag.replace(/^"/, 'W/"') }),
      "content-encoding": "gzip",
      vary: "accept-encoding",
    },
    body: Uint8Array.from(gzipSync(answer.body)),
  };
}

export const otherRequests: readonly HostCase[] = [
  suffixCase("400", "gateways", () => refuse(400), 400),
  suffixCase("501", "Azure Blob Storage, in older versions", () => refuse(501), 501),
  suffixCase("416", "hand-made servers", () => refuse(416), 416),
  suffixCase("everything, with 200", "Azure Blob Storage", whole, 200),
  suffixCase("the first bytes", "hand-made servers", (version) => part(version, { start: 0, end: 19 }), 206, UPDATED),
  suffixCase(
    "the first bytes and one more",
    "sirv, so Vite and SvelteKit",
    (version) => part(version, { start: 0, end: Math.min(2048, version.bytes.length - 1) }),
    206,
    UPDATED,
  ),

  headCase(
    "405",
    "hand-made servers, signed URLs of one method",
    () => refuse(405, { allow: "GET" }),
    ({ status }) => assert.equal(status, 405),
  ),
  headCase("403", "S3 with URLs that are signed for GET", () => refuse(403), ({ status }) => assert.equal(status, 403)),
  headCase(
    "a length of 0",
    "hand-made servers",
    (version) => ({ ...whole(version), body: new Uint8Array(0) }),
    ({ status, headers }) => assert.deepEqual([status, headers.get("content-length")], [200, "0"]),
  ),

  answersCase({
    name: "no Content-Length, in chunks",
    who: "dynamic servers, proxies",
    change: (answer) => ({ ...answer, isChunked: true }),
    proof: async (see, file) => {
      const seen = await see(FILE);
      assert.deepEqual([seen.headers.get("content-length"), seen.headers.get("transfer-encoding")], [null, "chunked"]);
      assertBytes(seen.body, file);
    },
  }),
  answersCase({
    name: "no Content-Length, to the end of the connection",
    who: "HTTP/1.0 servers",
    isRaw: true,
    change: (answer) => ({ ...answer, wire: { hasNoLength: true } }),
    proof: async (see, file) => {
      const { headers, body } = await see(FILE);
      assert.deepEqual([headers.get("content-length"), headers.get("transfer-encoding")], [null, null]);
      assertBytes(body, file);
    },
  }),
  answersCase({
    name: "no Accept-Ranges, though ranges work",
    who: "many CDNs",
    change: (answer) => {
      const { "accept-ranges": _, ...headers } = answer.headers;
      return { ...answer, headers };
    },
    proof: async (see) => {
      assert.equal((await see(FILE)).headers.get("accept-ranges"), null);
      assert.equal((await see(FILE, { range: "bytes=0-1" })).status, 206);
    },
  }),
  answersCase({
    name: "Accept-Ranges: none, though ranges work",
    who: "proxies in front of static hosts",
    change: (answer) => ({ ...answer, headers: { ...answer.headers, "accept-ranges": "none" } }),
    proof: async (see) => assert.equal((await see(FILE)).headers.get("accept-ranges"), "none"),
    expected: THE_FILE,
  }),
  answersCase({
    name: "gzip of the whole file, whatever is asked for",
    who: "hosts of pre-compressed files",
    change: (answer, { method }) => answer.status === 200 && method === "GET" ? gzipped(answer) : answer,
    proof: async (see, file) => {
      const seen = await see(FILE);
      assert.match(seen.headers.get("etag")!, /^W\//);
      assertBytes(Uint8Array.from(gunzipSync(seen.body)), file);
    },
  }),
  {
    ...answersCase({
      name: "gzip of everything, ranges ignored",
      who: "hand-made servers, proxies that compress what passes",
      change: (answer) => answer,
      proof: async (see, file) => {
        const seen = await see(FILE, { range: "bytes=0-99", "accept-encoding": "identity" });
        assert.deepEqual([seen.status, seen.headers.get("content-encoding")], [200, "gzip"]);
        assertBytes(Uint8Array.from(gunzipSync(seen.body)), file);
      },
      expected: { ...THE_FILE, isVerified: true },
    }),
    make: (update) =>
      quirky(siteOf(update), ({ method }, version) => {
        return version && method === "GET" ? gzipped(whole(version)) : undefined;
      }),
  },
  {
    ...answersCase({
      name: "ranges ignored where gzip is accepted",
      who: "Cloudflare, Google Cloud Storage (transcoding)",
      change: (answer) => answer,
      proof: async (see) => {
        const seen = await see(FILE, { range: "bytes=0-99", ...GZIP });
        assert.deepEqual([seen.status, seen.headers.get("content-encoding")], [200, "gzip"]);
        const identity = await see(FILE, { range: "bytes=0-99", "accept-encoding": "identity" });
        assert.deepEqual([identity.status, identity.body.length], [206, 100]);
      },
      expected: THE_FILE,
    }),
    make: (update) =>
      quirky(siteOf(update), (visit, version) => version && asksForGzip(visit) ? gzipped(whole(version)) : undefined),
  },
  answersCase({
    name: "a 206 of everything to a request without ranges",
    who: "media servers",
    change: (answer) =>
      answer.status === 200
        ? {
          ...answer,
          status: 206,
          headers: { ...answer.headers, "content-range": `bytes 0-${answer.body.length - 1}/${answer.body.length}` },
        }
        : answer,
    proof: async (see, file) => {
      const { status, body } = await see(FILE);
      assert.deepEqual([status, body.length], [206, file.length]);
    },
  }),
  answersCase({
    name: "tags that compression has made weak",
    who: "nginx with gzip, Cloudflare, Deno Deploy",
    change: (answer) => ({ ...answer, headers: { ...answer.headers, etag: `W/${answer.headers["etag"]}` } }),
    proof: async (see) => assert.match((await see(FILE)).headers.get("etag")!, /^W\/"v2"$/),
  }),
  answersCase({
    name: "no tags",
    who: "proxies that strip them",
    change: (answer) => {
      const { etag: _, ...headers } = answer.headers;
      return { ...answer, headers };
    },
    proof: async (see) => assert.equal((await see(FILE)).headers.get("etag"), null),
  }),
  {
    name: "nodes with tags of their own",
    who: "Apache clusters (tags with inodes)",
    make: (update) => {
      const site = siteOf(update);
      return quirky(site, (visit, version) => {
        return version && answerWell({ ...version, entityTag: `"node-${visit.total % 2}"` }, visit);
      });
    },
    proof: async ({ see }) => {
      const tags = [await see(FILE), await see(FILE)].map(({ headers }) => headers.get("etag"));
      assert.notEqual(tags[0], tags[1]);
      const headers = { range: "bytes=0-9", "if-range": tags[0]! };
      assert.deepEqual([(await see(FILE, headers)).status, (await see(FILE, headers)).status].sort(), [200, 206]);
    },
    expected: THE_FILE,
  },
  {
    name: "answers that take their time",
    who: "CDNs that fetch the whole file for its first range",
    make: (update) => {
      const host = quirky(siteOf(update), () => undefined);
      return {
        answer: async (visit) => {
          await new Promise((resolve) => setTimeout(resolve, visit.count === 1 ? FIRST_MS : OTHER_MS));
          return await host.answer(visit);
        },
      };
    },
    proof: async ({ see }) => {
      assert.ok((await see(FILE, { range: "bytes=0-9" })).ms >= FIRST_MS * 0.9);
      assert.ok((await see(FILE, { range: "bytes=0-9" })).ms >= OTHER_MS * 0.9);
    },
    expected: UPDATED,
  },
  {
    name: "well-behaved",
    who: "nginx, Apache",
    make: (update) => quirky(siteOf(update), () => undefined),
    proof: async ({ see, update }) => {
      const seen = await see(FILE, { range: "bytes=0-9,-5", "if-range": '"v2"' });
      assert.equal(seen.status, 206);
      const text = new TextDecoder("latin1").decode(seen.body);
      assert.match(text, new RegExp(`Content-Range: bytes 0-9/${update.file.bytes.length}\r\n`));
      assert.equal((await see(FILE, { range: "bytes=0-9", "if-range": '"v1"' })).status, 200);
      assert.equal((await see(FILE, { range: "bytes=900000000-" })).status, 416);
      assert.equal((await see(FILE, { "if-none-match": '"v2"' })).status, 304);
      assert.equal((await see(FILE, { "if-match": '"v1"' })).status, 412);
    },
    expected: UPDATED,
  },
];
