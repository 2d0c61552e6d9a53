/** What a caller of `fetchUpdate` and `planUpdate` gives and gets. Hosts that misbehave: conformance_test.ts. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { fetchUpdate, HttpError, planUpdate, type UpdateOptions } from "rsync-streams/http";
import { assertBytes, toBytes } from "../_helpers.ts";
import { concat, randomBytes } from "../_recipes.ts";
import { type Bytes, hostOf, type OnAsked, publish } from "./memory_host.ts";

const URL_OF_FILE = "http://host.test/f";
const basis = randomBytes(1, 300_000);
const target = concat([basis.subarray(0, 100_000), randomBytes(2, 3000), basis.subarray(120_000)]);
const files = { "/f": target, "/f.rsig": await publish(target) };

/** The options of a client of a host. */
function clientOf(files: Record<string, Bytes | undefined>, onAsked?: OnAsked): UpdateOptions {
  return { fetch: hostOf(files, onAsked).fetch };
}

Deno.test("fetchUpdate() makes any file from any other, and counts what it did", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(9), fc.integer({ min: 1, max: 3000 })), { maxLength: 8 }),
      fc.array(fc.tuple(fc.nat(9), fc.integer({ min: 1, max: 3000 })), { maxLength: 8 }),
      async (from, to) => {
        const [local, remote] = [from, to].map((pieces) => concat(pieces.map(([k, n]) => randomBytes(k + 9, n))));
        const { fetch, asked } = hostOf({ "/f": remote, "/f.rsig": await publish(remote!) });
        const { readable, stats } = await fetchUpdate(URL_OF_FILE, local!, { fetch });
        assertBytes(await toBytes(readable), remote!);
        assert.equal(stats.bytesOut, remote!.length);
        assert.equal(stats.requests, asked.length);
        assert.ok(stats.isVerified);
      },
    ),
    { numRuns: 40 },
  );
});

Deno.test("planUpdate() fetches nothing of the file, and says what fetchUpdate() will do", async () => {
  const { fetch, asked } = hostOf(files);
  const plan = await planUpdate(URL_OF_FILE, basis, { fetch });
  assert.ok(asked.every(({ path }) => path === "/f.rsig"));
  const { plan: again, readable, stats } = await fetchUpdate(URL_OF_FILE, basis, { fetch });
  assertBytes(await toBytes(readable), target);
  assert.deepEqual({ ...plan, requestCost: 0 }, { ...again, requestCost: 0 });
  assert.equal(plan.way, "ranges");
  assert.equal(plan.copiedLength + plan.missingLength, target.length);
  assert.ok(plan.missingLength >= 3000 && plan.missingLength < 3600);
  assert.equal(stats.requests, plan.requests);
  assert.ok(Math.abs(stats.bytesIn - plan.bytesIn) < 300, `${stats.bytesIn} and ${plan.bytesIn}`);
});

Deno.test("planUpdate() says that a full download is cheaper where the basis has nothing", async () => {
  const { fetch } = hostOf(files);
  const plan = await planUpdate(URL_OF_FILE, randomBytes(7, 300_000), { fetch });
  assert.deepEqual([plan.way, plan.fallback, plan.savedShare], ["full", "cheaper", 0]);
});

Deno.test("without a basis, or with an empty one, the file is fetched and verified", async () => {
  for (const none of [undefined, null, new Uint8Array(0), new Blob([])]) {
    const { fetch } = hostOf(files);
    const { readable, plan, stats } = await fetchUpdate(URL_OF_FILE, none, { fetch });
    assertBytes(await toBytes(readable), target);
    assert.deepEqual([plan.way, plan.fallback, stats.fallback], ["full", "no-basis", "no-basis"]);
    assert.ok(stats.isVerified);
  }
});

Deno.test("without a signature the file is fetched, and is not verified", async () => {
  const { fetch } = hostOf({ "/f": target });
  const { readable, plan, stats } = await fetchUpdate(URL_OF_FILE, basis, { fetch });
  assertBytes(await toBytes(readable), target);
  assert.deepEqual([plan.fallback, plan.fileLength, stats.isVerified], ["no-signature", undefined, false]);
});

Deno.test("requests carry the headers that were given, ask no cache, and go to sigUrl", async () => {
  const { fetch, asked } = hostOf({ "/f": target, "/sums": files["/f.rsig"] });
  const headers = { Authorization: "Bearer of news" };
  const { readable } = await fetchUpdate(URL_OF_FILE, basis, { fetch, headers, sigUrl: "/sums" });
  assertBytes(await toBytes(readable), target);
  assert.deepEqual(new Set(asked.map(({ path }) => path)), new Set(["/f", "/sums"]));
  for (const { headers, init } of asked) {
    assert.equal(headers.get("authorization"), "Bearer of news");
    assert.equal(init.cache, "no-store");
  }
});

