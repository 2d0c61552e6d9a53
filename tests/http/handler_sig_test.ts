import assert from "node:assert/strict";
import { LayeredSig, planSync } from "rsync-streams/sync";
import { assertBytes, hex, sha256 } from "../_helpers.ts";
import { concat, make, randomBytes } from "../_recipes.ts";
import { encodeRuns } from "./_runs.ts";
import { assertProblem, bytesOf, get, MODIFIED_MS, ORIGIN, send, Store } from "./_store.ts";

const FILE = concat([randomBytes(1, 50_000), make({ gen: "text", seed: 2, len: 90_000 })]);

Deno.test("the .rsig is the layered signature of the file, and says of which version", async () => {
  const store = new Store({ "/a/f": FILE });
  const response = await store.reader()(get("/a/f.rsig"));
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("Content-Type"), "application/vnd.rsync-streams.sig");
  assert.equal(response.headers.get("Cache-Control"), "no-transform");
  assert.match(response.headers.get("ETag")!, /^"[0-9a-f]{32}"$/);
  const bytes = await bytesOf(response);
  assert.equal(response.headers.get("Content-Length"), String(bytes.length));
  const digest = Uint8Array.from((await sha256(bytes)).match(/../g)!, (pair) => parseInt(pair, 16));
  assert.equal(response.headers.get("Repr-Digest"), `sha-256=:${btoa(String.fromCharCode(...digest))}:`);
  const { footer } = await LayeredSig.open(bytes);
  assert.equal(footer.entityTag, '"v1"');
  assert.equal(footer.modifiedMs, MODIFIED_MS);
  assert.equal(footer.fileLength, FILE.length);
  assert.equal(footer.digest, await sha256(FILE));
  const plan = await planSync(await LayeredSig.open(bytes), FILE);
  assert.equal(plan.missingLength, 0);
  store.assertClosed();
});

Deno.test("the .rsig has ranges, conditions and HEAD as the file has", async () => {
  const store = new Store({ "/f": FILE });
  const handler = store.reader();
  const whole = await handler(get("/f.rsig"));
  const bytes = await bytesOf(whole);
  const etag = whole.headers.get("ETag")!;
  const part = await handler(get("/f.rsig", { "Range": "bytes=-100", "If-Range": etag }));
  assert.equal(part.status, 206);
  assert.equal(part.headers.get("Content-Range"), `bytes ${bytes.length - 100}-${bytes.length - 1}/${bytes.length}`);
  assertBytes(await bytesOf(part), bytes.subarray(-100));
  const head = await handler(get("/f.rsig", {}, "HEAD"));
  assert.deepEqual(Object.fromEntries(head.headers), Object.fromEntries(whole.headers));
  assert.equal((await handler(get("/f.rsig", { "If-None-Match": etag }))).status, 304);
  await assertProblem(await handler(get("/f.rsig", { "If-Match": '"v1"' })), 412);
  store.assertClosed();
});

Deno.test("the suffix is put after the path: the query goes to open()", async () => {
  const seen: string[] = [];
  const store = new Store({ "/f": FILE, "/f.rsig": FILE });
  const handler = store.reader({
    open: (url) => {
      seen.push(url.pathname + url.search);
      return store.open(url);
    },
  });
  const sig = await bytesOf(await handler(get("/f.rsig?token=1&x")));
  await bytesOf(await handler(get("/f?a=.rsig")));
  const nested = await LayeredSig.open(await bytesOf(await handler(get("/f.rsig.rsig"))));
  assert.deepEqual(seen, ["/f?token=1&x", "/f?a=.rsig", "/f.rsig"]);
  assert.equal((await LayeredSig.open(sig)).footer.fileLength, FILE.length);
  assert.equal(nested.footer.entityTag, '"v2"');
});

Deno.test("200 clients at once get one signature, made once", async () => {
  const store = new Store({ "/f": FILE });
  const handler = store.reader({ maxRequests: 1 });
  const all = await Promise.all(Array.from({ length: 200 }, async (_, i) => {
    const response = await handler(get("/f.rsig", i % 2 ? { Range: "bytes=-300" } : {}));
    return { bytes: await bytesOf(response), etag: response.headers.get("ETag") };
  }));
  assert.equal(store.readCount, 1, "the file was read once");
  for (const { bytes, etag } of all) {
    assert.equal(etag, all[0]!.etag);
    assertBytes(bytes.subarray(-300), all[0]!.bytes.subarray(-300));
  }
  store.assertClosed();
});

Deno.test("the signature is made also if the first who asked goes away", async () => {
  const store = new Store({ "/f": FILE });
  const handler = store.reader();
  const gone = new AbortController();
  const first = handler(new Request("http://host.test/f.rsig", { signal: gone.signal }));
  const second = handler(get("/f.rsig"));
  store.onRead = () => gone.abort();
  const response = await second;
  assert.equal((await bytesOf(response)).length, Number(response.headers.get("Content-Length")));
  assert.equal((await first).status, 500);
  assert.equal(store.readCount, 1);
  store.assertClosed();
});

Deno.test("another version has another signature", async () => {
  const store = new Store({ "/f": FILE });
  const handler = store.reader();
  const before = await handler(get("/f.rsig"));
  await bytesOf(before);
  store.put("/f", FILE.slice(10));
  const after = await handler(get("/f.rsig"));
  assert.equal((await LayeredSig.open(await bytesOf(after))).footer.fileLength, FILE.length - 10);
  assert.notEqual(after.headers.get("ETag"), before.headers.get("ETag"));
});

