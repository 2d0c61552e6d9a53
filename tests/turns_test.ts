/** Long work gives way to timers, also where neither the source nor the sink ever waits. */
import assert from "node:assert/strict";
import { readFromReadable, Rsync } from "rsync-streams/callbacks";
import {
  decodeDeltaStream,
  type DeltaCommand,
  deltaStream,
  encodeDeltaStream,
  loadSigs,
  patchStream,
  type Signature,
  sigStream,
} from "rsync-streams";
import { makeSigs, toBytes } from "./_helpers.ts";
import { randomBytes } from "./_recipes.ts";
import { WASM } from "./_kernels.ts";
import { readChunks } from "../src/streams/byte_source.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const MIB = 2 ** 20;
const LENGTH = 256 * MIB;
const PIECE = randomBytes(1, 4 * MIB);
const SIGS = await makeSigs(PIECE);

/** A source in memory that never waits: `count` times the same item. */
function* times<T>(count: number, item: T): Generator<T> {
  for (let i = 0; i < count; i++) yield item;
}

/** How many timers ran, one after another, while something was done. */
async function timersDuring(work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  let isOver = false;
  const timer = () => {
    count++;
    if (!isOver) id = setTimeout(timer, 1);
  };
  let id = setTimeout(timer, 1);
  await work();
  isOver = true;
  clearTimeout(id);
  return count;
}

