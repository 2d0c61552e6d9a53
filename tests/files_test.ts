import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import nodeFs from "node:fs";
import fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { deltaStream, encodeDeltaStream, loadSigs, patchStream, RsyncError, sigStream } from "rsync-streams";
import { atomicWritable, fileBasis, fileReadable } from "rsync-streams/files";
import { assertBytes, makeDelta, makeSigs, source, toBytes } from "./_helpers.ts";
import { concat, randomBytes, xorshift } from "./_recipes.ts";

const MIB = 2 ** 20;
const OLD = new TextEncoder().encode("what was there before");
const isWindows = process.platform === "win32";
const hasProc = await fs.access("/proc/self/fd").then(() => true, () => false);
const hasFull = await fs.access("/dev/full").then(() => true, () => false);

/** A folder of its own for a test, gone at its end. */
async function folder(): Promise<AsyncDisposable & { path(name: string): string; names(): Promise<string[]> }> {
  const root = await fs.realpath(await fs.mkdtemp(join(tmpdir(), "rsync-streams-test-")));
  return {
    path: (name) => join(root, name),
    names: async () => (await fs.readdir(root)).sort(),
    [Symbol.asyncDispose]: () => fs.rm(root, { recursive: true }),
  };
}

/** Paths that this process has open, where the system tells; elsewhere none are expected. */
async function openPaths(prefix: string): Promise<string[]> {
  if (!hasProc) return [];
  const links = (await fs.readdir("/proc/self/fd")).map((fd) => fs.readlink(`/proc/self/fd/${fd}`).catch(() => ""));
  return (await Promise.all(links)).filter((path) => path.startsWith(prefix));
}

/**
 * Replaces a function of `node:fs` until the end of a scope. The code under test looks each one up when it calls it.
 */
function replaceFs<K extends keyof typeof nodeFs>(name: K, make: (real: typeof nodeFs[K]) => unknown): Disposable {
  const real = nodeFs[name];
  (nodeFs as unknown as Record<string, unknown>)[name] = make(real);
  return {
    [Symbol.dispose]: () => {
      nodeFs[name] = real;
    },
  };
}

/** An error as a runtime makes it of one of the system; `os error N` for one that Deno gives no code. */
function systemFailure(code: string): Error {
  if (code.startsWith("os error")) return new Error(`Function not implemented (${code})`);
  return Object.assign(new Error(`${code}: injected by a test`), { code });
}

/** Makes a function of `node:fs` fail until the end of a scope. */
function failFs(name: keyof typeof nodeFs, code: string): Disposable {
  return replaceFs(name, () => (...args: unknown[]) => (args.at(-1) as (error: Error) => void)(systemFailure(code)));
}

/** Makes a function that takes a descriptor fail on one file until the end of a scope, after some calls that work. */
function failInPlace(name: "write" | "fsync" | "ftruncate", path: string, code: string, after = 0): Disposable {
  let fd = -1;
  let calls = 0;
  const open = replaceFs("open", (real) => (...args: unknown[]) => {
    const done = args.pop() as (error: Error | null, fd: number) => void;
    (real as (...args: unknown[]) => void)(...args, (error: Error | null, opened: number) => {
      if (args[0] === path) fd = opened;
      else if (fd === opened) fd = -1;
      done(error, opened);
    });
  });
  const failing = replaceFs(name, (real) => (...args: unknown[]) => {
    if (args[0] === fd && calls++ >= after) (args.at(-1) as (error: Error) => void)(systemFailure(code));
    else (real as (...args: unknown[]) => void)(...args);
  });
  return {
    [Symbol.dispose]() {
      failing[Symbol.dispose]();
      open[Symbol.dispose]();
    },
  };
}

/** Counts the bytes that are read from files until the end of a scope. */
function countReads(): Disposable & { bytes: number } {
  const replaced = replaceFs("read", (real) => (...args: unknown[]) => {
    const done = args.pop() as (error: Error | null, count: number) => void;
    return (real as (...args: unknown[]) => void)(...args, (error: Error | null, count: number) => {
      counter.bytes += count;
      done(error, count);
    });
  });
  const counter = { bytes: 0, [Symbol.dispose]: () => replaced[Symbol.dispose]() };
  return counter;
}

/** The code of the failure that a promise ends in. */
async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(() => undefined, (reason) => reason);
  assert.ok(error instanceof Error, "a failure was expected");
  return (error as Error & { code: string }).code;
}

