/** Hosts that fail, for a while or for good. */
import assert from "node:assert/strict";
import type { Expected, HostCase } from "./case.ts";
import { failure, fileOr, plannedFull, quirky, siteOf, THE_FILE } from "./case.ts";
import { answerWell, refuse } from "./good_host.ts";
import type { Visit, Wire } from "./host.ts";
import { FILE, SIG } from "./published.ts";

/** Answers of a status in passing: to the second request for the file, and for its signature. */
function passing(status: number, who: string, headers: Record<string, string>, expected: Expected): HostCase {
  const text = headers["retry-after"] === undefined ? "" : ` and Retry-After: ${headers["retry-after"]}`;
  return {
    name: `in passing: ${status}${text}`,
    who,
    make: (update) => quirky(siteOf(update), ({ count }) => count === 2 ? refuse(status, headers) : undefined),
    proof: async ({ see }) => {
      const statuses: number[] = [];
      for (let i = 0; i < 3; i++) statuses.push((await see(FILE)).status);
      assert.deepEqual(statuses, [200, status, 200]);
    },
    expected,
  };
}

/** A status for good, of the file alone: its signature is there. */
function forGood(status: number, who: string, headers: Record<string, string> = {}): HostCase {
  const text = headers["retry-after"] === undefined ? "" : ` and Retry-After: ${headers["retry-after"]}`;
  return {
    name: `for good: ${status}${text}`,
    who,
    make: (update) => quirky(siteOf(update), (_, __, path) => path === FILE ? refuse(status, headers) : undefined),
    proof: async ({ see }) => {
      for (let i = 0; i < 3; i++) assert.equal((await see(FILE)).status, status);
      assert.equal((await see(SIG)).status, 200);
    },
    expected: failure("status"),
  };
}

interface WireCase {
  name: string;
  who: string;
  wire: (visit: Visit, path: string) => Wire | undefined;
  proof: HostCase["proof"];
  expected: Expected;
}

/** The longest wait of the client in cases of hosts that keep it waiting. */
const TIMEOUT_MS = 400;

function wireCase({ name, who, wire, proof, expected }: WireCase): HostCase {
  return {
    name: `connection: ${name}`,
    who,
    make: (update) => ({
      ...quirky(siteOf(update), (visit, version, path) => {
        const what = wire(visit, path);
        return what && { ...answerWell(version, visit), wire: what };
      }),
      isRaw: true,
    }),
    proof,
    expected,
    timeoutMs: TIMEOUT_MS,
  };
}

/** Shows that a body is cut after as many bytes. */
const cutAt = (length: number): HostCase["proof"] => async ({ see, update }) => {
  const seen = await see(FILE);
  assert.equal(seen.headers.get("content-length"), String(update.file.bytes.length));
  assert.deepEqual([seen.body.length, seen.end], [length, "closed"]);
};
const never = (path = FILE): HostCase["proof"] => async ({ see }) => {
  const seen = await see(path, {}, { maxMs: 300 });
  assert.deepEqual([seen.raw.length, seen.end], [0, "open"]);
};

