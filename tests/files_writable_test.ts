/** `atomicWritable()`: what it writes, and that it leaves the old file if it fails. */
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { deltaStream, loadSigs, patchStream, RsyncError, sigStream } from "rsync-streams";
import { atomicWritable, fileBasis, fileReadable } from "rsync-streams/files";
import { assertBytes, makeDelta, makeSigs, source } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";
import { until } from "./_until.ts";
import { codeOf, failFs, folder, MIB, OLD, openPaths, replaceFs, requireFile } from "./_fs.ts";

Deno.test("atomicWritable() makes a file, of views and buffers, also an empty one", async () => {
  await using dir = await folder();
  const bytes = randomBytes(5, 2 * MIB + 7);
  await source(bytes, 100_003).pipeTo(atomicWritable(dir.path("file")));
  assertBytes(await fs.readFile(dir.path("file")), bytes);

  const writer = atomicWritable(pathToFileURL(dir.path("views")), { sync: false }).getWriter();
  const words = new Uint16Array([0x0101, 0x0202, 0x0303]);
  await writer.write(words.subarray(1, 2));
  await writer.write(words.buffer);
  await writer.write(new Uint8Array(0));
  await writer.close();
  assertBytes(await fs.readFile(dir.path("views")), Uint8Array.of(2, 2, 1, 1, 2, 2, 3, 3));

  await atomicWritable(dir.path("empty")).close();
  assert.equal((await fs.stat(dir.path("empty"))).size, 0);
  assert.deepEqual(await dir.names(), ["empty", "file", "views"]);
  assert.deepEqual(await openPaths(dir.path("")), []);
});

Deno.test("atomicWritable() keeps the old file until the close, and its temporary file beside it", async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), OLD);
  const writer = atomicWritable(dir.path("file")).getWriter();
  await writer.ready;
  assert.deepEqual(await dir.names(), ["file"]);
  await writer.write(randomBytes(6, 100));
  const [temporary] = await dir.names();
  assert.match(temporary!, new RegExp(`^\\.file\\.rsync-streams-${process.pid}-[0-9a-z]+\\.tmp$`));
  if (process.platform === "linux") {
    // Seven letters for the run of this machine and the container, by the kernel's numbers for them.
    const boot = (await fs.readFile("/proc/sys/kernel/random/boot_id", "latin1")).slice(0, 8);
    const container = (await fs.readlink("/proc/self/ns/pid")).replace(/\D/g, "");
    const letters = (BigInt(`0x${boot}`) ^ BigInt.asUintN(32, BigInt(container))).toString(36).padStart(7, "0");
    assert.ok(temporary!.startsWith(`.file.rsync-streams-${process.pid}-${letters}`), `${temporary} has no ${letters}`);
  }
  assertBytes(await fs.readFile(dir.path("file")), OLD);
  await writer.close();
  assertBytes(await fs.readFile(dir.path("file")), randomBytes(6, 100));
  assert.deepEqual(await dir.names(), ["file"]);
});

Deno.test("atomicWritable() fails if the system takes no bytes, rather than try for ever", async () => {
  await using dir = await folder();
  using _ = replaceFs("write", () => (...args: unknown[]) => {
    setTimeout(() => (args.at(-1) as (error: null, count: number) => void)(null, 0), 1);
  });
  await assert.rejects(source(OLD).pipeTo(atomicWritable(dir.path("file"))), /0 of 21 bytes were taken/);
  assert.deepEqual(await dir.names(), []);
});

Deno.test("atomicWritable() refuses a chunk whose bytes were taken away before they were written", async () => {
  await using dir = await folder();
  const transfer = (chunk: Uint8Array<ArrayBuffer>) => structuredClone(chunk.buffer, { transfer: [chunk.buffer] });
  const shrink = (chunk: Uint8Array<ArrayBuffer>) => (chunk.buffer as unknown as { resize(n: number): void }).resize(5);
  const Resizable = ArrayBuffer as unknown as new (length: number, options: { maxByteLength: number }) => ArrayBuffer;
  for (const takeAway of [transfer, shrink]) {
    const writer = atomicWritable(dir.path("file")).getWriter();
    writer.closed.catch(() => {});
    writer.ready.catch(() => {});
    const chunk = new Uint8Array(new Resizable(50_000, { maxByteLength: 50_000 }));
    const writes = [writer.write(new Uint8Array(50_000)), writer.write(chunk), writer.close()];
    takeAway(chunk);
    const results = await Promise.allSettled(writes);
    assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "rejected"]);
    assert.match(String((results[1] as PromiseRejectedResult).reason), /TypeError: Cannot use the (chunk|bytes): /);
    assert.deepEqual(await dir.names(), []);
  }
});