Deno.test("fileReadable() gives all bytes, whatever their number", async () => {
  await using dir = await folder();
  const path = dir.path("file");
  for (const length of [0, 1, 65_537, MIB - 1, MIB, MIB + 1, 3 * MIB + 12_345]) {
    const bytes = randomBytes(length + 1, length);
    await fs.writeFile(path, bytes);
    assertBytes(await toBytes(fileReadable(path)), bytes, `${length} bytes`);
    assertBytes(await toBytes(fileReadable(pathToFileURL(path))), bytes, `${length} bytes by URL`);
  }
  assert.deepEqual(await openPaths(path), []);
});

Deno.test("fileReadable() gives chunks of up to 1 MiB with buffers of their own", async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), randomBytes(1, 2 * MIB + 5));
  const chunks: Uint8Array[] = [];
  for await (const chunk of fileReadable(dir.path("file"))) chunks.push(chunk);
  assert.deepEqual(chunks.map((chunk) => chunk.length), [MIB, MIB, 5]);
  assert.equal(new Set(chunks.map((chunk) => chunk.buffer)).size, 3);
  for (const chunk of chunks) assert.equal(chunk.buffer.byteLength, chunk.length);
});

Deno.test("fileReadable() reads on where the file has grown since it was opened", async () => {
  await using dir = await folder();
  const path = dir.path("file");
  await fs.writeFile(path, new Uint8Array(10));
  const reader = fileReadable(path).getReader();
  assert.equal((await reader.read()).value!.length, 10);
  // The read ahead may have seen the end already: either is right, and it ends.
  await fs.appendFile(path, new Uint8Array(200_000));
  let length = 0;
  for (let result = await reader.read(); !result.done; result = await reader.read()) length += result.value.length;
  assert.ok(length === 0 || length === 200_000, `${length} bytes`);
});

Deno.test("fileReadable() reads files of /proc", { ignore: !hasProc }, async () => {
  const text = new TextDecoder().decode(await toBytes(fileReadable("/proc/self/status")));
  assert.match(text, /^Name:/);
});

/** Stands for a file of `/proc` or FUSE: the system reports another length than the file has. */
function reportLength(length: number): Disposable {
  return replaceFs("fstat", (real) => (fd: number, done: (error: Error | null, stat?: nodeFs.Stats) => void) => {
    real(fd, (error, stat) => done(error, stat && Object.assign(stat, { size: length })));
  });
}

/** Stands for a file system whose reads are short. */
function shortenReads(most: number): Disposable {
  return replaceFs("read", (real) => (...args: unknown[]) => {
    args[3] = Math.min(args[3] as number, most);
    return (real as (...args: unknown[]) => void)(...args);
  });
}

Deno.test("fileReadable() reads all of a file, whatever length the system reports", async () => {
  await using dir = await folder();
  const bytes = randomBytes(31, 3 * MIB + 5);
  await fs.writeFile(dir.path("file"), bytes);
  for (const length of [0, 1, 4096, MIB, bytes.length - 1, bytes.length + 1, 10 * MIB, 2 ** 60, NaN]) {
    using _ = reportLength(length);
    assertBytes(await toBytes(fileReadable(dir.path("file"))), bytes, `reported as ${length}`);
  }
});

Deno.test("fileReadable() and fileBasis() take short reads for what they are", async () => {
  await using dir = await folder();
  const bytes = randomBytes(32, MIB + 5);
  await fs.writeFile(dir.path("file"), bytes);
  using _ = shortenReads(10_007);
  const chunks: Uint8Array[] = [];
  for await (const chunk of fileReadable(dir.path("file"))) {
    assert.equal(chunk.buffer.byteLength, chunk.length);
    chunks.push(chunk);
  }
  assertBytes(concat(chunks), bytes);
  await using basis = await fileBasis(dir.path("file"));
  const random = xorshift(3);
  for (let i = 0; i < 3000; i++) {
    const offset = random.below(bytes.length);
    const buffer = new Uint8Array(1 + random.below(i % 10 ? 3000 : 30_000));
    const count = await basis.readInto(buffer, offset);
    assert.ok(count > 0);
    assert.ok(Buffer.compare(buffer.subarray(0, count), bytes.subarray(offset, offset + count)) === 0);
  }
});

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

if (!hasProc) console.warn("NOT TESTED here: files of /proc, which is missing");
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
  const writer = await fs.open(path, "r+");
  assert.equal(await codeOf(fileBasis(path)), "ESPIPE");
  await writer.close();
});

Deno.test("fileReadable() opens nothing before the first read", async () => {
  await using dir = await folder();
  fileReadable(dir.path("missing"));
  await fs.writeFile(dir.path("file"), OLD);
  await fileReadable(dir.path("file")).cancel();
  assert.deepEqual(await openPaths(dir.path("")), []);
});

