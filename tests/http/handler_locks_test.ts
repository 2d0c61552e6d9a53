/** Which uploads wait for each other, and for how long. */
import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { assertBytes, toBytes } from "../_helpers.ts";
import { listenersOf } from "../_listeners.ts";
import { settle, until } from "../_until.ts";
import { timersDuring } from "./_pauses.ts";
import { Store } from "./_store.ts";
import { deltaOf, NEW, OLD, upload } from "./_upload.ts";

const DELTA = await deltaOf(OLD, NEW);

Deno.test("an upload does not wait for that of another file, whose tag may be the same", async () => {
  const store = new Store({ "/f": OLD, "/g": NEW });
  const handler = store.writer({
    open: async (url) => ({ ...(await store.open(url))!, entityTag: '"v1"' }),
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  store.onCommit = (path) => path === "/f" ? promise : undefined;
  const first = handler(upload(DELTA));
  await settle();
  const second = await handler(upload(await deltaOf(NEW, OLD), undefined, undefined, "/g"));
  assert.equal(second.status, 204);
  resolve();
  assert.equal((await first).status, 204);
  store.assertClosed();
});

Deno.test("an upload of the next version waits for a commit that goes on after it has replaced the file", async () => {
  const store = new Store({ "/f": OLD });
  const { promise, resolve } = Promise.withResolvers<void>();
  const handler = store.writer({
    async commit(url, readable) {
      await store.commit(url, readable);
      await promise;
    },
  });
  const answers = [handler(upload(DELTA))];
  await settle();
  answers.push(handler(upload(await deltaOf(NEW, OLD), { "If-Match": '"v2"' })));
  await settle();
  assert.equal(store.commits.length, 1);
  resolve();
  for (const answer of answers) assert.equal((await answer).status, 204);
  assertBytes(store.files.get("/f")!.bytes, OLD);
  store.assertClosed();
});

Deno.test("a commit that gives up while its upload waits for another one keeps no later ones waiting", async () => {
  const store = new Store({ "/f": OLD });
  const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
  const { promise: tired, reject: giveUp } = Promise.withResolvers<void>();
  let count = 0;
  const handler = store.writer({
    onError: () => {},
    async commit(url, readable) {
      if (count++ !== 1) return await store.commit(url, readable);
      toBytes(readable).catch(() => {});
      await tired;
    },
  });
  store.onCommit = () => held;
  const first = handler(upload(DELTA));
  await settle();
  const second = handler(upload(DELTA));
  await settle();
  giveUp(new Error("tired"));
  assert.equal((await second).status, 500);
  letGo();
  assert.equal((await first).status, 204);
  await settle();
  // Three times for the first one. The second was answered before it could look again.
  assert.equal(store.openCount, 4);
  store.onCommit = () => {};
  assert.equal((await handler(upload(await deltaOf(NEW, OLD), { "If-Match": '"v2"' }))).status, 204);
  store.assertClosed();
});

/** A store with an upload that has its locks, and keeps them until it is told to go on. */
async function held(options: Parameters<Store["writer"]>[0] = {}) {
  const store = new Store({ "/f": OLD });
  const { promise, resolve: letGo } = Promise.withResolvers<void>();
  let isHeld = false;
  store.onCommit = () => {
    isHeld = true;
    return promise;
  };
  const handler = store.writer(options);
  const first = handler(upload(DELTA));
  await until("an upload that has its locks", () => isHeld);
  return { store, handler, first, letGo };
}

Deno.test("an upload whose client has gone waits for no lock, and leaves no listener behind", async () => {
  const errors: unknown[] = [];
  const { store, handler, first, letGo } = await held({ onError: (error) => errors.push(error) });
  const gone = new AbortController();
  // As many as may wait for one.
  const requests = Array.from({ length: 16 }, () => upload(DELTA, undefined, gone.signal));
  const listeners = requests.map(({ signal }) => listenersOf(signal));
  const waiting = requests.map((request) => handler(request));
  await settle();
  gone.abort();
  for (const answer of waiting) assert.equal((await answer).status, 500);
  assert.deepEqual(errors, []);
  const next = handler(upload(DELTA));
  await settle();
  letGo();
  assert.equal((await first).status, 204);
  assert.equal((await next).status, 412);
  await until("listeners that are gone", () => listeners.every(({ size }) => size === 0));
  store.assertClosed();
});

Deno.test("a client that goes away once its upload is whole gets the answer that it was done", async () => {
  const store = new Store({ "/f": OLD });
  const gone = new AbortController();
  store.onCommit = () => gone.abort();
  const handler = store.writer();
  assert.equal((await handler(upload(DELTA, undefined, gone.signal))).status, 204);
  assertBytes(store.files.get("/f")!.bytes, NEW);
  store.assertClosed();
});

Deno.test("a client that goes away while it waits for its turn to upload waits no longer", async () => {
  const { store, handler, first, letGo } = await held({ maxRequests: 1 });
  const gone = new AbortController();
  const waiting = handler(upload(DELTA, undefined, gone.signal));
  await settle();
  gone.abort();
  assert.equal((await waiting).status, 500);
  letGo();
  assert.equal((await first).status, 204);
  store.assertClosed();
});

Deno.test("commit() may change the URL that it is given", async () => {
  const store = new Store({ "/f": OLD });
  const handler = store.writer({
    async commit(url, readable) {
      await store.commit(url, readable);
      url.pathname = "/g";
    },
  });
  assert.equal((await handler(upload(DELTA))).headers.get("ETag"), '"v2"');
  store.assertClosed();
});

Deno.test("one upload of a file is committed at a time, also where others have waited and come later", async () => {
  const store = new Store({ "/f": OLD });
  // Of the same version all the time, so that all of them may.
  const handler = store.writer({
    open: async (url) => ({ ...(await store.open(url))!, entityTag: '"v1"' }),
    commit: async (_, readable) => {
      await toBytes(readable);
      const { promise, resolve } = Promise.withResolvers<void>();
      commits.push(resolve);
      await promise;
    },
  });
  const commits: (() => void)[] = [];
  const answers = [handler(upload(DELTA)), handler(upload(DELTA))];
  for (let count = 1; count <= 4; count++) {
    await until(`commit ${count}`, () => commits.length >= count);
    if (count < 3) answers.push(handler(upload(DELTA)));
    await settle();
    assert.equal(commits.length, count);
    commits[count - 1]!();
  }
  for (const answer of answers) assert.equal((await answer).status, 204);
  store.assertClosed();
});

Deno.test("a lock is waited for as long as timeoutMs allows, and ten seconds at most", async () => {
  for (const [timeoutMs, expected] of [[9_000, 9_000], [undefined, 10_000]] as const) {
    const { store, handler, first, letGo } = await held({ timeoutMs });
    const timers = await timersDuring(async (timers) => {
      const next = handler(upload(DELTA));
      // That of its body, and that of the lock.
      while (timers.length < 2) await new Promise((resolve) => setImmediate(resolve));
      letGo();
      assert.deepEqual([(await first).status, (await next).status], [204, 412]);
    });
    assert.deepEqual(timers.slice(0, 2), [timeoutMs ?? 300_000, expected]);
    store.assertClosed();
  }
});

Deno.test("locks that no upload has take no memory", async () => {
  const { Map: Real } = globalThis;
  const maps: Map<unknown, unknown>[] = [];
  globalThis.Map = class<K, V> extends Real<K, V> {
    constructor(...args: ConstructorParameters<typeof Real<K, V>>) {
      super(...args);
      maps.push(this);
    }
  } as MapConstructor;
  const { store, handler, first, letGo } = await held().finally(() => globalThis.Map = Real);
  const next = handler(upload(DELTA));
  const count = () => maps.reduce((sum, { size }) => sum + size, 0);
  const whileHeld = count();
  letGo();
  assert.deepEqual([(await first).status, (await next).status], [204, 412]);
  assert.equal(count(), whileHeld - 2, "the lock of the version, and that of the path");
  store.assertClosed();
});
