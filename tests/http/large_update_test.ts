/** Updates with more missing bytes than are held in memory: 32 MiB. */
import assert from "node:assert/strict";
import { fetchUpdate } from "rsync-streams/http";
import { assertBytes, toBytes } from "../_helpers.ts";
import { concat, randomBytes } from "../_recipes.ts";
import { hostOf, type OnAsked, publish } from "./memory_host.ts";

const fresh = randomBytes(1, 40 * 2 ** 20);
const kept = randomBytes(2, 3_000_000);
const target = concat([kept, fresh, kept.subarray(0, 1_000_001)]);
const files = { "/f": target, "/f.rsig": await publish(target) };

/** Changes a byte at an offset of the target, so many times. */
function spoilAt(at: number, times: number): OnAsked {
  let left = times;
  return ({ path }, bytes, offset) => {
    if (path !== "/f" || !bytes || at < offset || at >= offset + bytes.length || left-- <= 0) return;
    bytes[at - offset]! ^= 1;
  };
}

Deno.test("a large update is the target, and is verified", async () => {
  const { readable, plan, stats } = await fetchUpdate("http://host.test/f", kept, { fetch: hostOf(files).fetch });
  assert.equal(plan.way, "ranges");
  assert.ok(plan.missingLength > 2 ** 25);
  assertBytes(await toBytes(readable), target);
  assert.ok(stats.isVerified);
  assert.ok(stats.bytesIn < fresh.length + 400_000, `${stats.bytesIn} bytes`);
});

Deno.test("a large update comes out of the whole file where ranges are wrong after bytes were given", async () => {
  const compressed: OnAsked = ({ path, headers }, bytes, offset) => {
    if (path !== "/f" || !headers.has("range")) return;
    const told = { "content-encoding": "gzip", "content-range": `bytes ${offset}-${offset + bytes!.length - 1}/*` };
    return new Response(bytes, { status: 206, headers: told });
  };
  const { fetch, asked } = hostOf(files, compressed);
  const { readable, stats } = await fetchUpdate("http://host.test/f", kept, { fetch });
  assertBytes(await toBytes(readable), target);
  assert.deepEqual([stats.fallback, stats.isVerified], ["no-ranges", true]);
  assert.equal(asked.filter(({ path, headers }) => path === "/f" && !headers.has("range")).length, 1);
});

Deno.test("a block that comes with a wrong byte is fetched again", async () => {
  const { fetch } = hostOf(files, spoilAt(20_000_000, 1));
  const { readable, stats } = await fetchUpdate("http://host.test/f", kept, { fetch });
  assertBytes(await toBytes(readable), target);
  assert.equal(stats.fallback, undefined);
  assert.ok(stats.isVerified);
});

Deno.test("a block that stays wrong ends the update, before it is given", async () => {
  const at = 20_000_000;
  const { fetch } = hostOf(files, spoilAt(at, Infinity));
  const { readable } = await fetchUpdate("http://host.test/f", kept, { fetch });
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
  const { fetch, asked } = hostOf(files);
  const { readable } = await fetchUpdate("http://host.test/f", kept, { fetch });
  const reader = readable.getReader();
  await reader.read();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const before = asked.length;
  assert.ok(before < 15, `${before} requests`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(asked.length, before);
  const reason = new Error("enough");
  await reader.cancel(reason);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(asked.length, before);
});
