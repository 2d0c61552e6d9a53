/** Which failures of a server are waited for, how long, and how often. */
import assert from "node:assert/strict";
import { fetchUpdate, HttpError, sendUpdate } from "rsync-streams/http";
import { assertBytes, toBytes } from "../_helpers.ts";
import { randomBytes } from "../_recipes.ts";
import { until } from "../_until.ts";
import { type Bytes, hostOf, publish } from "./memory_host.ts";
import { pausesDuring } from "./_pauses.ts";
import { basis, files, target, URL_OF_FILE } from "./_update.ts";

/** What is asked of a server that answers everything in the same way, and the pauses in between. */
async function askInVain(status: number, headers: Record<string, string> = {}) {
  const { fetch, asked } = hostOf({}, () => new Response(null, { status, headers }));
  const pauses = await pausesDuring(() =>
    assert.rejects(sendUpdate(URL_OF_FILE, basis, { fetch }), (error) => {
      return error instanceof HttpError && error.code === "status" && error.status === status;
    })
  );
  return { pauses, methods: asked.map(({ init }) => init.method) };
}

const SIX_TIMES = Array.from({ length: 6 }, () => "GET");

Deno.test("a status that may pass is waited for five times, twice as long each time", async () => {
  for (const status of [408, 425, 429, 500, 502, 503, 504]) {
    assert.deepEqual(await askInVain(status), { methods: SIX_TIMES, pauses: [100, 200, 400, 800, 1600] }, `${status}`);
  }
});

Deno.test("any other status is final", async () => {
  for (const status of [401, 402, 403, 406, 407, 409, 410, 412, 413, 421, 422, 431, 451, 505, 507, 511]) {
    assert.deepEqual(await askInVain(status), { methods: ["GET"], pauses: [] }, `${status}`);
  }
  // These may not know a range from the end: they are asked for the length, and for all of it.
  for (const status of [400, 405, 416, 501]) {
    assert.deepEqual(await askInVain(status), { methods: ["GET", "HEAD", "GET"], pauses: [] }, `${status}`);
  }
});

Deno.test("a client waits as long as Retry-After says, up to ten seconds", async () => {
  const pausesAfter = async (value: string) => (await askInVain(503, { "Retry-After": value })).pauses;
  assert.deepEqual(await pausesAfter("1"), [1000, 1000, 1000, 1000, 1600]);
  assert.deepEqual(await pausesAfter(" 10 "), [10_000, 10_000, 10_000, 10_000, 10_000]);
  for (const tooLong of ["11", "99999"]) assert.deepEqual(await pausesAfter(tooLong), [], tooLong);
  for (const notUnderstood of ["0", "1.5", "-1", "123456", "soon", "Wed, 21 Oct 2015 07:28:00 GMT"]) {
    assert.deepEqual(await pausesAfter(notUnderstood), [100, 200, 400, 800, 1600], notUnderstood);
  }
});

Deno.test("a connection that fails is tried again as often", async () => {
  const { fetch, asked } = hostOf({}, () => Promise.reject(new Error("reset")));
  const sending = () => assert.rejects(sendUpdate(URL_OF_FILE, basis, { fetch }), { code: "network" });
  assert.deepEqual(await pausesDuring(sending), [100, 200, 400, 800, 1600]);
  assert.equal(asked.length, 6);
});

Deno.test("where ranges have come before, a status that an expired address has is tried again", async () => {
  for (const status of [400, 401, 403, 404, 410, 503]) {
    let isFirst = true;
    const { fetch } = hostOf(files, ({ path }) => {
      if (path !== "/f" || !isFirst) return;
      isFirst = false;
      return new Response(null, { status });
    });
    const pauses = await pausesDuring(async () => {
      const { readable, stats } = await fetchUpdate(URL_OF_FILE, basis, { fetch });
      assertBytes(await toBytes(readable), target);
      assert.deepEqual([stats.fallback, stats.retries, stats.isVerified], [undefined, 1, true], `${status}`);
    });
    assert.deepEqual(pauses, [100], `${status}`);
  }
  // Others are not.
  const { fetch } = hostOf(files, ({ path, headers }) => {
    if (path === "/f" && headers.has("range")) return new Response(null, { status: 405 });
  });
  const { readable, stats } = await fetchUpdate(URL_OF_FILE, basis, { fetch });
  assertBytes(await toBytes(readable), target);
  assert.deepEqual([stats.fallback, stats.retries], ["no-ranges", 0]);
});

const LONG = randomBytes(5, 300_000);
const LONG_SIG = await publish(LONG);

/** Downloads a file from a host whose answers break off after so many bytes. */
async function downloadCut(length: number) {
  const { fetch, asked } = hostOf({ "/f": LONG, "/f.rsig": LONG_SIG }, ({ path, headers }, body, offset) => {
    if (path !== "/f") return;
    const isWhole = body!.length <= length;
    const piece = new ReadableStream<Bytes>({
      start: (controller) => controller.enqueue(body!.slice(0, length)),
      pull: (controller) => isWhole ? controller.close() : controller.error(new TypeError("reset")),
    }, { highWaterMark: 0 });
    const told = { "content-range": `bytes ${offset}-${LONG.length - 1}/${LONG.length}` };
    return new Response(piece, headers.has("range") ? { status: 206, headers: told } : {});
  });
  let seen = 0;
  const pauses = await pausesDuring(async () => {
    const { readable } = await fetchUpdate(URL_OF_FILE, undefined, { fetch });
    for await (const chunk of readable) seen += chunk.length;
  }).catch((error) => {
    assert.ok(error instanceof HttpError && error.code === "network", String(error));
    return undefined;
  });
  return { seen, pauses, ranges: asked.filter(({ path }) => path === "/f").map(({ headers }) => headers.get("range")) };
}

Deno.test("a download that breaks off goes on at the missing byte, if 64 KiB come in five attempts", async () => {
  const enough = Math.ceil(2 ** 16 / 5);
  const { seen, pauses, ranges } = await downloadCut(enough);
  assert.equal(seen, LONG.length);
  assert.deepEqual(pauses!.slice(0, 8), [100, 200, 400, 800, 100, 200, 400, 800]);
  assert.deepEqual(ranges.slice(0, 3), [null, `bytes=${enough}-`, `bytes=${2 * enough}-`]);
  // The sixth of the first attempts has more than enough, and the next five have a byte less.
  const less = await downloadCut(enough - 1);
  assert.deepEqual([less.seen, less.pauses, less.ranges.length], [11 * (enough - 1), undefined, 11]);
});

Deno.test("a signal ends a pause", async () => {
  const reason = new Error("enough");
  for (const isSent of [true, false]) {
    const aborter = new AbortController();
    const { fetch, asked } = hostOf({}, () => new Response(null, { status: 503, headers: { "Retry-After": "9" } }));
    const options = { fetch, signal: aborter.signal };
    const working = isSent ? sendUpdate(URL_OF_FILE, basis, options) : fetchUpdate(URL_OF_FILE, basis, options);
    const rejected = assert.rejects(working, (error) => error === reason);
    await until("a request", () => asked.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    aborter.abort(reason);
    await rejected;
    assert.equal(asked.length, 1);
  }
});
