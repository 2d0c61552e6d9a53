import assert from "node:assert/strict";
import zlib from "node:zlib";
import { encodeDeltaStream } from "rsync-streams";
import { assertBytes, toBytes } from "../_helpers.ts";
import { concat, randomBytes } from "../_recipes.ts";
import { assertProblem, bytesOf, get, send, Store } from "./_store.ts";
import { DELTA, deltaOf, NEW, OLD, upload } from "./_upload.ts";

const files = () => new Store({ "/f": OLD });
const GOOD = await deltaOf(OLD, NEW);
const EMPTY = new Uint8Array(0);

/** Nothing was replaced, and nothing stays open. */
function assertUntouched(store: Store): void {
  assert.equal(store.commits.length, 0);
  assertBytes(store.files.get("/f")!.bytes, OLD);
  store.assertClosed();
}

Deno.test("PATCH makes the new version from the old one, and gives its tag", async () => {
  const store = files();
  const handler = store.writer();
  const response = await handler(upload(GOOD));
  assert.equal(response.status, 204);
  assert.equal(response.headers.get("ETag"), '"v2"');
  assert.equal(response.body, null);
  assertBytes(store.files.get("/f")!.bytes, NEW);
  assertBytes(await bytesOf(await handler(get("/f"))), NEW);
  const again = await handler(upload(await deltaOf(NEW, OLD), { "If-Match": "*" }));
  assert.equal(again.headers.get("ETag"), '"v3"');
  assertBytes(await bytesOf(await handler(get("/f"))), OLD);
  store.assertClosed();
});

Deno.test("a delta may come compressed", async () => {
  const codings = { gzip: zlib.gzipSync, br: zlib.brotliCompressSync, zstd: zlib.zstdCompressSync };
  for (const [name, encode] of Object.entries(codings)) {
    const store = files();
    const body = Uint8Array.from(encode(GOOD));
    const response = await store.writer()(upload(body, { "If-Match": '"v1"', "Content-Encoding": name }));
    assert.equal(response.status, 204, name);
    assertBytes(store.files.get("/f")!.bytes, NEW);
    store.assertClosed();
  }
});

Deno.test("If-None-Match: * creates a file that is not there, and none that is", async () => {
  const store = new Store();
  const handler = store.writer();
  const created = await handler(upload(await deltaOf(EMPTY, NEW), { "If-None-Match": "*" }));
  assert.equal(created.status, 201);
  assert.equal(created.headers.get("ETag"), '"v1"');
  assertBytes(store.files.get("/f")!.bytes, NEW);
  const late = await handler(upload(await deltaOf(EMPTY, OLD), { "If-None-Match": "*" }));
  assert.equal(late.headers.get("ETag"), '"v1"');
  await assertProblem(late, 412);
  assertBytes(store.files.get("/f")!.bytes, NEW);
  store.assertClosed();
});

Deno.test("an empty file is made, from another and from none", async () => {
  const store = files();
  assert.equal((await store.writer()(upload(await deltaOf(OLD, EMPTY)))).status, 204);
  assert.equal(store.files.get("/f")!.bytes.length, 0);
  const none = new Store();
  assert.equal((await none.writer()(upload(await deltaOf(EMPTY, EMPTY), { "If-None-Match": "*" }))).status, 201);
  assert.equal(none.files.get("/f")!.bytes.length, 0);
});

Deno.test("another version is 412 at once, and no byte of the delta is read", async () => {
  for (const headers of [{ "If-Match": '"v0"' }, { "If-Match": 'W/"v1"' }] as Record<string, string>[]) {
    const store = files();
    let pulled = 0;
    let isCancelled = false;
    const body = new ReadableStream({
      pull: () => void pulled++,
      cancel: () => void (isCancelled = true),
    }, { highWaterMark: 0 });
    const response = await store.writer()(upload(body, headers));
    assert.equal(response.headers.get("ETag"), '"v1"');
    await assertProblem(response, 412);
    assert.equal(pulled, 0);
    assert.ok(isCancelled);
    assert.equal(store.failures.length, 0, "commit was called");
    assertUntouched(store);
  }
  await assertProblem(await new Store().writer()(upload(GOOD)), 412);
});

