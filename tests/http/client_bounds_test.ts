/** How long clients wait, in what pieces bodies may come, and what is checked before it is given. */
import assert from "node:assert/strict";
import { RsyncError } from "rsync-streams";
import { fetchUpdate, planUpdate, sendUpdate } from "rsync-streams/http";
import { LayeredSig } from "rsync-streams/sync";
import { checkedBlocks } from "../../src/http/client/checked_blocks.ts";
import { chosenKernel } from "../../src/kernel/mod.ts";
import { assertBytes, chunks, toBytes } from "../_helpers.ts";
import { concat, randomBytes } from "../_recipes.ts";
import { type Bytes, hostOf, publish } from "./memory_host.ts";
import { timersDuring } from "./_pauses.ts";
import { Store } from "./_store.ts";
import { basis, clientOf, files, target, URL_OF_FILE } from "./_update.ts";

Deno.test("an answer is waited for half a minute, and longer after an upload, by its length", async () => {
  assert.deepEqual(
    new Set(await timersDuring(() => planUpdate(URL_OF_FILE, basis, clientOf(files)))),
    new Set([30_000]),
  );
  const handler = new Store({ "/f": basis }).writer();
  let length = 0;
  const fetch = async (url: string, init: RequestInit) => {
    if (init.method !== "PATCH") return await handler(new Request(url, init));
    length = (init.body as Blob).size;
    return new Response(null, { status: 204 });
  };
  const seen = await timersDuring(() => sendUpdate(URL_OF_FILE, target, { fetch, timeoutMs: 5000 }));
  assert.ok(length > 3000);
  assert.ok(seen.includes(5000 + length / 8), `${seen}`);
  assert.ok(seen.every((ms) => [5000, 5000 + length / 8, 300_000].includes(ms)), `${seen}`);
});

Deno.test("an answer that comes after nobody wants it any more is let go of", async () => {
  const reason = new Error("enough");
  const aborter = new AbortController();
  let answer!: (response: Response) => void;
  const late = new Promise<Response>((resolve) => answer = resolve);
  const planning = planUpdate(URL_OF_FILE, basis, { fetch: () => late, signal: aborter.signal });
  aborter.abort(reason);
  await assert.rejects(planning, (error) => error === reason);
  await new Promise((resolve) => answer(new Response(new ReadableStream({ cancel: resolve }))));
});

Deno.test("a signature is read by its length where no range from the end is known", async () => {
  for (const status of [400, 405, 416, 501]) {
    const sig = files["/f.rsig"]!;
    const { fetch, asked } = hostOf(files, ({ path, init, headers }) => {
      if (init.method === "HEAD") {
        return new Response(null, { headers: { "Content-Length": `${files[path as "/f"].length}` } });
      }
      if (headers.get("range")?.startsWith("bytes=-")) return new Response(null, { status });
    });
    const { readable } = await fetchUpdate(URL_OF_FILE, basis, { fetch });
    assertBytes(await toBytes(readable), target);
    const first = asked.slice(0, 3).map(({ init, headers }) => [init.method, headers.get("range")]);
    const end = `bytes=${sig.length - 2048}-${sig.length - 1}`;
    assert.deepEqual(first, [["GET", "bytes=-2048"], ["HEAD", null], ["GET", end]], `${status}`);
    assert.ok(asked.every(({ init, headers }) => init.method === "HEAD" || headers.has("range")));
  }
});

Deno.test("a signature with blocks of more than 64 MiB is not used: a client holds some of them", async () => {
  for (const [blockLength, fallback] of [[2 ** 26, undefined], [2 ** 26 + 16, "bad-signature"]] as const) {
    const sig = await publish(target, { layers: [{ blockLength, strongLength: 8 }] });
    const { readable, plan } = await fetchUpdate(URL_OF_FILE, target, clientOf({ "/f": target, "/f.rsig": sig }));
    assertBytes(await toBytes(readable), target);
    assert.equal(plan.fallback, fallback);
    const handle = new Store({ "/f": target }).writer();
    const fetch = async (url: string, init: RequestInit) =>
      url.endsWith("rsig") ? new Response(sig) : await handle(new Request(url, init));
    const sent = sendUpdate(URL_OF_FILE, basis, { fetch });
    await assert.rejects(sent, fallback ? { name: "RsyncError", code: "limit" } : { code: "protocol" });
  }
});

