/** Pages of a `fileBasis()`: those under way, those that come short, and the last one. */
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import { patchStream } from "rsync-streams";
import { fileBasis } from "rsync-streams/files";
import { assertBytes, source, toBytes } from "./_helpers.ts";
import { randomBytes } from "./_recipes.ts";
import { folder, MIB, noteReads, replaceFs } from "./_fs.ts";
import { encode } from "./_patcher.ts";

const PAGE = 2 ** 18;

type Read = (...args: unknown[]) => void;

Deno.test("fileBasis() reads a page once for all reads in it that wait", async () => {
  await using dir = await folder();
  const bytes = randomBytes(22, MIB);
  await fs.writeFile(dir.path("file"), bytes);
  await using basis = await fileBasis(dir.path("file"));
  using reads = noteReads();
  const offsets = Array.from({ length: 64 }, (_, i) => 1000 * i);
  const pieces = await Promise.all(offsets.map(async (offset) => {
    const buffer = new Uint8Array(100);
    return buffer.subarray(0, await basis.readInto(buffer, offset));
  }));
  for (const [i, offset] of offsets.entries()) assertBytes(pieces[i]!, bytes.subarray(offset, offset + 100));
  // The first is read alone, and the next one begins the page.
  assert.deepEqual(reads.taken(), [[0, 100], [1000, PAGE - 1000]]);
});

Deno.test("fileBasis() tries again after a page that could not be read", async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), randomBytes(23, MIB));
  await using basis = await fileBasis(dir.path("file"));
  const read = async (offset: number) => await basis.readInto(new Uint8Array(100), offset);
  await read(0);
  let faults = 3;
  using _ = replaceFs("read", (real) => (...args: unknown[]) => {
    if (faults-- <= 0) return (real as (...args: unknown[]) => void)(...args);
    queueMicrotask(() => (args.at(-1) as (error: Error) => void)(new Error("a fault of the disk")));
  });
  const results = await Promise.allSettled([200, 400, 600, 800].map(read));
  assert.deepEqual(results.map(({ status }) => status), ["rejected", "rejected", "rejected", "fulfilled"]);
  assert.equal(await read(1000), 100);
});

Deno.test("fileBasis() keeps no page that was under way when it was closed", async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), randomBytes(24, MIB));
  const basis = await fileBasis(dir.path("file"));
  const read = async (offset: number) => await basis.readInto(new Uint8Array(100), offset);
  await read(0);
  const reading = read(200);
  await basis.close();
  assert.equal(await reading, 100);
  await assert.rejects(read(400), /it is closed/);
});

Deno.test("fileBasis() reads what was asked for where the system gives less of a page than that", async () => {
  await using dir = await folder();
  const bytes = randomBytes(25, MIB);
  await fs.writeFile(dir.path("file"), bytes);
  await using basis = await fileBasis(dir.path("file"));
  using _ = replaceFs("read", (real) => (...args: unknown[]) => {
    args[3] = Math.min(args[3] as number, 100);
    (real as Read)(...args);
  });
  // Forwards, and backwards: the first bytes of the page are none of those.
  for (const offset of [5000, 5200, 3000, 2 * PAGE + 7000, PAGE + 9000]) {
    const buffer = new Uint8Array(50);
    assert.equal(await basis.readInto(buffer, offset), 50, `${offset}`);
    assertBytes(buffer, bytes.subarray(offset, offset + 50), `${offset}`);
  }
});

Deno.test("fileBasis() reads the last page once, however often its end is asked for", async () => {
  await using dir = await folder();
  const size = 3 * PAGE + 1000;
  await fs.writeFile(dir.path("file"), randomBytes(26, size));
  await using basis = await fileBasis(dir.path("file"));
  using reads = noteReads();
  const read = async (offset: number) => await basis.readInto(new Uint8Array(10), offset);
  for (const offset of [3 * PAGE + 100, 3 * PAGE + 200, 3 * PAGE + 50]) assert.equal(await read(offset), 10);
  assert.deepEqual(reads.taken().at(-1), [3 * PAGE, PAGE]);
  for (const offset of [size, size + 5, size]) assert.equal(await read(offset), 0);
  assert.deepEqual(reads.taken(), [[size, 10], [size + 5, 10], [size, 10]]);
});

Deno.test("fileBasis() reads no page past its end, where a read goes over that", async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), randomBytes(27, MIB));
  await using basis = await fileBasis(dir.path("file"));
  using reads = noteReads();
  assert.equal(await basis.readInto(new Uint8Array(5), 2 * PAGE - 5), 5);
  assert.equal(await basis.readInto(new Uint8Array(100), 2 * PAGE - 10), 10);
  assert.deepEqual(reads.taken(), [[2 * PAGE - 5, 5], [PAGE, PAGE]]);
});

Deno.test("fileBasis() does not count what the last page lacks as read in vain", async () => {
  await using dir = await folder();
  const end = 32 * PAGE;
  await fs.writeFile(dir.path("file"), new Uint8Array(end + 100));
  await using basis = await fileBasis(dir.path("file"));
  using reads = noteReads();
  for (const length of [1, 1, 100]) await basis.readInto(new Uint8Array(length), end);
  assert.deepEqual(reads.taken(), [[end, 1], [end, PAGE]]);
  // So four more pages are read in vain.
  for (let place = 0; place < 8; place += 2) {
    for (let i = 0; i < 2; i++) await basis.readInto(new Uint8Array(1), place * PAGE);
    assert.deepEqual(reads.taken(), [[place * PAGE, 1], [place * PAGE, PAGE]]);
  }
});

Deno.test("patchStream() reads a fileBasis() in 64 places at once", async () => {
  await using dir = await folder();
  const count = 200;
  const apart = 3 * PAGE;
  const file = await fs.open(dir.path("file"), "w");
  await file.truncate(count * apart);
  for (let i = 0; i < count; i++) await file.write(Uint8Array.of(i), 0, 1, i * apart);
  await file.close();
  await using basis = await fileBasis(dir.path("file"));
  let [running, most] = [0, 0];
  using _ = replaceFs("read", (real) => (...args: unknown[]) => {
    most = Math.max(most, ++running);
    const done = args.pop() as (...result: unknown[]) => void;
    (real as Read)(...args, (...result: unknown[]) => {
      running--;
      done(...result);
    });
  });
  // Far from each other, behind a chunk that is full.
  const copies = Array.from({ length: count }, (_, i) => ({ copy: { offset: i * apart, length: 1 } }));
  const delta = await encode([{ data: new Uint8Array(MIB) }, ...copies]);
  const target = await toBytes(source(delta).pipeThrough(patchStream(basis)));
  assertBytes(target.subarray(MIB), Uint8Array.from({ length: count }, (_, i) => i));
  assert.equal(most, 64);
});
