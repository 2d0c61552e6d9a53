/**
 * Jobs that take long, bundled for each runtime. Each checks its results, and throws if memory grows beyond its bound.
 * Prints a line of JSON with what it did.
 *
 *     job.mjs NAME COUNT
 */
import process from "node:process";
import {
  decodeDeltaStream,
  deltaStream,
  encodeDeltaStream,
  loadSigs,
  patchStream,
  type Signature,
  sigStream,
} from "rsync-streams";
import { concat, randomBytes, xorshift } from "../_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const MIB = 2 ** 20;
const GIB = 2 ** 30;
/** Distance of the marks that make each part of a generated file differ from all others. */
const PAGE = 4096;
/** Bytes by which memory may grow. A garbage collector takes some time to notice what is free. */
const MAX_GROWTH = 256 * MIB;
/** The second half of a long use may take so much more than the first half: collectors differ by some MiB. */
const MAX_LATE_GROWTH = 64 * MIB;
/** The first part of a long run, in which caches and code grow. */
const WARM_UP = 0.2;

/** The most memory that was resident since it was made. */
class Memory {
  readonly #start = process.memoryUsage().rss;
  peak = this.#start;

  /** @throws {Error} If memory has grown beyond `maxGrowth`. */
  sample(maxGrowth = MAX_GROWTH): void {
    this.peak = Math.max(this.peak, process.memoryUsage().rss);
    if (this.growth > maxGrowth) throw new Error(`memory has grown by ${this.growth} bytes`);
  }

  get growth(): number {
    return this.peak - this.#start;
  }
}

function source(bytes: Bytes): ReadableStream<Bytes> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes.slice());
      controller.close();
    },
  });
}

async function bytesOf(stream: ReadableStream<Bytes>): Promise<Bytes> {
  const chunks: Bytes[] = [];
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) chunks.push(next.value);
  return concat(chunks);
}

function assertEqual(made: Bytes, expected: Bytes): void {
  if (made.length !== expected.length || made.some((byte, i) => byte !== expected[i])) {
    throw new Error(`${made.length} bytes came out that are not the ${expected.length} of the target`);
  }
}

/** A target that has parts of a basis. */
function targetOf(basis: Bytes, seed: number): Bytes {
  const { below } = xorshift(seed || 1);
  const at = below(basis.length + 1);
  return concat([basis.subarray(at), randomBytes(seed || 1, below(300)), basis.subarray(0, at)]);
}

/** Signature, delta and patch. */
async function sync(basis: Bytes, target: Bytes): Promise<void> {
  const sigs = await loadSigs(source(basis).pipeThrough(sigStream({ fileLength: basis.length })));
  const made = await bytesOf(source(target).pipeThrough(deltaStream(sigs)).pipeThrough(patchStream(basis)));
  assertEqual(made, target);
}

/** Many at once. */
async function pipes(count: number): Promise<object> {
  const memory = new Memory();
  await Promise.all(Array.from({ length: count }, async (_, i) => {
    const basis = randomBytes(i + 1, 30_000);
    await sync(basis, targetOf(basis, i + 1));
    memory.sample(2 * MAX_GROWTH);
  }));
  return { growth: memory.growth };
}

/** Calls `work` again and again. Memory may not grow after the first part. */
async function inARow(count: number, work: (i: number) => Promise<void>): Promise<object> {
  let memory: Memory | undefined;
  for (let i = 0; i < count; i++) {
    await work(i);
    if (i >= WARM_UP * count) {
      memory ??= new Memory();
      if (i % 100 === 0) memory.sample();
    }
  }
  return { growth: memory!.growth };
}

/** Short streams of each kind, and some that are cancelled or aborted. */
async function streams(count: number): Promise<object> {
  const basis = randomBytes(1, 3000);
  const target = targetOf(basis, 2);
  const sigs = await loadSigs(source(basis).pipeThrough(sigStream()));
  const delta = await bytesOf(source(target).pipeThrough(deltaStream(sigs)));
  const makers: (() => Promise<unknown>)[] = [
    () => bytesOf(source(basis).pipeThrough(sigStream())),
    () => bytesOf(source(target).pipeThrough(deltaStream(sigs))),
    async () => assertEqual(await bytesOf(source(delta).pipeThrough(patchStream(basis))), target),
    () => bytesOf(source(delta).pipeThrough(decodeDeltaStream()).pipeThrough(encodeDeltaStream())),
    () => source(target).pipeThrough(deltaStream(sigs)).cancel("enough"),
    async () => await sigStream().writable.abort("enough"),
  ];
  return await inARow(count, async (i) => void await makers[i % makers.length]!());
}

