/** What the client takes from an answer, and what it learns of a server: `fetch` is played here. */
import assert from "node:assert/strict";
import { Connection } from "../../src/http/client/connection.ts";
import { withClock } from "../_clock.ts";
import { watchedSignal } from "../_listeners.ts";

const URL_OF_FILE = new URL("http://host.test/f");

const newStats = () => ({ bytesIn: 0, bytesSent: 0, requests: 0, retries: 0 });

function connectionOf(answer: () => Response): Connection {
  const fetch = () => Promise.resolve(answer());
  return new Connection(URL_OF_FILE, { fetch }, newStats());
}

/** Sends requests whose answers take so long to start and to come, in milliseconds, and returns the cost of another. */
async function costAfter(answers: [roundMs: number, bodyMs: number, length: number][]): Promise<number> {
  let now = 1e6;
  const answer = () => {
    const [roundMs, bodyMs, length] = answers.shift()!;
    now += roundMs;
    const pull = (controller: ReadableStreamDefaultController) => {
      now += bodyMs;
      controller.enqueue(new Uint8Array(length));
      controller.close();
    };
    return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
  };
  return await withClock(() => now, async () => {
    const connection = connectionOf(answer);
    while (answers.length > 0) await (await connection.send(URL_OF_FILE, {})).bytes(2 ** 20);
    return connection.requestCost;
  });
}

Deno.test("a request costs what the shortest round trip and the highest rate make it, in any order", async () => {
  const slow = [80, 1000, 100_000] as [number, number, number];
  const fast = [10, 20, 100_000] as [number, number, number];
  // 10 ms at 5 MB/s, for four at once.
  const cost = 0.01 * 5e6 / 4;
  for (const answers of [[fast], [fast, slow], [slow, fast], [slow, fast, slow]]) {
    assert.equal(await costAfter(answers), cost, `${answers}`);
  }
  // A body of less than 64 KiB says nothing of the rate, and one of that does.
  assert.equal(await costAfter([slow, [100, 1, 2 ** 16 - 1]]), 0.08 * 1e5 / 4);
  assert.equal(await costAfter([slow, [10, 20, 2 ** 16]]), Math.round(0.01 * (2 ** 16 / 0.02) / 4));
});

Deno.test("a body has at most as many bytes as it may, however they come", async () => {
  for (const pieces of [[10], [5, 5], Array<number>(10).fill(1)]) {
    const bytesOf = async (limit: number) => {
      const body = ReadableStream.from(pieces.map((length) => new Uint8Array(length)));
      return await (await connectionOf(() => new Response(body)).send(URL_OF_FILE, {})).bytes(limit);
    };
    assert.equal((await bytesOf(10)).length, 10);
    await assert.rejects(bytesOf(9), { name: "HttpError", code: "protocol", message: /more than 9 bytes came/ });
  }
});

Deno.test("an answer is encoded by any coding but identity, and then its length is not that of its bytes", async () => {
  for (const [coding, isEncoded] of [["gzip", true], ["x", true], ["", false], [" Identity ", false]] as const) {
    const headers = { "Content-Encoding": coding, "Content-Length": "5" };
    const answer = await connectionOf(() => new Response("12345", { headers })).send(URL_OF_FILE, {});
    assert.deepEqual([answer.isEncoded, answer.length], [isEncoded, isEncoded ? undefined : 5], coding);
    await answer.cancel();
  }
});

Deno.test("a length of another origin is believed of HEAD and of ranges alone", async () => {
  for (
    const [isForeign, method, status, length] of [
      [false, "GET", 200, 5],
      [true, "GET", 200, undefined],
      [true, "GET", 206, 5],
      [true, "HEAD", 200, 5],
    ] as const
  ) {
    const body = method === "HEAD" ? null : "12345";
    const connection = connectionOf(() => new Response(body, { status, headers: { "Content-Length": "5" } }));
    connection.isForeign = isForeign;
    const answer = await connection.send(URL_OF_FILE, { method });
    assert.equal(answer.length, length, `${isForeign} ${method} ${status}`);
    await answer.cancel();
  }
});

Deno.test("bytes of a body are counted as they are sent, those of others where they come from", async () => {
  const connection = connectionOf(() => new Response(null, { status: 204 }));
  const bodies = [
    undefined,
    new Uint8Array(7),
    new Blob(["12345"]),
    ReadableStream.from([new Uint8Array(9)]),
    new Uint8Array(4),
  ];
  const counts = [];
  for (const body of bodies) {
    const answer = await connection.send(URL_OF_FILE, { method: "PATCH", body });
    await answer.cancel();
    counts.push(connection.stats.bytesSent);
  }
  assert.deepEqual(counts, [0, 7, 7, 7, 11]);
  assert.equal(connection.stats.requests, bodies.length);
});

Deno.test("chunks of a body hold no more memory than twice their bytes", async () => {
  const body = ReadableStream.from([new Uint8Array(2 ** 20).subarray(5, 15)]);
  const answer = await connectionOf(() => new Response(body)).send(URL_OF_FILE, {});
  for await (const chunk of answer.chunks()) assert.ok(chunk.buffer.byteLength <= 20, `${chunk.buffer.byteLength}`);
});

Deno.test("a request ends by the signal of all requests, and by its own", async () => {
  for (const own of [false, true]) {
    const reason = new Error("enough");
    const aborter = new AbortController();
    const fetch = () => new Promise<Response>(() => {});
    const options = { fetch, ...!own && { signal: aborter.signal } };
    const connection = new Connection(URL_OF_FILE, options, newStats());
    const sending = connection.send(URL_OF_FILE, own ? { signal: aborter.signal } : {});
    aborter.abort(reason);
    await assert.rejects(sending, (error) => error === reason);
  }
});

Deno.test("a request that is not wanted any more is not sent", async () => {
  const reason = new Error("enough");
  const connection = connectionOf(() => assert.fail("it is sent"));
  const sending = connection.send(URL_OF_FILE, { signal: AbortSignal.abort(reason) });
  await assert.rejects(sending, (error) => error === reason);
});

Deno.test("a body of many chunks leaves no listener for each on the signal of its request", async () => {
  const listeners = new Set<unknown>();
  let most = 0;
  const fetch = (_: string, { signal }: RequestInit) => {
    const { addEventListener: add, removeEventListener: remove } = signal!;
    Object.assign(signal!, {
      addEventListener(...args: Parameters<typeof add>) {
        most = Math.max(most, listeners.add(args[1]).size);
        add.apply(signal, args);
      },
      removeEventListener(...args: Parameters<typeof remove>) {
        listeners.delete(args[1]);
        remove.apply(signal, args);
      },
    });
    const body = ReadableStream.from(Array.from({ length: 50 }, () => new Uint8Array(9)));
    return Promise.resolve(new Response(body));
  };
  const connection = new Connection(URL_OF_FILE, { fetch }, newStats());
  assert.equal((await (await connection.send(URL_OF_FILE, {})).bytes(1000)).length, 450);
  assert.deepEqual([most, listeners.size], [1, 0]);
});

Deno.test("a request that is ended before it is sent leaves no listener on any signal", async () => {
  const reason = new Error("enough");
  const { signal, listeners } = watchedSignal();
  const connection = new Connection(URL_OF_FILE, { fetch: () => Promise.reject(reason), signal }, newStats());
  const sending = connection.send(URL_OF_FILE, { signal: AbortSignal.abort(reason) });
  await assert.rejects(sending, (error) => error === reason);
  assert.equal(listeners.size, 0);
});
