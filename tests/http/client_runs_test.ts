/** How a client asks a handler for runs, and what it does where that fails; and what it lets go of. */
import assert from "node:assert/strict";
import { fetchUpdate, planUpdate, type UpdateOptions } from "rsync-streams/http";
import { assertBytes, toBytes } from "../_helpers.ts";
import { watchedSignal } from "../_listeners.ts";
import { concat, randomBytes } from "../_recipes.ts";
import { type Bytes, hostOf, publish } from "./memory_host.ts";
import { pausesDuring } from "./_pauses.ts";
import { Store } from "./_store.ts";
import { basis, clientOf, files, target, URL_OF_FILE } from "./_update.ts";

interface Seen {
  method: string;
  path: string;
  headers: Headers;
}

type OnRequest = (request: Request) => Response | void | Promise<Response | void>;

/** A handler of the target as a `fetch`. What `onRequest` returns or throws comes in place of its answer. */
function handlerOf(onRequest: OnRequest = () => {}) {
  const handler = new Store({ "/f": target }).reader();
  const seen: Seen[] = [];
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const request = new Request(url, init);
    seen.push({ method: request.method, path: new URL(url).pathname, headers: request.headers });
    return await onRequest(request) ?? await handler(request);
  };
  return {
    fetch,
    seen,
    /** The answer that it would give. */
    answer: handler,
    methods: () => seen.map(({ method }) => method),
    ofFile: () => seen.filter(({ path }) => path === "/f").map(({ method }) => method),
  };
}

async function update(options: UpdateOptions) {
  let result: Awaited<ReturnType<typeof fetchUpdate>> | undefined;
  const pauses = await pausesDuring(async () => {
    result = await fetchUpdate(URL_OF_FILE, basis, options);
    assertBytes(await toBytes(result.readable), target);
  });
  const { plan, stats } = result!;
  assert.ok(stats.isVerified);
  return { plan, stats, pauses };
}

const status = (status: number): Response => new Response(null, { status });
const isQuery = ({ method }: Request) => method === "QUERY";
/** Of the file itself: its signature is asked for in the same way. */
const isFileQuery = ({ method, url }: Request) => method === "QUERY" && url === URL_OF_FILE;

Deno.test("a handler is asked once for all runs of this version", async () => {
  const { fetch, seen, ofFile } = handlerOf();
  const { plan, stats } = await update({ fetch });
  assert.deepEqual([plan.way, plan.requests, stats.requests], ["runs", seen.length, seen.length]);
  assert.deepEqual(ofFile(), ["QUERY"]);
  const { headers } = seen.at(-1)!;
  assert.equal(headers.get("if-match"), '"v1"');
  assert.equal(headers.get("content-type"), "application/vnd.rsync-streams.runs");
});

Deno.test("where QUERY is not known, POST is asked, and stays the method", async () => {
  const refusals: (() => Response)[] = [
    ...[400, 405, 501].map((answer) => () => status(answer)),
    () => {
      throw new TypeError("reset");
    },
  ];
  for (const refuse of refusals) {
    const { fetch, methods } = handlerOf((request) => isQuery(request) ? refuse() : undefined);
    const { stats } = await update({ fetch });
    assert.deepEqual([stats.retries, stats.fallback, methods()], [0, undefined, ["GET", "QUERY", "POST", "POST"]]);
  }
});

Deno.test("once QUERY was answered, a broken connection is tried again, with the runs that are left", async () => {
  let count = 0;
  const { fetch, ofFile, answer } = handlerOf(async (request) => {
    if (!isFileQuery(request)) return;
    if (++count === 2) throw new TypeError("reset");
    if (count > 2) return;
    const whole = await (await answer(request)).bytes();
    return new Response(
      new ReadableStream<Bytes>({
        start: (controller) => controller.enqueue(whole.slice(0, 1000)),
        pull: (controller) => controller.error(new TypeError("reset")),
      }, { highWaterMark: 0 }),
    );
  });
  const { stats, pauses } = await update({ fetch });
  assert.deepEqual(ofFile(), ["QUERY", "QUERY", "QUERY"]);
  assert.deepEqual([stats.retries, pauses], [2, [100, 200]]);
});

Deno.test("a handler that passes is waited for, and one that refuses is asked for ranges", async () => {
  let left = 2;
  const busy = handlerOf((request) => isFileQuery(request) && left-- > 0 ? status(503) : undefined);
  const { stats, pauses } = await update({ fetch: busy.fetch });
  assert.deepEqual([busy.ofFile(), stats.retries, pauses], [["QUERY", "QUERY", "QUERY"], 2, [100, 200]]);
  for (const refusal of [401, 403, 404, 406, 413, 415, 422]) {
    const { fetch, ofFile } = handlerOf((request) => isFileQuery(request) ? status(refusal) : undefined);
    const { stats } = await update({ fetch });
    assert.deepEqual(ofFile(), ["QUERY", "GET"], `${refusal}`);
    assert.deepEqual([stats.fallback, stats.retries], [undefined, 0]);
  }
});

