/** Which requests a client sends, in which order, and how many at once. */
import assert from "node:assert/strict";
import { fetchUpdate, planUpdate, type UpdateOptions } from "rsync-streams/http";
import { withClock } from "../_clock.ts";
import { assertBytes, sha256, toBytes } from "../_helpers.ts";
import { concat, randomBytes } from "../_recipes.ts";
import { type Asked, type Bytes, hostOf, type OnAsked, publish } from "./memory_host.ts";
import { basis, files, target, URL_OF_FILE } from "./_update.ts";

const BLOCK = 64;

/** A file of blocks on a host, and a basis that lacks some of them. */
async function filesOf(blockCount: number, isMissing: (block: number) => boolean) {
  const file = randomBytes(11, blockCount * BLOCK);
  const kept: Bytes[] = [];
  for (let k = 0; k < blockCount; k++) if (!isMissing(k)) kept.push(file.slice(k * BLOCK, (k + 1) * BLOCK));
  const layers = [{ blockLength: BLOCK, strongLength: 8 }];
  return { file, basis: concat(kept), host: { "/f": file, "/f.rsig": await publish(file, { layers }) } };
}

function rangesOf({ headers }: Asked): [first: number, last: number][] {
  const spans = headers.get("range")?.replace("bytes=", "").split(",") ?? [];
  return spans.map((span) => span.split("-").map(Number) as [number, number]);
}

/** Answers requests for several ranges with a multipart body, of some length if one is given. */
function multipart(files: Record<string, Bytes>, lengthOf?: (ranges: [number, number][]) => number): OnAsked {
  return (asked) => {
    const ranges = rangesOf(asked);
    if (ranges.length < 2) return;
    const file = files[asked.path]!;
    const parts = ranges.flatMap(([first, last]) => [
      `\r\n--b\r\nContent-Type: x/y\r\nContent-Range: bytes ${first}-${last}/${file.length}\r\n\r\n`,
      file.slice(first, last + 1),
    ]);
    const headers = { "content-type": "multipart/byteranges; boundary=b" };
    const body = new Blob([...parts, "\r\n--b--\r\n"]);
    const filler = "x".repeat(lengthOf ? lengthOf(ranges) - body.size : 0);
    return new Response(new Blob([filler, body]), { status: 206, headers });
  };
}

/** Requests for the file itself. */
const ofFile = (asked: readonly Asked[]) => asked.filter(({ path }) => path === "/f");

async function update(basis: Bytes, file: Bytes, options: UpdateOptions) {
  const { readable, stats, plan } = await fetchUpdate(URL_OF_FILE, basis, options);
  assertBytes(await toBytes(readable), file);
  assert.ok(stats.isVerified);
  return { stats, plan };
}

Deno.test("each request asks for the version of the signature, and for bytes as they are", async () => {
  const tagged = await publish(target, { entityTag: '"v1"' });
  const { fetch, asked } = hostOf({ "/f": target, "/f.rsig": tagged });
  await update(basis, target, { fetch });
  assert.deepEqual([asked[0]!.path, asked[0]!.headers.get("range")], ["/f.rsig", "bytes=-2048"]);
  for (const { init, headers } of asked) {
    assert.deepEqual([init.method, headers.get("accept-encoding"), init.body], ["GET", "identity", undefined]);
  }
  for (const { headers } of ofFile(asked)) assert.equal(headers.get("if-range"), '"v1"');
  // Without a tag there is nothing to ask for.
  const { fetch: untagged, asked: others } = hostOf(files);
  await update(basis, target, { fetch: untagged });
  for (const { headers } of others) assert.equal(headers.get("if-range"), null);
});

Deno.test("pieces that are near are one range: at 100 bytes, or at what a request costs", async () => {
  // Gaps of 1, 2, 7, 8 and 9 blocks.
  const missing = [0, 2, 5, 13, 22, 32];
  const { file, basis, host } = await filesOf(1000, (k) => missing.includes(k));
  const several = hostOf(host, multipart(host));
  await update(basis, file, { fetch: several.fetch });
  const at = (block: number) => block * BLOCK;
  const spans = (...blocks: [first: number, last: number][]) => blocks.map(([a, b]) => [at(a), at(b + 1) - 1]);
  const asked = ofFile(several.asked).map(rangesOf);
  assert.deepEqual(asked, [spans([0, 2], [5, 5], [13, 13], [22, 22], [32, 32])]);
  // With a clock that stands still a request costs the least, 512 bytes.
  const single = hostOf(host);
  await withClock(() => 0, () => update(basis, file, { fetch: single.fetch }));
  const [trial, ...one] = ofFile(single.asked).map(rangesOf);
  assert.equal(trial!.length, 5);
  assert.deepEqual(one, [spans([0, 22]), spans([32, 32])]);
});

