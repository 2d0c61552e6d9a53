import assert from "node:assert/strict";
import { syncHandler, type SyncHandlerOptions } from "rsync-streams/http";
import { assertBytes } from "../_helpers.ts";
import { randomBytes } from "../_recipes.ts";
import { encodeRuns } from "./_runs.ts";
import { assertProblem, bytesOf, get, ORIGIN, send, Store } from "./_store.ts";

const FILE = randomBytes(1, 2 ** 20);
const RUNS = { "Content-Type": "application/vnd.rsync-streams.runs" };
const BODY = encodeRuns([{ offset: 5, length: 500_000 }]);
const files = () => new Store({ "/f": FILE });

Deno.test("a body that does not come in time is 408", async () => {
  const store = files();
  let reason: unknown;
  const slow = new ReadableStream({
    start: (controller) => controller.enqueue(BODY.slice(0, 1)),
    cancel: (why) => void (reason = why),
  });
  const response = await store.reader({ timeoutMs: 20 })(send("QUERY", "/f", slow, RUNS));
  assert.equal(response.headers.get("Connection"), "close");
  await assertProblem(response, 408);
  assert.ok(reason instanceof Error);
  store.assertClosed();
});

Deno.test("a body that breaks off is 400", async () => {
  const store = files();
  const cut = new ReadableStream({
    pull(controller) {
      controller.error(new TypeError("connection reset"));
    },
  });
  await assertProblem(await store.reader()(send("QUERY", "/f", cut, RUNS)), 400);
  store.assertClosed();
});

Deno.test("a reader that takes nothing for too long loses its body", async () => {
  const store = files();
  const response = await store.reader({ timeoutMs: 20 })(get("/f"));
  const reader = response.body!.getReader();
  await reader.read();
  await new Promise((resolve) => setTimeout(resolve, 60));
  await assert.rejects(reader.read(), { name: "TimeoutError" });
  store.assertClosed();
});

Deno.test("more requests than maxRequests wait for their turn, and get 503 if it does not come", async () => {
  const store = files();
  const handler = store.reader({ maxRequests: 2, timeoutMs: 100 });
  const ask = () => handler(send("QUERY", "/f", BODY, RUNS));
  const { promise, resolve } = Promise.withResolvers<void>();
  store.onRead = () => promise;
  const early = [ask(), ask()];
  const late = await ask();
  assert.equal(late.headers.get("Retry-After"), "5");
  await assertProblem(late, 503);
  early.push(ask());
  resolve();
  for (const response of early) assertBytes(await bytesOf(await response), FILE.subarray(5, 500_005));
  // All turns have ended: there is room for two again.
  await Promise.all(
    [ask(), ask()].map(async (response) => assert.equal((await bytesOf(await response)).length, 500_000)),
  );
  store.assertClosed();
});

Deno.test("never more than maxRequests are worked on at once", async () => {
  const store = files();
  const handler = store.reader({ maxRequests: 2 });
  let count = 0, max = 0;
  store.onRead = async () => {
    max = Math.max(max, ++count);
    await new Promise((resolve) => setTimeout(resolve, 1));
    count--;
  };
  const body = encodeRuns([{ offset: 0, length: 1000 }]);
  await Promise.all(Array.from({ length: 20 }, async (_, i) => {
    // Some come while others wait already.
    await new Promise((resolve) => setTimeout(resolve, i >> 2));
    assert.equal((await bytesOf(await handler(send("QUERY", "/f", body, RUNS)))).length, 1000);
  }));
  assert.equal(max, 2);
  store.assertClosed();
});

Deno.test("no more than 16 times maxRequests wait, and who goes away waits no longer", async () => {
  const store = files();
  const handler = store.reader({ maxRequests: 1 });
  const gone = new AbortController();
  const first = await handler(send("QUERY", "/f", BODY, RUNS));
  const waiting = Array.from({ length: 16 }, () => handler(send("QUERY", "/f", BODY, RUNS, gone.signal)));
  await new Promise((resolve) => setTimeout(resolve, 0));
  await assertProblem(await handler(send("QUERY", "/f", BODY, RUNS)), 503);
  gone.abort();
  for (const response of await Promise.all(waiting)) assert.equal(response.status, 500);
  const next = handler(send("QUERY", "/f", BODY, RUNS));
  await first.body!.cancel();
  assert.equal((await bytesOf(await next)).length, 500_000);
  store.assertClosed();
});

Deno.test("a client that has gone stops the body and closes the file", async () => {
  const store = files();
  const gone = new AbortController();
  const response = await store.reader()(new Request(`${ORIGIN}/f`, { signal: gone.signal }));
  const reader = response.body!.getReader();
  await reader.read();
  const { readCount } = store;
  const reason = new Error("gone");
  gone.abort(reason);
  await assert.rejects(reader.read(), reason);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(store.readCount, readCount);
  store.assertClosed();
});

