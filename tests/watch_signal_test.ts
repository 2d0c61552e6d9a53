/** Waits that a signal ends. */
import assert from "node:assert/strict";
import { endReads } from "../src/basis/end_reads.ts";
import { watchSignal } from "../src/common/watch_signal.ts";
import { listenersOf } from "./_listeners.ts";

const never = () => new Promise<never>(() => {});
const reason = new Error("enough");

Deno.test("waits end with what they wait for, and a signal has one listener for all, which goes", async () => {
  const aborter = new AbortController();
  const listeners = listenersOf(aborter.signal);
  const { orAborted } = watchSignal(aborter.signal);
  const { promise, resolve } = Promise.withResolvers<number>();
  const failure = new Error("not today");
  const waits = [orAborted(promise), orAborted(promise), orAborted(Promise.reject(failure))];
  assert.equal(listeners.size, 1);
  await assert.rejects(waits[2]!, failure);
  assert.equal(listeners.size, 1);
  resolve(7);
  assert.deepEqual(await Promise.all(waits.slice(0, 2)), [7, 7]);
  await undefined;
  assert.equal(listeners.size, 0);
  assert.equal(await orAborted(Promise.resolve(8)), 8);
});

Deno.test("an abort ends all waits with its reason, and later ones at once", async () => {
  const aborter = new AbortController();
  const listeners = listenersOf(aborter.signal);
  const { orAborted, check } = watchSignal(aborter.signal);
  check();
  const waits = [orAborted(never()), orAborted(never())];
  aborter.abort(reason);
  for (const wait of [...waits, orAborted(never())]) await assert.rejects(wait, (error) => error === reason);
  assert.throws(check, (error) => error === reason);
  assert.equal(listeners.size, 0);
});

Deno.test("reads that a signal ends are otherwise those of their basis, which is known as well as before", async () => {
  const aborter = new AbortController();
  const createBuffer = (length: number) => new Uint8Array(length);
  const basis = {
    size: 70,
    bytes: new Uint8Array(70),
    readsAtOnce: 3,
    createBuffer,
    readInto: (_: Uint8Array, offset: number) => offset < 0 ? never() : offset < 60 ? 5 : Promise.resolve(offset),
  };
  const ended = endReads(basis, aborter.signal);
  assert.deepEqual({ ...ended, readInto: basis.readInto }, basis);
  const buffer = new Uint8Array(70);
  assert.equal(ended.readInto(buffer, 7), 5);
  assert.equal(await ended.readInto(buffer, 66), 66);
  const reading = ended.readInto(buffer, -1);
  aborter.abort(reason);
  await assert.rejects(async () => await reading, (error) => error === reason);
  assert.equal(endReads(basis, undefined), basis);
});
