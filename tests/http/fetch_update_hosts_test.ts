/** Updates from hosts that misbehave, one by one. conformance_test.ts has the table of all. */
import assert from "node:assert/strict";
import { fetchUpdate, HttpError, planUpdate } from "rsync-streams/http";
import { assertBytes, toBytes } from "../_helpers.ts";
import { concat, randomBytes } from "../_recipes.ts";
import { hostOf } from "./memory_host.ts";
import { pausesDuring } from "./_pauses.ts";
import { basis, clientOf, files, target, URL_OF_FILE } from "./_update.ts";

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

Deno.test("a file that has another tag on each server is verified all the same", async () => {
  let count = 0;
  const { fetch } = hostOf(files, ({ path, headers }, body, offset) => {
    const range = headers.get("range");
    if (range?.includes(",")) return new Response(null, { status: 501 });
    if (path !== "/f") return;
    const told = range !== null && { "content-range": `bytes ${offset}-${offset + body!.length - 1}/${target.length}` };
    return new Response(body, { status: told ? 206 : 200, headers: { etag: `"server-${count++ % 3}"`, ...told } });
  });
  const scattered = target.slice();
  for (let at = 5000; at < target.length; at += 100_000) scattered[at]! ^= 1;
  const { readable, stats } = await fetchUpdate(URL_OF_FILE, scattered, { fetch });
  assertBytes(await toBytes(readable), target);
  assert.deepEqual([stats.fallback, stats.isVerified], ["changed", true]);
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

Deno.test("a server that never answers rightly is an HttpError, after a bounded number of requests", async () => {
  const { fetch, asked } = hostOf({}, () => new Response("busy", { status: 503 }));
  await pausesDuring(async () => {
    const { readable } = await fetchUpdate(URL_OF_FILE, basis, { fetch });
    await assert.rejects(toBytes(readable), (error) => {
      return error instanceof HttpError && error.code === "status" && error.status === 503 && error.url === URL_OF_FILE;
    });
  });
  assert.equal(asked.length, 12);
});