Deno.test("a body is cancelled while the file is read: the read ends before the file is closed", async () => {
  const store = files();
  const response = await store.reader()(get("/f"));
  const reader = response.body!.getReader();
  await reader.read();
  const { promise, resolve } = Promise.withResolvers<void>();
  store.onRead = () => promise;
  const reading = reader.read();
  const cancelled = reader.cancel();
  assert.equal(store.closeCount, 0);
  resolve();
  await Promise.all([reading, cancelled]);
  store.assertClosed();
});

Deno.test("an error of the basis is 500 before the body, and breaks it off later", async () => {
  const store = files();
  const seen: unknown[] = [];
  const handler = store.reader({ onError: (error) => seen.push(error) });
  const failure = new Error("a secret of the disk");
  const failAt = (at: number) =>
    store.onRead = (offset) => {
      if (offset >= at) throw failure;
    };
  failAt(0);
  const { detail } = await assertProblem(await handler(get("/f")), 500);
  assert.ok(!detail.includes("secret"));
  failAt(2 ** 19);
  await assert.rejects(bytesOf(await handler(get("/f"))), failure);
  await assert.rejects(
    bytesOf(await handler(send("QUERY", "/f", encodeRuns([{ offset: 0, length: 2 ** 20 }]), RUNS))),
    failure,
  );
  assert.deepEqual(seen, [failure, failure, failure]);
  store.assertClosed();
});

Deno.test("a file that is not as long as it says is 500", async () => {
  const store = files();
  const errors: Error[] = [];
  const onError = (error: unknown) => void errors.push(error as Error);
  const served = (size: number) =>
    store.reader({ onError, open: async (url) => ({ ...(await store.open(url))!, size }) });
  for (const size of [2 ** 20 - 1, 2 ** 20 + 1, -1, 1.5]) await assertProblem(await served(size)(get("/f")), 500);
  assert.match(errors[0]!.message, /size of the file: 1048575 was given, its basis has 1048576 bytes/);
  const short = store.reader({
    onError,
    open: () => ({ basis: { read: () => FILE.subarray(0, 0) }, size: 5, entityTag: '"1"' }),
  });
  await assertProblem(await short(get("/f")), 500);
  await assertProblem(await short(get("/f.rsig")), 500);
  assert.equal(errors.length, 6);
  store.assertClosed();
});

Deno.test("a tag that is not strong is 500, and what open() and close() throw is reported", async () => {
  const errors: unknown[] = [];
  const closing = new Error("close");
  const serve = (file: object | Error) =>
    syncHandler({
      open: () => {
        if (file instanceof Error) throw file;
        return { basis: FILE, size: FILE.length, entityTag: '"1"', ...file };
      },
      onError: (error) => {
        errors.push(error);
        throw error;
      },
    });
  for (const entityTag of ['W/"1"', "1", "", undefined]) {
    await assertProblem(await serve({ entityTag })(get("/f")), 500);
  }
  assert.ok(errors.every((error) => error instanceof TypeError));
  errors.length = 0;
  const failure = new Error("open");
  await assertProblem(await serve(failure)(get("/f")), 500);
  assert.equal((await bytesOf(await serve({ close: () => Promise.reject(closing) })(get("/f")))).length, FILE.length);
  assert.deepEqual(errors, [failure, closing]);
});

Deno.test("open() may throw the answer", async () => {
  const answer = new Response("who are you?", { status: 401, headers: { "WWW-Authenticate": "Basic" } });
  const handler = files().reader({
    open: () => {
      throw answer;
    },
  });
  assert.equal(await handler(get("/f")), answer);
});

Deno.test("options are checked", () => {
  const open = () => undefined;
  const bad: [object, ErrorConstructor][] = [
    [{ open: undefined }, TypeError],
    [{ commit: 1 }, TypeError],
    [{ allowOrigin: 1 }, TypeError],
    [{ allowOrigin: "" }, RangeError],
    [{ allowOrigin: "https://page.test/" }, RangeError],
    [{ allowOrigin: "https://Page.test" }, RangeError],
    [{ allowOrigin: "https://a.test, https://b.test" }, RangeError],
    [{ allowOrigin: "page.test" }, RangeError],
    [{ allowOrigin: "https://a.test\nX: y" }, RangeError],
    [{ secret: 1 }, TypeError],
    [{ maxInputLength: -1 }, RangeError],
    [{ maxOutputLength: "1" }, TypeError],
    [{ maxCacheLength: 0.5 }, RangeError],
    [{ timeoutMs: 0 }, RangeError],
    [{ timeoutMs: 2 ** 31 }, RangeError],
    [{ maxRequests: 0 }, RangeError],
    [{ onError: 1 }, TypeError],
  ];
  for (const [options, kind] of bad) {
    assert.throws(() => syncHandler({ open, ...options } as SyncHandlerOptions), kind, JSON.stringify(options));
  }
  const origins = ["*", "null", "https://page.test", "http://[::1]:8080", "tauri://localhost"];
  for (const allowOrigin of origins) syncHandler({ open, allowOrigin });
  assert.throws(() => syncHandler(undefined as unknown as SyncHandlerOptions), TypeError);
});
