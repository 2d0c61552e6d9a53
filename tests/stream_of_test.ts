/** Streams of what generators yield. */
import assert from "node:assert/strict";
import { streamOf } from "../src/streams/stream_of.ts";
import { settle } from "./_until.ts";

Deno.test("streamOf() makes an item when it is read, passes failures on, and ends its generator", async () => {
  const calls: string[] = [];
  const failure = new Error("no more");
  async function* items(fails: boolean): AsyncGenerator<number, void, void> {
    try {
      calls.push("one");
      yield 1;
      if (fails) throw failure;
      calls.push("two");
      yield 2;
    } finally {
      await undefined;
      calls.push("end");
    }
  }
  assert.deepEqual(await Array.fromAsync(streamOf(items(false))), [1, 2]);
  assert.deepEqual(calls.splice(0), ["one", "two", "end"]);

  const reader = streamOf(items(false)).getReader();
  await settle();
  assert.deepEqual(calls, []);
  await reader.read();
  await settle();
  assert.deepEqual(calls, ["one"]);
  await reader.cancel();
  assert.deepEqual(calls.splice(0), ["one", "end"]);

  await assert.rejects(Array.fromAsync(streamOf(items(true))), failure);
  assert.deepEqual(calls, ["one", "end"]);
});

Deno.test("streamOf() is cancelled once its generator has let go of what it holds", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  async function* items(): AsyncGenerator<number, void, void> {
    try {
      yield 1;
    } finally {
      await promise;
    }
  }
  const reader = streamOf(items()).getReader();
  await reader.read();
  let isCancelled = false;
  const cancelling = reader.cancel().then(() => isCancelled = true);
  await settle();
  assert.equal(isCancelled, false);
  resolve();
  await cancelling;
});
