/** The parts that a handler is made of: ranges, codings, gates, problems. */
import assert from "node:assert/strict";
import { RsyncError } from "rsync-streams";
import { syncHandler } from "rsync-streams/http";
import { toPatchBasis } from "../../src/basis/basis_source.ts";
import { chooseCoding } from "../../src/http/server/_accept_encoding.ts";
import { contentRange, parseRanges } from "../../src/http/server/_byte_ranges.ts";
import { isRangeWanted, lastModified } from "../../src/http/server/_conditions.ts";
import { Gate, Locks } from "../../src/http/server/_gate.ts";
import { Problem, problemOf, problemResponse } from "../../src/http/server/_problem.ts";
import { readRuns } from "../../src/http/server/_read_runs.ts";
import { givesWay } from "../_clock.ts";
import { assertBytes } from "../_helpers.ts";
import { concat, randomBytes } from "../_recipes.ts";
import { bytesOf, get, send, Store } from "./_store.ts";

/** RFC 9110, section 15. */
const TITLES: Record<number, string> = {
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  408: "Request Timeout",
  412: "Precondition Failed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  416: "Range Not Satisfiable",
  422: "Unprocessable Content",
  428: "Precondition Required",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

Deno.test("a problem has the title of its status, and its headers", async () => {
  for (const [status, title] of Object.entries(TITLES)) {
    const problem = new Problem(Number(status), "why", { headers: { "Retry-After": "7" } });
    const response = problemResponse(problem, "GET");
    assert.deepEqual([response.status, response.headers.get("Retry-After")], [Number(status), "7"]);
    assert.deepEqual(await response.json(), { type: "about:blank", title, status: Number(status), detail: "why" });
  }
});

Deno.test("bytes of a client that are wrong are a problem of it, and others are none", () => {
  const statuses: [RsyncError["code"], number | undefined][] = [
    ["bad-magic", 400],
    ["unsupported", 400],
    ["truncated", 400],
    ["trailing-data", 400],
    ["unknown-command", 400],
    ["limit", 413],
    ["copy-out-of-range", 422],
    ["digest-mismatch", 422],
    ["basis-short-read", undefined],
  ];
  for (const [code, status] of statuses) {
    const cause = new RsyncError(code, "Cannot do it");
    const problem = problemOf(cause);
    assert.equal(problem?.status, status, code);
    if (problem) assert.deepEqual([problem.code, problem.message, problem.cause], [code, "Cannot do it", cause]);
  }
  assert.equal(problemOf(new Error("other")), undefined);
});

const ranges = (value: string | null, size = 1000) => {
  return parseRanges(value, size)?.map(({ offset, length }) => [offset, length]);
};

Deno.test("ranges are cut at the end of the file, joined where they touch, and bounded in number", () => {
  assert.deepEqual(ranges("bytes=0-0"), [[0, 1]]);
  assert.deepEqual(ranges("bytes=998-2000, -1000, -2000"), [[0, 1000]]);
  assert.deepEqual(ranges("bytes=999-, 1000-, -0"), [[999, 1]]);
  assert.deepEqual(ranges("bytes=5-4"), undefined);
  assert.deepEqual(ranges("bytes=5-5,3-3"), [[5, 1], [3, 1]]);
  assert.deepEqual(ranges("bytes=5-5,4-4"), [[4, 2]]);
  assert.deepEqual(ranges("bytes=10-19,12-14,30-39"), [[10, 10], [30, 10]]);
  assert.deepEqual(ranges("bytes=10-19,20-29,31-31"), [[10, 20], [31, 1]]);
  assert.deepEqual([ranges("bytes=-"), ranges("bytes="), ranges("bytes=1"), ranges(null)], Array(4).fill(undefined));
  assert.deepEqual([ranges("bytes=0-", 0), ranges("bytes=-1", 0), ranges("bytes=-0", 0)], [[], undefined, []]);
  assert.equal(contentRange({ offset: 5, length: 3 }, 10), "bytes 5-7/10");

  const many = (count: number) => Array.from({ length: count }, (_, i) => `${3 * i}-${3 * i}`);
  assert.equal(ranges(`bytes=${many(256)}`)!.length, 256);
  assert.equal(ranges(`bytes=${many(257)}`), undefined);
  // In another order, or with some that touch.
  assert.equal(ranges(`bytes=${many(16).reverse()}`)!.length, 16);
  assert.equal(ranges(`bytes=${many(17).reverse()}`), undefined);
  assert.equal(ranges(`bytes=${[...many(15), "43-44"]}`)!.length, 15);
  assert.equal(ranges(`bytes=${[...many(16), "46-47"]}`), undefined);
});

Deno.test("the coding with the highest weight is chosen, and of those the best", () => {
  const choices: [string | null, string | undefined][] = [
    [null, "identity"],
    ["", "identity"],
    ["gzip, br", "br"],
    ["br;q=0.5, gzip", "gzip"],
    ["gzip;q=0.001", "gzip"],
    ["gzip;q=0", "identity"],
    ["gzip;q=1.001, br;q=-1, zstd;q=x", "identity"],
    ["gzip;q=1, br;q=1.0", "br"],
    ["X-GZIP ; Q=0.5", "gzip"],
    ["*", "br"],
    ["*, br;q=0", "zstd"],
    ["*;q=0.5, gzip", "gzip"],
    ["*;q=0", undefined],
    ["*;q=0, identity", "identity"],
    ["identity;q=0", undefined],
    ["identity;q=0, gzip;q=0.1", "gzip"],
    ["identity, gzip;q=0.9", "identity"],
    ["identity;q=0.5, gzip;q=0.5", "gzip"],
    ["deflate", "identity"],
    [",, ,gzip;a=b", "gzip"],
  ];
  for (const [value, choice] of choices) assert.equal(chooseCoding(value, ["br", "zstd", "gzip"]), choice, `${value}`);
});

Deno.test("a date counts from a second after it, and none of the future is told", () => {
  const { now } = Date;
  const modifiedMs = Date.UTC(2024, 1, 29, 12, 30, 15);
  const file = { entityTag: '"1"', modifiedMs: modifiedMs + 400 };
  const headers = new Headers({ "If-Range": new Date(modifiedMs).toUTCString() });
  try {
    for (const [ms, isWanted] of [[999, false], [1000, true]] as const) {
      Date.now = () => modifiedMs + ms;
      assert.equal(isRangeWanted(headers, file), isWanted, `${ms} ms`);
    }
    for (const [ms, isTold] of [[-1, false], [0, true]] as const) {
      Date.now = () => modifiedMs + ms;
      assert.equal(lastModified(file) !== undefined, isTold, `${ms} ms`);
    }
  } finally {
    Date.now = now;
  }
});

/** Does work, and returns the timers that were set meanwhile, in milliseconds. None of them runs. */
async function timersDuring(work: () => Promise<unknown>): Promise<number[]> {
  const { setTimeout: real } = globalThis;
  const timers: number[] = [];
  const never = (_: () => void, ms: number) => ({ count: timers.push(ms) });
  globalThis.setTimeout = never as unknown as typeof setTimeout;
  try {
    await work();
  } finally {
    globalThis.setTimeout = real;
  }
  return timers;
}

Deno.test("a gate lets so many in, and others wait ten seconds at most, or until they are gone", async () => {
  const reason = new Error("gone");
  for (const [timeoutMs, wait] of [[300_000, 10_000], [70, 70]] as const) {
    const gate = new Gate(2, timeoutMs);
    const gone = new AbortController();
    assert.ok(gate.isIdle);
    const timers = await timersDuring(async () => {
      const leave = [await gate.enter(), await gate.enter()];
      const waiting = Array.from({ length: 32 }, (_, i) => gate.enter(i === 0 ? gone.signal : undefined));
      await assert.rejects(gate.enter(), { status: 503, headers: { "Retry-After": "5" } });
      const leaving = assert.rejects(waiting[0]!, (error) => error === reason);
      gone.abort(reason);
      await leaving;
      // Whoever leaves twice lets in one.
      leave[0]!();
      leave[0]!();
      let entered = 0;
      for (const turn of waiting.slice(1)) turn.then(() => entered++);
      await Promise.resolve().then(() => {}).then(() => {}).then(() => {});
      assert.equal(entered, 1);
      leave[1]!();
      for (const turn of waiting.slice(1)) (await turn)();
    });
    assert.deepEqual(timers, Array(32).fill(wait));
    assert.ok(gate.isIdle);
    await assert.rejects(gate.enter(gone.signal), (error) => error === reason);
    assert.ok(gate.isIdle);
  }
});

Deno.test("a lock is of one name, for one at a time", async () => {
  const locks = new Locks(50);
  const first = await locks.enter("a");
  const other = await locks.enter("b");
  await assert.rejects(locks.enter("a"), { status: 503 });
  let isIn = false;
  const next = locks.enter("a").then((leave) => {
    isIn = true;
    return leave;
  });
  // The lock of another name ends, and this one goes on.
  other();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(isIn, false);
  first();
  const leave = await next;
  await assert.rejects(locks.enter("a"), { status: 503 });
  leave();
  (await locks.enter("a"))();
});

Deno.test("bytes of runs come in pieces of 256 KiB that share no buffer, and others have their turn", async () => {
  const file = randomBytes(3, 2 ** 20);
  const source = toPatchBasis(file);
  const runs = [{ offset: 5, length: 2 ** 18 - 3 }, { offset: 2 ** 19, length: 4 }, { offset: 9, length: 2 ** 18 }];
  const pieces = await Array.fromAsync(readRuns(source, runs));
  assert.deepEqual(pieces.map(({ length, buffer }) => [length, buffer.byteLength]), [
    [2 ** 18, 2 ** 18],
    [2 ** 18, 2 ** 18],
    [1, 1],
  ]);
  assert.equal(new Set(pieces.map(({ buffer }) => buffer)).size, 3);
  assertBytes(concat(pieces), concat(runs.map(({ offset, length }) => file.subarray(offset, offset + length))));
  assert.ok(await givesWay(() => Array.fromAsync(readRuns(source, [{ offset: 0, length: 2 ** 20 }]))));
  await assert.rejects(Array.fromAsync(readRuns(source, [{ offset: 2 ** 20 - 5, length: 9 }])), {
    code: "basis-short-read",
    message: "Cannot read bytes of the file: none came at offset 1048576, 4 more were expected",
  });
});

const RUNS_TYPE = "application/vnd.rsync-streams.runs";

Deno.test("a handler has the limits that its options name", async () => {
  const store = new Store({ "/f": randomBytes(4, 2 ** 19) });
  const uploads = store.writer();
  const upload = (length: number) => {
    const headers = {
      "Content-Type": "application/vnd.rsync-streams.delta",
      "If-Match": '"v1"',
      "Content-Length": `${length}`,
    };
    return uploads(send("PATCH", "/f", new Uint8Array(1), headers));
  };
  assert.deepEqual([(await upload(2 ** 33)).status, (await upload(2 ** 33 + 1)).status], [400, 413]);
  const timers = await timersDuring(async () => {
    const handler = store.reader();
    await (await handler(get("/f"))).body!.cancel();
    // Those who wait for their turn set a timer of ten seconds.
    const body = Uint8Array.of(0, 0x81, 0x80, 0x10);
    const answers = await Promise.all(
      Array.from({ length: 32 }, () => handler(send("QUERY", "/f", body, { "Content-Type": RUNS_TYPE }))),
    );
    const late = handler(send("QUERY", "/f", body, { "Content-Type": RUNS_TYPE }));
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    for (const answer of answers) await answer.body!.cancel();
    await (await late).body!.cancel();
  });
  assert.deepEqual([...new Set(timers)].sort((a, b) => a - b), [10_000, 300_000]);
  assert.equal(timers.filter((ms) => ms === 10_000).length, 1);
  assert.equal(
    (await syncHandler({ open: () => undefined, maxRequests: 1, timeoutMs: 2 ** 31 - 1 })(get("/"))).status,
    404,
  );
  store.assertClosed();
});

Deno.test("a query has 1 MiB of runs at most, and 16 MiB of a signature", async () => {
  const store = new Store({ "/f": randomBytes(4, 100) });
  const handler = store.reader();
  for (const [type, most] of [[RUNS_TYPE, 2 ** 20], ["application/vnd.rsync-streams.sig", 2 ** 24]] as const) {
    for (const [length, status] of [[most, 400], [most + 1, 413]] as const) {
      const headers = { "Content-Type": type, "Content-Length": `${length}` };
      const response = await handler(send("QUERY", "/f", Uint8Array.of(0x80), headers));
      await response.body?.cancel();
      assert.equal(response.status, status, `${length} bytes`);
    }
  }
});

Deno.test("a body of 32 bytes is encoded, and a shorter one is not", async () => {
  const handler = new Store({ "/f": randomBytes(4, 100) }).reader();
  for (const [length, coding] of [[31, null], [32, "gzip"]] as const) {
    const headers = { "Content-Type": RUNS_TYPE, "Accept-Encoding": "gzip" };
    const response = await handler(send("QUERY", "/f", Uint8Array.of(0, length), headers));
    assert.deepEqual([response.status, response.headers.get("Content-Encoding")], [200, coding]);
    await bytesOf(response);
  }
});
