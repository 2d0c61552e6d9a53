/** What a caller of `fetchUpdate` and `planUpdate` gives and gets. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { fetchUpdate, planUpdate, sendUpdate, type UpdateOptions } from "rsync-streams/http";
import { assertBytes, toBytes } from "../_helpers.ts";
import { concat, randomBytes } from "../_recipes.ts";
import { type Bytes, hostOf, type OnAsked, publish } from "./memory_host.ts";
import { basis, clientOf, files, target, URL_OF_FILE } from "./_update.ts";

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

Deno.test("a tiny file that is there already saves nothing, and not less", async () => {
  const tiny = target.slice(0, 3);
  const plan = await planUpdate(URL_OF_FILE, tiny, clientOf({ "/f": tiny, "/f.rsig": await publish(tiny) }));
  assert.equal(plan.savedShare, 0);
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
    [{ fetch, backend: "fast" }, TypeError],
    [{ fetch, sigUrl: "http://[" }, TypeError],
    [{ fetch, headers: { "a b": "c" } }, TypeError],
  ];
  for (const [options, kind] of wrong) {
    await assert.rejects(fetchUpdate(URL_OF_FILE, basis, options as UpdateOptions), kind, JSON.stringify(options));
    await assert.rejects(planUpdate(URL_OF_FILE, basis, options as UpdateOptions), kind, JSON.stringify(options));
  }
  await assert.rejects(fetchUpdate("no url", basis, { fetch }), TypeError);
  for (const who of ["me:secret@", "me@", ":secret@"]) {
    // fetch() of Node and of browsers refuses such a URL, and what it says has the password.
    const url = `http://${who}localhost/f`;
    const refused = {
      name: "TypeError",
      message: "Cannot use a URL of localhost: it has a name or a password, which belong in the header Authorization",
    };
    await assert.rejects(fetchUpdate(url, basis, { fetch }), refused);
    await assert.rejects(planUpdate(new URL(url), basis, { fetch }), refused);
    await assert.rejects(sendUpdate(url, basis, { fetch }), refused);
    await assert.rejects(fetchUpdate(URL_OF_FILE, basis, { fetch, sigUrl: url }), refused);
    await assert.rejects(sendUpdate(URL_OF_FILE, basis, { fetch, sigUrl: new URL(url) }), refused);
  }
  await assert.rejects(fetchUpdate(URL_OF_FILE, "text" as unknown as Blob, { fetch }), TypeError);
  assert.equal(asked.length, 0);
});
