import assert from "node:assert/strict";
import fc from "fast-check";
import { assertBytes } from "../_helpers.ts";
import { concat, randomBytes } from "../_recipes.ts";
import { bytesOf, get, Store } from "./_store.ts";

const FILE = randomBytes(3, 10_000);
const files = () => new Store({ "/f": FILE });

interface Part {
  offset: number;
  bytes: Uint8Array;
}

/** Reads a multipart body, in the strict form that is sent here. */
function parse(body: Uint8Array, contentType: string): Part[] {
  const boundary = /^multipart\/byteranges; boundary=([0-9a-f]{32})$/.exec(contentType)![1];
  const text = new TextDecoder("latin1").decode(body);
  const parts: Part[] = [];
  const head = new RegExp(
    `\r\n--${boundary}\r\nContent-Type: text/x-test\r\nContent-Range: bytes (\\d+)-(\\d+)/10000\r\n\r\n`,
    "y",
  );
  for (let at = 0;;) {
    head.lastIndex = at;
    const match = head.exec(text);
    if (!match) {
      assert.equal(text.slice(at), `\r\n--${boundary}--\r\n`);
      return parts;
    }
    const offset = Number(match[1]);
    at = head.lastIndex + Number(match[2]) + 1 - offset;
    parts.push({ offset, bytes: body.subarray(head.lastIndex, at) });
  }
}

async function partsOf(range: string): Promise<Part[]> {
  const store = files();
  const response = await store.reader()(get("/f", { Range: range }));
  assert.equal(response.status, 206);
  assert.equal(response.headers.get("Content-Range"), null);
  const body = await bytesOf(response);
  assert.equal(response.headers.get("Content-Length"), String(body.length));
  store.assertClosed();
  const parts = parse(body, response.headers.get("Content-Type")!);
  for (const { offset, bytes } of parts) assertBytes(bytes, FILE.subarray(offset, offset + bytes.length));
  return parts;
}

const spans = (parts: Part[]) => parts.map(({ offset, bytes }) => `${offset}-${offset + bytes.length - 1}`);

Deno.test("several ranges are a multipart body, in the order of the request", async () => {
  assert.deepEqual(spans(await partsOf("bytes=0-1,5-5,9000-")), ["0-1", "5-5", "9000-9999"]);
  assert.deepEqual(spans(await partsOf("bytes=-3, 10-19")), ["9997-9999", "10-19"]);
});

Deno.test("ranges that cannot be satisfied are left out", async () => {
  assert.deepEqual(spans(await partsOf("bytes=0-1,10000-10001,7-8,-0")), ["0-1", "7-8"]);
  const one = await files().reader()(get("/f", { Range: "bytes=10000-,4-5" }));
  assert.equal(one.headers.get("Content-Range"), "bytes 4-5/10000");
  assertBytes(await bytesOf(one), FILE.subarray(4, 6));
  const none = await files().reader()(get("/f", { Range: "bytes=10000-,20000-" }));
  assert.equal(none.status, 416);
});

Deno.test("ranges that overlap or touch are joined, and a single one is no multipart body", async () => {
  assert.deepEqual(spans(await partsOf("bytes=50-60,0-9,5-20,21-22")), ["0-22", "50-60"]);
  const one = await files().reader()(get("/f", { Range: "bytes=5-20,0-9,10-12" }));
  assert.equal(one.headers.get("Content-Range"), "bytes 0-20/10000");
  assertBytes(await bytesOf(one), FILE.subarray(0, 21));
});

Deno.test("many ranges are served if they ascend, and too many of any kind are not", async () => {
  const handler = files().reader();
  const ranges = (count: number, at: (i: number) => number) =>
    `bytes=${Array.from({ length: count }, (_, i) => `${at(i)}-${at(i) + 1}`).join(",")}`;
  const status = async (range: string) => {
    const response = await handler(get("/f", { Range: range }));
    await bytesOf(response);
    return response.status;
  };
  assert.equal((await partsOf(ranges(256, (i) => 3 * i))).length, 256);
  assert.equal(await status(ranges(257, (i) => 3 * i)), 200);
  assert.equal((await partsOf(ranges(16, (i) => 9000 - 3 * i))).length, 16);
  assert.equal(await status(ranges(17, (i) => 9000 - 3 * i)), 200, "descending");
  assert.equal(await status(ranges(17, (i) => i)), 200, "overlapping");
});

Deno.test("the parts of any ranges are slices of the file, and cover what was asked for", async () => {
  const range = fc.tuple(fc.nat(9999), fc.integer({ min: 1, max: 300 }));
  await fc.assert(
    fc.asyncProperty(fc.array(range, { minLength: 2, maxLength: 16 }), async (ranges) => {
      const value = `bytes=${ranges.map(([at, length]) => `${at}-${at + length - 1}`).join(",")}`;
      const store = files();
      const response = await store.reader()(get("/f", { Range: value }));
      const body = await bytesOf(response);
      const contentRange = /^bytes (\d+)-/.exec(response.headers.get("Content-Range") ?? "");
      const parts = contentRange
        ? [{ offset: Number(contentRange[1]), bytes: body }]
        : parse(body, response.headers.get("Content-Type")!);
      const covered = new Uint8Array(10_000);
      for (const { offset, bytes } of parts) {
        assertBytes(bytes, FILE.subarray(offset, offset + bytes.length));
        covered.subarray(offset, offset + bytes.length).fill(1);
      }
      const expected = new Uint8Array(10_000);
      for (const [at, length] of ranges) expected.subarray(at, at + length).fill(1);
      assertBytes(covered, expected);
      store.assertClosed();
    }),
    { numRuns: 200, seed: 11 },
  );
});

Deno.test("a multipart body that is cancelled closes the file", async () => {
  const store = new Store({ "/f": concat([FILE, randomBytes(4, 2 ** 20)]) });
  const response = await store.reader()(get("/f", { Range: "bytes=0-5,10-1000000" }));
  const reader = response.body!.getReader();
  await reader.read();
  await reader.cancel("enough");
  store.assertClosed();
});
