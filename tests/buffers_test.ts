/** The three steps on bytes in memory: createSig(), createDelta(), applyDelta(). */
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import {
  applyDelta,
  type ByteSource,
  createDelta,
  createSig,
  type DeltaStats,
  encodeDeltaStream,
  loadSigs,
  type PatchStats,
  type SigStats,
  sigStream,
} from "rsync-streams";
import { assertBytes, SALT } from "./_helpers.ts";
import { concat, make, randomBytes } from "./_recipes.ts";

// What a caller without types may write.
// deno-lint-ignore no-explicit-any
type Anything = any;

const BASIS = concat([randomBytes(1, 300_000), make({ gen: "text", seed: 2, len: 100_000 })]);
const TARGET = concat([BASIS.subarray(200_000), randomBytes(3, 500), BASIS.subarray(0, 200_000)]);
const SIG = await createSig(BASIS);
const DELTA = await createDelta(SIG, TARGET);

Deno.test("three steps on bytes make the target", async () => {
  assert.ok(DELTA.length < 5000, `${DELTA.length} bytes`);
  assertBytes(await applyDelta(BASIS, DELTA), TARGET, "the target");
});

Deno.test("createSig() chooses blocks by the length of bytes and Blobs, as sigStream() by fileLength", async () => {
  const salt = SALT;
  const told = await createSig(Readable.from([BASIS]), { fileLength: BASIS.length, salt });
  assertBytes(await createSig(BASIS, { salt }), told, "signature of bytes");
  assertBytes(await createSig(new Blob([BASIS]), { salt }), told, "signature of a Blob");
  assert.equal((await loadSigs(await createSig(Readable.from([BASIS])))).blockLength, 1024);
  assert.notEqual((await loadSigs(told)).blockLength, 1024);
});

Deno.test("createDelta() takes a signature that was loaded, or its bytes in any shape", async () => {
  for (const sig of [await loadSigs(SIG), SIG, new Blob([SIG]), new Response(SIG), [SIG]]) {
    assertBytes(await createDelta(sig, new Blob([TARGET])), DELTA, "the delta");
  }
});

Deno.test("each step takes the options of its stream, and no others", async () => {
  const sig = await createSig(BASIS, { format: "librsync", blockLength: 512 });
  const delta = await createDelta(sig, TARGET);
  assertBytes(await applyDelta(BASIS, delta, { format: "librsync" }), TARGET, "the target");
  const steps = [
    (options: Anything) => createSig(BASIS, options),
    (options: Anything) => createDelta(SIG, TARGET, options),
    (options: Anything) => applyDelta(BASIS, DELTA, options),
  ];
  for (const step of steps) {
    await assert.rejects(step({ blocklength: 64 }), { name: "TypeError", message: /"blocklength" was given/ });
    await assert.rejects(step({ signal: 5 }), { name: "TypeError", message: /^Cannot use signal/ });
    for (const options of [null, 5, "options", [], Promise.resolve({})]) {
      await assert.rejects(step(options), { name: "TypeError", message: /^Cannot use the options: an object/ });
    }
  }
});

Deno.test("applyDelta() makes at most 2^30 bytes, unless more are allowed", async () => {
  await assert.rejects(applyDelta(BASIS, DELTA, { maxOutputLength: 1000 }), { code: "limit" });
  // Refused before the first byte of it is copied.
  const copies = ReadableStream.from([{ copy: { offset: 0, length: 2 ** 30 + 1 } }]);
  const long = copies.pipeThrough(encodeDeltaStream());
  const zeros = { read: () => assert.fail("read() was called") };
  await assert.rejects(applyDelta(zeros, long), { code: "limit" });
});

