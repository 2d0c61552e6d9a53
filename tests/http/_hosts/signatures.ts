/** Signatures that are missing, stale, damaged, or none. */
import assert from "node:assert/strict";
import { assertBytes } from "../../_helpers.ts";
import { randomBytes } from "../../_recipes.ts";
import type { Expected, HostCase } from "./case.ts";
import { fileOr, fullDownload, plannedFull, quirky, siteOf, THE_FILE, UPDATED } from "./case.ts";
import { answerWell, refuse, whole } from "./good_host.ts";
import type { Answer, Bytes, Version } from "./host.ts";
import type { Seen } from "./probe.ts";
import { edited, FILE, MODIFIED_MS, publish, type Published, SIG, TAG } from "./published.ts";

/** A signature that the file does not have. */
interface OtherSig {
  name: string;
  who: string;
  sig: (update: Published) => Version | Promise<Version>;
  /** Looks at the signature that the host serves. */
  proof: (seen: Seen, update: Published) => void | Promise<void>;
  expected: Expected;
  /** The file, if it is not that of the update. */
  file?: (update: Published) => Version;
}

function sigCase({ name, who, sig, file = ({ file }) => file, proof, expected }: OtherSig): HostCase {
  return {
    name: `signature: ${name}`,
    who,
    make: async (update) => {
      const version = file(update);
      const site = siteOf({ file: version, sig: await sig(update) });
      return { ...quirky(site, () => undefined), results: [version.bytes] };
    },
    proof: async ({ see, update }) => await proof(await see(SIG), update),
    expected,
  };
}

function answerCase(name: string, who: string, answer: () => Answer, expected: Expected, status: number): HostCase {
  return {
    name: `signature: ${name}`,
    who,
    make: (update) => quirky(siteOf(update), (_, __, path) => path === SIG ? answer() : undefined),
    proof: async ({ see }) => assert.equal((await see(SIG)).status, status),
    expected,
  };
}

const HTML = new TextEncoder().encode(
  `<!doctype html><title>App</title><div id="app"></div>${"<!-- filler -->".repeat(300)}`,
);
/** Changes here and there, of the same length. */
const rewritten = (bytes: Bytes) => bytes.map((byte, i) => i % 9000 < 50 ? byte ^ 0x33 : byte);
/** A signature that is made of other bytes or says something else of them. */
const sigOf = async (version: Version, footer = {}) => (await publish(version, footer)).sig;
/** Where the digest stands: before the length of the tag, the tag, the date and the last eight bytes. */
export const DIGEST_END = 2 + TAG.length + 8 + 8;

/** The footer: what the signature says of the file. */
function footer({ body }: Seen): { text: string; modifiedMs: number } {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const tail = new TextDecoder("latin1").decode(body.slice(-DIGEST_END));
  return { text: tail, modifiedMs: Number(view.getBigInt64(body.length - 16, true)) };
}

const BROKEN = plannedFull("bad-signature", "no-signature");
const STALE = fullDownload("stale-signature");
/** Nothing but the digest shows it. */
const DOUBTED = fullDownload("stale-signature", "bad-signature", "digest-mismatch", "changed", "cheaper");