Deno.test("fileReadable() closes the file on cancel", async () => {
  await using dir = await folder();
  const path = dir.path("file");
  await fs.writeFile(path, new Uint8Array(5 * MIB));
  const reader = fileReadable(path).getReader();
  await reader.read();
  // Deno (2.9) has a second number for the file while a read is under way.
  assert.ok(!hasProc || (await openPaths(path)).length > 0);
  await reader.cancel("enough");
  assert.deepEqual(await openPaths(path), []);

  const early = fileReadable(path).getReader();
  const first = early.read();
  await early.cancel("before the first chunk");
  assert.equal((await first).done, true);
  assert.deepEqual(await openPaths(path), []);
});

Deno.test("fileReadable() passes the failure of the file system on", async () => {
  await using dir = await folder();
  assert.equal(await codeOf(toBytes(fileReadable(dir.path("missing")))), "ENOENT");
  assert.equal(await codeOf(toBytes(fileReadable(dir.path("")))), "EISDIR");
  assert.deepEqual(await openPaths(dir.path("")), []);
});

Deno.test("fileReadable(), fileBasis() and atomicWritable() name what was given in place of a path", async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), OLD);
  await using handle = await fs.open(dir.path("file"));
  const wrong: [path: unknown, seen: RegExp][] = [
    [undefined, /^Cannot open the file: undefined was given as its path, a path or a file: URL was expected$/],
    [null, /: null was given/],
    [handle.fd, /: a number was given/],
    [handle, /: an object of FileHandle was given/],
    [{ path: "file" }, /: an object of Object was given/],
    [new TextEncoder().encode("file"), /: an object of Uint8Array was given/],
    ["", /: its path is empty,/],
    ["a\0b", /: its path is "a\\u0000b", with a zero character,/],
    ["a\ud800b", /: its path is "a\\ud800b", with half of a surrogate pair,/],
    [new URL("https://example.com/\x1bx"), /: its URL is "https:\/\/example.com\/%1Bx",/],
    [new URL("file:///caf%E9"), /: its URL is "file:\/\/\/caf%E9",/],
    [new URL("file:///a%00b"), /: its path is "\/a\\u0000b",/],
  ];
  for (const [path, seen] of wrong) {
    const isRefused = (error: unknown) => error instanceof TypeError && seen.test(error.message);
    assert.throws(() => fileReadable(path as string), isRefused, String(seen));
    assert.throws(() => atomicWritable(path as string), isRefused, String(seen));
    await assert.rejects(fileBasis(path as string), isRefused, String(seen));
  }
  // @ts-expect-error: the wrong type
  assert.throws(() => atomicWritable("file", { sync: 1 }), TypeError);
});

Deno.test("fileReadable() takes a URL of another realm", async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), OLD);
  const { href, protocol } = pathToFileURL(dir.path("file"));
  assertBytes(await toBytes(fileReadable({ href, protocol } as URL)), OLD);
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

/** Reads a basis of `length` bytes at the given places, in this order. */
const ACCESS_PATTERNS: Record<string, (length: number) => Iterable<[offset: number, length: number]>> = {
  *"forwards"(length) {
    for (let at = 0; at + 1000 <= length; at += 1100) yield [at, 1000];
  },
  *"forwards, one byte of 1,000"(length) {
    for (let at = 0; at < length; at += 1000) yield [at, 1];
  },
  *"forwards, 200 bytes of 2,000"(length) {
    for (let at = 0; at + 200 < length; at += 2000) yield [at, 200];
  },
  *"backwards"(length) {
    for (let at = length - 1000; at >= 0; at -= 1000) yield [at, 1000];
  },
  *"backwards, one byte of 1,000"(length) {
    for (let at = length - 1; at >= 0; at -= 1000) yield [at, 1];
  },
  *"backwards, overlapping"(length) {
    for (let at = length - 5000; at >= 0; at -= 700) yield [at, 5000];
  },
  *"backwards, by a little less than a page"(length) {
    for (let round = 0; round < 200; round++) {
      for (let at = length - 3; at >= 0; at -= 2 ** 18 - 1) yield [at, 3];
    }
  },
  *"at random, everywhere"(length) {
    const random = xorshift(1);
    for (let i = 0; i < 20_000; i++) yield [random.below(length - 20), 1 + random.below(20)];
  },
  *"at random, in long reads and short ones"() {
    const random = xorshift(2);
    for (let i = 0; i < 500; i++) yield [random.below(4 * MIB), random.below(3) ? 5 : random.below(4 * MIB)];
  },
  *"between two far places"(length) {
    for (let i = 0; i < 10_000; i++) yield [i % 2 ? length - 100 - i : i, 3];
  },
  *"between ten far places, each backwards"(length) {
    for (let i = 0; i < 20_000; i++) yield [Math.floor((1 + i % 10) * length / 11) - i, 2];
  },
  *"between pairs of neighbours that are far apart"(length) {
    for (let i = 0; i < 5000; i++) yield [i * 1_300_001 % (length - 2 ** 18) + i % 2 * 300, 1];
  },
};

