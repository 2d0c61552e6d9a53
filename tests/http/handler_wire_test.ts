/** The handler behind a real server, where it matters what the wire does. */
import assert from "node:assert/strict";
import { createConnection } from "node:net";
import zlib from "node:zlib";
import { HttpError, sendUpdate } from "rsync-streams/http";
import { assertBytes } from "../_helpers.ts";
import { concat, randomBytes } from "../_recipes.ts";
import { encodeRuns } from "./_runs.ts";
import { Store } from "./_store.ts";
import { DELTA, deltaOf, NEW, OLD } from "./_upload.ts";
import { until } from "../_until.ts";

const RUNS = "application/vnd.rsync-streams.runs";
const LONG = randomBytes(7, 64 * 2 ** 20);

type Handle = (request: Request) => Promise<Response>;

/** Runs a test against a server, and stops it. */
async function serving(handle: Handle, test: (url: string, port: number) => Promise<void>): Promise<void> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handle);
  try {
    await test(`http://127.0.0.1:${server.addr.port}`, server.addr.port);
  } finally {
    await server.shutdown();
  }
}

/** Sends raw bytes. Returns what came back until either side closed: this one does when `cut` resolves. */
function exchange(port: number, pieces: Uint8Array[], cut?: Promise<void>): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, "127.0.0.1");
    let text = "";
    socket.setEncoding("latin1");
    socket.on("data", (data) => text += data);
    socket.on("error", cut ? () => {} : reject);
    socket.on("close", () => resolve(text));
    for (const piece of pieces) socket.write(piece);
    cut?.then(() => socket.destroy());
  });
}

const sameBytes = (a: Uint8Array, b: Uint8Array) => a.length === b.length && a.every((byte, i) => byte === b[i]);
const encode = (text: string) => new TextEncoder().encode(text);

Deno.test("GET, HEAD, ranges, QUERY and PATCH go over the wire", async () => {
  const store = new Store({ "/f": OLD });
  await serving(store.writer(), async (url) => {
    const whole = await fetch(`${url}/f`);
    assert.equal(whole.headers.get("Content-Length"), String(OLD.length));
    assertBytes(await whole.bytes(), OLD);
    const head = await fetch(`${url}/f`, { method: "HEAD" });
    assert.equal(head.headers.get("Content-Length"), String(OLD.length));
    assert.equal((await head.bytes()).length, 0);
    const part = await fetch(`${url}/f`, { headers: { Range: "bytes=1-2,-2" } });
    assert.equal(part.status, 206);
    assert.equal((await part.bytes()).length, Number(part.headers.get("Content-Length")));
    const body = encodeRuns([{ offset: 4, length: 20_000 }]);
    const runs = await fetch(`${url}/f`, { method: "QUERY", body, headers: { "Content-Type": RUNS } });
    assert.equal(runs.headers.get("ETag"), '"v1"');
    assertBytes(await runs.bytes(), OLD.subarray(4, 20_004));
    const delta = Uint8Array.from(zlib.gzipSync(await deltaOf(OLD, NEW)));
    const headers = { "Content-Type": DELTA, "Content-Encoding": "gzip", "If-Match": '"v1"' };
    const patched = await fetch(`${url}/f`, { method: "PATCH", body: delta, headers });
    assert.equal(patched.status, 204);
    assert.equal(patched.headers.get("ETag"), '"v2"');
    assertBytes(await (await fetch(`${url}/f`)).bytes(), NEW);
  });
  store.assertClosed();
});

Deno.test("a client that stops reading a long file closes it soon", async () => {
  const store = new Store({ "/f": LONG });
  await serving(store.reader(), async (url) => {
    const response = await fetch(`${url}/f`);
    const reader = response.body!.getReader();
    await reader.read();
    await reader.cancel();
    await until("the end of the file", () => store.closeCount === 1);
    assert.ok(store.readCount < 100, `${store.readCount} reads of 256`);
  });
  store.assertClosed();
});

