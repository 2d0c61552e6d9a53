import assert from "node:assert/strict";
import { randomBytes } from "../_recipes.ts";
import { assertProblem, bytesOf, get, MODIFIED_MS, ORIGIN, Store } from "./_store.ts";

const FILE = randomBytes(5, 100);
const date = (ms: number) => new Date(ms).toUTCString();
const THEN = date(MODIFIED_MS);
const BEFORE = date(MODIFIED_MS - 1000);
const AFTER = date(MODIFIED_MS + 1000);

/** Headers, and the status of GET. The file has the tag "v1". */
const TABLE: [Record<string, string>, number][] = [
  [{ "If-Match": '"v1"' }, 200],
  [{ "If-Match": '"v0", "v1"' }, 200],
  [{ "If-Match": ',, "a,b" ,"v1"' }, 200],
  [{ "If-Match": "*" }, 200],
  [{ "If-Match": '"v0"' }, 412],
  [{ "If-Match": 'W/"v1"' }, 412],
  [{ "If-Match": "v1" }, 412],
  [{ "If-Match": 'v0, "v1"' }, 412],
  [{ "If-Match": "" }, 412],
  [{ "If-None-Match": '"v1"' }, 304],
  [{ "If-None-Match": 'W/"v1"' }, 304],
  [{ "If-None-Match": '"v0", W/"v1"' }, 304],
  [{ "If-None-Match": "*" }, 304],
  [{ "If-None-Match": '"v0"' }, 200],
  [{ "If-None-Match": 'W/"v0"' }, 200],
  [{ "If-Modified-Since": THEN }, 304],
  [{ "If-Modified-Since": AFTER }, 304],
  [{ "If-Modified-Since": BEFORE }, 200],
  [{ "If-Modified-Since": "Thursday, 29-Feb-24 12:30:15 GMT" }, 304],
  [{ "If-Modified-Since": "Thu Feb 29 12:30:15 2024" }, 304],
  [{ "If-Modified-Since": "Thu Feb 29 12:30:14 2024" }, 200],
  [{ "If-Modified-Since": "tomorrow" }, 200],
  [{ "If-Modified-Since": "2024-03-01" }, 200],
  [{ "If-Unmodified-Since": THEN }, 200],
  [{ "If-Unmodified-Since": AFTER }, 200],
  [{ "If-Unmodified-Since": BEFORE }, 412],
  [{ "If-Unmodified-Since": "yesterday" }, 200],
  // Section 13.2.2: tags come before dates, and If-Match before If-None-Match.
  [{ "If-Match": '"v1"', "If-Unmodified-Since": BEFORE }, 200],
  [{ "If-Match": '"v0"', "If-Unmodified-Since": AFTER }, 412],
  [{ "If-None-Match": '"v0"', "If-Modified-Since": AFTER }, 200],
  [{ "If-None-Match": '"v1"', "If-Modified-Since": BEFORE }, 304],
  [{ "If-Match": '"v0"', "If-None-Match": '"v1"' }, 412],
  [{ "If-Match": '"v1"', "If-None-Match": '"v1"' }, 304],
  [{ "If-Match": '"v1"', "If-Modified-Since": AFTER }, 304],
  // Ranges come last.
  [{ "Range": "bytes=0-1", "If-Match": '"v1"' }, 206],
  [{ "Range": "bytes=0-1", "If-Match": '"v0"' }, 412],
  [{ "Range": "bytes=0-1", "If-None-Match": '"v1"' }, 304],
  [{ "Range": "bytes=0-1", "If-Range": '"v1"' }, 206],
  [{ "Range": "bytes=0-1", "If-Range": ' "v1" ' }, 206],
  [{ "Range": "bytes=0-1", "If-Range": '"v0"' }, 200],
  [{ "Range": "bytes=0-1", "If-Range": 'W/"v1"' }, 200],
  [{ "Range": "bytes=0-1", "If-Range": THEN }, 206],
  [{ "Range": "bytes=0-1", "If-Range": AFTER }, 200],
  [{ "Range": "bytes=0-1", "If-Range": BEFORE }, 200],
  [{ "Range": "bytes=0-1", "If-Range": "v1" }, 200],
  [{ "Range": "bytes=900-", "If-Range": '"v0"' }, 200],
  [{ "Range": "bytes=900-", "If-Range": '"v1"' }, 416],
];

for (const [headers, status] of TABLE) {
  Deno.test(`GET with ${JSON.stringify(headers)} is ${status}`, async () => {
    const store = new Store({ "/f": FILE });
    const response = await store.reader()(get("/f", headers));
    assert.equal(response.headers.get("ETag"), '"v1"');
    if (status >= 400) await assertProblem(response, status);
    else assert.equal((await bytesOf(response)).length, { 200: 100, 206: 2, 304: 0 }[status]);
    assert.equal(response.status, status);
    if (status === 304) assert.equal(response.headers.get("Last-Modified"), THEN);
    store.assertClosed();
  });
}

Deno.test("HEAD has the same conditions", async () => {
  const handler = new Store({ "/f": FILE }).reader();
  assert.equal((await handler(get("/f", { "If-None-Match": '"v1"' }, "HEAD"))).status, 304);
  assert.equal((await handler(get("/f", { "If-Match": '"v0"' }, "HEAD"))).status, 412);
});

Deno.test("a date is no strong validator of a file that was just written", async () => {
  const store = new Store({ "/f": FILE });
  const modifiedMs = Date.now();
  const handler = store.reader({ open: async (url) => ({ ...(await store.open(url))!, modifiedMs }) });
  const response = await handler(get("/f", { "Range": "bytes=0-1", "If-Range": date(modifiedMs) }));
  await bytesOf(response);
  assert.equal(response.status, 200);
});

Deno.test("a time in the future is not told, and a file without a time has no Last-Modified", async () => {
  const store = new Store({ "/f": FILE });
  for (const modifiedMs of [Date.now() + 1e6, undefined]) {
    const handler = store.reader({ open: async (url) => ({ ...(await store.open(url))!, modifiedMs }) });
    const response = await handler(get("/f", { "If-Modified-Since": AFTER }));
    await bytesOf(response);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("Last-Modified"), null);
  }
});

Deno.test("conditions of a file that is not there do not matter", async () => {
  const handler = new Store().reader();
  await assertProblem(await handler(get("/f", { "If-Match": "*" })), 404);
  await assertProblem(await handler(new Request(`${ORIGIN}/f.rsig`)), 404);
});
