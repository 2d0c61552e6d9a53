/** What streams, signatures and plans hold in memory: of the kernel's, and of that of a process. */
import assert from "node:assert/strict";
import { deltaStream, loadSigs, type Signature, sigStream } from "rsync-streams";
import { defaultKernel } from "../src/kernel/mod.ts";
import { WasmKernel } from "../src/kernel/wasm/kernel.ts";
import { assertBytes, makeDelta, makeSig, makeSigs, patch, SALT } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const MIB = 2 ** 20;
const kernel = defaultKernel();
const BASIS = randomBytes(1, 100_000);
const TARGET = concat([BASIS.subarray(50_000), randomBytes(2, 3000), BASIS.subarray(0, 50_000)]);

/** A test of the kernel's memory. */
function test(name: string, run: (kernel: WasmKernel) => Promise<void>): void {
  Deno.test(name, () => {
    assert.ok(kernel instanceof WasmKernel, "this runtime refuses WebAssembly");
    return run(kernel);
  });
}

/** The memory of the default kernel, which all streams share. */
function held({ pool }: WasmKernel): [number, number] {
  return [pool.made, pool.shared.byteLength];
}

async function assertDelta(sigs: Signature): Promise<void> {
  assertBytes(await patch(BASIS, (await makeDelta(TARGET, sigs)).bytes), TARGET);
}

test("10,000 streams that end, or are cancelled, aborted or broken, leave the memory as it was", async (kernel) => {
  const sigs = await makeSigs(BASIS);
  // A search of long blocks has an instance of its own, and gives it back.
  const longSigs = await makeSigs(BASIS, { blockLength: 2 * MIB });
  const reason = new Error("over");
  const chunk = TARGET.subarray(0, 3000);
  const ends: ((pair: ReadableWritablePair) => Promise<unknown>)[] = [
    async ({ readable, writable }) => {
      const reading = Array.fromAsync(readable);
      const writer = writable.getWriter();
      await writer.write(chunk);
      await writer.close();
      await reading;
    },
    async ({ readable, writable }) => {
      const writing = writable.getWriter().write(chunk);
      const reader = readable.getReader();
      await reader.read();
      await reader.cancel(reason);
      await writing.catch(() => {});
    },
    async ({ readable, writable }) => {
      const writer = writable.getWriter();
      const writing = writer.write(chunk);
      const reader = readable.getReader();
      await reader.read();
      await writer.abort(reason);
      await writing.catch(() => {});
    },
    async ({ readable, writable }) => {
      const writer = writable.getWriter();
      const writing = writer.write("no bytes");
      await assert.rejects(readable.getReader().read(), TypeError);
      await writing.catch(() => {});
    },
  ];
  const run = async (count: number) => {
    for (let i = 0; i < count; i++) {
      const pairs = [sigStream({ digest: true }), deltaStream(sigs), deltaStream(longSigs)];
      await ends[i % 4]!(pairs[i % 3]!);
    }
  };
  await run(100);
  const before = held(kernel);
  await run(10_000);
  assert.deepEqual(held(kernel), before);
});

test("15,000 signatures of small files are held at a time, in some hundred bytes each", async (kernel) => {
  const { bytes } = await makeSig(BASIS.subarray(0, 3000));
  const before = held(kernel);
  const all: Signature[] = [];
  for (let i = 0; i < 15_000; i++) all.push(await loadSigs(bytes));
  assert.deepEqual(held(kernel), before);
  for (const sigs of [all[0]!, all.at(-1)!]) {
    assert.ok(sigs.byteLength < 256, `${sigs.byteLength} bytes`);
    assert.equal((await makeDelta(BASIS.subarray(0, 3000), sigs)).stats.copiedBytes, 3000);
  }
});

test("a signature is good for deltas with chunks of many lengths, and holds nothing of them", async (kernel) => {
  const sigs = await makeSigs(BASIS);
  const target = randomBytes(3, 200_000);
  const run = async (i: number) => {
    await makeDelta(target.subarray(0, 131_073 + 16 * i), sigs);
  };
  for (let i = 0; i < 400; i += 40) await run(i);
  const before = held(kernel);
  for (let i = 0; i < 400; i++) await run(i);
  assert.deepEqual(held(kernel), before);
});