Deno.test("each step ends with the reason of its signal", async () => {
  const forever = () => {
    let timer: ReturnType<typeof setTimeout>;
    return new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => timer = setTimeout(resolve, 1));
        controller.enqueue(BASIS);
      },
      cancel: () => clearTimeout(timer),
    }, { highWaterMark: 0 });
  };
  const steps: Record<string, (source: ByteSource, signal: AbortSignal) => Promise<unknown>> = {
    "createSig()": (source, signal) => createSig(source, { signal }),
    "createDelta()": (source, signal) => createDelta(SIG, source, { signal }),
    "createDelta(), loading": (source, signal) => createDelta(source, TARGET, { signal }),
    "applyDelta()": (source, signal) => applyDelta(BASIS, source, { signal }),
  };
  const reason = { why: "too slow" };
  for (const [name, step] of Object.entries(steps)) {
    await assert.rejects(step(forever(), AbortSignal.abort(reason)), (error) => error === reason, name);
    if (name === "applyDelta()" || name === "createDelta(), loading") continue; // no bytes of a delta or signature
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 20);
    await assert.rejects(step(forever(), controller.signal), (error) => error === reason, name);
  }
});

Deno.test("a signal ends each step in the middle of a chunk", async () => {
  const reason = { why: "too slow" };
  const chunk = new Uint8Array(2 ** 30);
  for (const step of [createSig, (source: ByteSource, options: Anything) => createDelta(SIG, source, options)]) {
    const controller = new AbortController();
    let stats: SigStats | undefined;
    const onProgress = (now: SigStats) => {
      stats = now;
      controller.abort(reason);
    };
    let cancelledWith: unknown;
    const source = new ReadableStream<Uint8Array>({
      pull: (stream) => stream.enqueue(chunk),
      cancel: (why) => void (cancelledWith = why),
    }, { highWaterMark: 0 });
    await assert.rejects(step(source, { onProgress, signal: controller.signal }), (error) => error === reason);
    assert.ok(stats!.bytesIn < chunk.length, `${stats!.bytesIn} bytes`);
    assert.equal(cancelledWith, reason);
  }
});

Deno.test("a signal ends applyDelta() while it waits for the basis", async () => {
  const reason = { why: "too slow" };
  const controller = new AbortController();
  const basis = {
    read: () => {
      controller.abort(reason);
      return new Promise<Uint8Array>(() => {});
    },
  };
  await assert.rejects(applyDelta(basis, DELTA, { signal: controller.signal }), (error) => error === reason);
});

Deno.test("a failure of a source is the failure of each step, as the same object", async () => {
  const reason = { why: "the disk failed" };
  const failing = () => new ReadableStream<Uint8Array>({ pull: () => Promise.reject(reason) });
  const same = (error: unknown) => error === reason;
  await assert.rejects(createSig(failing()), same);
  await assert.rejects(createDelta(failing(), TARGET), same);
  await assert.rejects(createDelta(SIG, failing()), same);
  await assert.rejects(applyDelta(BASIS, failing()), same);
});

Deno.test("progress has the total where the length is known", async () => {
  const totals = { sig: 0, delta: 0, patch: 0 } as Record<string, number | undefined>;
  await createSig(BASIS, { onProgress: ({ total }: SigStats) => totals.sig = total });
  await createDelta(SIG, new Blob([TARGET]), { onProgress: ({ total }: DeltaStats) => totals.delta = total });
  await applyDelta(BASIS, DELTA, { onProgress: ({ total }: PatchStats) => totals.patch = total });
  assert.deepEqual(totals, { sig: BASIS.length, delta: TARGET.length, patch: DELTA.length });
  let seen: SigStats | undefined;
  await createSig(Readable.from([BASIS]), { onProgress: (stats) => seen = { ...stats } });
  assert.equal(seen!.bytesIn, BASIS.length);
  assert.equal("total" in seen!, false);
});

Deno.test("sigStream() has the total that fileLength says, and none without it", () => {
  for (const fileLength of [0, 5]) assert.equal(sigStream({ fileLength }).stats.total, fileLength);
  assert.equal("total" in sigStream().stats, false);
});
