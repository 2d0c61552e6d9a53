/** Patches whose basis is in memory: copies made at once, buffers that change meanwhile, and views. */
import assert from "node:assert/strict";
import { type DeltaCommand, encodeDeltaStream, patchStream } from "rsync-streams";
import { type DeltaEventSource, Patcher } from "../src/engine/patcher.ts";
import { BUSY, DONE } from "../src/engine/stage.ts";
import { assertBytes, patch, source, toBytes } from "./_helpers.ts";
import { basisOf, copy, END, MOST_STEPS, NO_DIGEST } from "./_patcher.ts";
import { concat, randomBytes } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const MIB = 2 ** 20;

/** Copies of the bytes of a basis, one by one and again and again. Those that are asked for by `next` are counted. */
function copiesInOrder(count: number, targetLength: number): DeltaEventSource & { events: number } {
  let made = 0;
  return {
    events: 0,
    next() {
      if (made === count) return { type: "end", targetLength, digest: undefined };
      this.events++;
      return copy(made++ % 100, 1);
    },
    carryOut(room) {
      const start = made;
      while (made < count && made - start < room.maxCommands && room.at < room.end) {
        room.out[room.at++] = room.basis[made++ % 100]!;
        room.copied++;
      }
      return made - start;
    },
  };
}

Deno.test("a patch has copies out of memory made at once, and lets others work after 16,384 of them", () => {
  const bytes = randomBytes(1, 100);
  const count = 3_000_000;
  const commands = copiesInOrder(count, count);
  const basis = { ...basisOf(bytes), bytes };
  const patcher = new Patcher({ commands, basis, createDigest: NO_DIGEST, maxOutputLength: Infinity });
  let busy = 0;
  const chunks: Bytes[] = [];
  for (let result = patcher.next(); result !== DONE; result = patcher.next()) {
    if (result === BUSY) busy++;
    else chunks.push(result as Bytes);
  }
  assertBytes(concat(chunks), Uint8Array.from({ length: count }, (_, i) => bytes[i % 100]!));
  assert.deepEqual(chunks.map(({ length }) => length), [MIB, MIB, count - 2 * MIB]);
  assert.deepEqual(patcher.stats, { bytesIn: 0, bytesOut: count, copiedBytes: count, literalBytes: 0 });
  // Turns begin anew with each chunk. A few copies are events: those that make the buffer longer.
  assert.equal(busy, 2 * (MIB / MOST_STEPS) + Math.floor((count - 2 * MIB) / MOST_STEPS));
  assert.ok(commands.events > 0 && commands.events < 100, `${commands.events} events`);
});

Deno.test("copies out of memory count for the limit and for the length at the end", () => {
  const bytes = randomBytes(1, 100);
  const run = (maxOutputLength: number, targetLength: number) => {
    const commands = copiesInOrder(1000, targetLength);
    const basis = { ...basisOf(bytes), bytes };
    return new Patcher({ commands, basis, createDigest: NO_DIGEST, maxOutputLength }).next();
  };
  assert.equal((run(1000, 1000) as Bytes).length, 1000);
  for (const most of [999, 500]) assert.throws(() => run(most, 1000), { code: "limit" });
  for (const length of [999, 1001, 0]) assert.throws(() => run(1000, length), { code: "digest-mismatch" });
});

Deno.test("commands have no basis to copy from where it is not in memory, and what they make else is data", () => {
  let left = 50;
  const commands: DeltaEventSource = {
    next: () => left-- > 0 ? copy(3, 1) : END,
    carryOut(room) {
      assert.equal(room.basis.length, 0);
      if (left !== 20 || room.at === room.end) return 0;
      left--;
      room.out[room.at++] = 7;
      return 1;
    },
  };
  const bytes = randomBytes(1, 100);
  const patcher = new Patcher({ commands, basis: basisOf(bytes), createDigest: NO_DIGEST, maxOutputLength: Infinity });
  assertBytes(patcher.next() as Bytes, Uint8Array.from({ length: 50 }, (_, i) => i === 30 ? 7 : bytes[3]!));
  assert.deepEqual(patcher.stats, { bytesIn: 0, bytesOut: 50, copiedBytes: 49, literalBytes: 1 });
});

const SELF_DESCRIBING = ["rsync-streams", "librsync"] as const;

/** A delta whose second copy finds room in the chunk of the target. */
async function twoCopies(format: (typeof SELF_DESCRIBING)[number], ...offsets: [number, number]): Promise<Bytes> {
  const copies = offsets.map((offset) => ({ copy: { offset, length: 10 } }));
  const commands: DeltaCommand[] = [{ data: randomBytes(2, 100) }, ...copies, { data: randomBytes(3, 10) }];
  return await toBytes(ReadableStream.from(commands).pipeThrough(encodeDeltaStream({ format })));
}

Deno.test("a patch notices that a basis in memory has become shorter, whatever the format", async () => {
  for (const format of SELF_DESCRIBING) {
    for (const [start, offset] of [[0, 0], [0, 600], [600, 0]] as const) {
      const buffer = new ArrayBuffer(2000, { maxByteLength: 2000 });
      const patched = source(await twoCopies(format, offset, 700)).pipeThrough(
        patchStream(new Uint8Array(buffer, start, 1000)),
      );
      buffer.resize(500);
      await assert.rejects(toBytes(patched), { code: "basis-short-read" });
    }
  }
});

Deno.test("a patch takes no bytes that a basis in memory got later, whatever the format and the chunks", async () => {
  for (const format of SELF_DESCRIBING) {
    const delta = await twoCopies(format, 990, 1000);
    for (const chunking of ["whole", 1] as const) {
      const buffer = new ArrayBuffer(1000, { maxByteLength: 2000 });
      const patched = source(delta, chunking).pipeThrough(patchStream(buffer));
      buffer.resize(2000);
      await assert.rejects(toBytes(patched), { code: "copy-out-of-range" });
    }
  }
});

Deno.test("a patch says that the buffer of its basis was detached, whatever the format", async () => {
  for (const format of SELF_DESCRIBING) {
    const buffer = new ArrayBuffer(1000);
    const patched = source(await twoCopies(format, 0, 500)).pipeThrough(patchStream(buffer));
    structuredClone(buffer, { transfer: [buffer] });
    await assert.rejects(toBytes(patched), { name: "TypeError", message: /their buffer is detached/ });
  }
});

Deno.test("a patch out of memory makes no view for each command, in no format", async () => {
  const basis = randomBytes(1, 30_000);
  const commands: DeltaCommand[] = Array.from({ length: 10_000 }, (_, i) => {
    return i % 2 ? { copy: { offset: 7919 * i % 30_000, length: 1 } } : { data: Uint8Array.of(i) };
  });
  const target = Uint8Array.from(commands, ({ copy, data }) => copy ? basis[copy.offset]! : data![0]!);
  const { subarray } = Uint8Array.prototype;
  for (const format of ["rsync-streams", "librsync", "luapower"] as const) {
    const options = format === "luapower" ? { format, blockLength: 1 } : { format };
    const delta = await toBytes(ReadableStream.from(commands).pipeThrough(encodeDeltaStream(options)));
    let views = 0;
    Uint8Array.prototype.subarray = function (this: Uint8Array<ArrayBuffer>, ...range) {
      views++;
      return subarray.apply(this, range);
    };
    try {
      assertBytes(await patch(basis, delta, options), target);
    } finally {
      Uint8Array.prototype.subarray = subarray;
    }
    assert.ok(views < 1000, `${format}: ${views} views`);
  }
});