Deno.test("a length that no file can have counts as none", async () => {
  for (const length of ["9999999999999999", "9007199254740993", "99999999999999999999"]) {
    const { fetch } = hostOf(files, ({ init, headers }) => {
      if (init.method === "HEAD") return new Response(null, { headers: { "Content-Length": length } });
      if (headers.get("range")?.startsWith("bytes=-")) return new Response(null, { status: 416 });
    });
    const { readable, stats } = await fetchUpdate(URL_OF_FILE, basis, { fetch });
    assertBytes(await toBytes(readable), target);
    assert.ok(stats.isVerified, length);
  }
});

Deno.test("bodies may come in pieces of any length, whatever they are pieces of", async () => {
  const fresh = (seed: number) => randomBytes(seed, 3000);
  const edited = concat([0, 1, 2, 3].flatMap((i) => [basis.subarray(70_000 * i, 70_000 * i + 60_000), fresh(i + 50)]));
  const handler = new Store({ "/f": edited }).reader();
  for (const size of [1, 5, 1000, 100_000]) {
    const fetch = async (url: string, init: RequestInit) => {
      const response = await handler(new Request(url, init));
      const body = new Uint8Array(await response.arrayBuffer());
      const { status, headers } = response;
      return new Response(ReadableStream.from(chunks(body, size)), { status, headers });
    };
    const { plan, readable } = await fetchUpdate(URL_OF_FILE, basis, { fetch });
    assert.deepEqual([plan.way, plan.missingCount], ["runs", 4]);
    assertBytes(await toBytes(readable), edited);
  }
});

const LENGTH = 64 * 5000 + 10;
const FILE = randomBytes(9, LENGTH);
const SIG = await publish(FILE, { layers: [{ blockLength: 64, strongLength: 6 }] });

/** Checks a file in chunks, and returns what was given, and which runs were fetched in place of wrong blocks. */
async function check(file: Bytes, size: number, fetched: (offset: number, length: number) => Iterable<Uint8Array>) {
  const sig = await LayeredSig.open(SIG);
  const runs: [number, number][] = [];
  async function* fetchRun({ offset, length }: { offset: number; length: number }) {
    runs.push([offset, length]);
    yield* fetched(offset, length);
  }
  async function* source() {
    yield* chunks(file, size);
  }
  const given = await Array.fromAsync(checkedBlocks(source(), { sig, kernel: chosenKernel(undefined), fetchRun }));
  return { given, runs, sig };
}

Deno.test("each block is compared with its sums, whose records are read once", async () => {
  for (const size of [7, 64, 10_000]) {
    const { given, runs, sig } = await check(FILE, size, () => []);
    assertBytes(concat(given), FILE);
    assert.deepEqual([given.length, given.at(-1)!.length, runs], [5001, 10, []]);
    assert.equal(new Set(given.map(({ buffer }) => buffer)).size, given.length);
    // Those of 4,096 blocks, and of the others; and the end.
    assert.equal(sig.readCount, 3);
  }
});

Deno.test("a block that differs is fetched whole, in any pieces, and is an error if it differs again", async () => {
  const wrong = FILE.slice();
  for (const at of [0, 64 * 4096 + 63, LENGTH - 1]) wrong[at]! ^= 1;
  const { given, runs } = await check(wrong, 1000, (offset, length) => {
    // More than was asked for harms nobody.
    return [FILE.subarray(offset, offset + 3), FILE.subarray(offset + 3, offset + length), Uint8Array.of(1)];
  });
  assertBytes(concat(given), FILE);
  assert.deepEqual(runs, [[0, 64], [64 * 4096, 64], [64 * 5000, 10]]);
  await assert.rejects(check(wrong, 1000, (offset, length) => [wrong.subarray(offset, offset + length)]), (error) => {
    const why = "the block of 64 bytes at offset 0 has other sums than the signature";
    return error instanceof RsyncError && error.code === "digest-mismatch" && error.message.endsWith(why);
  });
});