Deno.test("another version, more bytes and fewer bytes than were asked for are noticed", async () => {
  const changed = handlerOf((request) => isFileQuery(request) ? status(412) : undefined);
  const { readable, stats } = await fetchUpdate(URL_OF_FILE, basis, { fetch: changed.fetch });
  assertBytes(await toBytes(readable), target);
  assert.deepEqual([stats.fallback, changed.ofFile()], ["changed", ["QUERY", "GET"]]);

  const { missingLength } = await planUpdate(URL_OF_FILE, basis, { fetch: handlerOf().fetch });
  const filled = (length: number) => new Response(new Uint8Array(length));
  const long = handlerOf((request) => isFileQuery(request) ? filled(missingLength + 1) : undefined);
  assert.equal((await update({ fetch: long.fetch })).stats.fallback, "no-ranges");
  assert.deepEqual(long.ofFile(), ["QUERY", "GET"]);
  // Of as many bytes only the digest says that they are wrong, whatever is asked for then.
  const wrong = handlerOf((request) => isFileQuery(request) ? filled(missingLength) : undefined);
  assert.equal((await update({ fetch: wrong.fetch })).stats.fallback, "digest-mismatch");
  let isFirst = true;
  const short = handlerOf(async (request) => {
    if (!isFileQuery(request) || !isFirst) return;
    isFirst = false;
    const whole = await (await short.answer(request)).bytes();
    return new Response(whole.slice(0, -1));
  });
  const { stats: resumed } = await update({ fetch: short.fetch });
  assert.deepEqual([resumed.retries, short.ofFile()], [1, ["QUERY", "QUERY"]]);
});

Deno.test("a plan leaves no listener on its signal, however it was made", async () => {
  const whole: UpdateOptions = {
    fetch: hostOf(files, ({ path }) => new Response(path === "/f" ? target : files["/f.rsig"])).fetch,
  };
  const cases: Record<string, [Bytes | undefined, UpdateOptions]> = {
    "of ranges": [basis, clientOf(files)],
    "of runs": [basis, { fetch: handlerOf().fetch }],
    "with nothing missing": [target, clientOf(files)],
    "with a whole signature": [basis, whole],
    "without a basis": [undefined, clientOf(files)],
    "without a signature": [basis, clientOf({ "/f": target })],
    "where HEAD is refused": [
      target,
      clientOf(files, ({ init }) => init.method === "HEAD" ? status(405) : undefined),
    ],
    "where the signature is stale": [
      target,
      clientOf(files, ({ init }) => {
        if (init.method === "HEAD") return new Response(null, { headers: { "content-length": "1" } });
      }),
    ],
    "where a range from the end is not known": [
      basis,
      clientOf(files, ({ headers }) => headers.get("range") === "bytes=-2048" ? status(416) : undefined),
    ],
  };
  for (const [name, [basis, options]] of Object.entries(cases)) {
    const state = watchedSignal();
    await planUpdate(URL_OF_FILE, basis, { ...options, signal: state.signal });
    assert.equal(state.listeners.size, 0, name);
  }
  const state = watchedSignal();
  await assert.rejects(planUpdate(URL_OF_FILE, basis, { ...clientOf({}), signal: state.signal }));
  assert.equal(state.listeners.size, 0);
});

Deno.test("an answer that is no longer wanted is let go of before anything else is asked for", async () => {
  const MIB = 2 ** 20;
  const file = concat([basis, randomBytes(14, 5 * MIB)]);
  const sig = await publish(file);
  let wholes = 0;
  let open = 0;
  let openBefore: number | undefined;
  const isAnsweredTwice = Promise.withResolvers<void>();
  const { fetch } = hostOf({ "/f": file, "/f.rsig": sig }, async ({ path, headers }, body, offset) => {
    if (path !== "/f") return;
    if (!headers.has("range")) {
      openBefore = open;
      return;
    }
    // The second group gets the whole file, two times. Then the first gets something else than it asked for.
    if (offset > 2 * MIB) {
      open++;
      if (++wholes === 2) setTimeout(isAnsweredTwice.resolve);
      return new Response(
        new ReadableStream<Bytes>({
          pull: (controller) => controller.enqueue(new Uint8Array(1000)),
          cancel: () => void open--,
        }, { highWaterMark: 0 }),
      );
    }
    await isAnsweredTwice.promise;
    const told = { "content-range": `bytes 0-${body!.length - 1}/${file.length}` };
    return new Response(body, { status: 206, headers: told });
  });
  const { readable, stats } = await fetchUpdate(URL_OF_FILE, basis, { fetch });
  assertBytes(await toBytes(readable), file);
  assert.equal(stats.fallback, "no-ranges");
  assert.deepEqual([wholes, openBefore], [2, 0]);
});