Deno.test("a client that reads slowly holds the reads of the file back", async () => {
  const store = new Store({ "/f": LONG });
  await serving(store.reader(), async (url) => {
    const response = await fetch(`${url}/f`);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.ok(store.readCount < 100, `${store.readCount} reads of 256`);
    await response.body!.cancel();
  });
  store.assertClosed();
});

Deno.test("200 clients at once get what they asked for", async () => {
  const store = new Store({ "/f": LONG.slice(0, 2 ** 20) });
  await serving(store.reader(), async (url) => {
    await Promise.all(Array.from({ length: 200 }, async (_, i) => {
      const run = { offset: 5000 * i, length: 40_000 };
      const body = encodeRuns([run]);
      const response = await fetch(`${url}/f`, { method: "POST", body, headers: { "Content-Type": RUNS } });
      assertBytes(await response.bytes(), LONG.subarray(run.offset, run.offset + run.length));
      const sig = await fetch(`${url}/f.rsig`, { headers: { Range: "bytes=-2048" } });
      assert.equal((await sig.bytes()).length, 2048);
    }));
    assert.equal(store.closeCount, store.openCount);
  });
});

Deno.test("an upload that is refused is answered before its body was read", async () => {
  const store = new Store({ "/f": OLD });
  await serving(store.writer(), async (url) => {
    const headers = { "Content-Type": DELTA, "If-Match": '"v0"' };
    const response = await fetch(`${url}/f`, { method: "PATCH", body: LONG.slice(0, 100_000), headers });
    await response.body!.cancel();
    assert.equal(response.status, 412);
  });
  store.assertClosed();
});

Deno.test("an upload that is cut at 100 points leaves the file as it is", async () => {
  const store = new Store({ "/f": OLD });
  const delta = await deltaOf(OLD, NEW);
  const ends: number[] = [];
  let beginCount = 0;
  const handler = store.writer();
  const handle = async (request: Request) => {
    beginCount++;
    const response = await handler(request);
    ends.push(response.status);
    return response;
  };
  await serving(handle, async (_, port) => {
    const headers = `Host: x\r\nContent-Type: ${DELTA}\r\nIf-Match: "v1"\r\nContent-Length: ${delta.length}\r\n`;
    const head = encode(`PATCH /f HTTP/1.1\r\n${headers}\r\n`);
    for (let i = 0; i < 100; i++) {
      const piece = delta.slice(0, Math.floor(i * delta.length / 100));
      await exchange(port, [head, piece], until("a request", () => beginCount > i));
    }
    await until("the end of all requests", () => ends.length === 100);
    assert.ok(ends.every((status) => status === 400 || status === 500), String(ends));
    assert.equal(store.commits.length, 0);
    assertBytes(store.files.get("/f")!.bytes, OLD);
    assert.equal(store.openCount, store.closeCount);
    const closing = encode(`PATCH /f HTTP/1.1\r\nConnection: close\r\n${headers}\r\n`);
    const whole = await exchange(port, [closing, delta]);
    assert.match(whole, /^HTTP\/1.1 204 /);
  });
  assertBytes(store.files.get("/f")!.bytes, NEW);
});

Deno.test("of uploads that race over the wire one wins each round, and the file is never mixed", async () => {
  const store = new Store({ "/f": OLD });
  await serving(store.writer(), async (url) => {
    let current = OLD;
    for (let round = 0; round < 10; round++) {
      const targets = Array.from({ length: 4 }, (_, i) => concat([current, randomBytes(10 * round + i + 1, 5000)]));
      const results = await Promise.allSettled(targets.map((target) => sendUpdate(`${url}/f`, target)));
      const winners = results.flatMap(({ status }, i) => status === "fulfilled" ? [i] : []);
      // Who starts after the first has ended sees the new version, and replaces that.
      assert.ok(winners.length >= 1);
      for (const result of results) {
        if (result.status === "fulfilled") continue;
        assert.ok(result.reason instanceof HttpError && result.reason.code === "changed", String(result.reason));
      }
      current = store.files.get("/f")!.bytes;
      assert.ok(winners.some((i) => sameBytes(targets[i]!, current)), "the file is that of no winner");
    }
    assert.equal(store.openCount, store.closeCount);
  });
});

