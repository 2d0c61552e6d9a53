/** What hosts answer to several ranges in one request. */
import assert from "node:assert/strict";
import type { Expected, HostCase, Proof, Quirk } from "./case.ts";
import { quirky, siteOf, UPDATED } from "./case.ts";
import {
  BOUNDARY,
  type ByteRange,
  bytesOf,
  contentRange,
  headersOf,
  isSeveral,
  multipartBody,
  part,
  parts,
  rangesOf,
  refuse,
  whole,
} from "./good_host.ts";
import type { Answer, Bytes, Version } from "./host.ts";
import type { Seen } from "./probe.ts";
import { BOUNDARY_IN_FILE, FILE, type Size } from "./published.ts";

interface Several {
  name: string;
  who: string;
  answer: (version: Version, ranges: ByteRange[]) => Answer | undefined;
  proof: (seen: Seen, file: Bytes) => void;
  isRaw?: boolean;
  size?: Size;
  /** What the proof asks for. */
  range?: string;
  expected?: Expected;
}

const RANGE = "bytes=0-9,100-109,5000-5019";
const decoder = new TextDecoder("latin1");
const textOf = ({ body }: Seen) => decoder.decode(body);

function severalCase(
  { name, who, answer, proof, isRaw = false, size = "edited", range = RANGE, expected = UPDATED }: Several,
): HostCase {
  const quirk: Quirk = (visit, version) => {
    if (!version || !isSeveral(visit)) return undefined;
    const ranges = rangesOf(visit, version.bytes.length);
    return ranges && answer(version, ranges);
  };
  return {
    name: `several ranges: ${name}`,
    who,
    size,
    make: (update) => ({ ...quirky(siteOf(update), quirk), isRaw }),
    proof: async ({ see, update }: Proof) => {
      proof(await see(FILE, { range }, { maxBytes: 2_000_000 }), update.file.bytes);
      const single = await see(FILE, { range: "bytes=7-9" });
      assert.equal(single.status, 206);
      assert.deepEqual(single.body, update.file.bytes.slice(7, 10));
    },
    expected,
  };
}

/** Wrong bytes show at the end, if the parts looked right. */
const UPDATED_AT_LAST: Expected = { ...UPDATED, fallback: ["none", "digest-mismatch", "no-ranges"] };

/** A multipart answer of parts made by hand. */
function partsOf(version: Version, list: readonly (readonly [told: string | undefined, bytes: Bytes])[]): Answer {
  const type = `multipart/byteranges; boundary=${BOUNDARY}`;
  return { status: 206, headers: { ...headersOf(version), "content-type": type }, body: multipartBody(list) };
}

