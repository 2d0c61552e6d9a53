/** `planSync()`: when its work ends, and what it does not do before. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { LayeredSig, planSync } from "rsync-streams/sync";
import { SearchWork } from "../src/sync/search_work.ts";
import { replace } from "./_cli_inside.ts";
import { concat, randomBytes } from "./_recipes.ts";
import { base, LAYERS, publish, sync } from "./_sync.ts";

const MIB = 2 ** 20;

/** A local file, and the reads of it: offset, and bytes asked for. */
function logged(local: Uint8Array, onRead?: () => void) {
  const reads: [number, number][] = [];
  const read = (offset: number, length: number) => {
    reads.push([offset, length]);
    onRead?.();
    return local.subarray(offset, offset + length);
  };
  return { size: local.length, read, reads };
}

Deno.test("planSync() ends at the next read once its signal is aborted", async () => {
  const remote = randomBytes(1, 5 * MIB);
  const published = await publish(remote, { layers: [{ blockLength: 1024, strongLength: 8 }] });
  const reason = new Error("enough");

  const whileSearching = new AbortController();
  const local = logged(remote, () => whileSearching.abort(reason));
  const { signal } = whileSearching;
  await assert.rejects(planSync(await LayeredSig.open(published), local, { signal }), (error) => error === reason);
  // What goes on would go on now.
  await delay(100);
  assert.equal(local.reads.length, 1);

  const whileReading = new AbortController();
  let spans = 0;
  const sig = await LayeredSig.open({
    size: published.length,
    read: (offset: number, length: number) => published.subarray(offset, offset + length),
    async *readRanges(ranges) {
      for (const { offset, length } of ranges) {
        spans++;
        whileReading.abort(reason);
        yield published.subarray(offset, offset + length);
      }
    },
  });
  const unread = logged(remote);
  await assert.rejects(planSync(sig, unread, { signal: whileReading.signal }), (error) => error === reason);
  await delay(100);
  assert.deepEqual([spans, unread.reads], [1, []]);
});

Deno.test("planSync() ends once its signal is aborted while a read never answers", async () => {
  const published = await publish(base);
  const reason = new Error("enough");
  const never = (aborter: AbortController) => () => {
    queueMicrotask(() => aborter.abort(reason));
    return new Promise<never>(() => {});
  };
  const ofLocal = new AbortController();
  const local = { size: base.length, read: never(ofLocal) };
  const { signal } = ofLocal;
  await assert.rejects(planSync(await LayeredSig.open(published), local, { signal }), (error) => error === reason);

  const ofRecords = new AbortController();
  const read = (offset: number, length: number) => published.subarray(offset, offset + length);
  const sig = await LayeredSig.open({
    size: published.length,
    read,
    readRanges: () => ({ [Symbol.asyncIterator]: () => ({ next: never(ofRecords) }) }),
  });
  await assert.rejects(planSync(sig, new Uint8Array(9), { signal: ofRecords.signal }), (error) => error === reason);
});

Deno.test("planSync() reads nothing if its signal was aborted before, and makes no plan", async () => {
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  const published = logged(await publish(base));
  for (const local of [logged(base), logged(new Uint8Array(0))]) {
    const sig = await LayeredSig.open(published);
    const { readCount } = sig;
    await assert.rejects(planSync(sig, local, { signal }), (error) => error === reason);
    assert.deepEqual([sig.readCount, local.reads], [readCount, []]);
  }
});

Deno.test("planSync() leaves no listener on its signal, whether it makes a plan or fails", async () => {
  const published = await publish(base);
  const { signal } = new AbortController();
  const listeners = new Set<unknown>();
  let added = 0;
  const undoAdd = replace(signal, "addEventListener", (_: string, listener: unknown) => {
    added++;
    listeners.add(listener);
  });
  const undoRemove = replace(signal, "removeEventListener", (_: string, listener: unknown) => {
    listeners.delete(listener);
  });
  try {
    await planSync(await LayeredSig.open(published), base, { signal });
    assert.ok(added > 0, "nobody listened");
    assert.equal(listeners.size, 0);
    const failing = { size: 9, read: () => Promise.reject(new Error("broken")) };
    await assert.rejects(planSync(await LayeredSig.open(published), failing, { signal }), { message: "broken" });
    assert.equal(listeners.size, 0);
  } finally {
    undoAdd();
    undoRemove();
  }
});

Deno.test("planSync() asks its signal every 16,384 records while it indexes them", async () => {
  const remote = randomBytes(6, 16 * 200_000);
  const sig = await LayeredSig.open(await publish(remote, { layers: [{ blockLength: 16, strongLength: 6 }] }));
  const { signal } = new AbortController();
  let count = 0;
  const undo = replace(signal, "throwIfAborted", () => void count++);
  try {
    await planSync(sig, new Uint8Array(100), { signal });
  } finally {
    undo();
  }
  assert.ok(count > 2 * Math.floor(200_000 / 16_384), `${count} times`);
});