Deno.test("a signal ends the search, the requests and the stream with its reason", async () => {
  const reason = new Error("enough");
  const aborted = AbortSignal.abort(reason);
  await assert.rejects(fetchUpdate(URL_OF_FILE, basis, { ...clientOf(files), signal: aborted }), (e) => e === reason);
  const { requests } = await planUpdate(URL_OF_FILE, basis, clientOf(files));
  assert.ok(requests > 1);
  for (let at = 1; at <= requests + 1; at++) {
    const aborter = new AbortController();
    let count = 0;
    const { fetch } = hostOf(files, () => void (++count === at && aborter.abort(reason)));
    const update = async () => {
      const { readable } = await fetchUpdate(URL_OF_FILE, basis, { fetch, signal: aborter.signal });
      await toBytes(readable);
    };
    if (at <= requests) await assert.rejects(update(), (error) => error === reason, `${at}`);
    else await update();
  }
});

Deno.test("the reason of a cancel reaches the requests under way", async () => {
  const reason = new Error("enough");
  let seen: unknown;
  const { fetch } = hostOf(files, ({ path, init }) => {
    if (path === "/f") {
      return new Promise((_, reject) => {
        init.signal!.addEventListener("abort", () => {
          seen = init.signal!.reason;
          reject(seen);
        });
      });
    }
  });
  const { readable } = await fetchUpdate(URL_OF_FILE, basis, { fetch });
  const reader = readable.getReader();
  const reading = reader.read();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await reader.cancel(reason);
  await reading;
  assert.equal(seen, reason);
});

Deno.test("an error of the basis is passed on", async () => {
  const failure = new Error("the disk is broken");
  const broken = { size: basis.length, read: () => Promise.reject(failure) };
  await assert.rejects(fetchUpdate(URL_OF_FILE, broken, clientOf(files)), (error) => error === failure);
});

Deno.test("onProgress is called with the stats, and last with the final ones", async () => {
  const seen: number[] = [];
  const { fetch } = hostOf(files);
  const options: UpdateOptions = { fetch, onProgress: ({ bytesOut }) => void seen.push(bytesOut) };
  const { readable } = await fetchUpdate(URL_OF_FILE, basis, options);
  await toBytes(readable);
  assert.equal(seen.at(-1), target.length);
});

Deno.test("stats.total is the length of the target, once a signature or an answer has said it", async () => {
  const longer = concat([target, randomBytes(5, 10)]);
  const unsized = new Response(new Blob([target]).stream()); // no Content-Length
  const sized = (body: Bytes) => new Response(body, { headers: { "content-length": `${body.length}` } });
  /** Answers requests for the whole file. */
  const whole = (answer: Response): OnAsked => ({ path, headers }) => {
    if (path === "/f" && !headers.has("range")) return answer;
  };
  const cases: [string, UpdateOptions, number | undefined, number | undefined][] = [
    ["by the signature", clientOf(files), target.length, target.length],
    ["by the answer", clientOf({ "/f": target }, whole(sized(target))), undefined, target.length],
    ["by nobody", clientOf({ "/f": target }, whole(unsized)), undefined, undefined],
    ["of another version", clientOf({ ...files, "/f": longer }, whole(sized(longer))), target.length, longer.length],
  ];
  for (const [name, client, before, after] of cases) {
    const totals: (number | undefined)[] = [];
    const onProgress = ({ total }: { total: number | undefined }) => void totals.push(total);
    const { readable, stats } = await fetchUpdate(URL_OF_FILE, basis, { ...client, onProgress });
    assert.equal(stats.total, before, name);
    const { length } = await toBytes(readable);
    assert.deepEqual([stats.total, totals.at(-1)], [after, after], name);
    if (after !== undefined) assert.equal(length, after, name);
  }
});

/** A signal, and who listens to it. */
function countedSignal(): { signal: AbortSignal; listeners: ReadonlySet<unknown> } {
  const listeners = new Set<unknown>();
  const signal: AbortSignal = Object.assign(Object.create(AbortSignal.any([])), {
    throwIfAborted: () => {},
    addEventListener: (_type: string, listener: unknown) => listeners.add(listener),
    removeEventListener: (_type: string, listener: unknown) => listeners.delete(listener),
  });
  return { signal, listeners };
}

