/** Files that change while they are fetched. */
import assert from "node:assert/strict";
import type { HostCase, Running } from "./case.ts";
import { fileOr, siteOf } from "./case.ts";
import { answerWell } from "./good_host.ts";
import type { Bytes, Version, Visit } from "./host.ts";
import { edited, FILE, MODIFIED_MS, publish, type Published, SIG } from "./published.ts";

/** When the file changes: before the answer to a request of this kind. */
const MOMENTS: Record<string, (visit: Visit) => boolean> = {
  "while the signature is read": ({ path, count }) => path === SIG && count === 2,
  "between signature and ranges": ({ path }) => path === FILE,
  "between two ranges": ({ path, count }) => path === FILE && count === 3,
};

/** What the host knows of versions. */
const TAGS: Record<string, { who: string; tag: (version: number) => string | undefined; ignoresIfRange?: boolean }> = {
  "strong tags and If-Range": { who: "nginx, Apache, S3", tag: (version) => `"v${version}"` },
  "strong tags, If-Range ignored": {
    who: "hand-made servers",
    tag: (version) => `"v${version}"`,
    ignoresIfRange: true,
  },
  "weak tags": { who: "nginx with gzip, Cloudflare", tag: (version) => `W/"v${version}"` },
  "no tags": { who: "proxies that strip them", tag: () => undefined },
};

const LENGTHS: Record<string, (bytes: Bytes) => Bytes> = {
  "another length": (bytes) => edited(bytes.slice(0, -1000), 9, 99),
  "the same length": (bytes) => bytes.map((byte, i) => i % 3000 < 40 ? byte ^ 0x55 : byte),
};

async function publishNew({ file }: Published, bytes: Bytes, tag: string | undefined) {
  return await publish({ ...file, bytes, entityTag: tag, modifiedMs: MODIFIED_MS + 3_600_000 });
}

function changeCase(moment: string, tags: string, length: string): HostCase {
  const { who, tag, ignoresIfRange = false } = TAGS[tags]!;
  const answer = (version: Version | undefined, visit: Visit) => {
    if (!ignoresIfRange) return answerWell(version, visit);
    const headers = new Headers(visit.headers);
    headers.delete("if-range");
    return answerWell(version, { ...visit, headers });
  };
  const make = async (update: Published): Promise<Running> => {
    const old = siteOf(await publish({ ...update.file, entityTag: tag(2) }));
    const next = siteOf(await publishNew(update, LENGTHS[length]!(update.file.bytes), tag(3)));
    let site = old;
    return {
      answer: (visit) => {
        if (MOMENTS[moment]!(visit)) site = next;
        return answer(site.get(visit.path), visit);
      },
      results: [old.get(FILE)!.bytes, next.get(FILE)!.bytes],
    };
  };
  return {
    name: `changed ${moment}: ${tags}, ${length}`,
    who,
    make,
    proof: async ({ see, update }) => {
      const old = update.file.bytes;
      const next = LENGTHS[length]!(old);
      const path = moment.startsWith("while") ? SIG : FILE;
      if (!moment.startsWith("between signature")) {
        const before = await see(path, { range: "bytes=0-9" });
        assert.equal(before.headers.get("etag"), path === FILE ? tag(2) ?? null : tagOfSig(tag(2)));
      }
      await see(path, { range: "bytes=0-9" });
      const after = await see(FILE, { range: "bytes=3000-3099" });
      assert.deepEqual(after.body, next.slice(3000, 3100));
      assert.equal(after.headers.get("etag"), tag(3) ?? null);
      assert.equal(after.headers.get("content-range"), `bytes 3000-3099/${next.length}`);
      assert.equal(next.length === old.length, length === "the same length");
      const condition = await see(FILE, { range: "bytes=0-9", "if-range": '"v2"' });
      assert.equal(condition.status, ignoresIfRange ? 206 : 200);
    },
    expected: fileOr("changed", "digest-mismatch"),
  };
}

const tagOfSig = (tag: string | undefined) => tag?.replace(/"$/, '-sig"') ?? null;

export const changes: readonly HostCase[] = Object.keys(MOMENTS).flatMap((moment) =>
  Object.keys(TAGS).flatMap((tags) => Object.keys(LENGTHS).map((length) => changeCase(moment, tags, length)))
);
