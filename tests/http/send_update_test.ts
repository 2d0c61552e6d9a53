import assert from "node:assert/strict";
import fc from "fast-check";
import { HttpError, sendUpdate, type SendUpdateOptions } from "rsync-streams/http";
import { layeredSigStream } from "rsync-streams/sync";
import { assertBytes, sha256, source, toBytes } from "../_helpers.ts";
import { concat, make, randomBytes } from "../_recipes.ts";
import { pausesDuring } from "./_pauses.ts";
import { get, ORIGIN, Store } from "./_store.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Handle = (request: Request) => Response | Promise<Response>;

const OLD = concat([make({ gen: "text", seed: 1, len: 3_000_000 }), randomBytes(2, 1_000_000)]);
const NEW = concat([
  randomBytes(4, 500),
  OLD.subarray(70_000, 2_000_000),
  randomBytes(3, 3000),
  OLD.subarray(2_500_000),
]);
const FILE = `${ORIGIN}/f`;

/** A `fetch` that calls a handler and notes the requests. */
function through(handle: Handle, seen: Request[] = []): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    seen.push(request);
    return await handle(request);
  };
}

async function assertHttpError(promise: Promise<unknown>, code: string, message: RegExp, status?: number) {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof HttpError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.equal(error.status, status);
    return true;
  });
}

Deno.test("sendUpdate() makes the server's file equal to the local one, for few bytes", async () => {
  const store = new Store({ "/f": OLD });
  const seen: Request[] = [];
  const progress: number[] = [];
  const { status, entityTag, plan, stats } = await sendUpdate(FILE, new Blob([NEW]), {
    fetch: through(store.writer(), seen),
    headers: { Authorization: "Bearer x" },
    onProgress: ({ bytesSent }) => progress.push(bytesSent),
  });
  assert.equal(status, "updated");
  assert.equal(entityTag, '"v2"');
  assertBytes(store.files.get("/f")!.bytes, NEW);
  assert.equal(stats.digest, await sha256(NEW));
  assert.equal(stats.copiedBytes + stats.literalBytes, NEW.length);
  assert.ok(stats.literalBytes < 8000, `${stats.literalBytes} bytes of data`);
  assert.ok(stats.bytesSent < 8000, `${stats.bytesSent} bytes were sent`);
  assert.ok(stats.bytesIn < 20_000, `${stats.bytesIn} bytes came`);
  assert.equal(stats.bytesIn, plan!.sigBytes);
  assert.equal(stats.requests, seen.length);
  assert.equal(stats.fallback, undefined);
  assert.equal(progress.at(-1), stats.bytesSent);
  assert.ok(seen.every(({ headers }) => headers.get("Authorization") === "Bearer x"));
  const patch = seen.at(-1)!;
  assert.equal(patch.method, "PATCH");
  assert.equal(patch.headers.get("Content-Encoding"), "br");
  assert.equal(patch.headers.get("If-Match"), '"v1"');
  store.assertClosed();
});

Deno.test("sendUpdate() sends nothing if the server has the file already", async () => {
  const store = new Store({ "/f": OLD });
  const { status, entityTag, plan, stats } = await sendUpdate(FILE, OLD, { fetch: through(store.writer()) });
  assert.deepEqual([status, entityTag, plan], ["unchanged", '"v1"', undefined]);
  assert.deepEqual([stats.requests, stats.bytesSent, stats.bytesIn], [1, 0, 2048]);
  assert.equal(store.commits.length, 0);
});

Deno.test("sendUpdate() creates a file that is not there", async () => {
  const store = new Store();
  const text = make({ gen: "text", seed: 5, len: 200_000 });
  const { status, entityTag, stats } = await sendUpdate(FILE, text, { fetch: through(store.writer()) });
  assert.deepEqual([status, entityTag, stats.fallback], ["created", '"v1"', "no-file"]);
  assert.ok(stats.bytesSent < 100_000, `${stats.bytesSent} bytes were sent`);
  assertBytes(store.files.get("/f")!.bytes, text);
});

