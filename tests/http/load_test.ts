/** Many clients of one handler at once. With RSYNC_STREAMS_SLOW there are 200, of a file of 64 MiB. */
import assert from "node:assert/strict";
import { fetchUpdate } from "rsync-streams/http";
import { sha256 } from "../_helpers.ts";
import { randomBytes } from "../_recipes.ts";
import { peakOf, startLoadServer, versionOf } from "./load.ts";

const MIB = 2 ** 20;
const isSlow = Boolean(Deno.env.get("RSYNC_STREAMS_SLOW"));
const CLIENTS = isSlow ? 200 : 30;
const LENGTH = (isSlow ? 64 : 8) * MIB;
/** How much the server may grow by, after one client. All clients' files together have 12,800 MiB, or 240. */
const MAX_GROWTH = 100 * MIB;
/** All clients share one core, so an answer that has come may have to wait for its reader. */
const TIMEOUT_MS = 1_800_000;

Deno.test(`${CLIENTS} clients at once, each from another version: right, bounded memory, one signature`, async () => {
  const folder = await Deno.makeTempDir({ prefix: "rsync-streams-load-" });
  const target = randomBytes(7, LENGTH);
  await Deno.writeFile(`${folder}/file`, target);
  const digest = await sha256(target);
  try {
    await using server = await startLoadServer(folder);
    const url = new URL("handler/file", server.url);
    const update = async (number: number) => {
      const { readable, stats } = await fetchUpdate(url, versionOf(target, number), { timeoutMs: TIMEOUT_MS });
      for await (const _ of readable);
      assert.equal(stats.digest, digest);
      assert.equal(stats.isVerified, true);
      assert.equal(stats.fallback, undefined);
      return stats;
    };
    await update(CLIENTS);
    const before = peakOf(server.pid);
    const all = await Promise.all(Array.from({ length: CLIENTS }, (_, i) => update(i)));
    const growth = peakOf(server.pid) - before;
    const { bytesRead, maxRequests } = await server.counts();
    const missing = all.reduce((sum, { bytesIn }) => sum + bytesIn, 0);
    assert.ok(missing < CLIENTS * LENGTH / 50, `${missing} bytes came`);
    // It reads the file once for its signature, and what is missing.
    assert.ok(bytesRead < LENGTH + 2 * missing, `${bytesRead} bytes were read, for ${missing}`);
    assert.ok(growth < MAX_GROWTH, `the server grew by ${(growth / MIB).toFixed()} MiB`);
    console.log(`${maxRequests} requests at once, the server grew by ${(growth / MIB).toFixed()} MiB`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what is kept of a body holds no more than twice its bytes, whatever buffers it came in", async () => {
  const body = new ReadableStream({
    start(controller) {
      for (const length of [1, 4096, 40_000, 65_536]) controller.enqueue(new Uint8Array(65_536).subarray(0, length));
      controller.close();
    },
  });
  const fetch = (url: string) => {
    return Promise.resolve(url.endsWith(".rsig") ? new Response(null, { status: 404 }) : new Response(body));
  };
  const { readable } = await fetchUpdate("http://host.test/file", undefined, { fetch });
  const chunks = await Array.fromAsync(readable);
  assert.deepEqual(chunks.map(({ length }) => length), [1, 4096, 40_000, 65_536]);
  for (const { length, buffer } of chunks) assert.ok(buffer.byteLength <= 2 * length, `${length} bytes`);
});
