/** What a patch holds, asks for and counts while it works: commands and basis are played here. */
import assert from "node:assert/strict";
import { type BasisSource, decodeDeltaStream, type DeltaCommand, patchStream } from "rsync-streams";
import type { DeltaEvent, Digest } from "../src/engine/interface.ts";
import type { PatchBasis } from "../src/engine/interface.ts";
import { Patcher } from "../src/engine/patcher.ts";
import { BUSY, DONE, type SourceResult } from "../src/engine/stage.ts";
import { assertBytes, patch, sha256, source, toBytes } from "./_helpers.ts";
import { assertFails } from "./_hostile.ts";
import { basisOf, copy, encode, END, MOST_STEPS, NO_DIGEST } from "./_patcher.ts";
import { concat, randomBytes } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const MIB = 2 ** 20;

function patcherOf(events: SourceResult<DeltaEvent>[], basis: PatchBasis, createDigest: () => Digest = NO_DIGEST) {
  return new Patcher({ commands: { next: () => events.shift() }, basis, createDigest, maxOutputLength: Infinity });
}

const data = (bytes: Bytes): DeltaEvent => ({ type: "data", bytes });

Deno.test("patchStream() yields chunks of 1 MiB, and a shorter last one, whatever the commands are", async () => {
  const basis = randomBytes(1, 3 * MIB);
  const plans: DeltaCommand[][] = [
    [{ copy: { offset: 5, length: 2 * MIB + 7 } }],
    [{ copy: { offset: 0, length: MIB } }, { copy: { offset: 0, length: MIB } }],
    [{ data: randomBytes(2, 2 * MIB + 7) }],
    [{ data: randomBytes(2, 100) }, { copy: { offset: 0, length: 2 * MIB } }, { data: randomBytes(3, 100) }],
    Array.from({ length: 3 }, (_, i) => ({ data: randomBytes(i + 1, 700_000) })),
  ];
  for (const commands of plans) {
    const lengths: number[] = [];
    const chunks = source(await encode(commands)).pipeThrough(patchStream(basis));
    for await (const { length } of chunks) lengths.push(length);
    const total = commands.reduce((sum, { copy, data }) => sum + (copy?.length ?? data!.length), 0);
    const rest = total % MIB;
    assert.deepEqual(lengths, [...Array(Math.floor(total / MIB)).fill(MIB), ...rest > 0 ? [rest] : []]);
  }
});

Deno.test("a patch makes room for a whole chunk after a full one, and for what it needs after a short one", () => {
  const lengths: number[] = [];
  const basis: PatchBasis = {
    ...basisOf(randomBytes(1, 2 * MIB)),
    createBuffer(length) {
      lengths.push(length);
      return new Uint8Array(length);
    },
  };
  const pieces = Array.from({ length: 1500 }, (_, i) => copy(1024 * i, 1024));
  const patcher = patcherOf([...pieces, undefined, copy(7, 10), undefined, copy(9, 20), END], basis);
  const chunk = () => (patcher.next() as Bytes).length;
  assert.equal(chunk(), MIB);
  assert.ok(lengths.splice(0).length > 1, "the first chunk grows");
  assert.equal(chunk(), 1500 * 1024 - MIB);
  assert.deepEqual(lengths.splice(0), [MIB]);
  assert.equal(chunk(), 10);
  assert.equal(chunk(), 20);
  assert.deepEqual(lengths, [10, 20]);
});

Deno.test("a patch gives what it has gathered when it needs more commands", () => {
  const basis = randomBytes(1, 1000);
  const events = [data(randomBytes(2, 10)), copy(3, 20), undefined, undefined, copy(7, 5), END];
  const patcher = patcherOf(events, basisOf(basis));
  assertBytes(patcher.next() as Bytes, concat([randomBytes(2, 10), basis.subarray(3, 23)]));
  assert.equal(patcher.next(), undefined);
  assertBytes(patcher.next() as Bytes, basis.subarray(7, 12));
  assert.equal(patcher.next(), DONE);
  assert.deepEqual(patcher.stats, { bytesIn: 0, bytesOut: 35, copiedBytes: 25, literalBytes: 10 });
});

