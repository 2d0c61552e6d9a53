import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { assertBytes } from "../_helpers.ts";
import { randomBytes } from "../_recipes.ts";
import { assertProblem, bytesOf, get, MODIFIED_MS, Store } from "./_store.ts";

const FILE = randomBytes(1, 1000);
const LONG = randomBytes(2, 2 ** 20 + 77);
const store = () => new Store({ "/f": FILE, "/empty": new Uint8Array(0), "/long": LONG });

Deno.test("GET gives the whole file, with what is known of it", async () => {
  const files = store();
  const response = await files.reader()(get("/f"));
  assert.equal(response.status, 200);
  assertBytes(await bytesOf(response), FILE);
  const headers = Object.fromEntries(response.headers);
  for (const name of Object.keys(headers)) if (name.startsWith("access-")) delete headers[name];
  assert.deepEqual(headers, {
    "accept-encoding": "br, zstd, gzip",
    "accept-query": "application/vnd.rsync-streams.runs, application/vnd.rsync-streams.sig",
    "accept-ranges": "bytes",
    "cache-control": "no-transform",
    "content-length": "1000",
    "content-type": "text/x-test",
    "etag": '"v1"',
    "last-modified": new Date(MODIFIED_MS).toUTCString(),
  });
  files.assertClosed();
});

Deno.test("HEAD gives the headers of GET and no body, also if a range is asked for", async () => {
  const files = store();
  const handler = files.writer();
  const whole = await handler(get("/f"));
  await whole.body?.cancel();
  const head = await handler(get("/f", { Range: "bytes=0-1" }, "HEAD"));
  assert.equal(head.status, 200);
  assert.equal(head.body, null);
  assert.deepEqual(Object.fromEntries(head.headers), Object.fromEntries(whole.headers));
  assert.equal(head.headers.get("Accept-Patch"), "application/vnd.rsync-streams.delta");
  files.assertClosed();
});

Deno.test("HEAD has no body with a problem either", async () => {
  const response = await store().reader()(get("/gone", {}, "HEAD"));
  assert.equal(response.status, 404);
  assert.equal(response.body, null);
});

Deno.test("an empty file is 200, whatever range is asked for", async () => {
  const handler = store().reader();
  for (const range of [undefined, "bytes=-5", "bytes=-5,-7"]) {
    const response = await handler(get("/empty", range ? { Range: range } : {}));
    assert.equal(response.status, 200);
    assert.equal((await bytesOf(response)).length, 0);
  }
  await assertProblem(await handler(get("/empty", { Range: "bytes=0-" })), 416);
});

/** What a range means, written down once more. */
function expectedSlice(range: string, bytes: Uint8Array): Uint8Array | undefined {
  const [first, last] = range.slice("bytes=".length).split("-") as [string, string];
  if (first === "") return last === "0" ? undefined : bytes.subarray(Math.max(0, bytes.length - Number(last)));
  if (Number(first) >= bytes.length) return undefined;
  return bytes.subarray(Number(first), last === "" ? bytes.length : Number(last) + 1);
}

Deno.test("a single range is a slice of the file, at all borders", async () => {
  const borders = [0, 1, 2, 498, 499, 500, 998, 999, 1000, 1001, 2 ** 31, 2 ** 53, "9".repeat(400)];
  const ranges = borders.flatMap((a) => [
    `bytes=${a}-`,
    `bytes=-${a}`,
    ...borders.filter((b) => Number(b) >= Number(a)).map((b) => `bytes=${a}-${b}`),
  ]);
  const files = store();
  const handler = files.reader();
  for (const range of ranges) {
    const response = await handler(get("/f", { Range: range }));
    const expected = expectedSlice(range, FILE);
    if (!expected) {
      assert.equal(response.headers.get("Content-Range"), "bytes */1000");
      assert.equal(response.headers.get("ETag"), '"v1"');
      await assertProblem(response, 416);
      continue;
    }
    assert.equal(response.status, 206, range);
    assertBytes(await bytesOf(response), expected, range);
    const start = expected.byteOffset - FILE.byteOffset;
    assert.equal(response.headers.get("Content-Range"), `bytes ${start}-${start + expected.length - 1}/1000`);
    assert.equal(response.headers.get("Content-Length"), String(expected.length));
  }
  files.assertClosed();
});