const told = (seen: Seen) => [...textOf(seen).matchAll(/Content-Range: bytes (\S+)\//g)].map(([, range]) => range);

export const severalRanges: readonly HostCase[] = [
  severalCase({
    name: "everything, with 200",
    who: "Amazon S3",
    answer: whole,
    proof: ({ status, body }, file) => assert.deepEqual([status, body.length], [200, file.length]),
  }),
  severalCase({
    name: "501",
    who: "GitHub Releases",
    answer: () => refuse(501),
    proof: ({ status }) => assert.equal(status, 501),
  }),
  severalCase({
    name: "400",
    who: "Google Cloud Storage",
    answer: () => refuse(400),
    proof: ({ status }) => assert.equal(status, 400),
  }),
  severalCase({
    name: "416",
    who: "object stores behind gateways",
    answer: (version) => refuse(416, { "content-range": `bytes */${version.bytes.length}` }),
    proof: ({ status }) => assert.equal(status, 416),
  }),
  severalCase({
    name: "the first only",
    who: "Aliyun OSS",
    answer: (version, ranges) => part(version, ranges[0]!),
    proof: ({ status, headers, body }, file) => {
      assert.deepEqual([status, body.length], [206, 10]);
      assert.equal(headers.get("content-range"), `bytes 0-9/${file.length}`);
    },
  }),
  severalCase({
    name: "nonsense without end",
    who: "OpenStack Swift",
    answer: (version) => ({
      ...partsOf(version, []),
      body: new Uint8Array(16_384).fill(45),
      wire: { isEndless: true },
    }),
    isRaw: true,
    proof: ({ body, headers }) => {
      assert.ok(body.length > 1_900_000);
      assert.equal(headers.get("content-length"), null);
    },
  }),
  severalCase({
    name: "one range around all",
    who: "caches that join ranges",
    answer: (version, ranges) => {
      const start = Math.min(...ranges.map(({ start }) => start));
      return part(version, { start, end: Math.max(...ranges.map(({ end }) => end)) });
    },
    proof: ({ headers, body }) => {
      assert.match(headers.get("content-range")!, /^bytes 0-5019\//);
      assert.equal(body.length, 5020);
    },
  }),
  severalCase({
    name: "parts that overlap",
    who: "caches that serve whole blocks",
    answer: (version, ranges) => {
      const last = version.bytes.length - 1;
      return parts(
        version,
        ranges.map(({ start, end }) => ({ start: Math.max(0, start - 200), end: Math.min(last, end + 200) })),
      );
    },
    proof: (seen) => assert.deepEqual(told(seen), ["0-209", "0-309", "4800-5219"]),
  }),
  severalCase({
    name: "parts in another order",
    who: "allowed by RFC 9110, 15.3.7.2",
    answer: (version, ranges) => parts(version, ranges.toReversed()),
    proof: (seen) => assert.deepEqual(told(seen), ["5000-5019", "100-109", "0-9"]),
  }),
  severalCase({
    name: "the last part left out",
    who: "proxies that cut answers",
    answer: (version, ranges) => parts(version, ranges.slice(0, -1)),
    proof: (seen) => assert.deepEqual(told(seen), ["0-9", "100-109"]),
  }),
  severalCase({
    name: "neighbours joined into one part",
    who: "allowed by RFC 9110, 15.3.7.2",
    answer: (version, [first, second, ...others]) =>
      parts(version, [{ start: first!.start, end: second!.end }, ...others]),
    proof: (seen) => assert.deepEqual(told(seen), ["0-109", "5000-5019"]),
  }),
  severalCase({
    name: "another boundary than the header says",
    who: "proxies that rewrite headers",
    answer: (version, ranges) => parts(version, ranges, { told: "another" }),
    proof: (seen) => {
      assert.match(seen.headers.get("content-type")!, /boundary=another$/);
      assert.ok(!textOf(seen).includes("--another"));
    },
  }),
  severalCase({
    name: "no boundary in the header",
    who: "proxies that rewrite headers",
    answer: (version, ranges) => {
      const answer = parts(version, ranges);
      return { ...answer, headers: { ...answer.headers, "content-type": "multipart/byteranges" } };
    },
    proof: ({ headers, status }) =>
      assert.deepEqual([headers.get("content-type"), status], ["multipart/byteranges", 206]),
  }),
  severalCase({
    name: "a boundary in quotes",
    who: "IIS; allowed by RFC 2046",
    answer: (version, ranges) => parts(version, ranges, { told: '"a border"', boundary: "a border" }),
    proof: (seen) => {
      assert.match(seen.headers.get("content-type")!, /boundary="a border"$/);
      assert.ok(textOf(seen).includes("\r\n--a border\r\n"));
    },
  }),
  severalCase({
    name: "a boundary that the file has in it",
    who: "bad luck",
    answer: (version, ranges) => parts(version, ranges, { boundary: BOUNDARY_IN_FILE }),
    range: "bytes=0-9,20-299999",
    proof: (seen) => assert.equal(textOf(seen).split(`\r\n--${BOUNDARY_IN_FILE}\r\n`).length, 4),
  }),
  severalCase({
    name: "lines that end in LF",
    who: "hand-made servers",
    answer: (version, ranges) => parts(version, ranges, { newline: "\n" }),
    proof: (seen) => assert.ok(textOf(seen).startsWith(`\n--${BOUNDARY}\nContent-Type`)),
  }),
  severalCase({
    name: "text before and after the parts",
    who: "allowed by RFC 2046",
    answer: (version, ranges) => parts(version, ranges, { preamble: "A preamble.\r\n", epilogue: "An epilogue.\r\n" }),
    proof: (seen) => assert.match(textOf(seen), /^A preamble\.\r\n\r\n--[^]*--\r\nAn epilogue\.\r\n$/),
  }),
  severalCase({
    name: "parts that do not say where they lie",
    who: "hand-made servers",
    answer: (version, ranges) => partsOf(version, ranges.map((range) => [undefined, bytesOf(version, range)])),
    proof: (seen) => {
      assert.equal(seen.status, 206);
      assert.ok(!textOf(seen).includes("Content-Range"));
    },
  }),
  severalCase({
    name: "parts one byte too short",
    expected: UPDATED_AT_LAST,
    who: "hand-made servers",
    answer: (version, ranges) =>
      partsOf(version, ranges.map((range) => [contentRange(version, range), bytesOf(version, range).slice(0, -1)])),
    proof: (seen) => {
      const [, , ...lines] = textOf(seen).split(`\r\n--${BOUNDARY}`)[1]!.split("\r\n");
      assert.match(lines[0]!, /bytes 0-9\//);
      assert.equal(lines.slice(2).join("\r\n").length, 9);
    },
  }),
  severalCase({
    name: "the right parts of wrong bytes",
    expected: UPDATED_AT_LAST,
    who: "caches that mix versions",
    answer: (version, ranges) =>
      partsOf(
        version,
        ranges.map((range) => [contentRange(version, range), bytesOf(version, range).map((byte) => byte ^ 1)]),
      ),
    proof: (seen, file) => {
      const text = textOf(seen);
      const start = text.indexOf("\r\n\r\n") + 4;
      assert.deepEqual(seen.body.slice(start, start + 10), file.slice(0, 10).map((byte) => byte ^ 1));
    },
  }),
  severalCase({
    name: "everything if there are more than 300, or they descend or overlap",
    who: "Cloudflare",
    size: "many",
    answer: (version, ranges) => {
      const isFine = ranges.length <= 300 && ranges.every(({ start }, i) => i === 0 || start > ranges[i - 1]!.end);
      return isFine ? parts(version, ranges) : whole(version);
    },
    range: `bytes=${Array.from({ length: 301 }, (_, i) => `${i * 10}-${i * 10 + 1}`).join(",")}`,
    proof: ({ status, body }, file) => assert.deepEqual([status, body.length], [200, file.length]),
  }),
];