Deno.test("fileBasis() reads at most eight times what is copied and 1 MiB, in any order", async () => {
  await using dir = await folder();
  const length = 8 * MIB + 12_345;
  const bytes = randomBytes(21, length);
  await fs.writeFile(dir.path("file"), bytes);
  for (const [name, pattern] of Object.entries(ACCESS_PATTERNS)) {
    await using basis = await fileBasis(dir.path("file"));
    using reads = countReads();
    let copied = 0;
    for (const [offset, wanted] of pattern(length)) {
      const buffer = new Uint8Array(wanted);
      const count = await basis.readInto(buffer, offset);
      assert.ok(count > 0 || wanted === 0, `${name}: nothing at ${offset}`);
      if (Buffer.compare(buffer.subarray(0, count), bytes.subarray(offset, offset + count)) !== 0) {
        throw new Error(`${name}: other bytes at ${offset}`);
      }
      copied += count;
    }
    assert.ok(reads.bytes <= 8 * copied + MIB, `${name}: ${reads.bytes} bytes were read, ${copied} were copied`);
  }
});

Deno.test("fileBasis() reads a file once if short copies go forwards, backwards or through two places", async () => {
  await using dir = await folder();
  const length = 8 * MIB;
  await fs.writeFile(dir.path("file"), new Uint8Array(length));
  for (const name of ["forwards", "backwards", "backwards, overlapping", "between two far places"]) {
    await using basis = await fileBasis(dir.path("file"));
    using reads = countReads();
    for (const [offset, wanted] of ACCESS_PATTERNS[name]!(length)) {
      for (let at = 0; at < wanted;) at += await basis.readInto(new Uint8Array(wanted - at), offset + at);
    }
    assert.ok(reads.bytes <= 1.1 * length, `${name}: ${reads.bytes} bytes were read`);
  }
});

Deno.test("patchStream() from a fileBasis() reads a little more than a delta of backward copies uses", async () => {
  await using dir = await folder();
  const bytes = randomBytes(22, 4 * MIB);
  await fs.writeFile(dir.path("file"), bytes);
  async function* commands() {
    for (let at = bytes.length - 512; at >= 0; at -= 1024) yield { copy: { offset: at, length: 512 } };
  }
  const delta = ReadableStream.from(commands()).pipeThrough(encodeDeltaStream({ format: "librsync" }));
  await using basis = await fileBasis(dir.path("file"));
  using reads = countReads();
  const target = await toBytes(delta.pipeThrough(patchStream(basis)));
  assert.equal(target.length, 2 * MIB);
  assert.ok(reads.bytes < 5 * MIB, `${reads.bytes} bytes were read`);
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
  assertBytes(await fs.readFile(dir.path("file")), OLD);
  await writer.close();
  assertBytes(await fs.readFile(dir.path("file")), randomBytes(6, 100));
  assert.deepEqual(await dir.names(), ["file"]);
});

Deno.test("atomicWritable() opens its temporary file at an empty chunk, or names the folder", async () => {
  await using dir = await folder();
  const writer = atomicWritable(dir.path("file")).getWriter();
  await writer.write(new Uint8Array(0));
  assert.equal((await dir.names()).length, 1);
  await writer.abort();
  assert.deepEqual(await dir.names(), []);

  for (const code of ["EACCES", "EPERM", "EROFS"]) {
    using _ = failFs("open", code);
    const refused = atomicWritable(dir.path("file")).getWriter();
    refused.closed.catch(() => {});
    const error = await refused.write(new Uint8Array(0)).then(() => assert.fail("it was opened"), (error) => error);
    assert.equal(error.code, code);
    assert.equal(error.path, dirname(dir.path("file")));
    assert.match(error.message, new RegExp(`^Cannot create a file in the folder ".*": the system said ${code}, `));
    assert.equal(error.cause.code, code);
  }
});

