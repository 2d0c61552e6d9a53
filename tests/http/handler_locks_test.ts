/** Which uploads wait for each other, and for how long. */
import assert from "node:assert/strict";
import { assertBytes, toBytes } from "../_helpers.ts";
import { settle } from "../_until.ts";
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