Deno.test("an update that is disposed of ends its requests, errors its stream, and leaves the signal", async () => {
  let seen: unknown;
  const { fetch } = hostOf(files, ({ path, init }) => {
    if (path !== "/f") return;
    return new Promise((_, reject) => init.signal!.addEventListener("abort", () => reject(seen = init.signal!.reason)));
  });
  const { signal, listeners } = countedSignal();
  let piped: Promise<unknown>;
  {
    await using update = await fetchUpdate(URL_OF_FILE, basis, { fetch, signal });
    piped = toBytes(update.readable).then(() => "no error", (error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(listeners.size, 1);
  }
  assert.equal((await piped as Error).name, "AbortError");
  assert.equal(seen, await piped);
  assert.equal(listeners.size, 0);
});

Deno.test("to dispose of an update that has ended has no effect, and one that was never read errors", async () => {
  const { fetch } = hostOf(files);
  {
    await using update = await fetchUpdate(URL_OF_FILE, basis, { fetch });
    assertBytes(await toBytes(update.readable), target);
  }
  const { signal, listeners } = countedSignal();
  const unread = await fetchUpdate(URL_OF_FILE, basis, { fetch, signal });
  assert.equal(listeners.size, 1);
  await unread[Symbol.asyncDispose]();
  assert.equal(listeners.size, 0);
  await assert.rejects(toBytes(unread.readable), { name: "AbortError" });
});

Deno.test("an answer that is cut is asked for again at the missing byte", async () => {
  let cuts = 3;
  const { fetch, asked } = hostOf(files, ({ path }, body, offset) => {
    if (path !== "/f" || cuts-- <= 0) return;
    const broken = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(body!.subarray(0, 1000)),
      pull: (controller) => controller.error(new TypeError("reset")),
    });
    const told = { "content-range": `bytes ${offset}-${offset + body!.length - 1}/${target.length}` };
    return new Response(broken, { status: 206, headers: told });
  });
  const { readable, stats } = await fetchUpdate(URL_OF_FILE, basis, { fetch });
  assertBytes(await toBytes(readable), target);
  const offsets = asked.filter(({ path }) => path === "/f").map(({ headers }) => headers.get("range")!.split(/\D+/)[1]);
  assert.deepEqual(offsets.map((offset) => Number(offset) - Number(offsets[0])), [0, 1000, 2000, 3000]);
  assert.equal(stats.retries, 3);
});

Deno.test("where a server gives less of a range than was asked for, the rest is asked for, if that ends", async () => {
  for (const most of [1000, 10]) {
    const { fetch, asked } = hostOf(files, ({ path }, body, offset) => {
      if (path !== "/f" || !body || body.length === target.length) return;
      const short = body.slice(0, most);
      const told = { "content-range": `bytes ${offset}-${offset + short.length - 1}/${target.length}` };
      return new Response(short, { status: 206, headers: told });
    });
    const { readable, stats } = await fetchUpdate(URL_OF_FILE, basis, { fetch });
    assertBytes(await toBytes(readable), target);
    assert.equal(stats.fallback, most === 10 ? "no-ranges" : undefined);
    assert.ok(asked.length < 25, `${asked.length} requests`);
  }
});

Deno.test("where nothing is missing, a signature that is older than the file is noticed by its length", async () => {
  const newer = concat([target, randomBytes(5, 10)]);
  const { fetch, asked } = hostOf({ ...files, "/f": newer }, ({ init }) => {
    if (init.method === "HEAD") return new Response(null, { headers: { "content-length": String(newer.length) } });
  });
  const { readable, stats } = await fetchUpdate(URL_OF_FILE, target, { fetch });
  assertBytes(await toBytes(readable), newer);
  assert.equal(stats.fallback, "stale-signature");
  assert.ok(asked.length <= 4);
  const plan = await planUpdate(URL_OF_FILE, target, { fetch });
  assert.deepEqual([plan.way, plan.digest], ["full", undefined]);
});

Deno.test("a host that does not answer HEAD is updated from all the same", async () => {
  for (const answer of [() => Promise.reject(new TypeError("reset")), () => new Response(null, { status: 405 })]) {
    const { fetch } = hostOf(files, ({ init }) => init.method === "HEAD" ? answer() : undefined);
    const { readable, stats } = await fetchUpdate(URL_OF_FILE, target, { fetch });
    assertBytes(await toBytes(readable), target);
    assert.deepEqual([stats.fallback, stats.isVerified], [undefined, true]);
  }
});

Deno.test("bodies that come a byte at a time make the same file", async () => {
  const byByte = (body: Uint8Array<ArrayBuffer>) => {
    let at = 0;
    return new ReadableStream<Uint8Array>({
      pull: (controller) => at < body.length ? controller.enqueue(body.slice(at, ++at)) : controller.close(),
    });
  };
  const { fetch } = hostOf(files, ({ path, headers }, body, offset) => {
    if (!headers.has("range")) return;
    const { length } = path === "/f" ? target : files["/f.rsig"];
    const told = { "content-range": `bytes ${offset}-${offset + body!.length - 1}/${length}` };
    return new Response(byByte(body!), { status: 206, headers: told });
  });
  const { readable, stats } = await fetchUpdate(URL_OF_FILE, basis, { fetch });
  assertBytes(await toBytes(readable), target);
  assert.deepEqual([stats.fallback, stats.isVerified], [undefined, true]);
});

