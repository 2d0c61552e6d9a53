/** Signals, cancels and disposal of an update. */
import assert from "node:assert/strict";
import { fetchUpdate, planUpdate, type UpdateOptions } from "rsync-streams/http";
import { assertBytes, toBytes } from "../_helpers.ts";
import { watchedSignal } from "../_listeners.ts";
import { concat } from "../_recipes.ts";
import { hostOf } from "./memory_host.ts";
import { pausesDuring } from "./_pauses.ts";
import { basis, clientOf, files, target, URL_OF_FILE } from "./_update.ts";
import { until } from "../_until.ts";

Deno.test("a signal ends the search, the requests and the stream with its reason", async () => {
  const reason = new Error("enough");
  const aborted = AbortSignal.abort(reason);
  await assert.rejects(fetchUpdate(URL_OF_FILE, basis, { ...clientOf(files), signal: aborted }), (e) => e === reason);
  const { requests } = await planUpdate(URL_OF_FILE, basis, clientOf(files));
  assert.ok(requests > 1);
  for (let at = 1; at <= requests + 1; at++) {
    const aborter = new AbortController();
    let count = 0;
    const { fetch } = hostOf(files, () => void (++count === at && aborter.abort(reason)));
    const update = async () => {
      const { readable } = await fetchUpdate(URL_OF_FILE, basis, { fetch, signal: aborter.signal });
      await toBytes(readable);
    };
    if (at <= requests) await assert.rejects(update(), (error) => error === reason, `${at}`);
    else await update();
  }
});

/** A body that gives its first byte, calls a function some microtasks later, and then nothing more. */
function stuckBody(bytes: Uint8Array, ticks: number, then: () => void): ReadableStream<Uint8Array> {
  let isFirst = true;
  return new ReadableStream({
    async pull(controller) {
      if (!isFirst) await new Promise(() => {});
      isFirst = false;
      controller.enqueue(bytes.slice(0, 1));
      for (let tick = 0; tick < ticks; tick++) await undefined;
      then();
    },
  }, { highWaterMark: 0 });
}

Deno.test("a signal ends an update at any moment, even if fetch ignores signals and its body is stuck", async () => {
  const reason = new Error("enough");
  for (const path of ["/f.rsig", "/f"]) {
    for (let ticks = 0; ticks < 20; ticks++) {
      const aborter = new AbortController();
      const host = hostOf(files);
      const fetch = async (url: string, { signal: _, ...init }: RequestInit) => {
        const answer = await host.fetch(url, init);
        if (new URL(url).pathname !== path) return answer;
        const bytes = new Uint8Array(await answer.arrayBuffer());
        return new Response(stuckBody(bytes, ticks, () => aborter.abort(reason)), answer);
      };
      const update = async () => {
        const { readable } = await fetchUpdate(URL_OF_FILE, basis, { fetch, signal: aborter.signal });
        await toBytes(readable);
      };
      await assert.rejects(update(), (error) => error === reason, `${path}, ${ticks}`);
    }
  }
});

Deno.test("the reason of a cancel reaches the requests under way", async () => {
  const reason = new Error("enough");
  let seen: unknown;
  const { fetch, asked } = hostOf(files, ({ path, init }) => {
    if (path === "/f") {
      return new Promise((_, reject) => {
        init.signal!.addEventListener("abort", () => {
          seen = init.signal!.reason;
          reject(seen);
        });
      });
    }
  });
  const { readable } = await fetchUpdate(URL_OF_FILE, basis, { fetch });
  const reader = readable.getReader();
  const reading = reader.read();
  await until("a request for the file", () => asked.some(({ path }) => path === "/f"));
  await reader.cancel(reason);
  await reading;
  assert.equal(seen, reason);
});

Deno.test("a signal ends an update that only reads the local file: to verify, and to copy", async () => {
  const reason = new Error("enough");
  const moved = concat([new Uint8Array(5), target]);
  for (const stage of ["verify", "copy"]) {
    const aborter = new AbortController();
    let isSearched = false;
    const reads: string[] = [];
    const local = {
      size: moved.length,
      read(offset: number, length: number) {
        if (isSearched) reads.push(aborter.signal.aborted ? "late" : "");
        if (isSearched && stage === "verify") aborter.abort(reason);
        return moved.slice(offset, offset + length);
      },
    };
    const { readable, plan } = await fetchUpdate(URL_OF_FILE, local, { ...clientOf(files), signal: aborter.signal });
    assert.equal(plan.missingLength, 0);
    isSearched = true;
    const reader = readable.getReader();
    if (stage === "copy") {
      assert.equal((await reader.read()).done, false);
      aborter.abort(reason);
    }
    await assert.rejects(reader.read(), (error) => error === reason, stage);
    const late = reads.filter((read) => read === "late");
    assert.ok(late.length <= 1, `${stage}: ${late.length} reads after the signal`);
  }
});

Deno.test("requests that fail leave no listener on the signal", async () => {
  const { signal, listeners } = watchedSignal();
  const fetch = () => Promise.reject(new TypeError("reset"));
  await pausesDuring(() => assert.rejects(planUpdate(URL_OF_FILE, basis, { fetch, signal }), { code: "network" }));
  assert.equal(listeners.size, 0);
});