Deno.test("sendUpdate() works between any two files", async () => {
  const piece = fc.tuple(fc.nat(OLD.length), fc.nat(60_000));
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 6 }), fc.array(piece, { maxLength: 6 }), async (a, b) => {
      const build = (pieces: [number, number][]) => concat(pieces.map(([at, len]) => OLD.subarray(at, at + len)));
      const store = new Store({ "/f": build(a) });
      await sendUpdate(FILE, build(b), { fetch: through(store.writer()) });
      assertBytes(store.files.get("/f")!.bytes, build(b));
      store.assertClosed();
    }),
    { numRuns: 25, seed: 5 },
  );
});

Deno.test("copies that overlap in the local file are right", async () => {
  const part = (start: number, end: number) => OLD.subarray(3_100_000 + start, 3_100_000 + end);
  const store = new Store({
    "/f": concat([part(0, 200_000), part(100_000, 300_000), randomBytes(6, 9), part(50_000, 250_000)]),
  });
  const target = concat([part(0, 300_000), randomBytes(7, 9)]);
  const { stats } = await sendUpdate(FILE, target, { fetch: through(store.writer()) });
  assert.equal(stats.fallback, undefined);
  assert.ok(stats.literalBytes < 2000, `${stats.literalBytes} bytes of data`);
  assertBytes(store.files.get("/f")!.bytes, target);
});

Deno.test("sendUpdate() leaves no listener on its signal", async () => {
  const { signal } = new AbortController();
  let count = 0;
  signal.addEventListener = () => void count++;
  signal.removeEventListener = () => void count--;
  await sendUpdate(FILE, NEW, { fetch: through(new Store({ "/f": OLD }).writer()), signal });
  assert.equal(count, 0);
});

Deno.test("of two sendUpdate() at once one wins, and the other is told that the file has changed", async () => {
  const store = new Store({ "/f": OLD });
  const handler = store.writer();
  const targets = [NEW, concat([OLD, Uint8Array.of(1)])];
  const results = await Promise.allSettled(
    targets.map((target) => sendUpdate(FILE, target, { fetch: through(handler) })),
  );
  const winner = results.findIndex(({ status }) => status === "fulfilled");
  const loser = results[1 - winner] as PromiseRejectedResult;
  assert.equal(loser.status, "rejected");
  await assertHttpError(Promise.reject(loser.reason), "changed", /precondition|replaced|no longer/, 412);
  assertBytes(store.files.get("/f")!.bytes, targets[winner]!);
  assert.equal((await sendUpdate(FILE, targets[1 - winner]!, { fetch: through(handler) })).status, "updated");
  assertBytes(store.files.get("/f")!.bytes, targets[1 - winner]!);
});

Deno.test("wrong copies are noticed by the server, and the whole file is sent then", async () => {
  const store = new Store({ "/f": OLD });
  const lie = OLD.slice();
  lie.fill(7, 100_000, 200_000);
  // It says of the file what is true of another one.
  const sig = await toBytes(source(lie).pipeThrough(layeredSigStream({ fileLength: lie.length, entityTag: '"v1"' })));
  const handler = store.writer();
  const target = concat([lie, Uint8Array.of(1)]);
  const fetch = through((request) => {
    if (request.method !== "GET") return handler(request);
    const headers = { "Accept-Encoding": "gzip, br" };
    return new Response(sig, { headers });
  });
  const { status, stats } = await sendUpdate(FILE, target, { fetch });
  assert.deepEqual([status, stats.fallback, stats.copiedBytes], ["updated", "wrong-copies", 0]);
  assertBytes(store.files.get("/f")!.bytes, target);
});

Deno.test("a signature that is replaced between two reads is an error: changed", async () => {
  const store = new Store({ "/f": OLD });
  const handler = store.writer();
  let count = 0;
  const fetch = through((request) => {
    if (++count === 2) store.put("/f", NEW);
    return handler(request);
  });
  await assertHttpError(sendUpdate(FILE, NEW.slice(5), { fetch }), "changed", /no longer/, 412);
  assert.equal(count, 2);
  assertBytes(store.files.get("/f")!.bytes, NEW);
});