export const outages: readonly HostCase[] = [
  passing(429, "everybody, under load", { "retry-after": "1" }, THE_FILE),
  passing(503, "everybody, under load", { "retry-after": "1" }, THE_FILE),
  passing(503, "everybody, under load", { "retry-after": "Wed, 01 Jan 2020 00:00:00 GMT" }, THE_FILE),
  passing(503, "S3 (Slow Down)", {}, THE_FILE),
  passing(500, "S3 (Internal Error)", {}, THE_FILE),
  passing(502, "proxies", {}, THE_FILE),
  passing(403, "signed URLs", {}, fileOr("status")),
  passing(404, "eventually consistent stores", {}, fileOr("status")),
  forGood(401, "hosts that want a login"),
  forGood(403, "S3, for what is not there"),
  forGood(404, "everybody"),
  forGood(429, "hosts that block", { "retry-after": "86400" }),
  forGood(500, "broken hosts"),
  forGood(503, "hosts in maintenance", { "retry-after": "1" }),

  wireCase({
    name: "cut in the middle of a body, once",
    who: "mobile networks",
    wire: ({ total }) => total === 4 ? { cutAt: 20 } : undefined,
    proof: async (proof) => {
      for (let i = 0; i < 3; i++) assert.equal((await proof.see(FILE)).body.length, proof.update.file.bytes.length);
      await cutAt(20)(proof);
    },
    expected: THE_FILE,
  }),
  wireCase({
    name: "cut after 4,000 bytes of each body",
    who: "proxies with a limit",
    wire: () => ({ cutAt: 4000 }),
    proof: cutAt(4000),
    expected: fileOr("network", "truncated"),
  }),
  wireCase({
    name: "cut after the head of each answer",
    who: "broken proxies",
    wire: () => ({ cutAt: 0 }),
    proof: cutAt(0),
    expected: failure("network", "truncated"),
  }),
  wireCase({
    name: "cut in the middle of each head",
    who: "broken proxies",
    wire: () => ({ cutHeadAt: 30 }),
    proof: async ({ see }) => {
      const { raw, end } = await see(FILE);
      assert.deepEqual([raw.length, end], [30, "closed"]);
    },
    expected: failure("network", "protocol"),
  }),
  wireCase({
    name: "closed without an answer",
    who: "overloaded hosts",
    wire: () => ({ nonsense: "" }),
    proof: async ({ see }) => {
      const { raw, end } = await see(FILE);
      assert.deepEqual([raw.length, end], [0, "closed"]);
    },
    expected: failure("network"),
  }),
  wireCase({
    name: "what is no HTTP",
    who: "other services on the port",
    wire: () => ({ nonsense: "SSH-2.0-OpenSSH_9.2\r\n" }),
    proof: async ({ see }) => assert.match(new TextDecoder().decode((await see(FILE)).raw), /^SSH/),
    expected: failure("network", "protocol"),
  }),
  wireCase({
    name: "reset in the middle of a body, once",
    who: "firewalls",
    wire: ({ total }) => total === 3 ? { cutAt: 15, isReset: true } : undefined,
    proof: async ({ see }) => {
      assert.equal((await see(FILE)).end, "closed");
      await see(FILE);
      const { body, end } = await see(FILE);
      assert.deepEqual([body.length, end], [15, "reset"]);
    },
    expected: THE_FILE,
  }),
  wireCase({
    name: "reset in the middle of each body of the file",
    who: "firewalls",
    wire: (_, path) => path === FILE ? { cutAt: 0, isReset: true } : undefined,
    proof: async ({ see }) => assert.equal((await see(FILE)).end, "reset"),
    expected: failure("network", "truncated"),
  }),
  {
    name: "connection: refused after the first answer",
    who: "hosts that are restarted",
    make: (update) => ({ ...quirky(siteOf(update), () => undefined), isRaw: true, refusesAfter: 1 }),
    proof: async ({ see }) => {
      assert.equal((await see(FILE)).end, "closed");
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal((await see(FILE)).end, "refused");
    },
    expected: failure("network"),
  },
  wireCase({
    name: "a byte a second",
    who: "slow-loris",
    wire: () => ({ byteEveryMs: 1000 }),
    proof: async ({ see }) => {
      const { body, end } = await see(FILE, {}, { maxMs: 1300 });
      assert.deepEqual([body.length, end], [1, "open"]);
    },
    expected: failure("timeout"),
  }),
  wireCase({
    name: "a byte a second, of the signature alone",
    who: "slow-loris",
    wire: (_, path) => path === SIG ? { byteEveryMs: 1000 } : undefined,
    proof: async ({ see }) => assert.equal((await see(SIG, {}, { maxMs: 1300 })).body.length, 1),
    expected: fileOr("timeout"),
  }),
  wireCase({
    name: "no head, ever",
    who: "hosts that hang",
    wire: () => ({ isSilent: true }),
    proof: never(),
    expected: failure("timeout"),
  }),
  wireCase({
    name: "no head of the signature, ever",
    who: "hosts that hang",
    wire: (_, path) => path === SIG ? { isSilent: true } : undefined,
    proof: never(SIG),
    expected: fileOr("timeout"),
  }),
  wireCase({
    name: "no head, once",
    who: "mobile networks",
    wire: ({ total }) => total === 2 ? { isSilent: true } : undefined,
    proof: async (proof) => {
      assert.equal((await proof.see(FILE)).status, 200);
      await never()(proof);
      assert.equal((await proof.see(FILE)).status, 200);
    },
    expected: THE_FILE,
  }),
  wireCase({
    name: "silence in the middle of a body, once",
    who: "mobile networks",
    wire: ({ total }) => total === 3 ? { stallAt: 10 } : undefined,
    proof: async ({ see }) => {
      await see(FILE);
      await see(FILE);
      const { body, end } = await see(FILE, {}, { maxMs: 300 });
      assert.deepEqual([body.length, end], [10, "open"]);
    },
    expected: THE_FILE,
  }),
  wireCase({
    name: "cut without an answer, of the signature alone",
    who: "broken proxies",
    wire: (_, path) => path === SIG ? { nonsense: "" } : undefined,
    proof: async ({ see }) => assert.equal((await see(SIG)).raw.length, 0),
    expected: { ...fileOr("network"), fallback: plannedFull("no-signature", "bad-signature").fallback! },
  }),
];
