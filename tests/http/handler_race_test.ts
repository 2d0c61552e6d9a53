import assert from "node:assert/strict";
import { assertBytes } from "../_helpers.ts";
import { concat, randomBytes } from "../_recipes.ts";
import { assertProblem, bytesOf, get, ORIGIN, Store } from "./_store.ts";
import { deltaOf, NEW, OLD, upload } from "./_upload.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const files = () => new Store({ "/f": OLD });
const OTHER = concat([OLD.subarray(5000), randomBytes(9, 100)]);
const DELTAS = [await deltaOf(OLD, NEW), await deltaOf(OLD, OTHER)] as const;
const TARGETS = [NEW, OTHER] as const;

/** Lets everything run that can. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 2));

/** An upload whose body comes when it is told to. */
class SlowUpload {
  readonly signal = new AbortController();
  #controller!: ReadableStreamDefaultController<Bytes>;
  readonly #delta: Bytes;
  readonly request: Request;

  constructor(delta: Bytes, headers?: Record<string, string>) {
    this.#delta = delta;
    const body = new ReadableStream<Bytes>({ start: (controller) => void (this.#controller = controller) });
    this.request = upload(body, headers, this.signal.signal);
  }

  sendHalf(): void {
    this.#controller.enqueue(this.#delta.slice(0, this.#delta.length >> 1));
  }

  sendRest(): void {
    this.#controller.enqueue(this.#delta.slice(this.#delta.length >> 1));
    this.#controller.close();
  }
}

/** All ways to put three steps of each of two uploads in an order: 20. */
function orders(a = 3, b = 3): string[] {
  if (a === 0 && b === 0) return [""];
  return [
    ...(a > 0 ? orders(a - 1, b).map((rest) => `A${rest}`) : []),
    ...(b > 0 ? orders(a, b - 1).map((rest) => `B${rest}`) : []),
  ];
}

for (const order of orders()) {
  Deno.test(`of two uploads one wins, and the other is 412: ${order}`, async () => {
    const store = files();
    const handler = store.writer();
    // A commit that has all bytes waits for the third step of its upload.
    const mayCommit = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    const commit = async (_: URL, readable: ReadableStream<Bytes>, request: Request) => {
      const which = request === uploads[0]!.request ? 0 : 1;
      const bytes = await new Response(readable).bytes();
      await mayCommit[which].promise;
      store.put("/f", bytes);
    };
    const racing = store.writer({ commit });
    const uploads = DELTAS.map((delta) => new SlowUpload(delta));
    const answers: (Promise<Response> | undefined)[] = [undefined, undefined];
    const stepCounts = [0, 0];
    for (const name of order) {
      const which = name === "A" ? 0 : 1;
      const step = stepCounts[which]!++;
      if (step === 0) {
        answers[which] = racing(uploads[which]!.request);
        uploads[which]!.sendHalf();
      } else if (step === 1) {
        try {
          uploads[which]!.sendRest();
        } catch {
          // It was refused at its start, and cancelled.
        }
      } else mayCommit[which].resolve();
      await settle();
    }
    const responses = await Promise.all(answers as Promise<Response>[]);
    const winner = responses.findIndex(({ status }) => status === 204);
    assert.ok(winner >= 0, "nobody won");
    assert.equal(responses[winner]!.headers.get("ETag"), '"v2"');
    await assertProblem(responses[1 - winner]!, 412);
    assert.equal(responses[1 - winner]!.headers.get("ETag"), '"v2"');
    assertBytes(await bytesOf(await handler(get("/f"))), TARGETS[winner]!);
    store.assertClosed();
  });
}

Deno.test("of two uploads that create a file one wins, and the other is 412", async () => {
  const store = new Store();
  const handler = store.writer();
  const empty = new Uint8Array(0);
  const uploads = await Promise.all(TARGETS.map(async (target) => {
    return new SlowUpload(await deltaOf(empty, target), { "If-None-Match": "*" });
  }));
  const answers = uploads.map(({ request }) => handler(request));
  for (const slow of uploads) slow.sendHalf();
  await settle();
  for (const slow of uploads.reverse()) slow.sendRest();
  const responses = await Promise.all(answers);
  assert.deepEqual(responses.map(({ status }) => status).sort(), [201, 412]);
  const winner = responses.findIndex(({ status }) => status === 201);
  assertBytes(store.files.get("/f")!.bytes, TARGETS[winner]!);
  await bytesOf(responses[1 - winner]!);
  assert.equal(store.failures.length, 1);
  store.assertClosed();
});

Deno.test("a query, another encoding and a link make no other file of it, nor of one that is created", async () => {
  for (const [first, second] of [["/f?0", "/f?1"], ["/f", "/%66"], ["/f", "/link"], ["/f%FF", "/f%FF?1"]]) {
    for (const isCreated of first === "/f" && second === "/link" ? [false] : [false, true]) {
      const store = isCreated ? new Store() : files();
      const fileOf = () => new URL(`${ORIGIN}/f`);
      const handler = store.writer({
        open: () => store.open(fileOf()),
        commit: (_, readable) => store.commit(fileOf(), readable),
      });
      const { promise, resolve } = Promise.withResolvers<void>();
      store.onCommit = () => promise;
      const deltas = isCreated
        ? await Promise.all(TARGETS.map((target) => deltaOf(new Uint8Array(0), target)))
        : DELTAS;
      const condition = isCreated ? { "If-None-Match": "*" } : { "If-Match": '"v1"' };
      const answers = [first!, second!].map((path, i) => handler(upload(deltas[i]!, condition, undefined, path)));
      for (let i = 0; i < 5; i++) await settle();
      resolve();
      const statuses = (await Promise.all(answers)).map(({ status }) => status);
      assert.deepEqual(statuses.sort(), [isCreated ? 201 : 204, 412], `${first} and ${second}`);
      assert.equal(store.commits.length, 1);
      store.assertClosed();
    }
  }
});

Deno.test("a file that somebody else changes during the upload is 412", async () => {
  const store = files();
  const slow = new SlowUpload(DELTAS[0]);
  const answer = store.writer()(slow.request);
  slow.sendHalf();
  await settle();
  store.put("/f", OTHER);
  slow.sendRest();
  await assertProblem(await answer, 412);
  assertBytes(store.files.get("/f")!.bytes, OTHER);
  assert.equal(store.commits.length, 0);
  store.assertClosed();
});

Deno.test("a basis whose bytes change under its upload is 412 if the tag shows it, and 422 if not", async () => {
  for (const isShown of [true, false]) {
    const store = files();
    const bytes = OLD.slice();
    store.put("/f", bytes);
    const slow = new SlowUpload(DELTAS[0], { "If-Match": '"v2"' });
    const answer = store.writer()(slow.request);
    slow.sendHalf();
    await settle();
    bytes.fill(0);
    if (isShown) store.put("/f", bytes);
    slow.sendRest();
    await assertProblem(await answer, isShown ? 412 : 422, isShown ? undefined : "digest-mismatch");
    assert.equal(store.commits.length, 0);
    store.assertClosed();
  }
});

Deno.test("a file that is deleted during the upload is 412", async () => {
  const store = files();
  const slow = new SlowUpload(DELTAS[0]);
  const answer = store.writer()(slow.request);
  slow.sendHalf();
  await settle();
  store.files.delete("/f");
  slow.sendRest();
  await assertProblem(await answer, 412);
  assert.equal(store.files.size, 0);
});

Deno.test("a client that goes away before the end replaces nothing", async () => {
  const store = files();
  const reason = new Error("gone");
  const slow = new SlowUpload(DELTAS[0]);
  const answer = store.writer()(slow.request);
  slow.sendHalf();
  await settle();
  slow.signal.abort(reason);
  await answer;
  assert.deepEqual(store.failures, [reason]);
  assert.equal(store.commits.length, 0);
  store.assertClosed();
});

Deno.test("a client that goes away while the tag is asked for again replaces nothing", async () => {
  const store = files();
  const slow = new SlowUpload(DELTAS[0]);
  let openCount = 0;
  store.onOpen = () => {
    if (++openCount === 2) slow.signal.abort(new Error("gone"));
  };
  const answer = store.writer()(slow.request);
  slow.sendHalf();
  slow.sendRest();
  await answer;
  assert.equal(openCount, 2);
  assert.equal(store.commits.length, 0);
  assertBytes(store.files.get("/f")!.bytes, OLD);
  store.assertClosed();
});

Deno.test("what is wrong with an upload is the answer, whatever commit() makes of it", async () => {
  const wrong = DELTAS[0].slice();
  wrong[wrong.length - 1]! ^= 1;
  for (const isSwallowed of [true, false]) {
    const store = files();
    const handler = store.writer({
      commit: async (_, readable) => {
        await new Response(readable).bytes().catch(() => {
          if (!isSwallowed) throw new Error("an error of its own");
        });
      },
    });
    await assertProblem(await handler(upload(wrong)), 422, "digest-mismatch");
    store.assertClosed();
  }
});

Deno.test("commit() that fails, gives up or ends early is 500, and the next upload has its turn", async () => {
  const failure = new Error("the disk is full");
  const commits: [(readable: ReadableStream<Bytes>) => unknown, RegExp][] = [
    [() => Promise.reject(failure), /disk is full/],
    [async (readable) => {
      await new Response(readable).bytes();
      throw failure;
    }, /disk is full/],
    [async (readable) => {
      await readable.cancel(failure);
      throw failure;
    }, /disk is full/],
    [() => {}, /commit\(\): it resolved before its readable had ended/],
    [async (readable) => void await readable.getReader().read(), /commit\(\): it resolved before/],
  ];
  for (const [commit, message] of commits) {
    const store = files();
    const errors: Error[] = [];
    let isFirst = true;
    const handler = store.writer({
      maxRequests: 1,
      onError: (error) => void errors.push(error as Error),
      commit: (url, readable) => {
        if (!isFirst) return store.commit(url, readable);
        isFirst = false;
        return commit(readable);
      },
    });
    const { detail } = await assertProblem(await handler(upload(DELTAS[0])), 500);
    assert.ok(!detail.includes("disk"));
    assert.equal(errors.length, 1);
    assert.match(errors[0]!.message, message);
    assertBytes(store.files.get("/f")!.bytes, OLD);
    assert.equal((await handler(upload(DELTAS[0]))).status, 204);
    store.assertClosed();
  }
});
