/** Hosts that send clients elsewhere. */
import assert from "node:assert/strict";
import type { Expected, HostCase } from "./case.ts";
import { failure, fileOr, plannedFull, quirky, siteOf, THE_FILE, UPDATED } from "./case.ts";
import { answerWell, refuse } from "./good_host.ts";
import type { Answer, Visit } from "./host.ts";
import { edited, FILE, publish, SIG } from "./published.ts";

const SIGNED = "/signed";

/** The place where a signed URL leads, and its token. */
interface Signed {
  path: string;
  token: number;
  /** How often the token was used, with this request. */
  uses: number;
}

/** Each request for a file is sent to a URL with a token, and `answer` may refuse it there. */
function signedCase(
  name: string,
  who: string,
  answer: (signed: Signed, visit: Visit) => Answer | undefined,
  proof: HostCase["proof"],
  expected: Expected = THE_FILE,
): HostCase {
  return {
    name: `redirect: ${name}`,
    who,
    make: (update) => {
      const site = siteOf(update);
      const uses = new Map<number, number>();
      let tokens = 0;
      return {
        answer: (visit) => {
          const url = new URL(visit.path, "http://host");
          if (!url.pathname.startsWith(SIGNED)) {
            return refuse(302, { location: `${SIGNED}${visit.path}?token=${++tokens}` });
          }
          const token = Number(url.searchParams.get("token"));
          if (!(token >= 1 && token <= tokens)) return refuse(403);
          uses.set(token, (uses.get(token) ?? 0) + 1);
          const path = url.pathname.slice(SIGNED.length);
          return answer({ path, token, uses: uses.get(token)! }, visit) ?? answerWell(site.get(path), visit);
        },
      };
    },
    proof,
    expected: { ...expected, requests: 200 },
  };
}

const locationOf = async (see: Parameters<HostCase["proof"]>[0]["see"], path = FILE) => {
  const { status, headers } = await see(path);
  assert.equal(status, 302);
  return headers.get("location")!;
};

export const redirects: readonly HostCase[] = [
  signedCase(
    "to a signed URL",
    "GitHub Releases, Hugging Face, Docker Hub",
    () => undefined,
    async ({ see, update }) => {
      const { status, body } = await see(await locationOf(see), { range: "bytes=0-9" });
      assert.deepEqual([status, body], [206, update.file.bytes.slice(0, 10)]);
    },
    UPDATED,
  ),
  signedCase(
    "to a signed URL that works three times",
    "GitHub Releases (after minutes), S3",
    ({ uses }) => uses > 3 ? refuse(403) : undefined,
    async ({ see }) => {
      const location = await locationOf(see);
      const statuses: number[] = [];
      for (let i = 0; i < 4; i++) statuses.push((await see(location)).status);
      assert.deepEqual(statuses, [200, 200, 200, 403]);
      assert.equal((await see(await locationOf(see))).status, 200);
    },
  ),
  signedCase(
    "to a signed URL that does not work at first",
    "S3 with clocks that differ",
    ({ token }) => token <= 2 ? refuse(403) : undefined,
    async ({ see }) => {
      assert.equal((await see(await locationOf(see))).status, 403);
      assert.equal((await see(await locationOf(see))).status, 403);
      assert.equal((await see(await locationOf(see))).status, 200);
    },
    fileOr("status"),
  ),
  signedCase(
    "to a signed URL that fails now and then",
    "GitHub Releases, Azure Blob Storage",
    ({ token }) => token % 6 === 5 ? refuse(403) : undefined,
    async ({ see }) => {
      for (let token = 1; token <= 6; token++) {
        assert.equal((await see(await locationOf(see))).status, token === 5 ? 403 : 200);
      }
    },
    fileOr("status"),
  ),
  signedCase(
    "to signed URLs, of which all are refused",
    "GitHub Releases without access",
    ({ path }) => path === FILE ? refuse(403) : undefined,
    async ({ see }) => {
      for (let i = 0; i < 4; i++) assert.equal((await see(await locationOf(see))).status, 403);
    },
    failure("status"),
  ),
  loop("of everything", [FILE, SIG], failure("network", "protocol", "status")),
  loop("of the signature", [SIG], {
    ...fileOr("network", "protocol", "status"),
    fallback: plannedFull("no-signature", "bad-signature").fallback!,
  }),
  {
    name: "redirect: to mirrors with two versions",
    who: "MirrorBrain, mirror networks of Linux distributions",
    make: async (update) => {
      const old = siteOf(update);
      const bytes = edited(update.file.bytes.slice(5), 9, 31);
      const next = siteOf(await publish({ ...update.file, bytes, entityTag: '"v3"' }));
      let turn = 0;
      return {
        answer: (visit) => {
          const [, mirror, path] = /^\/mirror-(\d)(\/.*)$/.exec(visit.path) ?? [];
          if (mirror === undefined) return refuse(302, { location: `/mirror-${turn++ % 2}${visit.path}` });
          return answerWell((mirror === "0" ? old : next).get(path!), visit);
        },
        results: [update.file.bytes, bytes],
      };
    },
    proof: async ({ see }) => {
      const tags = [await locationOf(see), await locationOf(see)].map(async (path) =>
        (await see(path)).headers.get("etag")
      );
      assert.deepEqual(await Promise.all(tags), ['"v2"', '"v3"']);
    },
    expected: { ...fileOr("changed", "digest-mismatch", "protocol"), requests: 200 },
  },
];

function loop(name: string, paths: readonly string[], expected: Expected): HostCase {
  return {
    name: `redirect: a loop, ${name}`,
    who: "misconfigured sites",
    make: (update) =>
      quirky(siteOf(update), (visit, _, path) => {
        if (path === "/there") return refuse(302, { location: visit.path.split("?")[1]! });
        return paths.includes(path) ? refuse(302, { location: `/there?${path}` }) : undefined;
      }),
    proof: async ({ see }) => {
      const there = (await see(paths[0]!)).headers.get("location")!;
      assert.equal((await see(there)).headers.get("location"), paths[0]);
    },
    // `fetch` follows twenty redirects, each time that the client tries.
    expected: { ...expected, requests: 300 },
  };
}
