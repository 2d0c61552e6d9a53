/** Hosts that say that they take lists of runs, behind something that does not let them through. */
import assert from "node:assert/strict";
import { RUNS_TYPE, SIG_TYPE } from "../../../src/http/protocol/media_types.ts";
import { decodeRuns } from "../../../src/http/protocol/run_list.ts";
import { concat } from "../../_recipes.ts";
import { type Expected, fileOr, type HostCase, quirky, siteOf, THE_FILE } from "./case.ts";
import { answerWell, headersOf, refuse } from "./good_host.ts";
import type { Answer, Version, Visit } from "./host.ts";
import { FILE } from "./published.ts";

const ABILITIES = { "accept-query": `${RUNS_TYPE}, ${SIG_TYPE}` };
/** A byte from offset 5. */
const RUNS = Uint8Array.of(5, 1);

type Query = (version: Version, visit: Visit) => Answer;

/** What is answered to `QUERY`, and to `POST`. Everything else is answered well, with the abilities of a handler. */
function handlerCase(
  name: string,
  who: string,
  query: Query,
  proof: HostCase["proof"],
  { post = query, expected = THE_FILE, isRaw = false }: { post?: Query; expected?: Expected; isRaw?: boolean } = {},
): HostCase {
  return {
    name: `lists of runs: ${name}`,
    who,
    make: (update) => ({
      ...quirky(siteOf(update), (visit, version) => {
        if (!version) return undefined;
        if (visit.method === "QUERY") return query(version, visit);
        if (visit.method === "POST") return post(version, visit);
        const answer = answerWell(version, visit);
        return { ...answer, headers: { ...answer.headers, ...ABILITIES } };
      }),
      isRaw,
    }),
    proof: async (proving) => {
      assert.equal((await proving.see(FILE)).headers.get("accept-query"), ABILITIES["accept-query"]);
      await proof(proving);
    },
    expected,
  };
}

/** The runs that the body of a request lists. */
function runsOf(version: Version, { body }: Visit, change = (bytes: Uint8Array) => bytes): Answer {
  const runs = decodeRuns(body);
  if (!runs) return refuse(400);
  const pieces = runs.map(({ offset, length }) => version.bytes.slice(offset, offset + length));
  return { status: 200, headers: headersOf(version), body: Uint8Array.from(change(concat(pieces))) };
}

const statuses = (query: number, post: number): HostCase["proof"] => async ({ see }) => {
  const ask = async (method: string) => (await see(FILE, { "content-type": RUNS_TYPE }, { method, body: RUNS })).status;
  assert.deepEqual([await ask("QUERY"), await ask("POST")], [query, post]);
};

export const handlers: readonly HostCase[] = [
  handlerCase("QUERY and POST refused", "CDNs that know GET and HEAD alone", () => refuse(405), statuses(405, 405)),
  handlerCase(
    "QUERY unknown, POST refused",
    "proxies; firewalls",
    () => refuse(501),
    statuses(501, 403),
    { post: () => refuse(403) },
  ),
  handlerCase(
    "QUERY unknown, POST answered",
    "proxies that know no QUERY",
    () => refuse(400),
    async (proof) => {
      await statuses(400, 200)(proof);
      const { body } = await proof.see(FILE, { "content-type": RUNS_TYPE }, { method: "POST", body: RUNS });
      assert.deepEqual(body, proof.update.file.bytes.slice(5, 6));
    },
    { post: runsOf },
  ),
  handlerCase(
    "the connection closed for QUERY, POST answered",
    "firewalls; Node 20, as a page of another origin sees it",
    () => ({ ...refuse(400), wire: { nonsense: "" } }),
    async ({ see, update }) => {
      const { raw, end } = await see(FILE, { "content-type": RUNS_TYPE }, { method: "QUERY", body: RUNS });
      assert.deepEqual([raw.length, end], [0, "closed"]);
      const { body } = await see(FILE, { "content-type": RUNS_TYPE }, { method: "POST", body: RUNS });
      assert.deepEqual(body, update.file.bytes.slice(5, 6));
    },
    { post: runsOf, isRaw: true, expected: { ...THE_FILE, isVerified: true, fallback: ["none"], requests: 30 } },
  ),
  handlerCase("too large", "Vercel, Lambda: bodies are capped", () => refuse(413), statuses(413, 413)),
  handlerCase(
    "the whole file",
    "CDNs that take QUERY for GET",
    (version) => answerWell(version, { method: "GET", path: FILE, headers: new Headers() }),
    async ({ see, update }) => {
      const { body } = await see(FILE, {}, { method: "QUERY", body: RUNS });
      assert.equal(body.length, update.file.bytes.length);
    },
  ),
  handlerCase(
    "a byte too few",
    "proxies that cut answers",
    (version, visit) => runsOf(version, visit, (bytes) => bytes.subarray(1)),
    async ({ see }) => {
      const { status, body } = await see(FILE, {}, { method: "QUERY", body: RUNS });
      assert.deepEqual([status, body.length], [200, 0]);
    },
    { expected: fileOr("network", "protocol", "truncated") },
  ),
  handlerCase(
    "wrong bytes",
    "caches that ignore the body of a request",
    (version, visit) => runsOf(version, visit, (bytes) => bytes.map((byte) => byte ^ 1)),
    async ({ see, update }) => {
      const { body } = await see(FILE, {}, { method: "QUERY", body: RUNS });
      assert.deepEqual([...body], [update.file.bytes[5]! ^ 1]);
    },
  ),
];