/** One signature, and a delta of another target each time. */
async function deltas(count: number): Promise<object> {
  const basis = randomBytes(1, 20_000);
  const sigs = await loadSigs(source(basis).pipeThrough(sigStream({ blockLength: 256 })));
  return await inARow(count, async (i) => {
    const target = targetOf(basis.subarray(0, 500 + i % 3000), i + 1);
    const delta = await bytesOf(source(target).pipeThrough(deltaStream(sigs)));
    if (i % 50 === 0) assertEqual(await bytesOf(source(delta).pipeThrough(patchStream(basis))), target);
  });
}

/** Files of all lengths up to 2 MiB, for so many seconds. Tells the most memory of each quarter of the time. */
async function use(seconds: number): Promise<object> {
  const start = performance.now();
  const { below } = xorshift(7);
  const quarters = [0, 0, 0, 0];
  let syncs = 0;
  for (let quarter = 0; quarter < 4; syncs++) {
    const basis = randomBytes(syncs + 1, below(2 ** below(22)));
    await sync(basis, targetOf(basis, syncs + 1));
    quarters[quarter] = Math.max(quarters[quarter]!, process.memoryUsage().rss / MIB);
    quarter = Math.floor((performance.now() - start) / (250 * seconds));
  }
  const growth = Math.max(quarters[2]!, quarters[3]!) - Math.max(quarters[0]!, quarters[1]!);
  if (growth > MAX_LATE_GROWTH / MIB) throw new Error(`memory of each quarter in MiB: ${quarters.map(Math.round)}`);
  return { syncs, quarters: quarters.map(Math.round), lateGrowth: Math.round(growth) };
}

const UNIT = randomBytes(9, MIB);

/** Bytes of a file that no disk holds. Files of different kinds have nothing in common. */
function generated(kind: number, offset: number, length: number): Bytes {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const inUnit = (offset + at) % MIB;
    const count = Math.min(length - at, MIB - inUnit);
    bytes.set(UNIT.subarray(inUnit, inUnit + count), at);
    at += count;
  }
  const fields = new DataView(bytes.buffer);
  const first = Math.ceil(offset / PAGE) * PAGE;
  for (let at = first; at + 8 <= offset + length; at += PAGE) fields.setFloat64(at - offset, kind + at / PAGE);
  return bytes;
}

/** Memory is looked at before each MiB. */
function generatedFile(kind: number, size: number, memory: Memory): ReadableStream<Bytes> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      memory.sample();
      if (at >= size) return controller.close();
      const length = Math.min(MIB, size - at);
      controller.enqueue(generated(kind, at, length));
      at += length;
    },
  }, { highWaterMark: 0 });
}

/** Reads to the end, and returns how many bytes came. */
async function drain(stream: ReadableStream<Bytes>): Promise<number> {
  const reader = stream.getReader();
  let length = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    length += next.value.length;
  }
  return length;
}

/** So many GiB through each stage. Deltas carry a digest, so a patch that ends has made the right bytes. */
async function stages(gib: number): Promise<object> {
  const size = gib * GIB;
  const seconds: Record<string, number> = {};
  const growth: Record<string, number> = {};
  let sigs: Signature;
  const measure = async (name: string, work: (memory: Memory) => Promise<void>) => {
    const memory = new Memory();
    const start = performance.now();
    await work(memory);
    seconds[name] = Math.round((performance.now() - start) / 1000);
    growth[name] = Math.round(memory.growth / MIB);
  };
  await measure("signature", async (memory) => {
    sigs = await loadSigs(generatedFile(0, size, memory).pipeThrough(sigStream({ fileLength: size })));
  });
  await measure("delta and patch of the same file", async (memory) => {
    const delta = deltaStream(sigs);
    const basis = {
      size,
      read: (offset: number, length: number) => generated(0, offset, Math.min(length, size - offset)),
    };
    const length = await drain(generatedFile(0, size, memory).pipeThrough(delta).pipeThrough(patchStream(basis)));
    if (length !== size || delta.stats.copiedBytes !== size) {
      throw new Error(`${length} bytes, ${delta.stats.copiedBytes}`);
    }
  });
  await measure("delta, decode, encode and patch of new data", async (memory) => {
    const delta = deltaStream(sigs);
    const commands = generatedFile(0.5, size, memory).pipeThrough(delta).pipeThrough(decodeDeltaStream());
    const target = commands.pipeThrough(encodeDeltaStream()).pipeThrough(patchStream(new Uint8Array(0)));
    const length = await drain(target);
    if (length !== size || delta.stats.literalBytes !== size) throw new Error(`${length} bytes`);
  });
  return { gib, seconds, growth };
}

const JOBS: Record<string, (count: number) => Promise<object>> = { pipes, streams, deltas, use, stages };
const [name, count] = process.argv.slice(2);
const start = performance.now();
const result = await JOBS[name!]!(Number(count));
const took = Math.round((performance.now() - start) / 1000);
console.log(JSON.stringify({ name, count: Number(count), ...result, peak: process.memoryUsage().rss, took }));