Deno.test("an update that is disposed of ends its requests, errors its stream, and leaves the signal", async () => {
  let seen: unknown;
  const { fetch, asked } = hostOf(files, ({ path, init }) => {
    if (path !== "/f") return;
    return new Promise((_, reject) => init.signal!.addEventListener("abort", () => reject(seen = init.signal!.reason)));
  });
  const { signal, listeners } = watchedSignal();
  let piped: Promise<unknown>;
  {
    await using update = await fetchUpdate(URL_OF_FILE, basis, { fetch, signal });
    piped = toBytes(update.readable).then(() => "no error", (error: unknown) => error);
    await until("a request for the file", () => asked.some(({ path }) => path === "/f"));
    assert.equal(listeners.size, 1);
  }
  assert.equal((await piped as Error).name, "AbortError");
  assert.equal(seen, await piped);
  assert.equal(listeners.size, 0);
});

Deno.test("to dispose of an update that has ended has no effect, and one that was never read errors", async () => {
  const { fetch } = hostOf(files);
  {
    await using update = await fetchUpdate(URL_OF_FILE, basis, { fetch });
    assertBytes(await toBytes(update.readable), target);
  }
  const { signal, listeners } = watchedSignal();
  const unread = await fetchUpdate(URL_OF_FILE, basis, { fetch, signal });
  assert.equal(listeners.size, 1);
  await unread[Symbol.asyncDispose]();
  assert.equal(listeners.size, 0);
  await assert.rejects(toBytes(unread.readable), { name: "AbortError" });
});

const never = () => new Promise<never>(() => {});

Deno.test("a signal ends a request that never answers, as it begins and between two chunks", async () => {
  const reason = new Error("enough");
  const atOnce = new AbortController();
  const silent = () => {
    atOnce.abort(reason);
    return never();
  };
  await assert.rejects(fetchUpdate(URL_OF_FILE, null, { fetch: silent, signal: atOnce.signal }), (e) => e === reason);

  const between = new AbortController();
  const { fetch } = hostOf({}, ({ path }) => {
    if (path !== "/f") return;
    let count = 0;
    return new Response(
      new ReadableStream({
        pull: (controller) => count++ === 0 ? controller.enqueue(Uint8Array.of(1)) : never(),
      }, { highWaterMark: 0 }),
    );
  });
  const { readable } = await fetchUpdate(URL_OF_FILE, null, { fetch, signal: between.signal });
  const reader = readable.getReader();
  assert.deepEqual((await reader.read()).value, Uint8Array.of(1));
  between.abort(reason);
  await assert.rejects(reader.read(), (error) => error === reason);
});

Deno.test("a read of the basis that never answers does not keep an update from its end", async () => {
  const reason = new Error("enough");
  let onRead: (() => void) | undefined;
  const read = (offset: number, length: number) => {
    if (!onRead) return Promise.resolve(basis.slice(offset, offset + length));
    onRead();
    return never();
  };
  const open = async (signal?: AbortSignal) => {
    onRead = undefined;
    const update = await fetchUpdate(URL_OF_FILE, { size: basis.length, read }, { ...clientOf(files), signal });
    const { promise, resolve } = Promise.withResolvers<void>();
    onRead = resolve;
    const reader = update.readable.getReader();
    const reading = reader.read().catch((error: unknown) => error);
    await promise;
    return { update, reader, reading };
  };

  const aborter = new AbortController();
  const aborted = await open(aborter.signal);
  aborter.abort(reason);
  assert.equal(await aborted.reading, reason);

  const cancelled = await open();
  await cancelled.reader.cancel(reason);
  assert.deepEqual(await cancelled.reading, { done: true, value: undefined });

  const disposed = await open();
  await disposed.update[Symbol.asyncDispose]();
  assert.equal((await disposed.reading as Error).name, "AbortError");

  const planning = new AbortController();
  const { signal } = planning;
  onRead = () => queueMicrotask(() => planning.abort(reason));
  await assert.rejects(planUpdate(URL_OF_FILE, { read }, { ...clientOf(files), signal }), (error) => error === reason);
});

Deno.test("a body that is never let go of does not keep an update from its end", async () => {
  const reason = new Error("enough");
  const open = async (options: UpdateOptions) => {
    const { fetch } = hostOf({}, ({ path }) => {
      if (path === "/f") return new Response(new ReadableStream({ pull: never, cancel: never }, { highWaterMark: 0 }));
    });
    const update = await fetchUpdate(URL_OF_FILE, null, { fetch, ...options });
    const reader = update.readable.getReader();
    return { update, reader, reading: reader.read().catch((error: unknown) => error) };
  };

  const aborter = new AbortController();
  const aborted = await open({ signal: aborter.signal });
  setTimeout(() => aborter.abort(reason), 5);
  assert.equal(await aborted.reading, reason);

  const cancelled = await open({});
  await cancelled.reader.cancel(reason);
  assert.deepEqual(await cancelled.reading, { done: true, value: undefined });

  const disposed = await open({});
  await disposed.update[Symbol.asyncDispose]();
  assert.equal((await disposed.reading as Error).name, "AbortError");

  // A page with the status, which nobody reads.
  const page = () => new Response(new ReadableStream({ cancel: never }), { status: 403 });
  const refused = await fetchUpdate(URL_OF_FILE, null, { fetch: async () => await page(), timeoutMs: 5 });
  await assert.rejects(toBytes(refused.readable), { code: "status", status: 403 });
});