export const signatures: readonly HostCase[] = [
  answerCase("404", "everybody who publishes none", () => refuse(404), plannedFull("no-signature"), 404),
  answerCase("403", "S3, for what is not there", () => refuse(403), plannedFull("no-signature"), 403),
  answerCase("410", "object stores", () => refuse(410), plannedFull("no-signature"), 410),
  answerCase("500", "broken hosts", () => refuse(500), fullDownload("no-signature", "bad-signature"), 500),
  answerCase("204", "hand-made servers", () => ({ ...refuse(204), body: new Uint8Array(0) }), BROKEN, 204),
  {
    name: "signature: a page of HTML, with 200",
    who: "single-page apps (Netlify, Vercel, nginx try_files)",
    make: (update) => {
      const page = { bytes: HTML, entityTag: '"page"', type: "text/html" };
      return quirky(siteOf(update), (_, __, path) => path === FILE ? undefined : whole(page));
    },
    proof: async ({ see }) => {
      const { status, headers, body } = await see(SIG, { range: "bytes=-20" });
      assert.deepEqual([status, headers.get("content-type"), body.length], [200, "text/html", HTML.length]);
    },
    expected: BROKEN,
  },
  {
    name: "signature: a page of HTML, in ranges",
    who: "single-page apps on CDNs",
    make: (update) => {
      const page = { bytes: HTML, entityTag: '"page"', type: "text/html" };
      return quirky(siteOf(update), (visit, _, path) => path === FILE ? undefined : answerWell(page, visit));
    },
    proof: async ({ see }) => {
      const { status, body } = await see(SIG, { range: "bytes=-20" });
      assert.deepEqual([status, body], [206, HTML.slice(-20)]);
    },
    expected: BROKEN,
  },
  sigCase({
    name: "empty",
    who: "an upload that failed",
    sig: ({ sig }) => ({ ...sig, bytes: new Uint8Array(0) }),
    proof: ({ status, body }) => assert.deepEqual([status, body.length], [200, 0]),
    expected: BROKEN,
  }),
  sigCase({
    name: "its first half",
    who: "an upload that was cut",
    sig: ({ sig }) => ({ ...sig, bytes: sig.bytes.slice(0, sig.bytes.length >> 1) }),
    proof: ({ body }, { sig }) => assert.equal(body.length, sig.bytes.length >> 1),
    expected: BROKEN,
  }),
  sigCase({
    name: "its second half",
    who: "an upload that was cut",
    sig: ({ sig }) => ({ ...sig, bytes: sig.bytes.slice(sig.bytes.length >> 1) }),
    proof: ({ body }, { sig }) => assertBytes(body, sig.bytes.slice(sig.bytes.length >> 1)),
    expected: BROKEN,
  }),
  sigCase({
    name: "with bytes after its end",
    who: "editors that add a line",
    sig: ({ sig }) => ({ ...sig, bytes: Uint8Array.from([...sig.bytes, 13, 10]) }),
    proof: ({ body }, { sig }) => assert.equal(body.length, sig.bytes.length + 2),
    expected: BROKEN,
  }),
  sigCase({
    name: "line ends converted",
    who: "FTP in text mode",
    sig: ({ sig }) => ({ ...sig, bytes: sig.bytes.filter((byte) => byte !== 13) }),
    proof: ({ body }, { sig }) => {
      assert.ok(body.length < sig.bytes.length);
      assert.ok(!body.includes(13));
    },
    expected: BROKEN,
  }),
  sigCase({
    name: "of another file",
    who: "a publisher's mistake",
    sig: () => sigOf({ bytes: randomBytes(4, 200_000), entityTag: '"other"' }),
    proof: (seen) => assert.match(seen.headers.get("etag")!, /other/),
    expected: STALE,
  }),
  sigCase({
    name: "of the version before, with another length",
    who: "files that are signed or repacked after publishing",
    sig: ({ file }) => sigOf({ ...file, bytes: edited(file.bytes.slice(0, -700), 5, 3), entityTag: undefined }),
    proof: ({ headers }) => assert.equal(headers.get("etag"), null),
    expected: fullDownload("stale-signature", "changed"),
  }),
  sigCase({
    name: "of the version before, with the same length and an older date",
    who: "files that are stapled after publishing",
    file: ({ file }) => ({ ...file, entityTag: undefined, modifiedMs: MODIFIED_MS + 86_400_000 }),
    sig: ({ file }) => sigOf({ ...file, bytes: rewritten(file.bytes), entityTag: undefined }),
    proof: (seen) => assert.equal(seen.headers.get("etag"), null),
    expected: DOUBTED,
  }),
  sigCase({
    name: "of the version before, with the same length and date",
    who: "builds with fixed dates",
    file: ({ file }) => ({ ...file, entityTag: undefined }),
    sig: ({ file }) => sigOf({ ...file, bytes: rewritten(file.bytes), entityTag: undefined }),
    proof: (seen, { sig }) => {
      assert.equal(seen.body.length, sig.bytes.length - TAG.length);
      assert.notDeepEqual(seen.body.slice(0, 9000), sig.bytes.slice(0, 9000));
    },
    // On the wire, this is what a disk that decays looks like.
    expected: { ...fileOr("digest-mismatch"), fallback: DOUBTED.fallback! },
  }),
  sigCase({
    name: "with another tag, and the same length",
    who: "files that are stapled after publishing",
    sig: ({ file }) => sigOf({ ...file, bytes: rewritten(file.bytes), entityTag: '"v1"' }),
    proof: (seen) => assert.match(footer(seen).text, /"v1"/),
    expected: fullDownload("stale-signature", "changed"),
  }),
  sigCase({
    name: "without a tag and a date",
    who: "publishers who know neither",
    sig: ({ file }) => sigOf({ bytes: file.bytes }),
    proof: (seen, { sig }) => assert.equal(seen.body.length, sig.bytes.length - TAG.length),
    expected: UPDATED,
  }),
  sigCase({
    name: "older than the file by its date alone",
    who: "files that are copied without their dates",
    sig: ({ file }) => sigOf({ ...file, entityTag: undefined }, { modifiedMs: MODIFIED_MS - 3_600_000 }),
    proof: (seen) => assert.equal(footer(seen).modifiedMs, MODIFIED_MS - 3_600_000),
    expected: THE_FILE,
  }),
];
