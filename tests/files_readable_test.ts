/** `fileReadable()`: what it reads, and when it opens and closes. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import fs from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { atomicWritable, fileBasis, fileReadable } from "rsync-streams/files";
import { assertBytes, toBytes } from "./_helpers.ts";
import { concat, randomBytes, xorshift } from "./_recipes.ts";
import {
  codeOf,
  failFs,
  folder,
  hasProc,
  isWindows,
  MIB,
  OLD,
  openPaths,
  replaceFs,
  reportLength,
  shortenReads,
} from "./_fs.ts";
import { settle, until } from "./_until.ts";

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
  // Longer than what is read ahead, so that the end is still to come.
  const bytes = randomBytes(30, 8 * MIB);
  await fs.writeFile(path, bytes.subarray(0, 6 * MIB));
  const reader = fileReadable(path).getReader();
  const chunks = [(await reader.read()).value!];
  await fs.appendFile(path, bytes.subarray(6 * MIB));
  for (let result = await reader.read(); !result.done; result = await reader.read()) chunks.push(result.value);
  assertBytes(concat(chunks), bytes);
});

Deno.test("fileReadable() reads files of /proc", { ignore: !hasProc }, async () => {
  const text = new TextDecoder().decode(await toBytes(fileReadable("/proc/self/status")));
  assert.match(text, /^Name:/);
});

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

Deno.test("fileReadable() ends on cancel where a pipe is opened or read in vain", { ignore: isWindows }, async () => {
  await using dir = await folder();
  const path = dir.path("pipe");
  execFileSync("mkfifo", [path]);
  const cancelled = async () => {
    const reader = fileReadable(path).getReader();
    const reading = reader.read();
    await settle();
    await reader.cancel();
    assert.equal((await reading).done, true);
  };
  await cancelled();
  // Opened for both, so that opening waits for nobody.
  const writer = await fs.open(path, "r+");
  await cancelled();
  // Ends all that waits. What was opened in vain may wait for the first byte only now.
  const given = setInterval(() => writer.write(Uint8Array.of(1)), 5);
  await until("a closed pipe", async () => (await openPaths(path)).length <= 1);
  clearInterval(given);
  await writer.close();
});

Deno.test("fileReadable() passes the failure of the file system on", async () => {
  await using dir = await folder();
  assert.equal(await codeOf(toBytes(fileReadable(dir.path("missing")))), "ENOENT");
  assert.equal(await codeOf(toBytes(fileReadable(dir.path("")))), "EISDIR");
  assert.deepEqual(await openPaths(dir.path("")), []);
});

Deno.test("fileReadable() that cannot look at its file fails once that is closed", async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), OLD);
  const calls: string[] = [];
  using _stat = failFs("fstat", "EIO");
  using _close = replaceFs("close", (real) => (fd: number, done: () => void) => {
    const end = () => {
      calls.push("closed");
      done();
    };
    real(fd, () => void setTimeout(end, 5));
  });
  assert.equal(await codeOf(toBytes(fileReadable(dir.path("file")))), "EIO");
  assert.deepEqual(calls, ["closed"]);
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
