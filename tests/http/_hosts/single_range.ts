/** What hosts answer to one range. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import type { Expected, HostCase, Proof } from "./case.ts";
import { fileOr, fullDownload, quirky, siteOf, THE_FILE } from "./case.ts";
import { type ByteRange, bytesOf, contentRange, part, parts, rangesOf, refuse, whole } from "./good_host.ts";
import type { Answer, Bytes, Version, Visit } from "./host.ts";
import type { Seen } from "./probe.ts";
import { FILE, SIG } from "./published.ts";

interface Single {
  name: string;
  who: string;
  /** The answer to a range, or undefined for a good one. */
  answer: (version: Version, range: ByteRange, visit: Visit) => Answer | undefined;
  /** Looks at what came for bytes 100 to 199. */
  proof: (seen: Seen, file: Bytes) => void;
  expected: Expected;
  /** Whose ranges. Both, if it is not said. */
  paths?: readonly string[];
  /** Whether several ranges get that answer too. */
  isForSeveral?: boolean;
  /** What the proof asks for, if not bytes 100 to 199. */
  range?: string;
}

const RANGE = "bytes=100-199";

function singleCase(single: Single): HostCase {
  const { name, who, answer, proof, expected, paths = [FILE, SIG], isForSeveral = false, range = RANGE } = single;
  return {
    name: `a range: ${name}`,
    who,
    make: (update) =>
      quirky(siteOf(update), (visit, version, path) => {
        if (!version || !paths.includes(path)) return undefined;
        const ranges = rangesOf(visit, version.bytes.length);
        return ranges && (isForSeveral || ranges.length === 1) ? answer(version, ranges[0]!, visit) : undefined;
      }),
    proof: async ({ see, update }: Proof) => {
      const file = paths.includes(FILE) ? update.file : update.sig;
      proof(await see(paths[0]!, { range }), file.bytes);
    },
    expected,
  };
}

const isWhole = ({ status, body }: Seen, file: Bytes) => assert.deepEqual([status, body.length], [200, file.length]);
const isTold = (text: string, length: number) => ({ status, headers, body }: Seen) =>
  assert.deepEqual([status, headers.get("content-range"), body.length], [206, text, length]);
/** A range that says where it lies with the numbers of this text. */
const telling = (tell: (range: ByteRange, size: number) => string) => (version: Version, range: ByteRange) =>
  part(version, range, tell(range, version.bytes.length));
const without = (answer: Answer, name: string): Answer => {
  const { [name]: _, ...headers } = answer.headers;
  return { ...answer, headers };
};
const withBody = (answer: Answer, body: Bytes): Answer => ({ ...answer, body });
/** Doubt about ranges leads to a full download. */
const BY_FULL = fullDownload(
  "no-ranges",
  "bad-signature",
  "no-signature",
  "stale-signature",
  "changed",
  "digest-mismatch",
  "none",
);