Deno.test("atomicWritable() replaces no file in place if its folder cannot be written to, and says so", async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), OLD);
  using _ = failFs("open", "EACCES");
  const error = await source(randomBytes(7, 10)).pipeTo(atomicWritable(dir.path("file"))).catch((error) => error);
  assert.equal(error.code, "EACCES");
  assert.match(error.message, /it must be writable, also to replace a file in it$/);
  assertBytes(await fs.readFile(dir.path("file")), OLD);
  assert.deepEqual(await dir.names(), ["file"]);
});

Deno.test("atomicWritable() shows no control characters of a name in its messages", { ignore: isWindows }, async () => {
  await using dir = await folder();
  await fs.mkdir(dir.path("\x1b[31m\x9b\u202e"));
  using _ = failFs("open", "EACCES");
  const writing = source(OLD).pipeTo(atomicWritable(dir.path("\x1b[31m\x9b\u202e/file")));
  const { message } = await writing.then(() => assert.fail("it was opened"), (error) => error);
  assert.match(message, /"[^"]*\/\\u001b\[31m\\u009b\\u202e"/);
});

Deno.test("atomicWritable() needs no right but to the folder of the file", { ignore: isWindows }, async () => {
  await using dir = await folder();
  await fs.mkdir(dir.path("read-only"));
  await fs.mkdir(dir.path("writable"));
  await fs.writeFile(dir.path("writable/file"), OLD);
  await fs.symlink("../writable/file", dir.path("read-only/link"));
  await fs.symlink("../writable/new", dir.path("read-only/dangling"));
  await fs.chmod(dir.path("read-only"), 0o555);
  // What Deno without --allow-sys and Node with --permission refuse.
  const refuse = (...args: unknown[]) => (args.at(-1) as (error: Error) => void)(systemFailure("EACCES"));
  using _access = replaceFs("access", () => refuse);
  using _realpath = replaceFs("realpath", () => refuse);
  // For root, to whom all folders are writable.
  using _open = replaceFs("open", (real) => (path: string, ...args: unknown[]) => {
    if (dirname(path) === dir.path("read-only")) refuse(...args);
    else (real as (...args: unknown[]) => void)(path, ...args);
  });
  for (const [link, name] of [["link", "file"], ["dangling", "new"]] as const) {
    await source(randomBytes(41, 10)).pipeTo(atomicWritable(dir.path(`read-only/${link}`)));
    assertBytes(await fs.readFile(dir.path(`writable/${name}`)), randomBytes(41, 10));
  }
  assert.deepEqual((await fs.readdir(dir.path("writable"))).sort(), ["file", "new"]);
  await fs.chmod(dir.path("read-only"), 0o755);
});

Deno.test("atomicWritable() follows links as the system does", { ignore: isWindows }, async () => {
  await using dir = await folder();
  await fs.mkdir(dir.path("a"));
  await fs.mkdir(dir.path("a/b"));
  await fs.symlink("a/b", dir.path("link"));
  await fs.symlink("link/../through", dir.path("through"));
  // The parent of link is a, not the folder that link is in.
  await source(OLD).pipeTo(atomicWritable(`${dir.path("link")}/../file`));
  await source(OLD).pipeTo(atomicWritable(dir.path("through")));
  assert.deepEqual((await fs.readdir(dir.path("a"))).sort(), ["b", "file", "through"]);
  assert.deepEqual(await dir.names(), ["a", "link", "through"]);
  await fs.symlink("loop", dir.path("loop"));
  assert.equal(await codeOf(source(OLD).pipeTo(atomicWritable(dir.path("loop")))), "ELOOP");
});

Deno.test("atomicWritable() makes no file of a name that ends like that of a folder", async () => {
  await using dir = await folder();
  for (const name of ["missing/", "missing//", "missing/."]) {
    assert.equal(await codeOf(source(OLD).pipeTo(atomicWritable(dir.path("") + name))), "ENOENT");
  }
  await fs.writeFile(dir.path("file"), OLD);
  await assert.rejects(source(OLD).pipeTo(atomicWritable(dir.path("") + "file/")));
  assert.deepEqual(await dir.names(), ["file"]);
});

Deno.test("atomicWritable() appends to an open stream, also through a link to it", { ignore: !hasProc }, async () => {
  await using dir = await folder();
  await using log = await fs.open(dir.path("log"), "a");
  await log.write("first,");
  await fs.symlink(`/proc/self/fd/${log.fd}`, dir.path("link"));
  await source(OLD).pipeTo(atomicWritable(`/proc/self/fd/${log.fd}`));
  await log.write(",then,");
  await source(OLD).pipeTo(atomicWritable(dir.path("link")));
  const old = new TextDecoder().decode(OLD);
  assert.equal(await fs.readFile(dir.path("log"), "utf8"), `first,${old},then,${old}`);
  assert.deepEqual(await dir.names(), ["link", "log"]);
});

/** Writes a file and collects the warnings. */
async function writeWithWarnings(path: string, bytes: Uint8Array, sync = true): Promise<string[]> {
  const warnings: string[] = [];
  await source(bytes, 100_003).pipeTo(atomicWritable(path, {
    sync,
    onWarning(warning) {
      assert.ok(warning.cause instanceof Error);
      warnings.push(warning.message);
    },
  }));
  return warnings;
}

const SECONDARY_CODES = ["EPERM", "EACCES", "ENOTSUP", "EINVAL", "ENOSYS", "EROFS", "ERR_ACCESS_DENIED"];

Deno.test("atomicWritable() warns where mode and owner cannot be kept", { ignore: isWindows }, async () => {
  await using dir = await folder();
  const path = dir.path("file");
  for (const code of SECONDARY_CODES) {
    await fs.rm(path, { force: true });
    await fs.writeFile(path, OLD, { mode: 0o640 });
    using _fchmod = failFs("fchmod", code);
    using _chmod = failFs("chmod", code);
    const warnings = await writeWithWarnings(path, randomBytes(42, 1000));
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0]!,
      new RegExp(`^Cannot keep the mode of ".*file": the system said ${code}, only its owner`),
    );
    assertBytes(await fs.readFile(path), randomBytes(42, 1000));
    assert.equal((await fs.stat(path)).mode & 0o777, 0o600);

    // The file as if it had another owner.
    using _stat = replaceFs(
      "stat",
      (real) => (path: string, done: (error: Error | null, stat?: nodeFs.Stats) => void) =>
        real(path, (error, stat) => done(error, stat && Object.assign(stat, { uid: 12_345 }))),
    );
    using _fchown = failFs("fchown", code);
    using _chown = failFs("chown", code);
    assert.deepEqual(
      (await writeWithWarnings(path, OLD)).map((warning) => warning.replace(/ of ".*/, "")),
      ["Cannot keep the owner"],
    );
    assertBytes(await fs.readFile(path), OLD);
  }
  assert.deepEqual(await dir.names(), ["file"]);
});

Deno.test("atomicWritable() sets the mode by path where Node's --permission refuses descriptors", {
  ignore: isWindows,
}, async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), OLD, { mode: 0o640 });
  using _ = failFs("fchmod", "ERR_ACCESS_DENIED");
  assert.deepEqual(await writeWithWarnings(dir.path("file"), randomBytes(43, 10)), []);
  assert.equal((await fs.stat(dir.path("file"))).mode & 0o777, 0o640);
});

