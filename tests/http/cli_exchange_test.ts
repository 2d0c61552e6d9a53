/** How `serve` hands over requests of `node:http`, and answers them: step by step. */
import assert from "node:assert/strict";
import { settle, until } from "../_until.ts";
import { Body, bytesOf, GET, Incoming, Outgoing, POST, run } from "./_exchange.ts";

const GONE = /^AbortError: The client has gone$/;

Deno.test("exchange() hands over method, URL and each header, and no other", async () => {
  const urls: [url: string, seen: string][] = [
    ["/a?b=c", "http://localhost/a?b=c"],
    ["//x", "http://localhost//x"],
    ["http://other.test/a", "http://other.test/a"],
  ];
  for (const [url, seen] of urls) {
    const rawHeaders = ["X-One", "1", "Range", "bytes=0-1", "X-One", "2", "If-None-Match", '"1"'];
    const outgoing = new Outgoing();
    let request: Request | undefined;
    const done = await run(new Incoming({ method: "HEAD", url, rawHeaders }), outgoing, (asked) => {
      request = asked;
      return new Response(null, { status: 204, headers: { "X-Seen": "yes" } });
    });
    assert.deepEqual([request!.method, request!.url, request!.body], ["HEAD", seen, null]);
    assert.deepEqual([...request!.headers], [["if-none-match", '"1"'], ["range", "bytes=0-1"], ["x-one", "1, 2"]]);
    assert.deepEqual(done, { status: 204, length: 0, isWhole: true });
    assert.deepEqual([outgoing.statusCode, outgoing.headers], [204, { "x-seen": "yes" }]);
    await settle();
    assert.equal(request!.signal.aborted, false, "the client has all, and has not gone");
  }
});

Deno.test("exchange() answers 400 to what is no request of the web platform, and asks nobody", async () => {
  const heads = [{ ...GET, url: "*" }, { ...GET, method: "TRACE" }, { ...GET, rawHeaders: ["a b", "c"] }];
  for (const head of heads) {
    const outgoing = new Outgoing();
    const done = await run(new Incoming(head), outgoing, () => assert.fail("somebody was asked"));
    assert.deepEqual(done, { status: 400, length: 12, isWhole: true });
    assert.deepEqual([outgoing.statusCode, outgoing.text], [400, "Bad request\n"]);
  }
});

Deno.test("exchange() reads a body as fast as the client takes it, and ends when it has all", async () => {
  const body = new Body(["ab", "cdef", "g"]);
  const outgoing = new Outgoing(true);
  let isOver = false;
  const running = run(new Incoming(GET), outgoing, () => new Response(body.readable));
  running.then(() => isOver = true);
  await outgoing.take();
  assert.deepEqual([outgoing.text, body.pullCount], ["abcdef", 2], "more than four bytes wait");
  await outgoing.take();
  assert.deepEqual([outgoing.text, body.pullCount], ["abcdefg", 4]);
  await outgoing.take();
  assert.equal(isOver, false, "the end is not taken");
  await outgoing.take();
  assert.deepEqual(await running, { status: 200, length: 7, isWhole: true });
  assert.deepEqual(body.reasons, []);
});

Deno.test("exchange() cancels the body where the client goes, and asks it for no more", async () => {
  for (const steps of [0, 1]) {
    const body = new Body(["ab", "cdef"], true);
    const outgoing = new Outgoing(true);
    let request: Request | undefined;
    const running = run(new Incoming(GET), outgoing, (asked) => {
      request = asked;
      return new Response(body.readable);
    });
    for (let step = 0; step < steps; step++) await outgoing.take();
    await until("a full client", () => body.pullCount === 2);
    outgoing.destroy(new Error("it was cut"));
    assert.deepEqual(await running, { status: 200, length: 6, isWhole: false });
    assert.equal(body.pullCount, 2);
    assert.match(String(body.reasons[0]), GONE);
    assert.match(String(request!.signal.reason), GONE);
  }
});

Deno.test("exchange() reads no body for a client that has gone before", async () => {
  const body = new Body([], true);
  const outgoing = new Outgoing();
  const done = await run(new Incoming(GET), outgoing, async ({ signal }) => {
    outgoing.destroy();
    await until("a signal", () => signal.aborted);
    return new Response(body.readable);
  });
  assert.deepEqual(done, { status: 200, length: 0, isWhole: false });
  assert.deepEqual([body.pullCount, body.reasons.length], [0, 1]);
});

