/** Jobs for `memory_test.ts`, each in a process of its own. They print a number. */
import { deltaStream, loadSigs, type Signature, sigStream } from "rsync-streams";
import { fetchUpdate, syncHandler } from "rsync-streams/http";
import { LayeredSig, layeredSigStream, planSync } from "rsync-streams/sync";
import { makeSig, makeSigs } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const MIB = 2 ** 20;

const { gc } = globalThis as unknown as { gc: () => void };

async function collect(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Writes a chunk to a stream, whose reader waits for more than that makes. */
async function feed({ readable, writable }: ReadableWritablePair, chunk: Bytes): Promise<object> {
  const reader = readable.getReader();
  const writer = writable.getWriter();
  const writing = writer.write(chunk).then(() => "used up");
  while (await Promise.race([writing, reader.read()]) !== "used up");
  return [reader, writer];
}

/** How many streams and signatures are left of those that were dropped. */
async function dropped(): Promise<number> {
  const refs: WeakRef<object>[] = [];
  const keep = (value: object) => refs.push(new WeakRef(value));
  const make = async () => {
    // With so many blocks it has a memory of its own.
    const { bytes } = await makeSig(randomBytes(1, MIB), { blockLength: 128 });
    const small = await makeSigs(randomBytes(2, 5000));
    for (let i = 0; i < 30; i++) {
      for (const sigs of [small, await loadSigs(bytes)]) {
        const pair = deltaStream(sigs);
        await feed(pair, randomBytes(i, 300_000));
        keep(sigs);
        keep(pair.readable);
      }
      const pair = sigStream({ digest: true });
      await feed(pair, randomBytes(i, 300_000));
      keep(pair.writable);
    }
  };
  await make();
  // One that is not dropped is seen.
  const kept = {};
  keep(kept);
  await collect();
  const left = refs.filter((ref) => ref.deref());
  if (refs.length !== 151 || !left.some((ref) => ref.deref() === kept)) throw new Error("what is kept is not seen");
  return left.length - 1;
}

/** Bytes that each of many open streams holds. */
async function open(make: () => ReadableWritablePair): Promise<number> {
  const count = 500;
  const kept = [await feed(make(), randomBytes(3, 900_000))];
  await collect();
  const before = Deno.memoryUsage().rss;
  for (let i = 0; i < count; i++) kept.push(await feed(make(), randomBytes(4, 900_000)));
  await collect();
  return kept.length && (Deno.memoryUsage().rss - before) / count;
}

/** Bytes that a delta of new data needs at its peak, with blocks of 32 MiB. */
async function longBlocks(): Promise<number> {
  const length = 256;
  const mib = (seed: number) => {
    const bytes = randomBytes(5, MIB);
    bytes[0] = seed;
    return bytes;
  };
  let peak = 0;
  const source = (seed: number) => {
    let at = 0;
    return new ReadableStream<Bytes>({
      pull(controller) {
        if (at % 4 === 0) gc();
        peak = Math.max(peak, Deno.memoryUsage().rss);
        if (at++ < length) controller.enqueue(mib(seed + at));
        else controller.close();
      },
    }, { highWaterMark: 0 });
  };
  const sigs: Signature = await loadSigs(source(0).pipeThrough(sigStream({ blockLength: 32 * MIB })));
  await collect();
  const before = Deno.memoryUsage().rss;
  peak = 0;
  for await (const _ of source(7).pipeThrough(deltaStream(sigs)));
  return peak - before;
}

/** Bytes for each record that `planSync()` needs at its peak, the plan included: every other block is found. */
async function planning(): Promise<number> {
  const blockLength = 64;
  const count = 2 ** 19;
  const remote = new Uint8Array(count * blockLength);
  for (let at = 0; at < remote.length; at += MIB) remote.set(randomBytes(at, MIB), at);
  const local = remote.slice();
  for (let at = 0; at < local.length; at += 2 * blockLength) local[at]! ^= 1;
  const stream = layeredSigStream({ layers: [{ blockLength, strongLength: 6 }] });
  const published = await new Response(ReadableStream.from([remote]).pipeThrough(stream)).bytes();
  await collect();
  const before = Deno.memoryUsage().rss;
  let peak = 0;
  const measure = () => {
    peak = Math.max(peak, Deno.memoryUsage().rss);
  };
  const basis = {
    size: local.length,
    read(offset: number, length: number) {
      measure();
      return local.subarray(offset, offset + length);
    },
  };
  const plan = await planSync(await LayeredSig.open(published), basis);
  measure();
  if (plan.runs.length !== count) throw new Error(`${plan.runs.length} runs`);
  return (peak - before) / count;
}

/** Bytes of objects for each missing byte that a client holds, where all of them come in chunks of one. */
async function oneByOne(isHandler: boolean): Promise<number> {
  const local = randomBytes(7, MIB / 2);
  const remote = concat([local, randomBytes(8, MIB / 2)]);
  const handler = syncHandler({ open: () => ({ basis: remote, size: remote.length, entityTag: '"1"' }) });
  const update = await fetchUpdate("http://localhost/f", local, {
    async fetch(url, init) {
      const { status, headers, body } = await handler(new Request(url, init));
      const told = new Headers(headers);
      if (!isHandler) told.delete("Accept-Query");
      const bytes = new Uint8Array(await new Response(body).arrayBuffer());
      let at = 0;
      const pieces = new ReadableStream<Bytes>({
        pull(controller) {
          for (let i = 0; i < 1000 && at < bytes.length; i++) controller.enqueue(bytes.slice(at, ++at));
          if (at === bytes.length) controller.close();
        },
      });
      return new Response(body && (bytes.length > MIB / 8 ? pieces : bytes), { status, headers: told });
    },
  });
  if (update.plan.way !== (isHandler ? "runs" : "ranges")) throw new Error(update.plan.way);
  await collect();
  const before = Deno.memoryUsage().heapUsed;
  const reader = update.readable.getReader();
  await reader.read();
  await collect();
  const held = Deno.memoryUsage().heapUsed - before;
  await reader.cancel();
  return held / update.plan.missingLength;
}

const jobs: Record<string, () => Promise<number>> = {
  dropped,
  "open-signers": () => open(() => sigStream()),
  "open-matchers": async () => {
    const sigs = await makeSigs(randomBytes(6, 100_000));
    return await open(() => deltaStream(sigs));
  },
  "long-blocks": longBlocks,
  planning,
  "ranges-one-by-one": () => oneByOne(false),
  "runs-one-by-one": () => oneByOne(true),
};
console.log(await jobs[Deno.args[0]!]!());
