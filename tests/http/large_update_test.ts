/** Updates with more missing bytes than are held in memory: 32 MiB. */
import assert from "node:assert/strict";
import { fetchUpdate } from "rsync-streams/http";
import { layeredSigStream } from "rsync-streams/sync";
import { assertBytes, source, toBytes } from "../_helpers.ts";
import { concat, randomBytes } from "../_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const fresh = randomBytes(1, 40 * 2 ** 20);
const kept = randomBytes(2, 3_000_000);
const target = concat([kept, fresh, kept.subarray(0, 1_000_001)]);
const sig = await toBytes(source(target).pipeThrough(layeredSigStream({ fileLength: target.length })));

/** A host of the target and its signature. `spoil` changes what is sent of the target from an offset on. */
function hostOf(spoil: (bytes: Bytes, offset: number) => Bytes | undefined = () => undefined) {
  return (url: string, { headers }: RequestInit) => {
    const isSig = url.endsWith(".rsig");
    const file = isSig ? sig : target;
    const range = /^bytes=(\d*)-(\d*)$/.exec(new Headers(headers).get("range") ?? "");
    if (!range) return Promise.resolve(new Response(file));
    const [, first, last] = range;
    const from = first ? Number(first) : Math.max(0, file.length - Number(last));
    const to = Math.min(first ? Number(last) : Infinity, file.length - 1);
    const bytes = file.slice(from, to + 1);
    const body = isSig ? bytes : spoil(bytes, from) ?? bytes;
    const told = { "content-range": `bytes ${from}-${to}/${file.length}` };
    return Promise.resolve(new Response(body, { status: 206, headers: told }));
  };
}

/** Changes a byte at an offset of the target, so many times. */
function spoilAt(at: number, times: number) {
  let left = times;
  return (bytes: Bytes, offset: number) => {
    if (at < offset || at >= offset + bytes.length || left-- <= 0) return undefined;
    bytes[at - offset]! ^= 1;
    return bytes;
  };
}

Deno.test("a large update is the target, and is verified", async () => {
  const { readable, plan, stats } = await fetchUpdate("http://host.test/f", kept, { fetch: hostOf() });
  assert.equal(plan.way, "ranges");
  assert.ok(plan.missingLength > 2 ** 25);
  assertBytes(await toBytes(readable), target);
  assert.ok(stats.isVerified);
  assert.ok(stats.bytesIn < fresh.length + 400_000, `${stats.bytesIn} bytes`);
});

Deno.test("a block that comes with a wrong byte is fetched again", async () => {
  const fetch = hostOf(spoilAt(20_000_000, 1));
  const { readable, stats } = await fetchUpdate("http://host.test/f", kept, { fetch });
  assertBytes(await toBytes(readable), target);
  assert.equal(stats.fallback, undefined);
  assert.ok(stats.isVerified);
});

Deno.test("a block that stays wrong ends the update, before it is given", async () => {
  const at = 20_000_000;
  const { readable } = await fetchUpdate("http://host.test/f", kept, { fetch: hostOf(spoilAt(at, Infinity)) });
  let length = 0;
  const reading = (async () => {
    for await (const chunk of readable) {
      assertBytes(chunk, target.subarray(length, length + chunk.length));
      length += chunk.length;
    }
  })();
  await assert.rejects(reading, { name: "RsyncError", code: "digest-mismatch" });
  assert.ok(length <= at);
});

Deno.test("a large update stops its requests when it is cancelled, and holds back when nobody reads", async () => {
  let count = 0;
  const host = hostOf();
  const fetch = (url: string, init: RequestInit) => {
    count++;
    return host(url, init);
  };
  const { readable } = await fetchUpdate("http://host.test/f", kept, { fetch });
  const reader = readable.getReader();
  await reader.read();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const before = count;
  assert.ok(before < 15, `${before} requests`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(count, before);
  const reason = new Error("enough");
  await reader.cancel(reason);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(count, before);
});