Deno.test("planSync() reads a local file once, a MiB at a time, if that has all, and no empty one", async () => {
  const remote = randomBytes(2, 2 * MIB + 10);
  const published = await publish(remote, { layers: [{ blockLength: 1024, strongLength: 8 }] });
  const local = logged(remote);
  const plan = await planSync(await LayeredSig.open(published), local);
  assert.equal(plan.missingLength, 0);
  assert.deepEqual(local.reads.slice(0, 3), [[0, MIB], [MIB, MIB], [2 * MIB, MIB]]);
  assert.ok(local.reads.slice(3).every(([offset]) => offset === local.size), "what was read is read again");

  const same = await sync(base, base);
  assert.deepEqual([same.blockLengths, same.sigReads], [[LAYERS[0]!.blockLength], 1]);
  const none = await sync(base, new Uint8Array(0));
  assert.deepEqual([none.blockLengths, none.sigReads], [[], 1]);
});

Deno.test("planSync() tells how much it has read, at most every 100 ms, and all of it at the end", async () => {
  const remote = randomBytes(2, 3 * MIB);
  const layers = [1024, 128].map((blockLength) => ({ blockLength, strongLength: 8 }));
  const sig = await LayeredSig.open(await publish(remote, { layers }));
  const local = concat([remote.subarray(0, MIB), randomBytes(3, 2 * MIB)]);
  let now = 0;
  const undo = replace(performance, "now", () => now += 60);
  const seen: number[] = [];
  const reads = logged(local);
  try {
    await planSync(sig, reads, { onProgress: ({ bytesRead }) => seen.push(bytesRead) });
  } finally {
    undo();
  }
  const size = local.length;
  const read = reads.reads.reduce((sum, [offset, length]) => sum + Math.max(0, Math.min(length, size - offset)), 0);
  assert.equal(seen.at(-1), read);
  assert.ok(read > 2 * size, `${read} bytes: two layers`);
  assert.ok(
    seen.length > 2 && seen.length < reads.reads.length,
    `${seen.length} calls for ${reads.reads.length} reads`,
  );
  assert.deepEqual(seen, seen.toSorted((a, b) => a - b));
});

Deno.test("planSync() reads what it searches again to its end, and no more", async () => {
  const remote = randomBytes(3, 256);
  const published = await publish(concat([remote, randomBytes(4, 64)]), {
    layers: [{ blockLength: 64, strongLength: 8 }],
  });
  const local = logged(concat([randomBytes(5, 100_000), remote, randomBytes(6, 100_000)]));
  await planSync(await LayeredSig.open(published), local);
  // Windows that start behind the first byte of what was found.
  assert.deepEqual(local.reads.at(-1), [100_001, 256 - 1 + 63]);
  assert.equal(local.reads.filter(([offset]) => offset < local.size).length, 2);
});

Deno.test("planSync() searches a third layer where that pays by a byte, and where it does not", async () => {
  const layers = [1024, 256, 64].map((blockLength) => ({ blockLength, strongLength: 8 }));
  // Coarse blocks of which none is found, and so many of them that have one block of 256 bytes which is.
  for (const [coarse, found, isThird] of [[15, 13, true], [8, 7, false]] as const) {
    const remote = randomBytes(coarse, coarse * 1024);
    const pieces = Array.from({ length: found }, (_, i) => remote.subarray(1024 * i + 256, 1024 * i + 512));
    const plan = await sync(remote, concat(pieces), { layers });
    // A record of 12 bytes for each 64 that are missing, and an eighth of 200 bytes for each run of them.
    const missing = coarse * 1024 - found * 256;
    const cost = 12 * missing / 64 + 25 * (found + 1);
    const saving = missing * found / (4 * coarse) - cost;
    assert.ok(isThird ? saving > 0 && saving < (found + 1) / 8 : saving === 0, `${saving} bytes are saved`);
    assert.deepEqual(plan.blockLengths, isThird ? [1024, 256, 64] : [1024, 256]);
  }
});

Deno.test("searches are used up once they took eight lengths of the local file, and not a byte before", () => {
  const afterSearches = (...searches: Parameters<SearchWork["add"]>[]) => {
    const work = new SearchWork();
    for (const search of searches) work.add(...search);
    return work.isUsedUp;
  };
  // A file that is shorter than a MiB counts as one.
  assert.equal(afterSearches([0, MIB, 0, 0], [0, MIB - 1, 0, 12 * MIB / 8], [0, 0, 0, 0]), false);
  assert.equal(afterSearches([0, MIB, 0, 0], [0, MIB, 0, 12 * MIB / 8]), true);
  assert.equal(afterSearches([0, MIB - 1, 2 * 7 * MIB, 0]), false);
  assert.equal(afterSearches([0, MIB, 2 * 7 * MIB, 0]), true);
  // The length is that of the file, not of a part.
  assert.equal(afterSearches([3 * MIB, 4 * MIB, 2 * 31 * MIB - 2, 0]), false);
  assert.equal(afterSearches([3 * MIB, 4 * MIB, 2 * 31 * MIB, 0]), true);
});