Deno.test("atomicWritable() takes a folder that cannot be listed", async () => {
  await using dir = await folder();
  using _ = failFs("readdir", "EACCES");
  await source(OLD).pipeTo(atomicWritable(dir.path("file")));
  assert.deepEqual(await dir.names(), ["file"]);
});

Deno.test("atomicWritable() does not look at a chunk after its write", async () => {
  await using dir = await folder();
  const writer = atomicWritable(dir.path("file")).getWriter();
  const chunk = new Uint8Array(100_000).fill(1);
  await writer.write(chunk);
  chunk.fill(2);
  await writer.write(chunk);
  await writer.close();
  const bytes = await fs.readFile(dir.path("file"));
  assertBytes(bytes, concat([new Uint8Array(100_000).fill(1), new Uint8Array(100_000).fill(2)]));
});

Deno.test("atomicWritable() leaves the old file and no other when it is aborted", async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), OLD);
  for (const isWritten of [true, false]) {
    const writer = atomicWritable(dir.path("file")).getWriter();
    if (isWritten) await writer.write(new Uint8Array(100));
    await writer.abort(new Error("enough"));
    assertBytes(await fs.readFile(dir.path("file")), OLD);
    assert.deepEqual(await dir.names(), ["file"]);
  }
  const busy = atomicWritable(dir.path("file")).getWriter();
  const write = busy.write(new Uint8Array(20 * MIB));
  await busy.abort("while a write is under way");
  await write.catch(() => {});
  assert.deepEqual(await dir.names(), ["file"]);
  assert.deepEqual(await openPaths(dir.path("")), []);
});

Deno.test("atomicWritable() leaves the old file when its source fails, and passes the reason on", async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), OLD);
  const reason = new Error("the source broke");
  let pulls = 0;
  const failing = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (pulls++ === 3) controller.error(reason);
      else controller.enqueue(new Uint8Array(1000));
    },
  });
  await assert.rejects(failing.pipeTo(atomicWritable(dir.path("file"))), (error) => error === reason);
  assertBytes(await fs.readFile(dir.path("file")), OLD);
  assert.deepEqual(await dir.names(), ["file"]);
});

Deno.test("atomicWritable() leaves the old file when the patch finds another digest", async () => {
  await using dir = await folder();
  const path = dir.path("basis");
  const basisBytes = randomBytes(7, 700_000);
  const { bytes: delta } = await makeDelta(basisBytes, await makeSigs(basisBytes));
  const wrong = basisBytes.slice();
  wrong[600_000]! ^= 1;
  await fs.writeFile(path, wrong);

  await using basis = await fileBasis(path);
  await assert.rejects(
    source(delta).pipeThrough(patchStream(basis)).pipeTo(atomicWritable(path)),
    (error) => error instanceof RsyncError && error.code === "digest-mismatch",
  );
  assertBytes(await fs.readFile(path), wrong);
  assert.deepEqual(await dir.names(), ["basis"]);
});

Deno.test("atomicWritable() cleans up after a chunk that is no bytes", async () => {
  await using dir = await folder();
  const writer = atomicWritable(dir.path("file")).getWriter();
  writer.closed.catch(() => {});
  await writer.write(OLD);
  // @ts-expect-error: the wrong kind
  await assert.rejects(writer.write("text"), TypeError);
  assert.deepEqual(await dir.names(), []);
  assert.deepEqual(await openPaths(dir.path("")), []);
});

Deno.test("atomicWritable() cleans up when the rename fails", async () => {
  await using dir = await folder();
  const writer = atomicWritable(dir.path("file")).getWriter();
  writer.closed.catch(() => {});
  await writer.write(OLD);
  await fs.mkdir(dir.path("file"));
  await assert.rejects(writer.close());
  assert.deepEqual(await dir.names(), ["file"]);
  assert.deepEqual(await openPaths(dir.path("")), []);
});