Deno.test("a multipart body may have 1,024 bytes for each range besides it, and 8,192 more", async () => {
  const { file, basis, host } = await filesOf(400, (k) => k % 3 === 0 && k < 3 * 130);
  for (const [tooMany, counts] of [[0, [128, 2]], [1, [128, 1]]] as const) {
    const limit = (ranges: [number, number][]) => ranges.length * (BLOCK + 1024) + 8192;
    const { fetch, asked } = hostOf(host, multipart(host, (ranges) => limit(ranges) + tooMany));
    // A request costs the least, so the rest is near enough for one range.
    await withClock(() => 0, () => update(basis, file, { fetch }));
    assert.deepEqual(ofFile(asked).map((one) => rangesOf(one).length), counts);
  }
});

Deno.test("a request asks for 128 ranges at most, and the first that asks for several is waited for", async () => {
  const { file, basis, host } = await filesOf(6000, (k) => k % 3 === 0 && k < 3 * 700);
  const several = multipart(host);
  const underWay: number[] = [];
  let now = 0;
  const { fetch, asked } = hostOf(host, async (request, body, offset) => {
    if (request.path !== "/f") return several(request, body, offset);
    underWay.push(++now);
    await new Promise((resolve) => setTimeout(resolve, 10));
    now--;
    return several(request, body, offset);
  });
  const { stats } = await update(basis, file, { fetch });
  assert.deepEqual(ofFile(asked).map((one) => rangesOf(one).length), [128, 128, 128, 128, 128, 60]);
  assert.deepEqual([underWay.slice(0, 5), Math.max(...underWay)], [[1, 1, 2, 3, 4], 4]);
  assert.equal(stats.fallback, undefined);
});

Deno.test("a request asks for 4 MiB at most, and four are under way at once", async () => {
  const MIB = 2 ** 20;
  const kept = randomBytes(12, 2 * MIB);
  const file = concat([kept, randomBytes(13, 17 * MIB + 5)]);
  const host = { "/f": file, "/f.rsig": await publish(file) };
  const underWay: number[] = [];
  let now = 0;
  const { fetch, asked } = hostOf(host, async ({ path }) => {
    if (path !== "/f") return;
    underWay.push(++now);
    await new Promise((resolve) => setTimeout(resolve, 10));
    now--;
  });
  const { plan } = await update(kept, file, { fetch });
  const ranges = ofFile(asked).map((one) => rangesOf(one)[0]!);
  assert.deepEqual(
    ranges.map(([first, last]) => [first, last - first + 1]),
    [2, 6, 10, 14, 18].map((at) => [at * MIB, at < 18 ? 4 * MIB : MIB + 5]),
  );
  assert.deepEqual(underWay.slice(0, 4), [1, 2, 3, 4]);
  assert.equal(Math.max(...underWay), 4);
  assert.equal(plan.requests, asked.length);
});

Deno.test("the whole file once in place of a range is no answer, and twice it is", async () => {
  for (const times of [1, 2]) {
    let left = times;
    const { fetch, asked } = hostOf(files, ({ path, headers }) => {
      if (path === "/f" && headers.has("range") && left-- > 0) return new Response(target);
    });
    const { stats } = await update(basis, target, { fetch });
    assert.equal(stats.fallback, times === 1 ? undefined : "no-ranges");
    assert.equal(ofFile(asked).length, 2);
  }
});

Deno.test("short answers are asked on for sixteen times", async () => {
  const short = (length: number): OnAsked => ({ path, headers }, body, offset) => {
    if (path !== "/f" || !headers.has("range")) return;
    const piece = body!.slice(0, length);
    const told = { "content-range": `bytes ${offset}-${offset + piece.length - 1}/${target.length}` };
    return new Response(piece, { status: 206, headers: told });
  };
  const { missingLength } = await planUpdate(URL_OF_FILE, basis, { fetch: hostOf(files).fetch });
  const enough = Math.ceil(missingLength / 17);
  for (const [length, fallback, count] of [[enough, undefined, 17], [enough - 1, "no-ranges", 18]] as const) {
    const { fetch, asked } = hostOf(files, short(length));
    const { stats } = await update(basis, target, { fetch });
    assert.deepEqual([stats.fallback, ofFile(asked).length], [fallback, count]);
  }
});

Deno.test("what a request costs follows from the round trip and the rate that were seen", async () => {
  const sig = concat([files["/f.rsig"]]);
  /** The cost after a signature that came whole in so many milliseconds, each answer after `roundMs`. */
  const costOf = async (sig: Bytes, roundMs: number, bodyMs: number) => {
    let now = 1e6;
    const { fetch } = hostOf(files, ({ path }) => {
      now += roundMs;
      if (path !== "/f.rsig") return;
      return new Response(
        new ReadableStream<Bytes>({
          pull(controller) {
            now += bodyMs;
            controller.enqueue(sig.slice());
            controller.close();
          },
        }, { highWaterMark: 0 }),
      );
    });
    return await withClock(() => now, async () => (await planUpdate(URL_OF_FILE, basis, { fetch })).requestCost);
  };
  assert.ok(sig.length < 2 ** 16);
  // A short body says nothing of the rate: 5 MB/s, for four at once.
  assert.equal(await costOf(sig, 0, 50), 512);
  assert.equal(await costOf(sig, 0.4, 50), 512);
  assert.equal(await costOf(sig, 1, 50), 1250);
  assert.equal(await costOf(sig, 100, 50), 125_000);
  assert.equal(await costOf(sig, 1000, 50), 2 ** 17);
  // A long one does.
  const long = await publish(target, { layers: [{ blockLength: 64, strongLength: 16 }] });
  assert.ok(long.length >= 2 ** 16);
  assert.equal(await costOf(long, 10, 100), Math.round(0.01 * (long.length / 0.1) / 4));
  assert.equal(await costOf(long, 10, 1), 0.01 * 12.5e6 / 4);
});