Deno.test("a patch lets others work after 16,384 commands and reads, and when its commands do", () => {
  const basis = basisOf(randomBytes(1, 100_000), 1);
  for (
    const events of [
      Array.from({ length: 30_000 }, (_, i) => copy(i, 1)),
      Array.from({ length: 30_000 }, (_, i) => data(Uint8Array.of(i))),
      [copy(0, 60_000)],
    ]
  ) {
    const count = events.length;
    const patcher = patcherOf([BUSY, ...events, END], basis);
    assert.equal(patcher.next(), BUSY);
    assert.equal(events.length, count);
    let turns = 0;
    basis.reads = 0;
    while (patcher.next() === BUSY) turns++;
    // A command that begins, and one that goes on, is a step each.
    const steps = basis.reads + patcher.stats.literalBytes + count;
    assert.equal(turns, Math.floor(steps / MOST_STEPS), `${steps} steps`);
  }
});

Deno.test("a patch makes no digest for a delta without one, and takes one for each that says so", () => {
  const updates: number[] = [];
  const createDigest = (): Digest => ({
    update: (bytes) => void updates.push(bytes.length),
    digest: () => Uint8Array.of(1, 2),
    release() {},
  });
  const end: DeltaEvent = { type: "end", targetLength: 3, digest: Uint8Array.of(1, 2) };
  const basis = basisOf(randomBytes(1, 10));
  const none = patcherOf([{ type: "start", hasDigest: false }, copy(0, 3), undefined, END], basis);
  assert.equal((none.next() as Bytes).length, 3);
  assert.equal(none.next(), DONE);
  const some = patcherOf([{ type: "start", hasDigest: true }, copy(0, 3), undefined, end], basis, createDigest);
  assert.equal((some.next() as Bytes).length, 3);
  assert.equal(some.next(), DONE);
  assert.deepEqual(updates.filter((length) => length > 0), [3]);
  assert.equal(some.stats.digest, "0102");
});

Deno.test("patchStream() compares each byte of the digest", async () => {
  const target = randomBytes(4, 50);
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", target));
  const [none, algorithm] = [new Uint8Array(0), "sha-256"] as const;
  const delta = await encode([{ data: none, digest: { algorithm } }, { data: target }, {
    data: none,
    digest: { algorithm, sum },
  }]);
  const stream = patchStream(none);
  assertBytes(await toBytes(source(delta).pipeThrough(stream)), target);
  assert.equal(stream.stats.digest, await sha256(target));
  for (let at = delta.length - 32; at < delta.length; at++) {
    for (const bit of [1, 128]) {
      const wrong = delta.slice();
      wrong[at]! ^= bit;
      await assertFails(patch(none, wrong), "digest-mismatch", undefined, wrong.length);
    }
  }
});

Deno.test("a copy may end where the basis does, and not a byte behind, where its length is known", async () => {
  for (const length of [1, 2, 10]) {
    const basis = randomBytes(5, 10);
    const reads: number[] = [];
    const counted: BasisSource = {
      size: 10,
      read: (offset, length) => {
        reads.push(offset);
        return basis.subarray(offset, offset + length);
      },
    };
    const fits = await encode([{ copy: { offset: 10 - length, length } }]);
    assertBytes(await patch(counted, fits), basis.subarray(10 - length));
    reads.length = 0;
    for (const [offset, wanted] of [[11 - length, length], [10 - length, length + 1]] as const) {
      const wrong = await encode([{ copy: { offset, length: wanted } }]);
      await assertFails(patch(counted, wrong), "copy-out-of-range", undefined, wrong.length);
    }
    assert.deepEqual(reads, [], "a copy that cannot be is not begun");
  }
});

Deno.test("patchStream() says how many bytes of the delta it has read, and decodeDeltaStream() too", async () => {
  const delta = await encode([{ copy: { offset: 0, length: 5 } }, { data: randomBytes(6, 300) }]);
  for (const stream of [patchStream(randomBytes(7, 5)), decodeDeltaStream()]) {
    await source(delta, 7).pipeThrough(stream as ReturnType<typeof patchStream>).pipeTo(new WritableStream());
    assert.equal(stream.stats.bytesIn, delta.length);
    assert.deepEqual([stream.stats.copiedBytes, stream.stats.literalBytes, stream.stats.bytesOut], [5, 300, 305]);
  }
});

Deno.test("a patch calls no method of a basis but those it is said to have", async () => {
  const bytes = randomBytes(1, 1000);
  const basis = {
    read: (offset: number, length: number) => bytes.subarray(offset, offset + length),
    createBuffer: () => assert.fail("createBuffer() is called"),
    bytes: new Uint8Array(1000),
  };
  assertBytes(await patch(basis, await encode([{ copy: { offset: 3, length: 500 } }])), bytes.subarray(3, 503));
});