Deno.test("atomicWritable() takes a name as long as names may be", async () => {
  await using dir = await folder();
  for (const name of ["n".repeat(250), "\u{1f600}".repeat(60)]) {
    await source(OLD).pipeTo(atomicWritable(dir.path(name)));
    assertBytes(await fs.readFile(dir.path(name)), OLD);
  }
});

Deno.test("atomicWritable() refuses a folder, and a folder that is missing, before it reads on", async () => {
  await using dir = await folder();
  for (const [path, code] of [[dir.path(""), "EISDIR"], [dir.path("missing/file"), "ENOENT"]] as const) {
    let pulls = 0;
    let reason: unknown;
    const input = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        pulls++;
        controller.enqueue(new Uint8Array(1000));
      },
      cancel(why) {
        reason = why;
      },
    });
    const error = await input.pipeTo(atomicWritable(path)).then(() => assert.fail("it was taken"), (error) => error);
    assert.equal(error.code, code);
    assert.equal(reason, error);
    assert.ok(pulls <= 3, `${pulls} chunks were read`);
    assert.deepEqual(await dir.names(), []);
  }
});

Deno.test("atomicWritable() leaves nothing if a strategy has no size for a chunk, whatever is under way", async () => {
  await using dir = await folder();
  const failure = new RangeError("no size");
  const moments: ((writer: WritableStreamDefaultWriter<Uint8Array>) => unknown)[] = [
    () => {}, // the place is being found
    async (writer) => {
      await writer.write(OLD.subarray(1));
      writer.write(OLD).catch(() => {});
    },
    (writer) => writer.write(OLD),
  ];
  for (const comeTo of moments) {
    let isRight = true;
    const size = () => {
      if (isRight) return 1;
      throw failure;
    };
    const writer = atomicWritable(dir.path("file"), { writableStrategy: { highWaterMark: 9, size } }).getWriter();
    const closed = writer.closed.catch((error) => error);
    await comeTo(writer);
    isRight = false;
    await assert.rejects(writer.write(OLD), failure);
    assert.equal(await closed, failure);
    await until("a closed file", async () => (await openPaths(dir.path(""))).length === 0);
    await until("an empty folder", async () => (await dir.names()).length === 0);
  }
});

const hasFull = await requireFile("/dev/full", "a full disk");

Deno.test("atomicWritable() writes straight to a device and passes a full disk on", { ignore: !hasFull }, async () => {
  assert.equal(await codeOf(source(OLD).pipeTo(atomicWritable("/dev/full"))), "ENOSPC");
  await source(OLD).pipeTo(atomicWritable("/dev/null"));
  assert.ok((await fs.stat("/dev/null")).isCharacterDevice());
  assert.deepEqual(await openPaths("/dev/full"), []);
});

Deno.test("files: signature, delta and patch from file to file", async () => {
  await using dir = await folder();
  const basisBytes = randomBytes(11, 3 * MIB + 77);
  const targetBytes = concat([
    basisBytes.subarray(MIB),
    randomBytes(12, 5000),
    basisBytes.subarray(0, MIB),
    Uint8Array.of(1),
  ]);
  await fs.writeFile(dir.path("basis"), basisBytes);
  await fs.writeFile(dir.path("target"), targetBytes);

  await fileReadable(dir.path("basis")).pipeThrough(sigStream()).pipeTo(atomicWritable(dir.path("sig")));
  const sigs = await loadSigs(fileReadable(dir.path("sig")));
  await fileReadable(dir.path("target")).pipeThrough(deltaStream(sigs)).pipeTo(atomicWritable(dir.path("delta")));
  assert.ok((await fs.stat(dir.path("delta"))).size < 20_000);
  {
    await using basis = await fileBasis(dir.path("basis"));
    await fileReadable(dir.path("delta")).pipeThrough(patchStream(basis)).pipeTo(atomicWritable(dir.path("basis")));
  }
  assertBytes(await fs.readFile(dir.path("basis")), targetBytes);
  assert.deepEqual(await dir.names(), ["basis", "delta", "sig", "target"]);
  assert.deepEqual(await openPaths(dir.path("")), []);
});
