/** Hosts whose framing is right and whose bytes are wrong. */
import assert from "node:assert/strict";
import type { Expected, HostCase, Quirk } from "./case.ts";
import { failure, fileOr, fullDownload, quirky, siteOf, THE_FILE } from "./case.ts";
import { answerWell } from "./good_host.ts";
import type { Answer, Bytes, Version } from "./host.ts";
import { FILE, type Published, SIG } from "./published.ts";

interface Corrupt {
  name: string;
  who: string;
  quirk: Quirk;
  /** A request that gets wrong bytes. */
  asks: { path: string; range?: string };
  expected: Expected;
  hasTags?: boolean;
}

/** A body with a wrong byte in its middle. */
export function flip(bytes: Bytes, at = bytes.length >> 1): Bytes {
  return bytes.map((byte, i) => i === at ? byte ^ 0x10 : byte);
}

const flipped = (answer: Answer): Answer => ({ ...answer, body: flip(answer.body) });

/** Wrong bytes in the answers that `isWrong` names. */
function wrong(isWrong: (path: string, status: number, count: number) => boolean): Quirk {
  return (visit, version, path) => {
    if (!version) return undefined;
    const answer = answerWell(version, visit);
    return isWrong(path, answer.status, visit.count) ? flipped(answer) : answer;
  };
}

function corruptCase({ name, who, quirk, asks, expected, hasTags = true }: Corrupt): HostCase {
  const strip = (version: Version): Version => hasTags ? version : { ...version, entityTag: undefined };
  const filesOf = ({ file, sig }: Published) => siteOf({ file: strip(file), sig: strip(sig) });
  return {
    name: `wrong bytes: ${name}`,
    who,
    make: (update) => quirky(filesOf(update), quirk),
    proof: async ({ see, update }) => {
      const { path, range } = asks;
      const seen = await see(path, range === undefined ? {} : { range });
      const { bytes } = path === FILE ? update.file : update.sig;
      const right = range === undefined ? bytes : bytes.slice(0, 100);
      assert.equal(seen.body.length, right.length);
      assert.equal(seen.body.filter((byte, i) => byte !== right[i]).length, 1);
      assert.equal(seen.headers.get("etag") !== null, hasTags);
    },
    expected,
  };
}

const RANGE = "bytes=0-99";

export const doubtfulBytes: readonly HostCase[] = [
  corruptCase({
    name: "in each range of the file",
    who: "caches that mix versions",
    quirk: wrong((path, status) => path === FILE && status === 206),
    asks: { path: FILE, range: RANGE },
    expected: fullDownload("digest-mismatch", "stale-signature", "bad-signature", "no-ranges", "none"),
  }),
  corruptCase({
    name: "in the first range of the file",
    who: "caches that mix versions",
    quirk: wrong((path, status, count) => path === FILE && status === 206 && count === 1),
    asks: { path: FILE, range: RANGE },
    expected: THE_FILE,
  }),
  corruptCase({
    name: "in each range of the signature",
    who: "caches that mix versions",
    quirk: wrong((path, status) => path === SIG && status === 206),
    asks: { path: SIG, range: RANGE },
    expected: THE_FILE,
  }),
  corruptCase({
    name: "in each range",
    who: "caches that mix versions",
    quirk: wrong((_, status) => status === 206),
    asks: { path: FILE, range: RANGE },
    expected: THE_FILE,
  }),
  corruptCase({
    name: "in everything of the file, with the tag of the signature",
    who: "disks that decay",
    quirk: wrong((path) => path === FILE),
    asks: { path: FILE },
    expected: { ...failure("digest-mismatch"), requests: 150 },
  }),
  corruptCase({
    name: "in everything of the file, without tags",
    who: "disks that decay",
    quirk: wrong((path) => path === FILE),
    asks: { path: FILE },
    hasTags: false,
    expected: fileOr("digest-mismatch", "changed"),
  }),
];