export const singleRange: readonly HostCase[] = [
  singleCase({
    name: "everything, with 200",
    who: "python -m http.server, many hand-made servers",
    answer: whole,
    isForSeveral: true,
    proof: isWhole,
    expected: fullDownload("no-ranges", "cheaper"),
  }),
  singleCase({
    name: "everything, of the file alone",
    who: "CDNs that compress one of both",
    answer: whole,
    isForSeveral: true,
    paths: [FILE],
    proof: isWhole,
    expected: fullDownload("no-ranges"),
  }),
  singleCase({
    name: "everything, of the signature alone",
    who: "CDNs that compress one of both",
    answer: whole,
    paths: [SIG],
    proof: isWhole,
    expected: THE_FILE,
  }),
  singleCase({
    name: "everything, once in passing",
    who: "CDNs that fill their cache",
    answer: (version, _, { count }) => count === 1 ? whole(version) : undefined,
    proof: isWhole,
    expected: THE_FILE,
  }),
  singleCase({
    name: "everything, but with 206",
    who: "hand-made servers",
    answer: (version) => part(version, { start: 0, end: version.bytes.length - 1 }),
    proof: ({ status, body }, file) => assert.deepEqual([status, body.length], [206, file.length]),
    expected: THE_FILE,
  }),
  singleCase({
    name: "a multipart of one part",
    who: "some CDNs; RFC 9110 forbids it",
    answer: (version, range) => parts(version, [range]),
    proof: ({ headers, status }) => {
      assert.equal(status, 206);
      assert.match(headers.get("content-type")!, /^multipart\/byteranges/);
    },
    expected: THE_FILE,
  }),
  singleCase({
    name: "Content-Range with another start",
    who: "caches that serve whole blocks",
    answer: (version, { start, end }) => part(version, { start: Math.max(0, start - 1), end }),
    proof: (seen, file) => isTold(`bytes 99-199/${file.length}`, 101)(seen),
    expected: BY_FULL,
  }),
  singleCase({
    name: "Content-Range with another start, and the bytes that were asked for",
    who: "hand-made servers",
    answer: telling(({ start, end }, size) => `bytes ${start + 1}-${end + 1}/${size}`),
    proof: (seen, file) => isTold(`bytes 101-200/${file.length}`, 100)(seen),
    expected: BY_FULL,
  }),
  singleCase({
    name: "Content-Range with an end that lies one byte before",
    who: "servers that take the end as excluded",
    answer: (version, { start, end }) => part(version, { start, end: Math.max(start, end - 1) }),
    proof: (seen, file) => isTold(`bytes 100-198/${file.length}`, 99)(seen),
    expected: THE_FILE,
  }),
  singleCase({
    name: "Content-Range with another total",
    who: "a mirror with another version",
    answer: telling(({ start, end }, size) => `bytes ${start}-${end}/${size + 1}`),
    paths: [FILE],
    proof: (seen, file) => isTold(`bytes 100-199/${file.length + 1}`, 100)(seen),
    expected: BY_FULL,
  }),
  singleCase({
    name: "Content-Range without a total",
    who: "servers of growing files; allowed by RFC 9110",
    answer: telling(({ start, end }) => `bytes ${start}-${end}/*`),
    proof: isTold("bytes 100-199/*", 100),
    expected: THE_FILE,
  }),
  singleCase({
    name: "Content-Range that is no range",
    who: "hand-made servers",
    answer: telling((_, size) => `0-${size}`),
    proof: (seen, file) => isTold(`0-${file.length}`, 100)(seen),
    expected: BY_FULL,
  }),
  singleCase({
    name: "no Content-Range",
    who: "hosts that do not expose it across origins",
    answer: (version, range) => without(part(version, range), "content-range"),
    proof: ({ status, headers, body }) =>
      assert.deepEqual([status, headers.get("content-range"), body.length], [206, null, 100]),
    expected: THE_FILE,
  }),
  singleCase({
    name: "the right Content-Range and a byte too few",
    who: "hand-made servers",
    answer: (version, range) => withBody(part(version, range), bytesOf(version, range).slice(0, -1)),
    proof: (seen, file) => isTold(`bytes 100-199/${file.length}`, 99)(seen),
    expected: fileOr("network", "protocol", "truncated"),
  }),
  singleCase({
    name: "the right Content-Range and a byte too many",
    who: "hand-made servers",
    answer: (version, range) => withBody(part(version, range), Uint8Array.from([...bytesOf(version, range), 0])),
    proof: (seen, file) => isTold(`bytes 100-199/${file.length}`, 101)(seen),
    expected: fileOr("network", "protocol"),
  }),
  singleCase({
    name: "512 bytes at most",
    who: "hosts that limit a piece",
    answer: (version, { start, end }) => part(version, { start, end: Math.min(end, start + 511) }),
    range: "bytes=0-999",
    proof: (seen, file) => isTold(`bytes 0-511/${file.length}`, 512)(seen),
    expected: THE_FILE,
  }),
  singleCase({
    name: "416 without a reason",
    who: "hosts that lose an entity tag",
    answer: () => refuse(416),
    proof: ({ status, headers }) => assert.deepEqual([status, headers.get("content-range")], [416, null]),
    expected: BY_FULL,
  }),
  singleCase({
    name: "416 for the file alone",
    who: "hosts that lose an entity tag",
    answer: (version) => refuse(416, { "content-range": `bytes */${version.bytes.length}` }),
    paths: [FILE],
    proof: ({ status }) => assert.equal(status, 416),
    expected: BY_FULL,
  }),
  singleCase({
    name: "gzip of the range",
    who: "proxies that compress what passes",
    answer: (version, range) => compressed(part(version, range)),
    proof: ({ headers, body }, file) => {
      assert.equal(headers.get("content-encoding"), "gzip");
      assert.match(headers.get("content-range")!, new RegExp(`^bytes 100-199/${file.length}$`));
      assert.notEqual(body.length, 100);
    },
    expected: THE_FILE,
  }),
  singleCase({
    name: "a range of the gzip of the file",
    who: "Apache mod_deflate, pre-compressed files",
    answer: (version, { start, end }) => {
      const zipped = gzipOf(version);
      if (start >= zipped.bytes.length) return refuse(416);
      const range = { start, end: Math.min(end, zipped.bytes.length - 1) };
      const answer = part(zipped, range, contentRange(zipped, range));
      return { ...answer, headers: { ...answer.headers, "content-encoding": "gzip" } };
    },
    proof: ({ headers, body }, file) => {
      assert.equal(headers.get("content-encoding"), "gzip");
      assert.deepEqual(body, Uint8Array.from(gzipSync(file)).slice(100, 200));
    },
    expected: { ...BY_FULL, requests: 60 },
  }),
];

function compressed(answer: Answer): Answer {
  const body = Uint8Array.from(gzipSync(answer.body));
  return { ...answer, headers: { ...answer.headers, "content-encoding": "gzip" }, body };
}

const zippedVersions = new WeakMap<Version, Version>();

function gzipOf(version: Version): Version {
  let zipped = zippedVersions.get(version);
  if (!zipped) {
    zipped = { ...version, bytes: Uint8Array.from(gzipSync(version.bytes)) };
    zippedVersions.set(version, zipped);
  }
  return zipped;
}