Deno.test("atomicWritable() sets no mode that a file has already", { ignore: isWindows }, async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), OLD, { mode: 0o600 });
  using _ = failFs("fchmod", "EPERM");
  assert.deepEqual(await writeWithWarnings(dir.path("file"), randomBytes(44, 10)), []);
});

Deno.test("atomicWritable() warns where a file cannot be flushed, and fails where flushing fails", async () => {
  await using dir = await folder();
  const path = dir.path("file");
  for (const code of ["EINVAL", "ENOTSUP", "ENOSYS", "EBADF", "EROFS", "ERR_ACCESS_DENIED", "os error 38"]) {
    using _ = failFs("fsync", code);
    const warnings = await writeWithWarnings(path, randomBytes(45, 1000));
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /^Cannot flush ".*file": the system said E[A-Z_]+, a power cut soon afterwards/);
    assertBytes(await fs.readFile(path), randomBytes(45, 1000));
    assert.deepEqual(await writeWithWarnings(path, OLD, false), []);
  }
  for (const code of ["EIO", "ENOSPC", "EDQUOT"]) {
    using _ = failFs("fsync", code);
    assert.equal(await codeOf(writeWithWarnings(path, randomBytes(46, 1000))), code);
    assertBytes(await fs.readFile(path), OLD);
  }
  assert.deepEqual(await dir.names(), ["file"]);
});

const RENAME_CODES = ["EBUSY", "EXDEV", "EPERM", "EACCES", "EEXIST", "EINVAL", "ENOTSUP", "ENOSYS", "os error 38"];

