/** Short copies out of a Blob or an open file: pages are read, and nothing else changes. */
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import { type Basis, type DeltaCommand, encodeDeltaStream } from "rsync-streams";
import { toPatchBasis } from "../src/basis/basis_source.ts";
import { folder } from "./_fs.ts";
import { assertBytes, patch, toBytes } from "./_helpers.ts";
import { concat, randomBytes, xorshift } from "./_recipes.ts";

const PAGE = 65_536;
/** Four pages and a part of one. */
const BYTES = randomBytes(1, 4 * PAGE + 1000);

/** A Blob that notes which parts of it are read. */
class Noted extends Blob {
  readonly reads: string[] = [];

  constructor() {
    super([BYTES]);
  }

  override slice(start?: number, end?: number): Blob {
    this.reads.push(`${start} to ${end}`);
    return super.slice(start, end);
  }
}

async function read(basis: ReturnType<typeof toPatchBasis>, offset: number, length: number): Promise<void> {
  const buffer = new Uint8Array(length + 1).fill(0xaa);
  const count = await basis.readInto(buffer.subarray(0, length), offset);
  const expected = BYTES.subarray(offset, offset + length);
  assert.ok(count > 0 || expected.length === 0, `nothing comes from ${offset}`);
  assertBytes(buffer.subarray(0, count), expected.subarray(0, count), `${length} bytes at ${offset}`);
  assert.ok(buffer.subarray(count).every((byte) => byte === 0xaa), "nothing is written behind what was read");
}

Deno.test("short reads of a Blob are served from the page that they begin in, and long ones are not", async () => {
  const blob = new Noted();
  const basis = toPatchBasis(blob);
  for (const offset of [PAGE + 5, PAGE, 2 * PAGE - 1]) {
    for (const length of [1, 2, 4096]) await read(basis, offset, length);
  }
  assert.deepEqual(blob.reads, [`${PAGE} to ${2 * PAGE}`]);
  await read(basis, PAGE + 5, 4097);
  assert.deepEqual(blob.reads.slice(1), [`${PAGE + 5} to ${PAGE + 5 + 4097}`]);
});

Deno.test("a read that a page has is done at once", async () => {
  const basis = toPatchBasis(new Noted());
  await read(basis, 10, 1);
  assert.equal(basis.readInto(new Uint8Array(3), 500), 3);
});

Deno.test("four pages are kept, and the oldest goes first", async () => {
  const blob = new Noted();
  const basis = toPatchBasis(blob);
  for (let round = 0; round < 50; round++) {
    for (let page = 0; page < 4; page++) await read(basis, page * PAGE + round, 1);
  }
  assert.equal(blob.reads.length, 4);
  await read(basis, 4 * PAGE, 1);
  for (const page of [1, 2, 3, 4]) await read(basis, page * PAGE, 1);
  assert.equal(blob.reads.length, 5);
  await read(basis, 0, 1);
  assert.equal(blob.reads.length, 6);
});

Deno.test("a read at the end of a Blob ends there, and one behind it has nothing", async () => {
  const basis = toPatchBasis(new Noted());
  for (const back of [2000, 1001, 1000, 999, 1, 0, -1, -PAGE]) {
    for (const length of [1, 1500, 5000]) await read(basis, BYTES.length - back, length);
  }
});

/** Opens the same bytes in each way that is read by pages. */
const KINDS: Record<string, (path: string) => Promise<{ basis: Basis; close(): unknown }>> = {
  "a Blob": () => Promise.resolve({ basis: new Blob([BYTES]), close() {} }),
  "a FileHandle of Node": async (path) => {
    const basis = await fs.open(path);
    return { basis, close: () => basis.close() };
  },
  "a Deno.FsFile": async (path) => {
    const basis = await Deno.open(path);
    return { basis, close: () => basis.close() };
  },
  "a FileSystemFileHandle": () => {
    const basis = { kind: "file", getFile: () => Promise.resolve(new File([BYTES], "file")) };
    return Promise.resolve({ basis: basis as unknown as Basis, close() {} });
  },
};

for (const [name, open] of Object.entries(KINDS)) {
  Deno.test(`short and long copies in any order are the bytes of ${name}`, async () => {
    await using dir = await folder();
    await fs.writeFile(dir.path("file"), BYTES);
    const { below } = xorshift(7);
    const commands: DeltaCommand[] = Array.from({ length: 2000 }, () => {
      const length = 1 + below(below(4) > 0 ? 9 : 6000);
      return { copy: { offset: below(BYTES.length - length + 1), length } };
    });
    const target = concat(commands.map(({ copy }) => BYTES.subarray(copy!.offset, copy!.offset + copy!.length)));
    const delta = await toBytes(ReadableStream.from(commands).pipeThrough(encodeDeltaStream()));
    const { basis, close } = await open(dir.path("file"));
    try {
      assertBytes(await patch(basis, delta), target);
    } finally {
      await close();
    }
  });
}

Deno.test("a patch of 20,000 copies of a byte out of two places of a Blob reads it twice", async () => {
  const commands: DeltaCommand[] = Array.from({ length: 20_000 }, (_, i) => {
    return { copy: { offset: (i % 2) * 3 * PAGE + i, length: 1 } };
  });
  const target = Uint8Array.from(commands, ({ copy }) => BYTES[copy!.offset]!);
  const delta = await toBytes(ReadableStream.from(commands).pipeThrough(encodeDeltaStream()));
  const blob = new Noted();
  assertBytes(await patch(blob, delta), target);
  assert.deepEqual(blob.reads, [`0 to ${PAGE}`, `${3 * PAGE} to ${4 * PAGE}`]);
});

Deno.test("a count that cannot be is refused where a page is read, too", async () => {
  for (const bytesRead of [PAGE + 1, -1, 1.5, NaN]) {
    const handle = { fd: 3, read: () => Promise.resolve({ bytesRead }), stat: () => assert.fail("stat() is called") };
    const basis = toPatchBasis(handle as unknown as Basis);
    await assert.rejects(async () => await basis.readInto(new Uint8Array(10), 5), {
      name: "TypeError",
      message: /a count from 0 to 65536 was expected/,
    });
  }
});
