/** How `sendUpdate()` fails: by the server, by others who send, by time, and by its caller. */
import assert from "node:assert/strict";
import { type HttpError, sendUpdate, syncHandler } from "rsync-streams/http";
import { layeredSigStream } from "rsync-streams/sync";
import { assertBytes, source, toBytes } from "../_helpers.ts";
import { concat, randomBytes } from "../_recipes.ts";
import { pausesDuring } from "./_pauses.ts";
import { assertHttpError, FILE, type Handle, NEW, OLD, through } from "./_send_update.ts";
import { get, Store } from "./_store.ts";

type Bytes = Uint8Array<ArrayBuffer>;

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
  "fewer bytes than the range": [answer("abc", 206, RANGE), "network", /3 bytes were seen, the last 10 of/, 206],
  "no connection": [() => Promise.reject(new TypeError("reset")), "network", /reset/, undefined],
  "no connection, as Node says it": [
    refusing(REFUSED),
    "network",
    /\/f\.rsig: fetch failed: connect ECONNREFUSED$/,
    undefined,
  ],
  "no connection, as others say it": [
    () => Promise.reject(new TypeError(`error sending request: ${REFUSED.message}`, { cause: REFUSED })),
    "network",
    /\/f\.rsig: error sending request: connect ECONNREFUSED$/,
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

Deno.test("sendUpdate() waits as long as an upload takes, but not so long for the body of the answer", async () => {
  const never = () => new Promise<never>(() => {});
  const stalled = (status: number, headers = {}) => () =>
    new Response(new ReadableStream({ pull: never, cancel: never }), { status, headers });
  // It is sent as a stream.
  const target = randomBytes(5, 2 ** 25 + 1);
  const ends: [answer: () => Response, status: unknown][] = [
    [stalled(422, { "Content-Type": "application/problem+json" }), 422],
    [stalled(500), 500],
    [stalled(201), "created"],
  ];
  for (const [answer, status] of ends) {
    const fetch = through(async (request) => {
      if (request.method !== "PATCH") return new Response(null, { status: 404 });
      await request.arrayBuffer();
      await new Promise((resolve) => setTimeout(resolve, 60)); // longer than for other answers
      return answer();
    });
    const end = await sendUpdate(FILE, target, { fetch, timeoutMs: 20 }).catch((error: HttpError) => error);
    assert.equal(end.status, status);
  }
});

/** A host whose first uploads lose their connection, before or after they are done. */
function losing(store: Store, count: number, isDone: boolean): { fetch: typeof fetch; sent: () => number } {
  const writer = through(store.writer());
  let sent = 0;
  const fetch: typeof writer = async (url, init) => {
    if (init?.method !== "PATCH" || ++sent > count) return await writer(url, init);
    if (isDone) await writer(url, init);
    throw new TypeError("reset");
  };
  return { fetch, sent: () => sent };
}

Deno.test("sendUpdate() starts again once if the connection breaks while it sends", async () => {
  for (const old of [OLD, undefined]) {
    const store = new Store(old ? { "/f": old } : {});
    const { fetch, sent } = losing(store, 1, false);
    const { status, stats } = await sendUpdate(FILE, NEW, { fetch });
    assert.deepEqual([status, stats.retries, sent()], [old ? "updated" : "created", 1, 2]);
    assertBytes(store.files.get("/f")!.bytes, NEW);
  }
});

Deno.test("sendUpdate() sends nothing again if the server has it, and the answer alone was lost", async () => {
  for (const old of [OLD, undefined]) {
    const store = new Store(old ? { "/f": old } : {});
    const { fetch, sent } = losing(store, 1, true);
    const { status, stats } = await sendUpdate(FILE, NEW, { fetch });
    assert.deepEqual([status, stats.retries, sent()], ["unchanged", 1, 1]);
    assertBytes(store.files.get("/f")!.bytes, NEW);
  }
});

Deno.test("sendUpdate() that starts again replaces nothing that others have made meanwhile", async () => {
  const others = concat([OLD, Uint8Array.of(1)]);
  for (const [old, other] of [[OLD, others], [undefined, others], [OLD, undefined]]) {
    const store = new Store(old ? { "/f": old } : {});
    const writer = through(store.writer());
    let sent = 0;
    const fetch: typeof writer = async (url, init) => {
      if (init?.method !== "PATCH" || ++sent > 1) return await writer(url, init);
      if (other) store.put("/f", other);
      else store.files.delete("/f");
      throw new TypeError("reset");
    };
    await assertHttpError(sendUpdate(FILE, NEW, { fetch }), "changed", /precondition|no longer/, 412);
    assert.equal(sent, 2);
    assert.deepEqual(store.files.get("/f")?.bytes, other);
  }
});

Deno.test("sendUpdate() starts again neither before it has sent, nor for an answer or a lack of one", async () => {
  const asked: Request[] = [];
  const lost = through(() => Promise.reject(new TypeError("reset")), asked);
  await pausesDuring(() => assertHttpError(sendUpdate(FILE, NEW, { fetch: lost }), "network", /reset/));
  // One request for the signature, and five retries of it.
  assert.equal(asked.filter(({ method }) => method === "GET").length, 6);

  const { setTimeout: real } = globalThis;
  const ends: [code: string, Handle][] = [
    ["timeout", () => {
      // The time that it may take is over at once.
      globalThis.setTimeout = ((run: () => void) => real(run, 0)) as typeof setTimeout;
      return new Promise<never>(() => {});
    }],
    ["status", answer("", 500)],
    ["status", answer("", 422)],
  ];
  for (const files of [{}, { "/f": Uint8Array.of(2) }]) {
    for (const [code, end] of ends) {
      const writer = new Store(files).writer();
      const seen: Request[] = [];
      const fetch = through((request) => request.method === "PATCH" ? end(request) : writer(request), seen);
      try {
        await assert.rejects(sendUpdate(FILE, Uint8Array.of(1), { fetch }), { code });
      } finally {
        globalThis.setTimeout = real;
      }
      // The delta came last, and once.
      assert.equal(seen.findIndex(({ method }) => method === "PATCH"), seen.length - 1, code);
    }
  }
});

Deno.test("an upload that breaks off twice could not be sent, and not read", async () => {
  const { fetch, sent } = losing(new Store({ "/f": OLD }), 9, false);
  await assertHttpError(sendUpdate(FILE, NEW, { fetch }), "network", /^Cannot send to http.+\/f: reset$/);
  assert.equal(sent(), 2);
});

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

Deno.test("sendUpdate() ends with the reason of its signal while a read of the local file never answers", async () => {
  const reason = new Error("enough");
  const handle = syncHandler({ open: () => undefined, commit: () => assert.fail("nothing was sent") });
  for (const hanging of [1, 3]) {
    const aborter = new AbortController();
    let count = 0;
    const read = (offset: number, length: number) => {
      if (++count < hanging) return Promise.resolve(Uint8Array.of(1, 2, 3).slice(offset, offset + length));
      queueMicrotask(() => aborter.abort(reason));
      return new Promise<never>(() => {});
    };
    const sent = sendUpdate(FILE, { size: 3, read }, { fetch: through(handle), signal: aborter.signal });
    await assert.rejects(sent, (error) => error === reason);
    assert.equal(count, hanging);
  }
});