Deno.test("atomicWritable() writes in place where a file cannot be renamed", async () => {
  await using dir = await folder();
  const path = dir.path("file");
  const old = randomBytes(47, 2 * MIB + 3);
  for (const [i, code] of RENAME_CODES.entries()) {
    for (const bytes of [randomBytes(48, 3 * MIB + 9), randomBytes(49, MIB + 9), new Uint8Array(0)]) {
      await fs.writeFile(path, old);
      const { ino } = await fs.stat(path);
      using _ = failFs("rename", code);
      const warnings = await writeWithWarnings(path, bytes, i % 2 === 0);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0]!, /^Cannot rename over ".*file": the system said E[A-Z]+, it was written in place/);
      assertBytes(await fs.readFile(path), bytes);
      assert.equal((await fs.stat(path)).ino, ino);
      assert.deepEqual(await dir.names(), ["file"]);

      // A file that did not exist.
      assert.equal((await writeWithWarnings(dir.path("new"), bytes)).length, 1);
      assertBytes(await fs.readFile(dir.path("new")), bytes);
      await fs.rm(dir.path("new"));
    }
  }
  assert.deepEqual(await openPaths(dir.path("")), []);
});

Deno.test("atomicWritable() writes nothing in place before its bytes are on the disk", async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), OLD);
  const steps: string[] = [];
  using _rename = failFs("rename", "EBUSY");
  const note = <K extends "open" | "write" | "fsync">(name: K) =>
    replaceFs(name, (real) => (...args: unknown[]) => {
      steps.push(name === "open" ? `open ${String(args[0]).replace(/.*\.(?=\w+$)/s, "").slice(-4)}` : name);
      (real as (...args: unknown[]) => void)(...args);
    });
  using _open = note("open");
  using _write = note("write");
  using _fsync = note("fsync");
  await writeWithWarnings(dir.path("file"), randomBytes(50, 10), false);
  const opened = steps.findLastIndex((step) => step === "open file");
  const flushed = steps.indexOf("fsync", opened);
  const written = steps.indexOf("write", opened);
  assert.ok(opened > 0 && flushed > opened && written > flushed && steps.lastIndexOf("fsync") > written, steps.join());
});

Deno.test("atomicWritable() leaves the old file where a rename is refused and there is no space in place", async () => {
  await using dir = await folder();
  const path = dir.path("file");
  await fs.writeFile(path, OLD);
  for (const failing of ["write", "fsync"] as const) {
    using _rename = failFs("rename", "EBUSY");
    using _failing = failInPlace(failing, path, "ENOSPC");
    const writing = source(randomBytes(51, 200_000)).pipeTo(atomicWritable(path, { sync: false }));
    assert.equal(await codeOf(writing), "ENOSPC");
    assertBytes(await fs.readFile(path), OLD);
    assert.deepEqual(await dir.names(), ["file"]);
  }
  assert.deepEqual(await openPaths(dir.path("")), []);
});

Deno.test("atomicWritable() keeps all bytes and says where if it fails while it writes in place", async () => {
  await using dir = await folder();
  const path = dir.path("file");
  const bytes = randomBytes(52, 200_000);
  // The first flush is that of the bytes past the old end.
  for (const [failing, after] of [["write", 0], ["fsync", 1], ["ftruncate", 0]] as const) {
    await fs.writeFile(path, randomBytes(53, 300_000));
    const error = await (async () => {
      using _rename = replaceFs(
        "rename",
        (real) => (from: string, to: string, done: (error?: Error | null) => void) => {
          if (to === path) done(systemFailure("EBUSY"));
          else real(from, to, done);
        },
      );
      using _failing = failInPlace(failing, path, "EIO", after);
      return await source(bytes).pipeTo(atomicWritable(path)).then(
        () => assert.fail("it was written"),
        (error) => error,
      );
    })();
    assert.equal(error.code, "EIO");
    const [kept, ...others] = (await dir.names()).filter((name) => name !== "file");
    assert.deepEqual(others, []);
    assert.match(kept!, /^\.file\.rsync-streams-\d+-[0-9a-z]+\.complete$/);
    assert.ok(error.message.includes(kept), error.message);
    assertBytes(await fs.readFile(dir.path(kept!)), bytes);
    await fs.rm(dir.path(kept!));
  }
  assert.deepEqual(await openPaths(dir.path("")), []);
});

