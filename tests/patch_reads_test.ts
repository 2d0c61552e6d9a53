/** Reads of a patch that run at the same time, from a basis that allows it: the basis is played here. */
import assert from "node:assert/strict";
import { RsyncError } from "rsync-streams";
import type { DeltaEvent, Digest, PatchBasis } from "../src/engine/interface.ts";
import { type DeltaEventSource, Patcher } from "../src/engine/patcher.ts";
import { BUSY, DONE } from "../src/engine/stage.ts";
import { assertBytes } from "./_helpers.ts";
import { copy, END, NO_DIGEST } from "./_patcher.ts";
import { concat, randomBytes } from "./_recipes.ts";
import { AT_ONCE, last, ORDERS, SlowBasis } from "./_slow_basis.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const MIB = 2 ** 20;

/** A patch with events whose places are 10 bytes apart. */
function patcherOf(
  events: readonly (DeltaEvent | undefined)[],
  basis: PatchBasis,
  createDigest: () => Digest = NO_DIGEST,
): Patcher {
  const left = [...events];
  const commands: DeltaEventSource = {
    next: () => left.length > 0 ? left.shift() : DONE,
    get position() {
      return 10 * (events.length - left.length);
    },
  };
  return new Patcher({ commands, basis, createDigest, maxOutputLength: Infinity });
}

/** Runs a patch to its end, and its reads in an order that `pick` says. */
async function run(patcher: Patcher, basis: SlowBasis, pick: (count: number) => number): Promise<Bytes> {
  const chunks: Bytes[] = [];
  for (;;) {
    const result = await basis.during(Promise.resolve(patcher.next()), pick);
    if (result === DONE) return concat(chunks);
    if (result !== undefined && result !== BUSY) chunks.push(result);
  }
}

/** Copies of 1,000 bytes from all over a basis, behind one that fills the first chunk. */
const COPIES = Array.from({ length: 300 }, (_, i) => copy(i * 7919 % 90_000, 1000));
const BASIS = randomBytes(1, MIB);
const bytesOf = (events: readonly DeltaEvent[]) => {
  return concat(events.flatMap((event) => {
    return event.type === "copy" ? [BASIS.subarray(event.offset, event.offset + event.length)] : [];
  }));
};

for (const [name, pick] of Object.entries(ORDERS)) {
  for (const piece of [Infinity, 333]) {
    Deno.test(`a patch reads at once what its basis allows, ${name} first, ${piece} bytes each`, async () => {
      const events = [copy(0, MIB), ...COPIES];
      const basis = new SlowBasis(BASIS);
      basis.piece = piece === Infinity ? piece : MIB;
      const patcher = patcherOf([...events, undefined, END], basis);
      const first = patcher.next() as Promise<Bytes>;
      basis.let(pick);
      assertBytes(await first, BASIS);
      basis.piece = piece;
      assertBytes(await run(patcher, basis, pick), bytesOf(COPIES));
      assert.equal(basis.most, AT_ONCE);
      assert.equal(patcher.stats.copiedBytes, MIB + 300_000);
    });
  }
}

Deno.test("a patch reads one after another while its chunk grows, and where its basis wants that", async () => {
  const growing = new SlowBasis(BASIS);
  assertBytes(await run(patcherOf([...COPIES, undefined, END], growing), growing, last), bytesOf(COPIES));
  assert.equal(growing.most, 1);
  const events = [copy(0, MIB), ...COPIES];
  const single = new SlowBasis(BASIS, 1);
  assertBytes(await run(patcherOf([...events, END], single), single, last), bytesOf(events));
  assert.equal(single.most, 1);
});

Deno.test("data between copies that are read at once stays in its place", async () => {
  const bytes = randomBytes(9, 50);
  const events = COPIES.slice(0, 40).flatMap((event): DeltaEvent[] => [event, { type: "data", bytes }]);
  const basis = new SlowBasis(BASIS);
  const all = await run(patcherOf([copy(0, MIB), ...events, END], basis), basis, last);
  assertBytes(all.subarray(MIB), concat(COPIES.slice(0, 40).flatMap((event) => [bytesOf([event]), bytes])));
});