Deno.test("exchange() writes nothing that comes after the client has gone", async () => {
  const outgoing = new Outgoing();
  const done = await run(new Incoming(GET), outgoing, ({ signal }) => {
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        outgoing.destroy();
        await until("a signal", () => signal.aborted);
        controller.enqueue(bytesOf("late!"));
      },
    }, { highWaterMark: 0 });
    return new Response(body);
  });
  assert.deepEqual(done, { status: 200, length: 0, isWhole: false });
});

Deno.test("exchange() takes an answer for broken off where the client goes before its end", async () => {
  const outgoing = new Outgoing(true);
  const running = run(new Incoming(GET), outgoing, () => new Response(null, { status: 204 }));
  await settle();
  outgoing.destroy();
  assert.deepEqual(await running, { status: 204, length: 0, isWhole: false });
});

Deno.test("exchange() closes the connection where there is no answer, or its body fails", async () => {
  const failing = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(bytesOf("ab"));
      controller.error(new Error("the disk is broken"));
    },
  }, { highWaterMark: 0 });
  const cases: [answer: () => Response | Promise<Response>, status: number, length: number][] = [
    [() => Promise.reject(new Error("no answer")), 400, 0],
    [() => new Response(failing), 200, 2],
  ];
  for (const [answer, status, length] of cases) {
    const outgoing = new Outgoing();
    assert.deepEqual(await run(new Incoming(GET), outgoing, answer), { status, length, isWhole: false });
    assert.deepEqual([outgoing.destroyed, outgoing.writableEnded], [true, false]);
  }
});

Deno.test("exchange() sends no body to HEAD, and has cancelled it by its end", async () => {
  const body = new Body(["ab"]);
  const outgoing = new Outgoing();
  const headers = { "Content-Length": "2" };
  const incoming = new Incoming({ ...GET, method: "HEAD" });
  const done = await run(incoming, outgoing, () => new Response(body.readable, { headers }));
  assert.deepEqual(done, { status: 200, length: 0, isWhole: true });
  assert.deepEqual([outgoing.text, outgoing.headers], ["", { "content-length": "2" }]);
  assert.deepEqual([body.pullCount, body.reasons], [0, [undefined]]);
});

Deno.test("exchange() reads the body of a request as it is wanted, into bytes of its own", async () => {
  const pieces = ["ab", "cd", "ef"].map(bytesOf);
  const incoming = new Incoming(POST, pieces);
  const done = await run(incoming, new Outgoing(), async ({ body }) => {
    const reader = body!.getReader();
    await settle();
    assert.equal(incoming.givenCount, 0);
    let text = "";
    for (const [at, piece] of pieces.entries()) {
      const { value } = await reader.read();
      piece.fill(0);
      text += new TextDecoder().decode(value);
      await settle();
      assert.equal(incoming.givenCount, at + 1);
    }
    assert.deepEqual([text, await reader.read()], ["abcdef", { done: true, value: undefined }]);
    return new Response();
  });
  assert.deepEqual(done, { status: 200, length: 0, isWhole: true });
});

Deno.test("exchange() fails the body of a request that fails or breaks off", async () => {
  const cases: [error: Error | undefined, message: RegExp][] = [
    [new Error("the network is broken"), /^Error: the network is broken$/],
    [undefined, /^Error: Cannot read the request: it broke off$/],
  ];
  for (const [error, message] of cases) {
    const incoming = new Incoming(POST, [bytesOf("ab")], true);
    const { status } = await run(incoming, new Outgoing(), async ({ body }) => {
      const reader = body!.getReader();
      await reader.read();
      incoming.destroy(error);
      await assert.rejects(reader.read(), message);
      return new Response();
    });
    assert.equal(status, 200, "the answer was given");
  }
});

Deno.test("exchange() drops what comes of the body of a request that broke off", async () => {
  for (const end of ["close", "error"]) {
    const incoming = new Incoming(POST, [bytesOf("ab")], true);
    const { status } = await run(incoming, new Outgoing(), async ({ body }) => {
      const reader = body!.getReader();
      await reader.read();
      incoming.emit(end, new Error("it broke off"));
      incoming.emit("data", bytesOf("cd"));
      incoming.emit("end");
      await assert.rejects(reader.read(), /it broke off$/);
      return new Response();
    });
    assert.equal(status, 200, "the answer was given");
  }
});

Deno.test("exchange() drops what comes of a body that nobody wants any more", async () => {
  const incoming = new Incoming(POST, Array.from({ length: 50 }, () => bytesOf("ab")));
  const done = await run(incoming, new Outgoing(), async ({ body }) => {
    const reader = body!.getReader();
    await reader.read();
    await reader.cancel();
    await until("the end of the request", () => incoming.readableEnded);
    return new Response("ok");
  });
  assert.equal(incoming.givenCount, 50);
  assert.deepEqual(done, { status: 200, length: 2, isWhole: true });
});
