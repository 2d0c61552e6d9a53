/** What `sendUpdate()` sends, and what the server has afterwards. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { sendUpdate, type SendUpdateOptions } from "rsync-streams/http";
import { layeredSigStream } from "rsync-streams/sync";
import { assertBytes, sha256, source, toBytes } from "../_helpers.ts";
import { concat, make, randomBytes } from "../_recipes.ts";
import { assertHttpError, FILE, type Handle, NEW, OLD, through } from "./_send_update.ts";
import { Store } from "./_store.ts";

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

Deno.test("sendUpdate() asks a host of files whether it has the file of a signature", async () => {
  const sig = await toBytes(source(OLD).pipeThrough(layeredSigStream({ fileLength: OLD.length })));
  const has = (status: number, length: number): Handle => ({ url, method }) => {
    if (url.endsWith(".rsig")) return new Response(sig);
    assert.equal(method, "HEAD");
    return new Response(null, { status, headers: { "Content-Length": String(length) } });
  };
  const { status } = await sendUpdate(FILE, OLD, { fetch: through(has(200, OLD.length)) });
  assert.equal(status, "unchanged");
  for (const fetch of [through(has(404, OLD.length)), through(has(200, OLD.length + 1))]) {
    await assertHttpError(sendUpdate(FILE, OLD, { fetch }), "protocol", /no strong entity tag/);
  }
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

Deno.test("wrong copies are noticed by the server, and the whole file is sent then", async () => {
  const store = new Store({ "/f": OLD });
  const lie = OLD.slice();
  lie.fill(7, 100_000, 200_000);
  // It says of the file what is true of another one.
  const sig = await toBytes(source(lie).pipeThrough(layeredSigStream({ fileLength: lie.length, entityTag: '"v1"' })));
  const handler = store.writer();
  const target = concat([lie, Uint8Array.of(1)]);
  const cancelled: number[] = [];
  const fetch = through(async (request) => {
    if (request.method !== "GET") {
      const { status, headers } = await handler(request);
      if (status === 204) return new Response(null, { status, headers });
      return new Response(new ReadableStream({ cancel: () => void cancelled.push(status) }), { status, headers });
    }
    const headers = { "Accept-Encoding": "gzip, br" };
    return new Response(sig, { headers });
  });
  const { status, stats } = await sendUpdate(FILE, target, { fetch });
  assert.deepEqual([status, stats.fallback, stats.copiedBytes], ["updated", "wrong-copies", 0]);
  assert.deepEqual(cancelled, [422]);
  assertBytes(store.files.get("/f")!.bytes, target);
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
