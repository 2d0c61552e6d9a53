/** `fileBasis()`: what it reads, and when it closes. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs/promises";
import { encodeDeltaStream, patchStream, RsyncError } from "rsync-streams";
import { fileBasis } from "rsync-streams/files";
import { assertBytes, makeDelta, makeSigs, source, toBytes } from "./_helpers.ts";
import { randomBytes, xorshift } from "./_recipes.ts";
import { codeOf, folder, hasProc, isWindows, MIB, openPaths, reportLength } from "./_fs.ts";

Deno.test("fileBasis() takes a reported length of 0 for unknown", async () => {
  await using dir = await folder();
  const bytes = randomBytes(33, 300_000);
  await fs.writeFile(dir.path("file"), bytes);
  const { bytes: delta } = await makeDelta(bytes, await makeSigs(bytes));
  for (const length of [0, 2 ** 60, NaN]) {
    using _ = reportLength(length);
    await using basis = await fileBasis(dir.path("file"));
    assert.equal(basis.size, undefined);
    assertBytes(await basis.read(10, 20), bytes.subarray(10, 30));
    assertBytes(await basis.read(0, 2 ** 52), bytes);
    assert.equal((await basis.read(300_000, 2 ** 52)).length, 0);
    assertBytes(await toBytes(source(delta).pipeThrough(patchStream(basis))), bytes);
  }
});

Deno.test("fileBasis() reads /proc/version", { ignore: !hasProc }, async () => {
  await using basis = await fileBasis("/proc/version");
  assert.equal(basis.size, undefined);
  assert.match(new TextDecoder().decode(await basis.read(0, 1000)), /^Linux version .*\n$/);
  const buffer = new Uint8Array(5);
  assert.equal(await basis.readInto(buffer, 6), 5);
  assert.equal(new TextDecoder().decode(buffer), "versi");
});

Deno.test("fileBasis() reads what was added to a file since it was opened", async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), new Uint8Array(100));
  await using basis = await fileBasis(dir.path("file"));
  await fs.appendFile(dir.path("file"), Uint8Array.of(1, 2, 3));
  assertBytes(await basis.read(100, 10), Uint8Array.of(1, 2, 3));
  assert.equal(await basis.readInto(new Uint8Array(10), 100), 3);
});

Deno.test("fileBasis() refuses a pipe at once", { ignore: isWindows }, async () => {
  await using dir = await folder();
  const path = dir.path("pipe");
  execFileSync("mkfifo", [path]);
  // Opened for both, so that opening waits for nobody.
  const open = () => fs.open(path, "r+");
  const writer = await open();
  assert.equal(await codeOf(fileBasis(path)), "ESPIPE");
  await writer.close();
  // Nobody writes to it now, until it was waited for in vain.
  let late: Promise<void> | undefined;
  const timer = setTimeout(() => late = open().then((writer) => writer.close()), 2000);
  assert.equal(await codeOf(fileBasis(path)), "ESPIPE");
  clearTimeout(timer);
  await late;
  assert.equal(late, undefined, "it waited for a writer");
});

Deno.test("fileBasis() reads at random, at the end and past it", async () => {
  await using dir = await folder();
  const bytes = randomBytes(3, 100_000);
  await fs.writeFile(dir.path("file"), bytes);
  await using basis = await fileBasis(dir.path("file"));
  assert.equal(basis.size, 100_000);
  assertBytes(await basis.read(0, 10), bytes.subarray(0, 10));
  assertBytes(await basis.read(50_001, 333), bytes.subarray(50_001, 50_334));
  assertBytes(await basis.read(99_990, 1000), bytes.subarray(99_990));
  assert.equal((await basis.read(100_000, 10)).length, 0);
  assert.equal((await basis.read(2 ** 52, 2 ** 52)).length, 0);
  assert.equal((await basis.read(0, 0)).length, 0);
  await assert.rejects(basis.read(-1, 10), RangeError);
  await assert.rejects(basis.read(0, 0.5), RangeError);
});

Deno.test("fileBasis() fills buffers with what is there: near, far, long, at the end, and many at once", async () => {
  await using dir = await folder();
  const length = 3 * MIB + 777;
  const bytes = randomBytes(4, length);
  await fs.writeFile(dir.path("file"), bytes);
  await using basis = await fileBasis(dir.path("file"));
  const check = async (offset: number, wanted: number) => {
    const buffer = new Uint8Array(wanted).fill(255);
    const count = await basis.readInto(buffer, offset);
    assert.ok(count > 0 || offset >= length || wanted === 0, `${count} bytes at ${offset}`);
    assertBytes(buffer.subarray(0, count), bytes.subarray(offset, offset + count), `${wanted} bytes at ${offset}`);
    assertBytes(buffer.subarray(count), new Uint8Array(wanted - count).fill(255), "what was not read is left alone");
    return count;
  };
  const random = xorshift(7);
  let offset = 0;
  while (offset < length) offset += await check(offset, 1 + random.below(3000)) + random.below(2000);
  for (let i = 0; i < 500; i++) await check(random.below(length + 100), random.below(5) ? random.below(2000) : MIB);
  for (let i = 0; i < 20; i++) {
    const from = random.below(length);
    await Promise.all(
      Array.from({ length: 8 }, (_, k) => check(from + k * random.below(100_000), 1 + random.below(4000))),
    );
  }
  await check(length - 5, 10);
  assert.equal(await check(length - 3, 10), 3);
  assert.equal(await check(length, 10), 0);
});

Deno.test("fileBasis() fills no buffer after it was closed", async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), new Uint8Array(10_000));
  const basis = await fileBasis(dir.path("file"));
  for (const offset of [0, 100, 200]) await basis.readInto(new Uint8Array(50), offset);
  await basis.close();
  await assert.rejects(async () => await basis.readInto(new Uint8Array(50), 210), /it is closed/);
});

Deno.test("fileBasis() reads at many places at once, past 4 GiB", async () => {
  await using dir = await folder();
  const path = dir.path("sparse");
  const places = Array.from({ length: 32 }, (_, i) => 5 * 2 ** 30 - (i + 1) * 16_384);
  const file = await fs.open(path, "w");
  await file.truncate(5 * 2 ** 30);
  for (const place of places) await file.write(randomBytes(place % 1009 + 1, 4096), 0, 4096, place);
  await file.close();

  await using basis = await fileBasis(path);
  assert.equal(basis.size, 5 * 2 ** 30);
  await Promise.all(places.map(async (place) => {
    assertBytes(await basis.read(place, 4096), randomBytes(place % 1009 + 1, 4096), `at ${place}`);
  }));
  assert.equal((await basis.read(5 * 2 ** 30 - 1, 4096)).length, 1);
});

Deno.test("fileBasis() closes after the reads under way, once, and refuses later ones", async () => {
  await using dir = await folder();
  const path = dir.path("file");
  await fs.writeFile(path, new Uint8Array(8 * MIB));
  const basis = await fileBasis(path);
  const read = basis.read(0, 8 * MIB);
  await Promise.all([basis.close(), basis.close()]);
  assert.equal((await read).length, 8 * MIB);
  assert.deepEqual(await openPaths(path), []);
  await assert.rejects(basis.read(0, 1), new TypeError("Cannot use the file: it is closed"));
  await basis.close();
});

Deno.test("fileBasis() passes the failure of the file system on", async () => {
  await using dir = await folder();
  assert.equal(await codeOf(fileBasis(dir.path("missing"))), "ENOENT");
  assert.equal(await codeOf(fileBasis(dir.path(""))), "EISDIR");
  assert.deepEqual(await openPaths(dir.path("")), []);
});

Deno.test("chunks of a patch of a fileBasis() have buffers with their bytes and no others", async () => {
  await using dir = await folder();
  const bytes = randomBytes(34, 2 * MIB + 12_345);
  await fs.writeFile(dir.path("file"), bytes);
  const target = bytes.slice();
  // Many copies, so that buffers grow.
  for (let at = 0; at < target.length; at += 50_000) target[at]! ^= 1;
  const { bytes: delta } = await makeDelta(target, await makeSigs(bytes, { blockLength: 4096 }));
  await using basis = await fileBasis(dir.path("file"));
  const lengths: number[] = [];
  for await (const chunk of source(delta, 5000).pipeThrough(patchStream(basis))) {
    assert.equal(chunk.buffer.byteLength, chunk.length);
    const start = lengths.reduce((sum, length) => sum + length, 0);
    assertBytes(chunk, target.subarray(start, start + chunk.length));
    lengths.push(chunk.length);
  }
  assert.ok(lengths.length > 1 && lengths.at(-1)! < MIB, lengths.join());
  // Less than what Node takes out of a pool.
  const short = ReadableStream.from([{ copy: { offset: 5, length: 10 } }]).pipeThrough(encodeDeltaStream());
  const [chunk] = await Array.fromAsync(short.pipeThrough(patchStream(basis)));
  assert.equal(chunk!.buffer.byteLength, 10);
});

Deno.test("patchStream() tells that a fileBasis() has become shorter", async () => {
  await using dir = await folder();
  const path = dir.path("file");
  const bytes = randomBytes(4, 300_000);
  await fs.writeFile(path, bytes);
  const { bytes: delta } = await makeDelta(bytes, await makeSigs(bytes));
  await using basis = await fileBasis(path);
  await fs.truncate(path, 100_000);
  await assert.rejects(
    toBytes(source(delta).pipeThrough(patchStream(basis))),
    (error) => error instanceof RsyncError && error.code === "basis-short-read",
  );
});