Deno.test("without a condition it is 428", async () => {
  const store = files();
  for (const headers of [{}, { "If-None-Match": '"v0"' }, { "If-Unmodified-Since": new Date().toUTCString() }]) {
    await assertProblem(await store.writer()(upload(GOOD, headers as Record<string, string>)), 428);
  }
  assertUntouched(store);
});

Deno.test("another type, or an unknown coding, is 415", async () => {
  const store = files();
  const handler = store.writer();
  const type = await handler(send("PATCH", "/f", GOOD, { "Content-Type": "text/plain", "If-Match": '"v1"' }));
  assert.equal(type.headers.get("Accept-Patch"), DELTA);
  await assertProblem(type, 415);
  const coding = await handler(upload(GOOD, { "If-Match": '"v1"', "Content-Encoding": "compress" }));
  assert.equal(coding.headers.get("Accept-Encoding"), "br, zstd, gzip");
  await assertProblem(coding, 415);
  assertUntouched(store);
});

Deno.test("a delta without a digest is 422", async () => {
  const store = files();
  const handler = store.writer();
  for (const options of [{ digest: false }, { format: "librsync" }] as const) {
    await assertProblem(await handler(upload(await deltaOf(OLD, NEW, options))), 422);
  }
  assertUntouched(store);
  assert.equal(store.failures.length, 2, "commit saw its readable error");
});

Deno.test("a delta of another basis is 422", async () => {
  const store = files();
  const handler = store.writer();
  const other = OLD.slice();
  other[5]! ^= 1;
  await assertProblem(await handler(upload(await deltaOf(other, other))), 422, "digest-mismatch");
  const longer = concat([OLD, randomBytes(8, 5000)]);
  await assertProblem(await handler(upload(await deltaOf(longer, longer))), 422, "copy-out-of-range");
  const commands = [{ copy: { offset: OLD.length, length: 1 } }];
  const past = await toBytes(ReadableStream.from(commands).pipeThrough(encodeDeltaStream()));
  await assertProblem(await handler(upload(past)), 422, "copy-out-of-range");
  assertUntouched(store);
});

Deno.test("limits: 413, of what is sent, of what is decoded and of what is made", async () => {
  const store = files();
  const literal = await deltaOf(EMPTY, NEW);
  await assertProblem(await store.writer({ maxInputLength: literal.length - 1 })(upload(literal)), 413, "limit");
  const zeros = Uint8Array.from(zlib.gzipSync(await deltaOf(EMPTY, new Uint8Array(50_000))));
  const bomb = upload(zeros, { "If-Match": '"v1"', "Content-Encoding": "gzip" });
  await assertProblem(await store.writer({ maxInputLength: 49_000 })(bomb), 413, "limit");
  await assertProblem(await store.writer({ maxOutputLength: NEW.length - 1 })(upload(GOOD)), 413, "limit");
  assertUntouched(store);
  const response = await store.writer({ maxInputLength: GOOD.length, maxOutputLength: NEW.length })(upload(GOOD));
  assert.equal(response.status, 204);
});

Deno.test("a delta with any byte flipped leaves the file as it is", async () => {
  const store = files();
  const handler = store.writer();
  const statuses = new Set<number>();
  const step = GOOD.length > 3000 ? 7 : 1;
  for (let at = 0; at < GOOD.length; at += at < 64 || at > GOOD.length - 64 ? 1 : step) {
    const flipped = GOOD.slice();
    flipped[at]! ^= 0x41;
    const response = await handler(upload(flipped));
    statuses.add(response.status);
    await bytesOf(response);
    assert.ok([400, 413, 422].includes(response.status), `status ${response.status} with byte ${at}`);
    assertUntouched(store);
  }
  assert.ok(statuses.has(400) && statuses.has(422));
});

Deno.test("a delta that ends early, or goes on, leaves the file as it is", async () => {
  const store = files();
  const handler = store.writer();
  for (let i = 0; i < 100; i++) {
    const length = Math.floor(i * GOOD.length / 100);
    await assertProblem(await handler(upload(GOOD.slice(0, length))), 400, "truncated");
  }
  await assertProblem(await handler(upload(concat([GOOD, Uint8Array.of(0)]))), 400, "trailing-data");
  assertUntouched(store);
});
