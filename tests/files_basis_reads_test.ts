/** `fileBasis()`: how much it reads for copies in any order. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fs from "node:fs/promises";
import { encodeDeltaStream, patchStream } from "rsync-streams";
import { fileBasis, fileReadable } from "rsync-streams/files";
import { toBytes } from "./_helpers.ts";
import { randomBytes, xorshift } from "./_recipes.ts";
import { folder, MIB, noteReads, replaceFs } from "./_fs.ts";

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

for (const atOnce of [1, 64]) {
  Deno.test(`fileBasis() reads at most eight times what is copied and 1 MiB, ${atOnce} at once`, async () => {
    await using dir = await folder();
    const length = 8 * MIB + 12_345;
    const bytes = randomBytes(21, length);
    await fs.writeFile(dir.path("file"), bytes);
    for (const [name, pattern] of Object.entries(ACCESS_PATTERNS)) {
      await using basis = await fileBasis(dir.path("file"));
      using reads = countReads();
      let copied = 0;
      const read = async ([offset, wanted]: [number, number]) => {
        const buffer = new Uint8Array(wanted);
        const count = await basis.readInto(buffer, offset);
        assert.ok(count > 0 || wanted === 0, `${name}: nothing at ${offset}`);
        if (Buffer.compare(buffer.subarray(0, count), bytes.subarray(offset, offset + count)) !== 0) {
          throw new Error(`${name}: other bytes at ${offset}`);
        }
        copied += count;
      };
      const places = [...pattern(length)];
      while (places.length > 0) await Promise.all(places.splice(0, atOnce).map(read));
      assert.ok(reads.bytes <= 8 * copied + MIB, `${name}: ${reads.bytes} bytes were read, ${copied} were copied`);
    }
  });
}

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

Deno.test("fileBasis() gives single bytes of two places in turn from what it has read there", async () => {
  await using dir = await folder();
  const bytes = randomBytes(7, 4 * MIB);
  await fs.writeFile(dir.path("file"), bytes);
  await using basis = await fileBasis(dir.path("file"));
  const places = [0, 2 * MIB];
  const byte = new Uint8Array(1);
  const readAt = async (offset: number) => {
    assert.equal(await basis.readInto(byte, offset), 1);
    assert.equal(byte[0], bytes[offset]);
  };
  for (const place of places) for (let at = 0; at < 10; at++) await readAt(place + at);
  using reads = countReads();
  for (let at = 10; at < 2000; at++) for (const place of places) await readAt(place + at);
  assert.equal(reads.bytes, 0);
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

/** Bytes of a page, which is read where reads are near each other. */
const PAGE = 2 ** 18;

Deno.test("fileBasis() reads pages where short reads are near each other, and else what is asked for", async () => {
  await using dir = await folder();
  const bytes = randomBytes(23, 24 * PAGE);
  await fs.writeFile(dir.path("file"), bytes);
  await using basis = await fileBasis(dir.path("file"));
  using reads = noteReads();
  type Step = [what: string, offset: number, length: number, read: [number, number] | undefined, count?: number];
  const steps: Step[] = [
    ["the first", 0, 10, [0, 10]],
    ["behind it: the rest of the page", 10, 10, [10, PAGE - 10]],
    ["in the page", 20, 10, undefined],
    ["before what was kept: all of the page", 5, 10, [0, PAGE]],
    ["all of the page", 0, PAGE, undefined],
    ["over its end", PAGE - 5, 10, undefined, 5],
    ["behind the page: the next one", PAGE, 10, [PAGE, PAGE]],
    ["the last byte of the page before", PAGE - 1, 10, undefined, 1],
    ["far away", 3 * PAGE + 100, 10, [3 * PAGE + 100, 10]],
    ["between two pages: all of the one there", 2 * PAGE + 50, 10, [2 * PAGE, PAGE]],
    ["before a read: what is before that too", 3 * PAGE + 80, 10, [3 * PAGE, 90]],
    ["in one of four pages", 2 * PAGE, 10, undefined],
    ["in one of four pages", PAGE, 10, undefined],
    ["in one of four pages", 0, 10, undefined],
    ["farther away", 10 * PAGE, 10, [10 * PAGE, 10]],
    ["in a page that four later ones replaced", 3 * PAGE, 90, [3 * PAGE, PAGE]],
    ["far away again", 20 * PAGE, 10, [20 * PAGE, 10]],
    ["as long as a page, which is not kept", 20 * PAGE, PAGE, [20 * PAGE, PAGE]],
    ["shorter than a page, where a long one was", 20 * PAGE, PAGE - 1, [20 * PAGE, PAGE]],
    ["past the end", 24 * PAGE, 10, [24 * PAGE, 10], 0],
  ];
  for (const [what, offset, length, read, count = length] of steps) {
    const buffer = new Uint8Array(length);
    assert.equal(await basis.readInto(buffer, offset), count, what);
    assert.deepEqual(reads.taken(), read ? [read] : [], what);
    assert.ok(Buffer.compare(buffer.subarray(0, count), bytes.subarray(offset, offset + count)) === 0, what);
  }
});

Deno.test("fileBasis() reads four pages in vain, and one more for each eighth of a page that is copied", async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), new Uint8Array(32 * PAGE));
  for (const isEnough of [true, false]) {
    await using basis = await fileBasis(dir.path("file"));
    using reads = noteReads();
    // Places that are far from each other: a second read at the first one's place reads the page, if that is paid for.
    let place = -2;
    const longestOf = async (...lengths: number[]) => {
      place += 2;
      for (const length of lengths) await basis.readInto(new Uint8Array(length), place * PAGE);
      return Math.max(...reads.taken().map(([, length]) => length));
    };
    for (let i = 0; i < 4; i++) assert.equal(await longestOf(1, 1), PAGE);
    // A byte read alone pays for 7 others, one of a page for 8: of the last of those pages 53 bytes are paid for again.
    assert.equal(await longestOf(1, 1), 1);
    const missing = PAGE - (53 + 7 + 7) - 7;
    const length = Math.ceil(missing / 7);
    await longestOf(isEnough ? length : length - 1);
    assert.equal(await longestOf(1, 1), isEnough ? PAGE : 1);
  }
});

Deno.test("fileReadable() and fileBasis() ask for what the file has, or a little where that is unknown", async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), new Uint8Array(MIB + 5));
  await fs.writeFile(dir.path("empty"), new Uint8Array(0));
  using reads = noteReads();
  const lengths = () => reads.taken().map(([, length]) => length);
  await toBytes(fileReadable(dir.path("file")));
  assert.deepEqual(lengths(), [MIB, 5, 2 ** 16]);
  await toBytes(fileReadable(dir.path("empty")));
  assert.deepEqual(lengths(), [2 ** 16]);
  await using basis = await fileBasis(dir.path("file"));
  await basis.read(5, 2 ** 40);
  await basis.read(MIB, 10);
  // What may have been added since it was opened.
  await basis.read(MIB + 5, 2 ** 40);
  await basis.read(MIB + 6, 10);
  await using empty = await fileBasis(dir.path("empty"));
  await empty.read(0, 2 ** 40);
  await empty.read(0, MIB - 1);
  assert.deepEqual(lengths(), [MIB, 5, MIB, 10, MIB, MIB - 1]);
});