const RANGE = { "Content-Range": "bytes 0-9/10" };
const answer = (body: BodyInit | null, status: number, headers: Record<string, string> = {}): Handle => () =>
  new Response(body, { status, headers });

const REFUSED = new Error("connect ECONNREFUSED");

/** What Node's `fetch` does if there is no connection. */
function refusing(cause: Error): () => Promise<never> {
  return () => Promise.reject(new TypeError("fetch failed", { cause }));
}

const FAILURES: Record<string, [Handle, string, RegExp, number | undefined]> = {
  "no permission": [answer("", 401), "status", /status 401/, 401],
  "a problem": [
    answer('{"detail":"come back later"}', 503, { "Content-Type": "application/problem+json" }),
    "status",
    /status 503: come back later/,
    503,
  ],
  "a range that was not asked for": [
    answer("abc", 206, { "Content-Range": "bytes 0-2/9000" }),
    "protocol",
    /where none was asked for/,
    206,
  ],
  "no range": [answer("abc", 206), "protocol", /where none was asked for/, 206],
  "more bytes than the range": [answer("abcdefghijkl", 206, RANGE), "protocol", /the last 10 of 10/, 206],
  "fewer bytes than the range": [answer("abc", 206, RANGE), "network", /broke off after 3 of 10/, 206],
  "no connection": [() => Promise.reject(new TypeError("reset")), "network", /reset/, undefined],
  "no connection, as Node says it": [
    refusing(REFUSED),
    "network",
    /\/f\.rsig: fetch failed: connect ECONNREFUSED$/,
    undefined,
  ],
  "no connection, at two addresses": [
    refusing(Object.assign(new AggregateError([REFUSED, REFUSED]), { code: "ECONNREFUSED" })),
    "network",
    /\/f\.rsig: fetch failed: ECONNREFUSED$/,
    undefined,
  ],
};

for (const [name, [handle, code, message, status]] of Object.entries(FAILURES)) {
  Deno.test(`sendUpdate() rejects with ${code}: ${name}`, async () => {
    const sending = () => sendUpdate(FILE, NEW, { fetch: through(handle) });
    await pausesDuring(() => assertHttpError(sending(), code, message, status));
  });
}

Deno.test("a host that takes no uploads is an error with its status", async () => {
  const store = new Store({ "/f": OLD });
  await assertHttpError(sendUpdate(FILE, NEW, { fetch: through(store.reader()) }), "status", /405/, 405);
});

Deno.test("a signature without an entity tag is an error, and a page that is none too", async () => {
  const sig = await toBytes(source(OLD).pipeThrough(layeredSigStream()));
  await assertHttpError(
    sendUpdate(FILE, NEW, { fetch: through(answer(sig, 200)) }),
    "protocol",
    /no strong entity tag/,
  );
  await assert.rejects(sendUpdate(FILE, NEW, { fetch: through(answer("<html>", 200)) }), { code: "bad-magic" });
});

Deno.test("sendUpdate() waits for no answer longer than timeoutMs", async () => {
  const hanging: typeof fetch = (_, init) =>
    new Promise((_, reject) => init!.signal!.addEventListener("abort", () => reject(init!.signal!.reason)));
  const sending = () => sendUpdate(FILE, NEW, { fetch: hanging, timeoutMs: 10 });
  const waits = await pausesDuring(() => assertHttpError(sending(), "timeout", /10 ms/));
  assert.deepEqual(waits, [10, 100, 10, 200, 10, 400, 10, 800, 10, 1600, 10]);
});

Deno.test("sendUpdate() ends with the reason of its signal, before a request, between two and during one", async () => {
  const reason = new Error("enough");
  for (const at of [0, 1, 2, 3]) {
    const store = new Store({ "/f": OLD });
    const handler = store.writer();
    const aborter = new AbortController();
    if (at === 0) aborter.abort(reason);
    let count = 0;
    const fetch = through((request) => {
      if (++count === at) aborter.abort(reason);
      return handler(request);
    });
    await assert.rejects(sendUpdate(FILE, NEW, { fetch, signal: aborter.signal }), reason);
    assert.equal(count, at);
    assert.equal(store.commits.length, 0);
    assert.equal((await handler(get("/f", {}, "HEAD"))).status, 200);
  }
});

