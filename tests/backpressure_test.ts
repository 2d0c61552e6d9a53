/** How far streams read ahead of a slow reader. */
import assert from "node:assert/strict";
import {
  decodeDeltaStream,
  type DeltaCommand,
  deltaStream,
  patchStream,
  type Signature,
  sigStream,
  type StreamPair,
} from "rsync-streams";
import { chunks, encode, makeSigs, source } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";
import { settle } from "./_until.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const KIB = 2 ** 10;

const MIB = 2 ** 20;

/** Bytes of the longest chunk that a patch gives. */
const PATCH_CHUNK = 1024 * KIB;

/** Whether a promise has been kept or broken by now. */
function watch(promise: Promise<unknown>): { isSettled: boolean } {
  const state = { isSettled: false };
  const settled = () => {
    state.isSettled = true;
  };
  promise.then(settled, settled);
  return state;
}

/** A basis of 1 GiB whose bytes tell their offset in units of 64 KiB; it counts what it is asked for. */
class GeneratedBasis {
  readonly size = 2 ** 30;
  asked = 0;
  readonly #isAsync: boolean;
  /** One for all reads: a patch has to have copied before the next. */
  readonly #buffer = new Uint8Array(PATCH_CHUNK);

  constructor(isAsync: boolean) {
    this.#isAsync = isAsync;
  }

  read(offset: number, length: number): Bytes | Promise<Bytes> {
    this.asked += length;
    const bytes = this.#buffer.subarray(0, length);
    for (let at = 0; at < length; at += 64 * KIB) bytes.fill((offset + at) / (64 * KIB) % 251, at, at + 64 * KIB);
    return this.#isAsync ? Promise.resolve(bytes) : bytes;
  }
}

for (const isAsync of [false, true]) {
  const kind = isAsync ? "async" : "sync";
  Deno.test(`patchStream() has at most two chunks of a copy of 1 GiB in flight: ${kind} basis`, async () => {
    const blockLength = 4 * MIB;
    const whole = { copy: { offset: 0, length: 2 ** 30 } };
    for (const options of [{}, { format: "luapower", blockLength }] as const) {
      const delta = await encode([whole], options);
      assert.ok(delta.length < 40, `a delta of ${delta.length} bytes`);
      const basis = new GeneratedBasis(isAsync);
      const reader = source(delta).pipeThrough(patchStream(basis, options)).getReader();
      await settle();
      assert.equal(basis.asked, 0, "nothing is asked for before a read");

      let received = 0;
      while (received < 64 * MIB) {
        const { value } = await reader.read();
        for (let at = 0; at < value!.length; at += 64 * KIB) {
          assert.equal(value![at], (received + at) / (64 * KIB) % 251);
        }
        received += value!.length;
        const inFlight: number = basis.asked - received;
        assert.ok(inFlight <= 2 * PATCH_CHUNK, `${inFlight} bytes are in flight`);
        assert.ok(value!.length <= PATCH_CHUNK, `a chunk of ${value!.length} bytes`);
      }
      await settle();
      assert.ok(basis.asked - received <= 2 * PATCH_CHUNK, "nor later, without a read");

      await reader.cancel();
      const { asked } = basis;
      await settle();
      assert.equal(basis.asked, asked, "nothing is asked for after the cancel");
    }
  });
}

Deno.test("patchStream() has at most two chunks of many copies in flight", async () => {
  const commands = Array.from({ length: 20_000 }, (_, i) => ({ copy: { offset: i * 7 * KIB, length: 3 * KIB } }));
  const basis = new GeneratedBasis(false);
  const reader = source(await encode(commands)).pipeThrough(patchStream(basis)).getReader();
  let received = 0;
  for (let i = 0; i < 30; i++) {
    received += (await reader.read()).value!.length;
    await settle();
    assert.ok(basis.asked - received <= 2 * PATCH_CHUNK, `${basis.asked - received} bytes are in flight`);
  }
  await reader.cancel();
});

Deno.test("decodeDeltaStream() makes one command for each read, however many are in a chunk", async () => {
  const count = 50_000;
  const deltas: [Bytes, Parameters<typeof decodeDeltaStream>[0]][] = [];
  for (const options of [{}, { format: "luapower", blockLength: 1 }] as const) {
    const commands = Array.from({ length: count }, (_, i) => ({ copy: { offset: i % 2, length: 1 } }));
    deltas.push([await encode(commands, options), options]);
  }
  for (const [delta, options] of deltas) {
    const { readable, writable, stats } = decodeDeltaStream(options);
    const writer = writable.getWriter();
    const write = writer.write(delta);
    const writing = watch(write);
    const reader = readable.getReader();
    await settle();
    assert.equal(stats.copiedBytes, 0, "nothing is decoded before a read");
    for (let i = 1; i <= count; i++) {
      assert.deepEqual((await reader.read()).value, { copy: { offset: (i - 1) % 2, length: 1 } });
      assert.ok(stats.copiedBytes <= i + 1, `${stats.copiedBytes} commands were decoded, ${i} were read`);
      if (i % 10_000 === 0) {
        await settle();
        assert.ok(stats.copiedBytes <= i + 1, "nor later, without a read");
        assert.equal(writing.isSettled, false, "the chunk is not used up");
      }
    }
    const end = reader.read();
    await write;
    await writer.close();
    assert.equal((await end).done, true);
  }
});

