/** Answers and files that are not read to their end: they are let go of before anything else is done. */
import assert from "node:assert/strict";
import { fetchUpdate, planUpdate, sendUpdate, type UpdateOptions } from "rsync-streams/http";
import { assertBytes, makeDelta, makeSigs, toBytes } from "../_helpers.ts";
import { randomBytes } from "../_recipes.ts";
import { type Bytes, hostOf, type OnAsked } from "./memory_host.ts";
import { encodeRuns } from "./_runs.ts";
import { get, send, Store } from "./_store.ts";
import { until } from "../_until.ts";
import { basis, clientOf, files, target, URL_OF_FILE } from "./_update.ts";

const moment = () => new Promise((resolve) => setTimeout(resolve, 2));

/** A client whose answers take a moment to be cancelled, and what is asked for meanwhile. */
function slowly(fetch: NonNullable<UpdateOptions["fetch"]>) {
  /** Bodies neither read to their end nor cancelled, those being cancelled, those that were, and what was early. */
  const state = { open: 0, pending: 0, cancelCount: 0, early: [] as string[] };
  const slow = async (url: string, init: RequestInit) => {
    if (state.pending > 0) state.early.push(`${init.method} ${url}`);
    const { body, status, headers } = await fetch(url, init);
    if (status === 204) return new Response(null, { status, headers });
    const reader = (body ?? new Blob([]).stream()).getReader();
    state.open++;
    const stream = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value } = await reader.read().catch((error) => {
          state.open--;
          throw error;
        });
        if (!done) return controller.enqueue(value);
        state.open--;
        controller.close();
      },
      async cancel() {
        state.open--;
        state.pending++;
        await moment();
        state.pending--;
        state.cancelCount++;
      },
    }, { highWaterMark: 0 });
    return new Response(stream, { status, headers });
  };
  return { fetch: slow, state };
}

const refuse = (status: number, headers = {}) => new Response(null, { status, headers });
const onFile = (answer: OnAsked): OnAsked => (asked, body, offset) => {
  return asked.path === "/f" ? answer(asked, body, offset) : undefined;
};

function wholeOnce(): OnAsked {
  let isFirst = true;
  return ({ headers }) => {
    if (!headers.has("range") || !isFirst) return;
    isFirst = false;
    return new Response(target);
  };
}

/** Answers of a host, and how many of them are let go of. */
const CASES: Record<string, [Bytes | undefined, UpdateOptions, number]> = {
  "with nothing missing": [target, clientOf(files), 1],
  "without a basis": [undefined, clientOf(files), 0],
  "without a signature": [basis, clientOf({ "/f": target }), 1],
  "where HEAD is refused": [target, clientOf(files, ({ init }) => init.method === "HEAD" ? refuse(405) : undefined), 1],
  "where no range from the end is known": [
    basis,
    clientOf(files, ({ headers, init }) => {
      if (init.method === "HEAD") return refuse(200, { "content-length": `${files["/f.rsig"].length}` });
      if (headers.get("range") === "bytes=-2048") return refuse(416);
    }),
    2,
  ],
  "where the range is of another version": [
    basis,
    clientOf(
      files,
      onFile(({ headers }, body) => {
        if (headers.has("range")) {
          return new Response(body, { status: 206, headers: { "content-range": "bytes 0-1/9" } });
        }
      }),
    ),
    1,
  ],
  "where the whole file of another version comes for a range": [
    basis,
    clientOf(
      files,
      onFile(({ headers }) => {
        if (headers.has("range")) {
          return new Response(target.slice(1), { headers: { "content-length": `${target.length - 1}` } });
        }
      }),
    ),
    1,
  ],
  "where the whole file comes for a range, once": [basis, clientOf(files, onFile(wholeOnce())), 1],
  "where another range comes": [
    basis,
    clientOf(
      files,
      onFile(({ headers }, body) => {
        const told = { "content-range": `bytes 5-${4 + body!.length}/${target.length}` };
        if (headers.has("range")) return new Response(body, { status: 206, headers: told });
      }),
    ),
    1,
  ],
  "where a range is refused": [
    basis,
    clientOf(files, onFile(({ headers }) => headers.has("range") ? refuse(405) : undefined)),
    1,
  ],
};

