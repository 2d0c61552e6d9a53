/** Downloads of the whole file that break off: where they go on, and where they do not. */
import assert from "node:assert/strict";
import { fetchUpdate } from "rsync-streams/http";
import { assertBytes, toBytes } from "../_helpers.ts";
import { type Asked, type Bytes, hostOf } from "./memory_host.ts";
import { pausesDuring } from "./_pauses.ts";
import { basis, target, URL_OF_FILE } from "./_update.ts";

/** Requests for the file itself. */
const ofFile = (asked: readonly Asked[]) => asked.filter(({ path }) => path === "/f");

Deno.test("an update without a signature asks again at the missing byte only where the file has a tag", async () => {
  for (const tag of ['"v1"', 'W/"v1"', undefined]) {
    let cuts = 2;
    const { fetch, asked } = hostOf({ "/f": target }, ({ path, headers }, body, offset) => {
      if (path !== "/f") return;
      const isCut = cuts-- > 0;
      const piece = new ReadableStream<Bytes>({
        start: (controller) => controller.enqueue(isCut ? body!.slice(0, 1000) : body!),
        pull: (controller) => isCut ? controller.error(new TypeError("reset")) : controller.close(),
      }, { highWaterMark: 0 });
      const told = {
        ...tag !== undefined && { etag: tag },
        ...headers.has("range") && { "content-range": `bytes ${offset}-${target.length - 1}/${target.length}` },
      };
      return new Response(piece, { status: headers.has("range") ? 206 : 200, headers: told });
    });
    let seen = 0;
    await pausesDuring(async () => {
      const { readable } = await fetchUpdate(URL_OF_FILE, basis, { fetch });
      const reading = (async () => {
        for await (const chunk of readable) seen += chunk.length;
      })();
      if (tag === '"v1"') await reading;
      else await assert.rejects(reading, { name: "HttpError", code: "network" });
    });
    const sent = ofFile(asked).map(({ headers }) => [headers.get("range"), headers.get("if-range")]);
    const resumed = [["bytes=1000-", '"v1"'], ["bytes=2000-", '"v1"']];
    assert.deepEqual(sent, [[null, null], ...tag === '"v1"' ? resumed : []], String(tag));
    assert.equal(seen, tag === '"v1"' ? target.length : 1000);
  }
});

Deno.test("a download whose length is told late ends there, however little an answer has", async () => {
  const { fetch, asked } = hostOf({ "/f": target }, ({ path, headers }, body, offset) => {
    if (path !== "/f") return;
    const piece = body!.slice(0, 50_000);
    const isRange = headers.has("range");
    const chunks = new ReadableStream<Bytes>({
      start: (controller) => controller.enqueue(piece),
      pull: (controller) => isRange ? controller.close() : controller.error(new TypeError("reset")),
    }, { highWaterMark: 0 });
    const range = { "content-range": `bytes ${offset}-${offset + piece.length - 1}/${target.length}` };
    return new Response(chunks, { status: isRange ? 206 : 200, headers: { etag: '"v1"', ...isRange && range } });
  });
  await pausesDuring(async () => {
    const { readable } = await fetchUpdate(URL_OF_FILE, undefined, { fetch });
    assertBytes(await toBytes(readable), target);
  });
  assert.equal(ofFile(asked).length, Math.ceil(target.length / 50_000));
});

Deno.test("a download that is not verified goes on only where something says how long the file is", async () => {
  for (const total of [target.length, "*", undefined]) {
    const { fetch } = hostOf({ "/f": target }, ({ path, headers }, body, offset) => {
      if (path !== "/f") return;
      if (headers.has("range")) {
        const piece = body!.slice(0, 50_000);
        const told = { "content-range": `bytes ${offset}-${offset + piece.length - 1}/${total}` };
        return new Response(piece, { status: 206, headers: { etag: '"v1"', ...total !== undefined && told } });
      }
      const cut = new ReadableStream<Bytes>({
        start: (controller) => controller.enqueue(body!.slice(0, 1000)),
        pull: (controller) => controller.error(new TypeError("reset")),
      }, { highWaterMark: 0 });
      return new Response(cut, { headers: { etag: '"v1"' } });
    });
    await pausesDuring(async () => {
      const { readable } = await fetchUpdate(URL_OF_FILE, undefined, { fetch });
      const reading = toBytes(readable);
      if (total === target.length) assertBytes(await reading, target);
      else await assert.rejects(reading, { name: "HttpError", code: "protocol" });
    });
  }
});

Deno.test("a download that goes on with another version is an error, unless all of it comes", async () => {
  const { length } = target;
  const cut = () =>
    new ReadableStream<Bytes>({
      start: (controller) => controller.enqueue(target.slice(0, 1000)),
      pull: (controller) => controller.error(new TypeError("reset")),
    }, { highWaterMark: 0 });
  const range = (first: number, total: number) => ({ "content-range": `bytes ${first}-${total - 1}/${total}` });
  type Second = [status: number, headers: Record<string, string>, from: number, code: string | undefined];
  const cases: Record<string, Second> = {
    "the rest": [206, range(1000, length), 1000, undefined],
    "the rest, with the tag": [206, { ...range(1000, length), etag: '"v1"' }, 1000, undefined],
    "the rest, and nothing said of it": [206, {}, 1000, undefined],
    "the rest of another version": [206, { ...range(1000, length), etag: '"v2"' }, 1000, "changed"],
    "the rest of a longer file": [206, range(1000, length + 1), 1000, "changed"],
    "the rest from another byte": [206, range(999, length), 999, "status"],
    "the rest, compressed": [206, { ...range(1000, length), "content-encoding": "br" }, 1000, "status"],
    "all of it": [200, { "content-length": `${length}` }, 0, undefined],
    "all of another version": [200, { etag: '"v2"' }, 0, "changed"],
    "all of a longer file": [200, { "content-length": `${length + 1}` }, 0, "changed"],
    "no range": [416, {}, 0, "status"],
  };
  for (const [name, [status, headers, from, code]] of Object.entries(cases)) {
    let count = 0;
    const { fetch } = hostOf({ "/f": target }, ({ path }) => {
      if (path !== "/f") return;
      if (++count > 1) return new Response(target.slice(from), { status, headers });
      return new Response(cut(), { headers: { etag: '"v1"', "content-length": `${length}` } });
    });
    await pausesDuring(async () => {
      const { readable } = await fetchUpdate(URL_OF_FILE, basis, { fetch });
      if (code === undefined) assertBytes(await toBytes(readable), target, name);
      else await assert.rejects(toBytes(readable), { name: "HttpError", code }, name);
    });
    assert.equal(count, 2, name);
  }
});

Deno.test("a download with more or fewer bytes than its length says is an error", async () => {
  for (
    const [claimed, code] of [[target.length - 1, "protocol"], [target.length + 1, "network"]] as const
  ) {
    const { fetch, asked } = hostOf({ "/f": target }, ({ path }) => {
      if (path === "/f") return new Response(target, { headers: { "content-length": `${claimed}` } });
    });
    const { readable } = await fetchUpdate(URL_OF_FILE, basis, { fetch });
    await assert.rejects(toBytes(readable), { name: "HttpError", code });
    assert.equal(ofFile(asked).length, 1);
  }
});
