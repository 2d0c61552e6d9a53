/** Reads of a file that run at the same time: for an update, and for the answers of a handler. */
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import { RsyncError } from "rsync-streams";
import { atomicWritable, fileBasis } from "rsync-streams/files";
import { fetchUpdate, sendUpdate, syncHandler } from "rsync-streams/http";
import { assemble } from "../../src/basis/assemble.ts";
import { readRuns } from "../../src/http/server/read_runs.ts";
import { folder, replaceFs } from "../_fs.ts";
import { assertBytes, toBytes } from "../_helpers.ts";
import { concat, randomBytes, xorshift } from "../_recipes.ts";
import { AT_ONCE, last, ORDERS, SlowBasis } from "../_slow_basis.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Pieces = AsyncGenerator<Bytes, void, void>;
type Pick = (count: number) => number;

const CONTENT = randomBytes(1, 100_000);
const OFFSETS = Array.from({ length: 900 }, (_, i) => i * 7919 % 99_000);
const COPIES = OFFSETS.map((from, i) => ({ offset: 700 * i, length: 700, from }));
const EXPECTED = concat(OFFSETS.map((from) => CONTENT.subarray(from, from + 700)));

/** All ways to read pieces of a file, one behind the other. */
const READERS: Record<string, (basis: SlowBasis) => Pieces> = {
  "an update": (basis) => assemble(COPIES, basis, [].values()),
  "a handler": (basis) => readRuns(basis, OFFSETS.map((offset) => ({ offset, length: 700 }))),
};

async function readAll(pieces: Pieces, basis: SlowBasis, pick: Pick): Promise<Bytes> {
  const chunks: Bytes[] = [];
  for (;;) {
    const { done, value } = await basis.during(pieces.next(), pick);
    if (done) return concat(chunks);
    // What a chunk has now: nothing may be read into it later.
    chunks.push(value.slice());
  }
}

for (const [reader, open] of Object.entries(READERS)) {
  for (const [order, pick] of Object.entries(ORDERS)) {
    Deno.test(`${reader} reads at once what its file allows, ${order} first`, async () => {
      for (const [piece, readsAtOnce] of [[Infinity, AT_ONCE], [333, AT_ONCE], [333, 3], [700, undefined]] as const) {
        const basis = Object.assign(new SlowBasis(CONTENT), { piece, readsAtOnce });
        assertBytes(await readAll(open(basis), basis, pick), EXPECTED);
        assert.equal(basis.most, readsAtOnce ?? 1);
      }
    });
  }

  Deno.test(`${reader} fails as the first of its reads does that fails`, async () => {
    const [early, late] = [OFFSETS[10]!, OFFSETS[20]!];
    const missing = Object.assign(new SlowBasis(CONTENT), { gap: early, fault: late });
    await assert.rejects(
      readAll(open(missing), missing, last),
      (error) => error instanceof RsyncError && error.code === "basis-short-read" && error.message.includes(`${early}`),
    );
    const faulty = Object.assign(new SlowBasis(CONTENT), { gap: late, fault: early });
    await assert.rejects(readAll(open(faulty), faulty, last), { message: `fault at ${early}` });
  });
}

Deno.test("missing bytes between copies that are read at once stay in their places", async () => {
  const missing = randomBytes(2, 900 * 50);
  const runs = COPIES.flatMap(({ from }, i) => [
    { offset: 750 * i, length: 700, from },
    { offset: 750 * i + 700, length: 50, from: undefined },
  ]);
  const basis = new SlowBasis(CONTENT);
  assertBytes(
    await readAll(assemble(runs, basis, [missing].values()), basis, last),
    concat(OFFSETS.flatMap((from, i) => [CONTENT.subarray(from, from + 700), missing.subarray(50 * i, 50 * i + 50)])),
  );
  assert.equal(basis.most, AT_ONCE);
});

const PAGE = 16_384;
const PAGE_COUNT = 512;

/** Notes the most reads of files that are under way at a time. */
function watchReads(): Disposable & { most: number } {
  let count = 0;
  const replaced = replaceFs("read", (real) => (...args: unknown[]) => {
    const done = args.pop() as (...results: unknown[]) => void;
    watch.most = Math.max(watch.most, ++count);
    return (real as (...args: unknown[]) => void)(...args, (...results: unknown[]) => {
      count--;
      done(...results);
    });
  });
  const watch = { most: 0, [Symbol.dispose]: () => replaced[Symbol.dispose]() };
  return watch;
}

Deno.test("files with pages in another order are read at many places at once, by both sides of HTTP", async () => {
  await using dir = await folder();
  const old = randomBytes(3, PAGE * PAGE_COUNT);
  const pages = Array.from({ length: PAGE_COUNT }, (_, i) => old.subarray(PAGE * i, PAGE * (i + 1)));
  const random = xorshift(4);
  for (let i = PAGE_COUNT - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [pages[i], pages[j]] = [pages[j]!, pages[i]!];
  }
  const shuffled = concat(pages);
  // Every 32nd page is other bytes.
  const edited = concat(pages.map((page, i) => i % 32 === 0 ? randomBytes(5 + i, PAGE) : page));
  for (const [name, bytes] of Object.entries({ old, shuffled, edited })) await fs.writeFile(dir.path(name), bytes);

  const handler = syncHandler({
    async open({ pathname }) {
      const basis = await fileBasis(dir.path(pathname.slice(1)));
      return { basis, size: basis.size!, entityTag: `"${pathname}"`, close: () => basis.close() };
    },
    commit: async ({ pathname }, readable) => {
      await readable.pipeTo(atomicWritable(dir.path(pathname.slice(1)), { sync: false }));
    },
  });
  const options = { fetch: (url: string, init: RequestInit) => handler(new Request(url, init)) };
  const host = "http://host.test";

  await using local = await fileBasis(dir.path("old"));
  const update = await fetchUpdate(`${host}/shuffled`, local, options);
  {
    using watch = watchReads();
    assertBytes(await toBytes(update.readable), shuffled);
    assert.ok(watch.most > 8, `an update: ${watch.most} reads at once`);
  }
  {
    const update = await fetchUpdate(`${host}/edited`, shuffled, options);
    using watch = watchReads();
    assertBytes(await toBytes(update.readable), edited);
    assert.ok(watch.most > 8, `runs of a handler: ${watch.most} reads at once`);
  }
  {
    using watch = watchReads();
    const { status, stats } = await sendUpdate(`${host}/old`, shuffled, options);
    assert.deepEqual([status, stats.literalBytes], ["updated", 0]);
    assert.ok(watch.most > 8, `a patch by a handler: ${watch.most} reads at once`);
    assertBytes(await fs.readFile(dir.path("old")) as Bytes, shuffled);
  }
});