for (const [name, [local, options, count]] of Object.entries(CASES)) {
  Deno.test(`an update lets go of answers before it asks for more: ${name}`, async () => {
    const plan = slowly(options.fetch!);
    await planUpdate(URL_OF_FILE, local, { fetch: plan.fetch });
    assert.deepEqual([plan.state.open, plan.state.pending, plan.state.early], [0, 0, []]);
    const { fetch, state } = slowly(options.fetch!);
    const { readable } = await fetchUpdate(URL_OF_FILE, local, { fetch });
    assertBytes(await toBytes(readable), target);
    assert.deepEqual([state.open, state.pending, state.early], [0, 0, []]);
    assert.ok(state.cancelCount >= count, `${state.cancelCount} answers were cancelled`);
  });
}

Deno.test("an update that fails has let go of its answers", async () => {
  const failing = slowly(hostOf({}).fetch);
  await assert.rejects(planUpdate(URL_OF_FILE, basis, { fetch: failing.fetch }), { code: "status" });
  assert.deepEqual([failing.state.open, failing.state.pending, failing.state.early], [0, 0, []]);
  assert.ok(failing.state.cancelCount > 0);
  // A download that goes on with another version.
  const cut = hostOf({ "/f": target }, ({ headers }, body) => {
    if (headers.has("range")) return new Response(body, { status: 206, headers: { etag: '"v2"' } });
    const stream = new ReadableStream<Bytes>({
      start: (controller) => controller.enqueue(body!.slice(0, 9)),
      pull: (controller) => controller.error(new TypeError("reset")),
    }, { highWaterMark: 0 });
    return new Response(stream, { headers: { etag: '"v1"' } });
  });
  const { fetch, state } = slowly((url, init) =>
    url.endsWith("/f") ? cut.fetch(url, init) : Promise.resolve(refuse(404))
  );
  const { readable } = await fetchUpdate(URL_OF_FILE, undefined, { fetch });
  await assert.rejects(toBytes(readable), { code: "changed" });
  assert.deepEqual([state.open, state.pending, state.early], [0, 0, []]);
  // A reader that leaves.
  const left = slowly(hostOf({ "/f": target }).fetch);
  const update = await fetchUpdate(URL_OF_FILE, undefined, { fetch: left.fetch });
  const reader = update.readable.getReader();
  await reader.read();
  await reader.cancel();
  // It does not wait for that: a body may never be let go of.
  assert.deepEqual([left.state.open, left.state.early], [0, []]);
  await until("the answer is let go of", () => left.state.cancelCount === 2);
});

Deno.test("sendUpdate() lets go of each answer before it goes on, and before it ends", async () => {
  const handler = new Store({ "/f": basis }).writer();
  for (const [status, isRejected] of [[204, false], [201, false], [422, true], [412, true]] as const) {
    const { fetch, state } = slowly(async (url, init) => {
      return init.method === "PATCH" ? refuse(status) : await handler(new Request(url, init));
    });
    const sending = sendUpdate(URL_OF_FILE, target, { fetch });
    if (isRejected) await assert.rejects(sending, { name: "HttpError", status });
    else await sending;
    assert.deepEqual([state.open, state.pending, state.early], [0, 0, []], `${status}`);
  }
});

/** A handler of a file that takes a moment to be closed. */
function handlerOf(options: Parameters<Store["writer"]>[0] = {}) {
  const state = { openCount: 0, closeCount: 0 };
  const store = new Store({ "/f": basis });
  const handler = store.writer({
    async open(url) {
      const file = await store.open(url);
      if (!file) return undefined;
      state.openCount++;
      return {
        ...file,
        async close() {
          await moment();
          await file.close!();
          state.closeCount++;
        },
      };
    },
    ...options,
  });
  return { handler, state };
}