Deno.test("any range of a file of several pieces is a slice of it", async () => {
  const handler = store().reader();
  await fc.assert(
    fc.asyncProperty(fc.nat(LONG.length - 1), fc.nat(LONG.length), async (first, length) => {
      const range = `bytes=${first}-${first + length}`;
      assertBytes(await bytesOf(await handler(get("/long", { Range: range }))), expectedSlice(range, LONG)!);
    }),
    { numRuns: 50, seed: 7 },
  );
});

Deno.test("a Range that is malformed or of another unit does not count", async () => {
  const handler = store().reader();
  const malformed = [
    "",
    "bytes",
    "bytes=",
    "bytes=,",
    "bytes=-",
    "bytes=5-4",
    "bytes=a-b",
    "bytes=0x0-1",
    "bytes=1-2-3",
    "bytes=0-1,x",
    "bytes=1 - 2",
    "bytes 0-1",
    "items=0-1",
    "bytes=0-1;2-3",
    "bytes=+1-2",
    "bytes=1.5-2",
  ];
  for (const range of malformed) {
    const response = await handler(get("/f", { Range: range }));
    assert.equal(response.status, 200, range);
    assertBytes(await bytesOf(response), FILE);
  }
});

Deno.test("the unit of a range is in any case, and spaces around ranges are allowed", async () => {
  const handler = store().reader();
  for (const range of ["BYTES=1-2", "bytes= 1-2", "bytes=,1-2 ,", " bytes=1-2 "]) {
    const response = await handler(get("/f", { Range: range }));
    assert.equal(response.status, 206, range);
    assertBytes(await bytesOf(response), FILE.subarray(1, 3));
  }
});

Deno.test("a file is read in pieces of 256 KiB as the reader takes them, none of which share a buffer", async () => {
  const files = store();
  const response = await files.reader()(get("/long"));
  assert.equal(files.readCount, 1, "reads before the body is read");
  const reader = response.body!.getReader();
  const buffers = new Set<ArrayBufferLike>();
  const pieces: Uint8Array[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    buffers.add(value.buffer);
    pieces.push(value);
    assert.ok(files.readCount <= pieces.length + 1, "it reads ahead");
    value.fill(0); // a reader may do what it likes with its chunk
  }
  assert.equal(buffers.size, pieces.length);
  assert.deepEqual(pieces.map(({ length }) => length), [2 ** 18, 2 ** 18, 2 ** 18, 2 ** 18, 77]);
  assert.equal(files.maxReadLength, 2 ** 18);
  assertBytes(await bytesOf(await files.reader()(get("/long"))), LONG, "the file after that");
  files.assertClosed();
});

Deno.test("a body ends with its last byte, and the file is closed by then", async () => {
  const files = store();
  const reader = (await files.reader()(get("/long"))).body!.getReader();
  for (let length = 0; length < LONG.length;) length += (await reader.read()).value!.length;
  files.assertClosed();
  assert.equal((await reader.read()).done, true);
});

Deno.test("once the signature is made, the digest of the file is known", async () => {
  const handler = store().reader();
  const digest = `sha-256=:${createHash("sha256").update(FILE).digest("base64")}:`;
  const first = await handler(get("/f", {}, "HEAD"));
  assert.equal(first.headers.get("Repr-Digest"), null);
  await bytesOf(await handler(get("/f.rsig")));
  for (const [method, headers] of [["HEAD", {}], ["GET", { Range: "bytes=0-0" }]] as const) {
    const response = await handler(get("/f", headers, method));
    await bytesOf(response);
    assert.equal(response.headers.get("Repr-Digest"), digest);
  }
});