/** Keeps the thread busy. */
function work(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

async function through(source: Iterable<unknown>, pair: { readable: ReadableStream; writable: WritableStream }) {
  for await (const _ of ReadableStream.from(source).pipeThrough(pair));
}

/** A delta in librsync's format of `count` times the same command. */
function librsyncDelta(count: number, command: number[]): Bytes {
  const length = count * command.length;
  const delta = new Uint8Array(4 + length + 1);
  delta.set([0x72, 0x73, 0x02, 0x36, ...command]);
  for (let done = command.length; done < length; done *= 2) {
    delta.copyWithin(4 + done, 4, 4 + Math.min(done, length - done));
  }
  return delta;
}

const ONE_LITERAL = [0x01, 0xee];
const COPY_BYTE = [0x45, 0, 1];
const COPY_PIECE = [0x47, 0, 0, 0x40, 0, 0];
const COUNT = 400_000;
/** Each takes some nanoseconds. */
const LITERAL_COUNT = 120_000_000;
const GIB_CHUNK = new Uint8Array(2 ** 30);

const FLOWS: Record<string, () => Promise<unknown>> = {
  "sigStream()": () => through(times(LENGTH / PIECE.length, PIECE), sigStream()),
  "sigStream() with one long block": () =>
    through(times(LENGTH / PIECE.length, PIECE), sigStream({ blockLength: 2 * LENGTH })),
  "sigStream() with a chunk of 1 GiB": () => through([GIB_CHUNK], sigStream()),
  "deltaStream()": () => through(times(LENGTH / PIECE.length, PIECE), deltaStream(SIGS)),
  "deltaStream() with a chunk of 1 GiB": () => through([GIB_CHUNK], deltaStream(SIGS)),
  "patchStream()": () => through([librsyncDelta(8 * LENGTH / PIECE.length, COPY_PIECE)], patchStream(PIECE)),
  "patchStream() with many short commands": () =>
    through([librsyncDelta(LITERAL_COUNT, ONE_LITERAL)], patchStream(PIECE)),
  "decodeDeltaStream()": () => through([librsyncDelta(COUNT, COPY_BYTE)], decodeDeltaStream()),
  "encodeDeltaStream()": () =>
    through(times<DeltaCommand>(COUNT, { copy: { offset: 0, length: 1 } }), encodeDeltaStream()),
  "Rsync.genSigsFile()": async () => {
    let left = LENGTH;
    await new Rsync().genSigsFile((_, length) => (left -= length) < 0 ? 0 : length, () => {});
  },
  "Rsync.patchFile()": async () => {
    const delta = [librsyncDelta(LITERAL_COUNT, ONE_LITERAL)];
    const { read } = readFromReadable(ReadableStream.from(delta));
    await new Rsync({ format: "librsync" }).patchFile(read, () => {}, () => 0, () => {});
  },
  "Rsync.genSigs() with a record that takes long": () => {
    const { read } = readFromReadable(ReadableStream.from([new Uint8Array(600)]));
    return new Rsync({ blockLength: 100 }).genSigs(read, () => work(100));
  },
  "loadSigs()": async () => {
    // Magic, block length, strong length, then records.
    const sig = new Uint8Array(12 + 36 * 1_000_000);
    sig.set([0x72, 0x73, 0x01, 0x47, 0, 0, 4, 0, 0, 0, 0, 32]);
    for (let at = 12; at < sig.length; at += 4) sig.set(PIECE.subarray(at % 65_521, at % 65_521 + 4), at);
    assert.equal((await loadSigs(sig)).sigCount, 1_000_000);
  },
};

for (const [name, flow] of Object.entries(FLOWS)) {
  Deno.test(`${name} lets timers run while data in memory flows through`, async () => {
    const count = await timersDuring(flow);
    assert.ok(count >= 2, `${count} timers ran`);
  });
}

Deno.test("Rsync.loadSigs() lets timers run while it takes records that are there", async () => {
  let count = 0;
  let left = COUNT;
  const strong = new Uint8Array(32);
  let id = setTimeout(function timer() {
    // Not while it indexes them.
    if (left > 0) count++;
    id = setTimeout(timer, 1);
  }, 1);
  const sigs = await new Rsync().loadSigs(() => left-- > 0 ? { weak: left, strong } : undefined);
  clearTimeout(id);
  assert.equal(sigs.sigCount, COUNT);
  assert.ok(count >= 2, `${count} timers ran`);
});

/** The signature of one block of zeros, which has another strong sum. */
async function lyingSig(blockLength: number): Promise<Signature> {
  const zeros = new Uint8Array(MIB);
  const stream = ReadableStream.from(times(blockLength / MIB, zeros)).pipeThrough(sigStream({ blockLength }));
  const sig = await toBytes(stream);
  sig[sig.length - 20]! ^= 1;
  return await loadSigs(sig);
}

for (const blockLength of [4 * MIB, 64 * MIB, 128 * MIB]) {
  Deno.test(`deltaStream() lets timers run between strong sums of ${blockLength / MIB} MiB in vain`, async () => {
    const sigs = await lyingSig(blockLength);
    const target = new Uint8Array(blockLength + 16 * MIB);
    const { stats, ...pair } = deltaStream(sigs);
    const seen = new Set<number>();
    let isOver = false;
    const timer = () => {
      seen.add(stats.falseAlarms);
      if (!isOver) id = setTimeout(timer, 0);
    };
    let id = setTimeout(timer, 0);
    await through([target], pair);
    isOver = true;
    clearTimeout(id);
    assert.ok(stats.falseAlarms >= 8, `${stats.falseAlarms} false alarms`);
    // Of long ones each is a turn of its own.
    const most = blockLength === 4 * MIB ? 16 : 2;
    assert.ok(seen.size >= stats.falseAlarms / most, `timers saw ${seen.size} counts`);
  });
}

Deno.test("the tables of a long index are zeroed in several calls, before records are put into them", () => {
  const strongLength = 1;
  const builder = WASM.index({ weakSum: "rollsum", strongSum: "blake2b", strongLength, blockLength: 1024 }, "first");
  const count = 65_536;
  const batch = { count, weak: new Uint32Array(count), strong: new Uint8Array(count * strongLength) };
  const batches = 32;
  for (let k = 0; k < batches; k++) {
    batch.weak.forEach((_, i) => batch.weak[i] = Math.imul(k * 65_536 + i, 0x9e3779b1));
    builder.add(batch);
  }
  let calls = 1;
  for (; !builder.finish(undefined); calls++);
  // Two tables of 16 MiB, a filter of as much, and some bytes more.
  assert.equal(calls, batches + 4);
});

Deno.test("readChunks() hands on pieces of the length that was asked for", async () => {
  for (const source of [new Uint8Array(1000), new Blob([new Uint8Array(1000)])]) {
    const lengths: number[] = [];
    await readChunks(source, ({ length }) => void lengths.push(length), { pieceLength: 300 });
    assert.deepEqual(lengths, [300, 300, 300, 100]);
  }
});