Deno.test("an error of the local file is passed on", async () => {
  const failure = new Error("the disk is broken");
  const store = new Store({ "/f": OLD });
  const local = {
    read: (): Bytes => {
      throw failure;
    },
  };
  await assert.rejects(sendUpdate(FILE, local, { fetch: through(store.writer()) }), failure);
});

Deno.test("the signature may lie elsewhere, and options are checked", async () => {
  const store = new Store({ "/f": OLD });
  const seen: Request[] = [];
  await sendUpdate(FILE, NEW, { fetch: through(store.writer(), seen), sigUrl: `${FILE}.rsig?v=1` });
  assert.equal(seen[0]!.url, `${FILE}.rsig?v=1`);
  const bad: [object, ErrorConstructor][] = [
    [{ timeoutMs: 0 }, RangeError],
    [{ timeoutMs: "1" }, TypeError],
    [{ fetch: 1 }, TypeError],
    [{ onProgress: 1 }, TypeError],
    [{ backend: "fast" }, TypeError],
    [{ sigUrl: "http://[" }, TypeError],
  ];
  for (const [options, kind] of bad) await assert.rejects(sendUpdate(FILE, NEW, options as SendUpdateOptions), kind);
  await assert.rejects(sendUpdate("/relative", NEW), TypeError);
});

Deno.test("stats.total is what bytesSent will be, from before the request on", async () => {
  const store = new Store({ "/f": OLD });
  const seen: [number, number | undefined][] = [];
  const { stats } = await sendUpdate(FILE, NEW, {
    fetch: through(store.writer()),
    onProgress: ({ bytesSent, total }) => seen.push([bytesSent, total]),
  });
  assert.equal(stats.total, stats.bytesSent);
  assert.ok(seen.some(([sent, total]) => sent < stats.bytesSent && total === stats.bytesSent), JSON.stringify(seen));
});

Deno.test("a long upload goes over the wire as a stream", async () => {
  const store = new Store();
  const long = randomBytes(8, 40 * 2 ** 20);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, store.writer());
  try {
    const url = `http://127.0.0.1:${server.addr.port}/f`;
    const { status, stats } = await sendUpdate(url, new Blob([long]));
    assert.equal(status, "created");
    assert.ok(stats.bytesSent > 40 * 2 ** 20);
    assert.equal(stats.total, undefined);
    assertBytes(store.files.get("/f")!.bytes, long);
    assert.equal((await sendUpdate(url, new Blob([long, long]))).status, "updated");
  } finally {
    await server.shutdown();
  }
});

Deno.test("sendUpdate() lets no cache answer: those of browsers mix parts of two signatures", async () => {
  const store = new Store({ "/f": OLD });
  const send = through(store.writer());
  const fetch = (input: RequestInfo | URL, init?: RequestInit) => {
    assert.equal(init?.cache, "no-store");
    return send(input, init);
  };
  assert.equal((await sendUpdate(FILE, NEW, { fetch })).status, "updated");
});

Deno.test("in a browser a long upload is no stream: Chrome cannot send one over HTTP/1.1", async () => {
  const store = new Store();
  const send = through(store.writer());
  const bodies: unknown[] = [];
  const fetch = (input: RequestInfo | URL, init?: RequestInit) => {
    if (init?.body) bodies.push(init.body);
    return send(input, init);
  };
  Object.defineProperty(globalThis, "document", { value: {}, configurable: true });
  try {
    assert.equal((await sendUpdate(FILE, randomBytes(9, 33 * 2 ** 20), { fetch })).status, "created");
  } finally {
    Reflect.deleteProperty(globalThis, "document");
  }
  assert.ok(bodies[0] instanceof Blob);
});