test("5,000 delta streams that were dropped in their middle hold nothing of the kernel's memory", async (kernel) => {
  const sigs = await makeSigs(BASIS);
  const chunk = randomBytes(4, 150_000);
  let before: [number, number] | undefined;
  for (let i = 0; i < 5000; i++) {
    const { readable, writable } = deltaStream(sigs, { digest: false });
    writable.getWriter().write(chunk);
    await readable.getReader().read();
    before ??= held(kernel);
  }
  assert.deepEqual(held(kernel), before);
  await assertDelta(sigs);
});

test("streams that take turns with the kernel's memory find their state again", async () => {
  const count = 8;
  const bases = Array.from({ length: count }, (_, i) => randomBytes(10 + i, 50_000 + 700 * i));
  const targets = bases.map((basis, i) => concat([randomBytes(i, 777), basis.subarray(20_000), basis]));
  const options = { blockLength: 512, digest: true, salt: SALT };
  const expected = await Promise.all(bases.map((basis) => makeSig(basis, options)));
  const interleaved = (bytes: Bytes, pair: ReadableWritablePair<Bytes, Bytes>) => {
    const pieces = Array.from(
      { length: Math.ceil(bytes.length / 1111) },
      (_, i) => bytes.slice(1111 * i, 1111 * (i + 1)),
    );
    const readable = new ReadableStream<Bytes>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        const piece = pieces.shift();
        if (piece) controller.enqueue(piece);
        else controller.close();
      },
    });
    return new Response(readable.pipeThrough(pair)).bytes() as Promise<Bytes>;
  };
  const sigs = await Promise.all(bases.map((basis) => interleaved(basis, sigStream(options) as never)));
  for (let i = 0; i < count; i++) assertBytes(sigs[i]!, expected[i]!.bytes, `signature ${i}`);
  const loaded = await Promise.all(sigs.map((sig) => loadSigs(sig)));
  const deltas = await Promise.all(targets.map((target, i) => interleaved(target, deltaStream(loaded[i]!) as never)));
  for (let i = 0; i < count; i++) {
    const { bytes } = await makeDelta(targets[i]!, loaded[i]!);
    assertBytes(deltas[i]!, bytes, `delta ${i}`);
    assertBytes(await patch(bases[i]!, bytes), targets[i]!, `target ${i}`);
  }
});

test("blocks of 2^30 bytes need no memory before there are bytes", async (kernel) => {
  const sigs = await makeSigs(BASIS, { blockLength: 2 ** 30 });
  const before = held(kernel);
  const { bytes, stats } = await makeDelta(TARGET, sigs);
  assert.equal(stats.literalBytes, TARGET.length);
  assertBytes(await patch(BASIS, bytes), TARGET);
  assert.equal((await makeDelta(BASIS, sigs)).stats.copiedBytes, BASIS.length);
  assert.deepEqual(held(kernel), before);
});

// ---- whole processes

/** Runs a job of `_memory_jobs.ts` in a process that can be told to collect garbage, and returns what it prints. */
async function job(name: string): Promise<number> {
  const args = ["run", "-A", "--v8-flags=--expose-gc", new URL("_memory_jobs.ts", import.meta.url).pathname, name];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const text = new TextDecoder().decode(stdout);
  assert.match(text, /^-?\d+(\.\d+)?\n$/);
  return Number(text);
}

test("streams and signatures that were dropped are collected", async () => {
  // Who used the shared memory last stays until somebody else does.
  assert.ok(await job("dropped") <= 2);
});

test("a signature stream in the middle of a MiB holds less than 300 KiB", async () => {
  const each = await job("open-signers");
  assert.ok(each < 300 * 1024, `${each} bytes`);
});

test("a delta stream in the middle of a chunk's worth holds less than 1 MiB", async () => {
  const each = await job("open-matchers");
  assert.ok(each < MIB, `${each} bytes`);
});

test("a delta with blocks of 32 MiB needs less than six of them and 64 MiB", async () => {
  const length = await job("long-blocks");
  assert.ok(length < 6 * 32 * MIB + 64 * MIB, `${length} bytes`);
});

test("planSync() needs less than 300 bytes for each record, with a run for each", async () => {
  const each = await job("planning");
  assert.ok(each < 300, `${each} bytes`);
});

test("missing bytes that come one by one are held in few objects, from a host and from a handler", async () => {
  for (const name of ["ranges-one-by-one", "runs-one-by-one"]) {
    const each = await job(name);
    // A chunk of one byte takes some 200 bytes.
    assert.ok(each < 10, `${name}: ${each} bytes of objects for each`);
  }
});