for (const moment of ["before the patch is sent", "while it is sent"]) {
  Deno.test(`a basis that somebody changes ${moment} stays as they made it, over the wire`, async () => {
    const store = new Store({ "/f": OLD });
    const theirs = concat([randomBytes(5, 700), OLD]);
    const handler = store.writer();
    let isChanged = false;
    const handle = async (request: Request) => {
      if (request.method !== "PATCH" || isChanged || moment === "before the patch is sent") {
        return await handler(request);
      }
      // Half of the body is there when the file is replaced.
      const body = request.body!.pipeThrough(
        new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
          transform(chunk, controller) {
            controller.enqueue(chunk.slice(0, chunk.length / 2));
            if (!isChanged) store.put("/f", theirs);
            isChanged = true;
            controller.enqueue(chunk.slice(chunk.length / 2));
          },
        }),
      );
      return await handler(new Request(request, { body }));
    };
    await serving(handle, async (url) => {
      const hooked: typeof fetch = (input, init) => {
        if (init?.method === "PATCH" && moment === "before the patch is sent") store.put("/f", theirs);
        return fetch(input, init);
      };
      await assert.rejects(sendUpdate(`${url}/f`, NEW, { fetch: hooked }), (error) => {
        return error instanceof HttpError && error.code === "changed" && error.status === 412;
      });
      assertBytes(store.files.get("/f")!.bytes, theirs);
      assert.equal((await sendUpdate(`${url}/f`, NEW)).status, "updated");
      assertBytes(store.files.get("/f")!.bytes, NEW);
    });
    store.assertClosed();
  });
}

Deno.test("a chunked upload without its end is no upload", async () => {
  const store = new Store({ "/f": OLD });
  const delta = await deltaOf(OLD, NEW);
  await serving(store.writer(), async (_, port) => {
    const head = `PATCH /f HTTP/1.1\r\nHost: x\r\nContent-Type: ${DELTA}\r\nIf-Match: "v1"\r\n` +
      "Transfer-Encoding: chunked\r\n\r\n";
    const chunk = `${delta.length.toString(16)}\r\n`;
    await exchange(
      port,
      [encode(head), encode(chunk), delta, encode("\r\n")],
      until("a read", () => store.readCount > 0),
    );
    await until("the end of the file", () => store.closeCount === store.openCount);
    assert.equal(store.commits.length, 0);
  });
});

Deno.test("conditions and ranges are understood as they stand on the wire", async () => {
  const store = new Store({ "/f": OLD });
  await serving(store.reader(), async (_, port) => {
    const ask = (lines: string) => exchange(port, [encode(`${lines}\r\nHost: x\r\nConnection: close\r\n\r\n`)]);
    const head = await ask("HEAD /f HTTP/1.1");
    assert.match(head, /\r\ncontent-length: 80000\r\n/i);
    assert.ok(head.endsWith("\r\n\r\n"), "a body after HEAD");
    assert.match(await ask('GET /f HTTP/1.1\r\nIf-None-Match: "v0"\r\nIf-None-Match: "v1"'), /^HTTP\/1.1 304 /);
    const part = await ask('GET /f HTTP/1.1\r\nRange: bytes=0-9\r\nIf-Range: "v1"');
    assert.match(part, /^HTTP\/1.1 206 /);
    assert.match(part, /\r\ncontent-length: 10\r\n/i);
    const plain = await ask("GET /f HTTP/1.1\r\nAccept-Encoding: gzip, br");
    assert.ok(!/\r\ncontent-encoding:/i.test(plain), "it is encoded");
  });
  store.assertClosed();
});