Deno.test("signatures are kept up to a bound, those used last", async () => {
  const paths = ["/a", "/b", "/c"];
  const store = new Store(Object.fromEntries(paths.map((path) => [path, FILE])));
  const { length } = await bytesOf(await store.reader()(get("/a.rsig")));
  const ask = async (handler: ReturnType<Store["reader"]>, path: string) => {
    const before = store.readCount;
    await bytesOf(await handler(get(`${path}.rsig`)));
    return store.readCount > before;
  };
  const two = store.reader({ maxCacheLength: 2 * length });
  const made = [];
  for (const path of ["/a", "/b", "/a", "/c", "/a", "/b", "/a"]) made.push(await ask(two, path));
  assert.deepEqual(made, [true, true, false, true, false, true, false]);
  const none = store.reader({ maxCacheLength: 0 });
  assert.deepEqual([await ask(none, "/a"), await ask(none, "/a"), await ask(none, "/b"), await ask(none, "/a")], [
    true,
    false,
    true,
    true,
  ]);
});

Deno.test("salts are random, or follow from a secret, the URL and the tag", async () => {
  const store = new Store({ "/f": FILE, "/g": FILE });
  const saltOf = async (path: string, secret?: string) => {
    const sig = await LayeredSig.open(await bytesOf(await store.reader({ secret })(get(path))));
    return hex(sig.footer.salt);
  };
  assert.notEqual(await saltOf("/f.rsig"), await saltOf("/f.rsig"));
  const salt = await saltOf("/f.rsig", "secret");
  assert.equal(await saltOf("/f.rsig", "secret"), salt);
  assert.notEqual(await saltOf("/f.rsig", "another"), salt);
  assert.notEqual(await saltOf("/g.rsig", "secret"), salt);
});

Deno.test("a signature that fails is 500 for all who wait, and made again when it is asked for again", async () => {
  const store = new Store({ "/f": FILE });
  const errors: unknown[] = [];
  const handler = store.reader({ onError: (error) => errors.push(error) });
  const failure = new Error("the disk is broken");
  store.onRead = () => {
    throw failure;
  };
  for (const response of await Promise.all([handler(get("/f.rsig")), handler(get("/f.rsig"))])) {
    const { detail } = await assertProblem(response, 500);
    assert.ok(!detail.includes("disk"), detail);
  }
  assert.deepEqual(errors, [failure, failure]);
  store.onRead = () => {};
  const response = await handler(get("/f.rsig"));
  await bytesOf(response);
  assert.equal(response.status, 200);
  store.assertClosed();
});

Deno.test("runs of a signature may be asked for as those of a file", async () => {
  const store = new Store({ "/f": FILE });
  // Making the signature needs a turn as well, and must not wait for one that its request has.
  const handler = store.reader({ maxRequests: 1, timeoutMs: 1000 });
  const runs = [{ offset: 3, length: 100 }, { offset: 500, length: 7 }];
  const ask = (headers: Record<string, string> = {}) => {
    const type = "application/vnd.rsync-streams.runs";
    return handler(send("QUERY", "/f.rsig", encodeRuns(runs), { "Content-Type": type, ...headers }));
  };
  const response = await ask();
  const part = await bytesOf(response);
  const whole = await handler(get("/f.rsig"));
  const bytes = await bytesOf(whole);
  assertBytes(part, concat(runs.map(({ offset, length }) => bytes.subarray(offset, offset + length))));
  const etag = whole.headers.get("ETag")!;
  assert.equal(response.headers.get("ETag"), etag);
  assert.equal((await bytesOf(await ask({ "If-Match": etag }))).length, 107);
  await assertProblem(await ask({ "If-Match": '"v1"' }), 412);
  store.assertClosed();
});

Deno.test("a signature can be read and asked for runs, and nothing else", async () => {
  const handler = new Store({ "/f": FILE }).writer();
  for (const method of ["PATCH", "PUT", "DELETE"]) {
    const response = await handler(get("/f.rsig", {}, method));
    assert.equal(response.headers.get("Allow"), "GET, HEAD, QUERY, POST, OPTIONS");
    await assertProblem(response, 405);
  }
  const sig = await bytesOf(await handler(get("/f.rsig")));
  const ask = (type: string, body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) => {
    return handler(
      new Request(`${ORIGIN}/f.rsig`, { method: "POST", headers: { "Content-Type": type, ...headers }, body }),
    );
  };
  const runs = await ask("application/vnd.rsync-streams.runs", Uint8Array.of(4, 3, 100, 20));
  assertBytes(await bytesOf(runs), concat([sig.subarray(4, 7), sig.subarray(107, 127)]));
  const delta = await ask("application/vnd.rsync-streams.sig", sig);
  assert.equal(delta.headers.get("Accept-Query"), "application/vnd.rsync-streams.runs");
  await assertProblem(delta, 415);
  const stale = await ask("application/vnd.rsync-streams.runs", Uint8Array.of(4, 3), { "If-Match": '"other"' });
  await assertProblem(stale, 412);
});

Deno.test("the .rsig-long has longer strong sums, and is made apart", async () => {
  const store = new Store({ "/f": FILE });
  const handler = store.reader();
  const [short, long, again] = [
    await bytesOf(await handler(get("/f.rsig"))),
    await bytesOf(await handler(get("/f.rsig-long"))),
    await bytesOf(await handler(get("/f.rsig-long"))),
  ];
  const [a, b] = [await LayeredSig.open(short), await LayeredSig.open(long)];
  assert.deepEqual(a.footer.digest, b.footer.digest);
  for (const [i, { blockLength, strongLength }] of a.footer.layers.entries()) {
    const layer = b.footer.layers[i]!;
    assert.equal(layer.blockLength, blockLength);
    // 30 bits more.
    assert.ok(layer.strongLength >= strongLength + 3, `${layer.strongLength} after ${strongLength}`);
  }
  assertBytes(again, long);
  store.assertClosed();
});