Deno.test("atomicWritable() passes a refused rename on where the file cannot be written in place", async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), OLD);
  using _rename = failFs("rename", "EPERM");
  using _open = replaceFs("open", (real) => (path: string, ...args: unknown[]) => {
    if (path === dir.path("file")) (args.at(-1) as (error: Error) => void)(systemFailure("EACCES"));
    else (real as (...args: unknown[]) => void)(path, ...args);
  });
  assert.equal(await codeOf(source(randomBytes(54, 10)).pipeTo(atomicWritable(dir.path("file")))), "EPERM");
  using _ = failFs("rename", "EIO");
  assert.equal(await codeOf(source(randomBytes(54, 10)).pipeTo(atomicWritable(dir.path("file")))), "EIO");
  assertBytes(await fs.readFile(dir.path("file")), OLD);
  assert.deepEqual(await dir.names(), ["file"]);
});

Deno.test("atomicWritable() has the file in place when a warning is reported, whatever the callback does", async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), OLD);
  using _fsync = failFs("fsync", "EINVAL");
  using _rename = failFs("rename", "EBUSY");
  const reason = new Error("no warnings, please");
  const onWarning = () => {
    throw reason;
  };
  const writing = source(randomBytes(55, 10)).pipeTo(atomicWritable(dir.path("file"), { onWarning }));
  await assert.rejects(writing, (error) => error === reason);
  assertBytes(await fs.readFile(dir.path("file")), randomBytes(55, 10));
  assert.deepEqual(await dir.names(), ["file"]);
  // @ts-expect-error: the wrong type
  assert.throws(() => atomicWritable(dir.path("file"), { onWarning: 1 }), TypeError);
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

Deno.test("atomicWritable() removes what killed processes left behind for the same file, no more", async () => {
  await using dir = await folder();
  const dead = 2 ** 22 + 12_345;
  const kept = [
    // Another file's, one that may be in use, one of a process that runs, one that is the only good copy, and others.
    `.other.rsync-streams-${dead}-abc.tmp`,
    `.file.rsync-streams-${dead}-young.tmp`,
    `.file.rsync-streams-${process.ppid}-abc.tmp`,
    `.file.rsync-streams-${dead}-abc.complete`,
    `.file.rsync-streams-notes.tmp`,
    `.file.rsync-streams-${dead}-abc.tmp.txt`,
    `.file.abc.tmp`,
  ];
  // The second: this process began later than that was written.
  const removed = [`.file.rsync-streams-${dead}-abc.tmp`, `.file.rsync-streams-${process.pid}-abc.tmp`];
  const hoursAgo = new Date(Date.now() - 2 * 60 * 60 * 1000);
  for (const name of [...kept, ...removed]) {
    await fs.writeFile(dir.path(name), OLD);
    if (!name.includes("young")) await fs.utimes(dir.path(name), hoursAgo, hoursAgo);
  }
  // A search that was slow puts off the next one.
  for (let i = 0; i < 100 && (await dir.names()).includes(removed[0]!); i++) {
    await source(OLD).pipeTo(atomicWritable(dir.path("file")));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.deepEqual(await dir.names(), [...kept, "file"].sort());
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

Deno.test("atomicWritable() keeps the mode of the file that it replaces", { ignore: isWindows }, async () => {
  await using dir = await folder();
  const path = dir.path("file");
  for (const mode of [0o640, 0o600, 0o777, 0o444]) {
    await fs.writeFile(path, OLD);
    await fs.chmod(path, mode);
    await source(randomBytes(8, 10)).pipeTo(atomicWritable(path));
    assert.equal((await fs.stat(path)).mode & 0o7777, mode);
    assertBytes(await fs.readFile(path), randomBytes(8, 10));
    await fs.rm(path);
  }
});

Deno.test("atomicWritable() replaces what a symbolic link points to", { ignore: isWindows }, async () => {
  await using dir = await folder();
  await fs.mkdir(dir.path("real"));
  await fs.writeFile(dir.path("real/file"), OLD);
  await fs.symlink("real/file", dir.path("link"));
  await fs.symlink("link", dir.path("second"));
  await fs.symlink("real/missing", dir.path("dangling"));

  await source(randomBytes(9, 10)).pipeTo(atomicWritable(dir.path("second")));
  assertBytes(await fs.readFile(dir.path("real/file")), randomBytes(9, 10));
  await source(randomBytes(10, 10)).pipeTo(atomicWritable(dir.path("dangling")));
  assertBytes(await fs.readFile(dir.path("real/missing")), randomBytes(10, 10));

  assert.equal(await fs.readlink(dir.path("second")), "link");
  assert.equal(await fs.readlink(dir.path("dangling")), "real/missing");
  assert.deepEqual(await fs.readdir(dir.path("real")), ["file", "missing"]);
  assert.deepEqual(await dir.names(), ["dangling", "link", "real", "second"]);
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

if (!hasFull) console.warn("NOT TESTED here: a full disk, for there is no /dev/full");
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
