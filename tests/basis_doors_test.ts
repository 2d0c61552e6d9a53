/** Each way into a basis: what it is asked for, in which order, and how long it says it is. */
import assert from "node:assert/strict";
import { type Basis, RsyncError } from "rsync-streams";
import { readAtRandom, toPatchBasis } from "../src/basis/basis_source.ts";
import { assertBytes } from "./_helpers.ts";
import { randomBytes } from "./_recipes.ts";

const BYTES = randomBytes(1, 1000);
/** Bytes that each door gives at a time. */
const MOST = 64;

const later = <T>(value: T) => new Promise<T>((resolve) => setTimeout(() => resolve(value)));

/** A file with a position, whose calls are noted, and are done a task later. */
class Noted {
  readonly calls: string[] = [];
  #at = 0;
  #isBusy = false;

  /** Puts bytes from `at` on, or from the position, into a part of a buffer. */
  async fill(buffer: Uint8Array, offset: number, length: number, at: number = this.#at): Promise<number> {
    assert.ok(!this.#isBusy, "a call begins before the one before has ended");
    this.#isBusy = true;
    this.calls.push(`read ${length} at ${at}`);
    const piece = BYTES.subarray(at, at + Math.min(length, MOST));
    await later(undefined);
    buffer.set(piece, offset);
    this.#at = at + piece.length;
    this.#isBusy = false;
    return piece.length;
  }

  async goTo(offset: number): Promise<number> {
    assert.ok(!this.#isBusy, "a call begins before the one before has ended");
    this.#isBusy = true;
    this.calls.push(`seek ${offset}`);
    await later(undefined);
    this.#at = offset;
    this.#isBusy = false;
    return offset;
  }
}

/** What the file is on the disk. */
type Stat = { size: number; isFile: boolean };
const REGULAR: Stat = { size: BYTES.length, isFile: true };

interface Door {
  basis: (file: Noted, stat: Stat) => unknown;
  /** What a read of 100 bytes at 70 becomes. A page that ends before them is no help. */
  calls: string[];
}

const DOORS: Record<string, Door> = {
  "{ seek, read }": {
    basis: (file, { size }) => ({
      size,
      seek: (offset: number) => file.goTo(offset),
      read: (buffer: Uint8Array, length: number) => file.fill(buffer, 0, length),
    }),
    calls: ["seek 70", "read 100 at 70"],
  },
  "a FileHandle of Node": {
    basis: (file, { size, isFile }) => ({
      fd: 3,
      read: async (buffer: Uint8Array, offset: number, length: number, position: number) => {
        return { bytesRead: await file.fill(buffer, offset, length, position) };
      },
      stat: () => later({ size, isFile: () => isFile }),
    }),
    calls: ["read 65536 at 0", "read 100 at 70"],
  },
  "a Deno.FsFile": {
    basis: (file, { size, isFile }) => ({
      seek(offset: number, whence: number) {
        assert.equal(whence, Deno.SeekMode.Start);
        return file.goTo(offset);
      },
      read: async (buffer: Uint8Array) => await file.fill(buffer, 0, buffer.length) || null,
      stat: () => later({ size, isFile }),
      statSync: () => assert.fail("the file is not to be asked at once"),
    }),
    calls: ["seek 0", "read 65536 at 0", "seek 70", "read 100 at 70"],
  },
  "{ read(offset, length) }": {
    basis: (file, { size }) => ({
      size,
      read: async (offset: number, length: number) => {
        const buffer = new Uint8Array(length);
        return buffer.subarray(0, await file.fill(buffer, 0, length, offset));
      },
    }),
    calls: ["read 100 at 70"],
  },
  "{ readInto(buffer, offset) }": {
    basis: (file, { size }) => ({
      size,
      read: () => assert.fail("readInto() is there"),
      readInto: (buffer: Uint8Array, offset: number) => file.fill(buffer, 0, buffer.length, offset),
    }),
    calls: ["read 100 at 70"],
  },
};

for (const [name, { basis, calls }] of Object.entries(DOORS)) {
  Deno.test(`a basis that is ${name} is read one call after another, at its place`, async () => {
    const file = new Noted();
    const source = toPatchBasis(basis(file, REGULAR) as Basis);
    const buffer = new Uint8Array(100).fill(0xaa);
    assert.equal(await source.readInto(buffer, 70), MOST);
    assertBytes(buffer.subarray(0, MOST), BYTES.subarray(70, 70 + MOST), "what was read");
    assert.ok(buffer.subarray(MOST).every((byte) => byte === 0xaa), "nothing is written behind what was read");
    assert.deepEqual(file.calls, calls);
    assert.equal(await source.readInto(buffer, 990), 10);
    assert.equal(await source.readInto(buffer, 1000), 0);
    assert.equal(await source.findSize!(), 1000);
  });

  Deno.test(`bytes at random come whole from a basis that is ${name}, and short reads are gone over`, async () => {
    for (const [offset, length] of [[0, 0], [3, 1], [70, 64], [70, 65], [5, 900], [0, 1000]] as const) {
      const source = toPatchBasis(basis(new Noted(), REGULAR) as Basis);
      assertBytes(await readAtRandom(source, offset, length), BYTES.subarray(offset, offset + length));
    }
    const source = toPatchBasis(basis(new Noted(), REGULAR) as Basis);
    const error = await readAtRandom(source, 950, 51).catch((error) => error);
    assert.ok(error instanceof RsyncError && error.code === "basis-short-read", String(error));
    assert.match(error.message, /51 bytes at offset 950: none came at offset 1000$/);
  });
}

for (const name of ["a FileHandle of Node", "a Deno.FsFile"]) {
  Deno.test(`the length of ${name} is not known where the system says 0, or it is no regular file`, async () => {
    const sizes = [REGULAR, { size: 0, isFile: true }, { size: 4096, isFile: false }].map((stat) => {
      return toPatchBasis(DOORS[name]!.basis(new Noted(), stat) as Basis).findSize!();
    });
    assert.deepEqual(await Promise.all(sizes), [1000, undefined, undefined]);
  });
}

Deno.test("a basis of bytes, of a Blob and of an access handle knows its length at once", async () => {
  const handle = { getSize: () => 1000, read: () => 0 };
  for (const basis of [BYTES, BYTES.slice().buffer, new Blob([BYTES]), handle, { size: 1000, read: () => BYTES }]) {
    const source = toPatchBasis(basis as Basis);
    assert.deepEqual([source.size, await source.findSize!()], [1000, 1000]);
  }
  const untold = toPatchBasis({ read: () => BYTES });
  assert.deepEqual([untold.size, await untold.findSize!()], [undefined, undefined]);
});

Deno.test("a basis may be empty, and be of the longest length there is", () => {
  for (const size of [0, Number.MAX_SAFE_INTEGER]) assert.equal(toPatchBasis({ size, read: () => BYTES }).size, size);
});

Deno.test("bytes that follow each other in a buffer are those of the basis alone", async () => {
  const within = BYTES.subarray(100, 200);
  for (const basis of [within, new DataView(BYTES.buffer, 100, 100)]) {
    const buffer = new Uint8Array(30);
    const source = toPatchBasis(basis);
    for (const [offset, count] of [[0, 30], [69, 30], [70, 30], [71, 29], [99, 1], [100, 0], [500, 0]] as const) {
      buffer.fill(0);
      assert.equal(await source.readInto(buffer, offset), count, `at ${offset}`);
      assertBytes(buffer.subarray(0, count), within.subarray(offset, offset + count));
    }
  }
});

Deno.test("a read may fill its buffer to the last byte, and no more", async () => {
  const read = (count: number) => toPatchBasis({ read: () => new Uint8Array(count) }).readInto(new Uint8Array(10), 3);
  const readInto = (count: unknown) => {
    const basis = { read: () => BYTES, readInto: () => count as number };
    return toPatchBasis(basis).readInto(new Uint8Array(10), 3);
  };
  for (const count of [0, 1, 10]) {
    assert.equal(await read(count), count);
    assert.equal(await readInto(count), count);
  }
  assert.throws(
    () => read(11),
    /^TypeError: Cannot read the basis: read\(\) returned 11 bytes at offset 3, at most 10/,
  );
  for (const count of [11, -1, 0.5, NaN]) {
    assert.throws(() => readInto(count), /^TypeError: .* from 0 to 10 was expected/);
  }
  await assert.rejects(async () => await readInto("3"), /^TypeError: .* from 0 to 10 was expected/);
});