Deno.test("a patch fails with the first failure in the order of its commands, and no other", async () => {
  const events = [copy(0, MIB), ...COPIES.slice(0, 30), undefined, END];
  const [early, late] = [COPIES[10], COPIES[20]].map((event) => (event as { offset: number }).offset) as [
    number,
    number,
  ];
  const missing = new SlowBasis(BASIS);
  missing.gap = early;
  missing.fault = late;
  await assert.rejects(run(patcherOf(events, missing), missing, last), (error) => {
    assert.ok(error instanceof RsyncError);
    assert.deepEqual([error.code, error.offset], ["basis-short-read", 10 * (1 + 11)]);
    assert.match(error.message, new RegExp(`a copy needs 1000 bytes at offset ${early}, the basis gave none there`));
    return true;
  });
  const faulty = new SlowBasis(BASIS);
  faulty.fault = early;
  faulty.gap = late;
  await assert.rejects(run(patcherOf(events, faulty), faulty, last), { message: `fault at ${early}` });
});

Deno.test("copies that go on behind the end of a chunk are read at once too", async () => {
  const long = [copy(5, 700_000), copy(17, 800_000), copy(3, 900_000), copy(1, 1_000_000)];
  const basis = new SlowBasis(BASIS);
  const events = [copy(0, MIB), ...long, undefined, END];
  assertBytes((await run(patcherOf(events, basis), basis, last)).subarray(MIB), bytesOf(long));
  assert.equal(basis.most, 2);
});

Deno.test("a short read tells what is missing of its copy, and the place of its command", async () => {
  // The second copy goes on behind a chunk.
  for (const before of [[], [copy(0, MIB - 500)]]) {
    const basis = new SlowBasis(BASIS);
    const patcher = patcherOf([copy(0, MIB), ...before, copy(100, 1000), copy(5000, 100), undefined, END], basis);
    const first = patcher.next() as Promise<Bytes>;
    basis.let(last);
    await first;
    basis.piece = 333;
    basis.gap = 433;
    const offset = 10 * (before.length + 2);
    await assert.rejects(run(patcher, basis, () => 0), (error) => {
      assert.ok(error instanceof RsyncError);
      assert.deepEqual([error.code, error.offset], ["basis-short-read", offset]);
      assert.match(error.message, /a copy needs 667 bytes at offset 433, the basis gave none there/);
      return true;
    });
  }
});

Deno.test("the digest of a target covers what was read at once", async () => {
  for (const more of [[], [undefined]]) {
    const seen: Bytes[] = [];
    const createDigest = (): Digest => ({
      update: (bytes) => void seen.push(bytes.slice()),
      digest: () => Uint8Array.of(1),
      release() {},
    });
    const end: DeltaEvent = { type: "end", targetLength: MIB + 300_000, digest: Uint8Array.of(1) };
    const basis = new SlowBasis(BASIS);
    const events: (DeltaEvent | undefined)[] = [{ type: "start", hasDigest: true }, copy(0, MIB), ...COPIES, ...more];
    await run(patcherOf([...events, end], basis, createDigest), basis, last);
    assertBytes(concat(seen), concat([BASIS, bytesOf(COPIES)]));
  }
});

Deno.test("a patch reads on behind a chunk before it is asked only where it makes a digest meanwhile", async () => {
  for (const hasDigest of [false, true]) {
    const basis = new SlowBasis(concat([BASIS, BASIS]));
    const digest: Digest = { update() {}, digest: () => Uint8Array.of(1), release() {} };
    const patcher = patcherOf([{ type: "start", hasDigest }, copy(0, 2 * MIB), END], basis, () => digest);
    const first = patcher.next() as Promise<Bytes>;
    basis.let(last);
    assertBytes(await first, BASIS);
    assert.equal(basis.waiting.length, hasDigest ? 1 : 0);
    while (basis.waiting.length > 0) basis.let(last);
    patcher.release();
  }
});

for (const isFaulty of [false, true]) {
  Deno.test(`a patch that is released while it reads ends${isFaulty ? ", with a failure" : ""}`, async () => {
    const basis = new SlowBasis(BASIS);
    const patcher = patcherOf([copy(0, MIB), ...COPIES], basis);
    const first = patcher.next();
    basis.let(last);
    await first;
    const second = Promise.resolve(patcher.next());
    assert.equal(basis.waiting.length, AT_ONCE);
    const { offset } = COPIES[AT_ONCE / 2] as { offset: number };
    if (isFaulty) basis.fault = offset;
    patcher.release();
    while (basis.waiting.length > 0) basis.let(last);
    if (isFaulty) await assert.rejects(second, { message: `fault at ${offset}` });
    else assert.equal(await second, DONE);
  });
}