const CHUNK = 64 * KIB;

interface Stage {
  make: () => Promise<
    ReadableWritablePair<Uint8Array, BufferSource> | { readable: ReadableStream; writable: WritableStream }
  >;
  /** What is written. */
  input: () => Promise<Bytes>;
  /** Bytes that may be taken up for the first read. */
  first: number;
  /** Bytes that may be taken up for each byte read after that. */
  perByte: number;
}

const NOISE = randomBytes(1, 4 * MIB);

/** What a pipe holds besides: one chunk in the queue of the writable, one on its way. */
const IN_PIPE = 2 * CHUNK;

function emptySigs(): Promise<Signature> {
  return makeSigs(randomBytes(2, 5000), { strongSum: "blake3" });
}

const STAGES: Record<string, Stage> = {
  // 1 MiB of basis is summed at once, and gives 14 KiB.
  "sigStream()": {
    make: () => Promise.resolve(sigStream({ strongSum: "blake3" })),
    input: () => Promise.resolve(NOISE),
    first: MIB,
    perByte: 1024 / 14,
  },
  // New data comes out as it goes in, some blocks and a data command later.
  "deltaStream()": {
    make: async () => deltaStream(await emptySigs(), { digest: false }),
    input: () => Promise.resolve(NOISE),
    first: 256 * KIB,
    perByte: 1,
  },
  "patchStream()": {
    make: () => Promise.resolve(patchStream(new Uint8Array())),
    input: () => encode([...chunks(NOISE, 50_000)].map((data) => ({ data }))),
    first: 2 * PATCH_CHUNK,
    perByte: 1.01,
  },
  "decodeDeltaStream()": {
    make: () => Promise.resolve(decodeDeltaStream()),
    input: () => encode([...chunks(NOISE, 50_000)].map((data) => ({ data }))),
    first: 2 * CHUNK,
    perByte: 1.01,
  },
};

/** A source that counts the bytes that were taken from it. */
function countingSource(bytes: Bytes): { readable: ReadableStream<Bytes>; taken: () => number } {
  let at = 0;
  const readable = new ReadableStream<Bytes>({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at += CHUNK));
    },
  }, { highWaterMark: 0 });
  return { readable, taken: () => at };
}

for (const [name, { make, input, first, perByte }] of Object.entries(STAGES)) {
  Deno.test(`${name} takes up no more than its reader needs`, async () => {
    const { readable, taken } = countingSource(await input());
    const reader = readable.pipeThrough(await make() as ReadableWritablePair<Uint8Array | DeltaCommand, Bytes>)
      .getReader();
    await settle();
    assert.ok(taken() <= IN_PIPE, `${taken()} bytes were taken before the first read`);

    let received = 0;
    for (let i = 0; i < 12; i++) {
      const { value } = await reader.read();
      await settle();
      assert.ok(value, "the input is long enough");
      received += value instanceof Uint8Array ? value.length : value.data!.length;
      const bound = Math.ceil(first + perByte * received) + IN_PIPE;
      assert.ok(taken() <= bound, `${taken()} bytes were taken, ${received} received: ${bound} are allowed`);
      if (name === "sigStream()" && i === 2) break;
    }
    assert.ok(taken() < NOISE.length, "the test is over before the input is");
    await reader.cancel();
  });
}

Deno.test("the pipe of all three stages takes up no more than its reader needs", async () => {
  const basis = randomBytes(3, 300_000);
  const sigs = await makeSigs(basis, { strongSum: "blake3" });
  const target = countingSource(concat([NOISE.subarray(0, 2 * MIB), basis, NOISE.subarray(2 * MIB)]));
  const reader = target.readable.pipeThrough(deltaStream(sigs, { digest: false })).pipeThrough(patchStream(basis))
    .getReader();
  let received = 0;
  for (let i = 0; i < 8; i++) {
    received += (await reader.read()).value!.length;
    await settle();
    assert.ok(target.taken() - received <= MIB, `${target.taken() - received} bytes are in flight`);
  }
  await reader.cancel();
});

Deno.test("write() resolves when the chunk is used up, and not before", async () => {
  const data = NOISE.subarray(0, MIB);
  const stages: [string, StreamPair<BufferSource, Uint8Array, unknown>, Bytes, number][] = [
    ["patchStream()", patchStream(new Uint8Array()), await encode([{ data }]), MIB],
    ["deltaStream()", deltaStream(await emptySigs(), { digest: false }), data, 800 * KIB],
    ["sigStream()", sigStream({ strongSum: "blake3" }), NOISE.slice(0, 3 * MIB), 3 * 14 * KIB],
  ];
  for (const [name, pair, chunk, least] of stages) {
    const reader = pair.readable.getReader();
    const writer = pair.writable.getWriter();
    const writing = watch(writer.write(chunk));
    await settle();
    assert.equal(writing.isSettled, false, `${name} used up a chunk that nobody asked for`);
    let received = 0;
    let read = reader.read();
    while (!writing.isSettled) {
      const done = await Promise.race([read, settle().then(() => undefined)]);
      if (!done) continue;
      received += done.value!.length;
      read = reader.read();
    }
    assert.ok(received >= least, `${name}: ${received} bytes were received when the chunk was used up`);
    await reader.cancel();
    assert.equal((await read).done, true);
  }
});