Deno.test("a plan says exactly what is known before", async () => {
  const planOf = (basis: Bytes | undefined, host: Record<string, Bytes>, onAsked?: OnAsked) => {
    return withClock(() => 0, () => planUpdate(URL_OF_FILE, basis, { fetch: hostOf(host, onAsked).fetch }));
  };
  const digest = await sha256(target);
  const { length } = target;
  const full = {
    way: "full",
    copiedLength: 0,
    missingLength: length,
    missingCount: 1,
    savedShare: 0,
    requestCost: 512,
  } as const;
  const known = { ...full, digest, fileLength: length, requests: 2, bytesIn: 2048 + length };
  assert.deepEqual(await planOf(undefined, files), { ...known, fallback: "no-basis" });
  const { requests, bytesIn, ...cheaper } = await planOf(randomBytes(7, 300_000), files);
  assert.deepEqual(cheaper, { ...full, digest, fileLength: length, fallback: "cheaper" });
  assert.ok(requests >= 2 && bytesIn >= 2048 + length && bytesIn <= files["/f.rsig"].length + length);
  const unsigned = { ...full, digest: undefined, fallback: "no-signature" } as const;
  const head = { "content-length": `${length}` };
  const heads: OnAsked = ({ init }) => init.method === "HEAD" ? new Response(null, { headers: head }) : undefined;
  assert.deepEqual(await planOf(basis, { "/f": target }, heads), {
    ...unsigned,
    fileLength: length,
    bytesIn: length,
    requests: 3,
  });
  const silent: OnAsked = ({ init }) => init.method === "HEAD" ? new Response(null, { status: 405 }) : undefined;
  assert.deepEqual(await planOf(basis, { "/f": target }, silent), {
    ...unsigned,
    fileLength: undefined,
    missingLength: NaN,
    bytesIn: NaN,
    requests: 3,
  });
  for (const status of [404, 410]) {
    const gone: OnAsked = ({ init }) => init.method === "HEAD" ? new Response(null, { status }) : undefined;
    await assert.rejects(planOf(basis, { "/f": target }, gone), { name: "HttpError", code: "status", status });
  }
  const none = new Uint8Array(0);
  const empty = { "/f": none, "/f.rsig": await publish(none) };
  const sigLength = empty["/f.rsig"].length;
  assert.deepEqual(await planOf(undefined, empty), {
    ...full,
    digest: await sha256(none),
    fallback: "no-basis",
    fileLength: 0,
    missingLength: 0,
    missingCount: 0,
    bytesIn: sigLength,
    requests: 2,
  });
  const { way, copiedLength, missingCount, savedShare: saved } = await planOf(basis, empty);
  assert.deepEqual([way, copiedLength, missingCount, saved], ["ranges", 0, 0, 0]);
  const ranges = await planOf(basis, files);
  const { missingLength, bytesIn: read, requests: count, savedShare, ...others } = ranges;
  assert.deepEqual(others, {
    way: "ranges",
    fallback: undefined,
    fileLength: length,
    digest,
    copiedLength: length - missingLength,
    missingCount: 1,
    requestCost: 512,
  });
  assert.equal(savedShare, 1 - read / length);
  const { fetch, asked } = hostOf(files);
  const { stats } = await withClock(() => 0, () => update(basis, target, { fetch }));
  assert.deepEqual([stats.bytesIn, asked.length], [read, count]);
});

Deno.test("a whole download is planned where it takes no more bytes than the rest and its requests", async () => {
  // Of 100 blocks so many are missing, far from each other. Each costs a part of a multipart body: 100 bytes.
  const planOf = async (missing: number) => {
    const { basis, host } = await filesOf(100, (k) => k % 3 === 0 && k < 3 * missing);
    const { fetch } = hostOf(host, multipart(host));
    return await withClock(() => 0, () => planUpdate(URL_OF_FILE, basis, { fetch }));
  };
  const { way, bytesIn, missingLength } = await planOf(10);
  assert.deepEqual([way, missingLength], ["ranges", 640]);
  const { length: sigLength } = (await filesOf(100, () => false)).host["/f.rsig"];
  assert.equal(bytesIn, sigLength + 640 + 10 * 100);
  // 6,400 bytes in all, and 164 for each missing block.
  assert.deepEqual([(await planOf(33)).fallback, (await planOf(34)).fallback], [undefined, undefined]);
});