const RUNS = { "Content-Type": "application/vnd.rsync-streams.runs" };
const DELTA = { "Content-Type": "application/vnd.rsync-streams.delta" };
const PAST = encodeRuns([{ offset: 300_000, length: 1 }]);

Deno.test("a handler has closed the file by the time of an answer without its bytes", async () => {
  const requests = [
    get("/f", {}, "HEAD"),
    get("/f", { "If-None-Match": "*" }),
    get("/f", { "If-Match": '"v0"' }),
    get("/f", { Range: "bytes=300000-" }),
    get("/f", { Range: "bytes=0-9" }),
    get("/f.rsig", {}, "HEAD"),
    send("QUERY", "/f", PAST, RUNS),
    send("QUERY", "/f", Uint8Array.of(0x80), RUNS),
    send("PATCH", "/f", Uint8Array.of(1), { ...DELTA, "If-Match": '"v1"' }),
    send("PATCH", "/f", Uint8Array.of(1), { ...DELTA, "If-Match": '"v0"' }),
  ];
  for (const request of requests) {
    const { handler, state } = handlerOf();
    const response = await handler(request);
    assert.ok(state.openCount > 0);
    assert.equal(state.closeCount, state.openCount, `${request.method} ${response.status}`);
    await response.body?.cancel();
  }
});

Deno.test("a handler has closed each version of a file by the time of the answer to an upload", async () => {
  const { handler, state } = handlerOf();
  const { bytes } = await makeDelta(target, await makeSigs(basis));
  const whole = await makeDelta(target, await makeSigs(new Uint8Array(0)));
  const uploads = [
    [send("PATCH", "/f", bytes, { ...DELTA, "If-Match": '"v1"' }), 204, 3],
    [send("PATCH", "/new", whole.bytes, { ...DELTA, "If-None-Match": "*" }), 201, 4],
  ] as const;
  for (const [request, status, count] of uploads) {
    assert.equal((await handler(request)).status, status);
    assert.deepEqual([state.openCount, state.closeCount], [count, count]);
  }
});

Deno.test("a handler has closed a file that it cannot serve by the time of its answer", async () => {
  let isClosed = false;
  const close = async () => {
    await moment();
    isClosed = true;
  };
  const { handler } = handlerOf({ open: () => ({ basis, size: 1, entityTag: '"1"', close }), onError: () => {} });
  assert.equal((await handler(get("/f"))).status, 500);
  assert.equal(isClosed, true);
});

Deno.test("a reader that leaves waits until the file is closed", async () => {
  for (const request of [get("/f"), send("QUERY", "/f", encodeRuns([{ offset: 0, length: 290_000 }]), RUNS)]) {
    const { handler, state } = handlerOf();
    const response = await handler(request);
    await response.body!.cancel();
    assert.deepEqual([state.openCount, state.closeCount], [1, 1]);
  }
});

Deno.test("a handler has let go of the body of a request by the time of its answer", async () => {
  const upload = (chunk: Bytes, onCancel: () => void) => {
    return new ReadableStream<Bytes>({
      pull: (controller) => controller.enqueue(chunk),
      async cancel() {
        await moment();
        onCancel();
      },
    }, { highWaterMark: 0 });
  };
  const failure = new Error("full");
  const cases: [number, Parameters<typeof handlerOf>[0], string, Record<string, string>][] = [
    [415, {}, "PATCH", {}],
    [412, {}, "PATCH", { ...DELTA, "If-Match": '"v0"' }],
    [400, {}, "PATCH", { ...DELTA, "If-Match": '"v1"' }],
    [500, { commit: () => Promise.reject(failure), onError: () => {} }, "PATCH", { ...DELTA, "If-Match": '"v1"' }],
    [413, { maxInputLength: 100 }, "QUERY", RUNS],
  ];
  for (const [status, options, method, headers] of cases) {
    let isCancelled = false;
    const { handler } = handlerOf(options);
    const body = upload(randomBytes(5, 64), () => isCancelled = true);
    const response = await handler(send(method, "/f", body, headers));
    assert.deepEqual([response.status, isCancelled], [status, true], `${status}`);
    await response.body?.cancel();
  }
});