Deno.test("a part that is of a longer file shows that the signature is stale", async () => {
  const scattered = target.slice();
  for (let at = 5000; at < target.length; at += 20_000) scattered[at]! ^= 1;
  const newer = concat([target, randomBytes(5, 10)]);
  let partCount = 0;
  const { fetch } = hostOf({ ...files, "/f": newer }, ({ path, headers }) => {
    const ranges = headers.get("range")?.replace("bytes=", "").split(",") ?? [];
    if (ranges.length < 2) return;
    // The signature is read so too: otherwise the client would not ask for several ranges of the file.
    const file = path === "/f" ? newer : files["/f.rsig"];
    const parts = ranges.map((range) => {
      const [from, to] = range.split("-").map(Number);
      const told = `Content-Range: bytes ${range}/${file.length}`;
      if (path === "/f") partCount++;
      return [`--b\r\n${told}\r\n\r\n`, file.slice(from, to! + 1), "\r\n"];
    });
    const headersOfParts = { "content-type": "multipart/byteranges; boundary=b" };
    return new Response(new Blob([...parts.flat(), "--b--\r\n"]), { status: 206, headers: headersOfParts });
  });
  const { readable, stats } = await fetchUpdate(URL_OF_FILE, scattered, { fetch });
  assertBytes(await toBytes(readable), newer);
  assert.ok(partCount > 1);
  assert.equal(stats.fallback, "changed");
});

Deno.test("where the signature comes whole and the host promises no ranges, the plan is a full download", async () => {
  const { fetch, asked } = hostOf(files, ({ path, init }) => {
    if (init.method === "HEAD") return new Response(null, { headers: { "content-length": String(target.length) } });
    return new Response(path === "/f" ? target : files["/f.rsig"]);
  });
  const { readable, plan, stats } = await fetchUpdate(URL_OF_FILE, basis, { fetch });
  assertBytes(await toBytes(readable), target);
  assert.deepEqual([plan.way, plan.fallback, stats.isVerified], ["full", "no-ranges", true]);
  assert.equal(asked.length, 3);
});

Deno.test("planUpdate() rejects where there is no file, and says its length where there is no signature", async () => {
  await assert.rejects(planUpdate(URL_OF_FILE, basis, clientOf({})), {
    name: "HttpError",
    code: "status",
    status: 404,
  });
  const { fetch } = hostOf({ "/f": target }, ({ path, init }) => {
    if (path !== "/f" || init.method !== "HEAD") return;
    return new Response(null, { headers: { "content-length": String(target.length) } });
  });
  const plan = await planUpdate(URL_OF_FILE, basis, { fetch });
  assert.deepEqual([plan.fileLength, plan.missingLength, plan.savedShare], [target.length, target.length, 0]);
});

Deno.test("a tiny file that is there already saves nothing, and not less", async () => {
  const tiny = target.slice(0, 3);
  const plan = await planUpdate(URL_OF_FILE, tiny, clientOf({ "/f": tiny, "/f.rsig": await publish(tiny) }));
  assert.equal(plan.savedShare, 0);
});

Deno.test("a server that never answers rightly is an HttpError, after a bounded number of requests", async () => {
  const { fetch, asked } = hostOf({}, () => new Response("busy", { status: 503 }));
  const { readable } = await fetchUpdate(URL_OF_FILE, basis, { fetch });
  await assert.rejects(toBytes(readable), (error) => {
    return error instanceof HttpError && error.code === "status" && error.status === 503 && error.url === URL_OF_FILE;
  });
  assert.ok(asked.length <= 12, `${asked.length} requests`);
});

Deno.test("options are checked before a request is sent", async () => {
  const { fetch, asked } = hostOf(files);
  const wrong: [object | null, ErrorConstructor][] = [
    [null, TypeError],
    [{ fetch: 1 }, TypeError],
    [{ fetch, timeoutMs: 0 }, RangeError],
    [{ fetch, timeoutMs: "1" }, TypeError],
    [{ fetch, onProgress: 1 }, TypeError],
    [{ fetch, signal: {} }, TypeError],
    [{ fetch, sigUrl: "http://[" }, TypeError],
    [{ fetch, headers: { "a b": "c" } }, TypeError],
  ];
  for (const [options, kind] of wrong) {
    await assert.rejects(fetchUpdate(URL_OF_FILE, basis, options as UpdateOptions), kind, JSON.stringify(options));
    await assert.rejects(planUpdate(URL_OF_FILE, basis, options as UpdateOptions), kind, JSON.stringify(options));
  }
  await assert.rejects(fetchUpdate("no url", basis, { fetch }), TypeError);
  await assert.rejects(fetchUpdate(URL_OF_FILE, "text" as unknown as Blob, { fetch }), TypeError);
  assert.equal(asked.length, 0);
});
