import assert from "node:assert/strict";
import { type Basis, type BasisSource, patchStream, RsyncError } from "rsync-streams";
import { makeDelta, makeSigs, patch, source, toBytes } from "./_helpers.ts";
import { xorshift } from "./_recipes.ts";
import { turn, until } from "./_until.ts";

const random = xorshift(5);
const basis = Uint8Array.from({ length: 3_000_000 }, () => random.below(256));
const target = new Uint8Array([...basis.subarray(1_500_000), 1, 2, 3, ...basis.subarray(0, 1_400_000)]);
const { bytes: delta } = await makeDelta(target, await makeSigs(basis));

/** Fills a buffer as `readInto` does, at most `most` bytes at a time. */
function into(buffer: Uint8Array, offset: number, most: number): number {
  const bytes = basis.subarray(offset, offset + Math.min(most, buffer.length));
  buffer.set(bytes);
  return bytes.length;
}
const never: BasisSource["read"] = () => assert.fail("read() was called");

const SOURCES: Record<string, () => BasisSource> = {
  "readInto at once": () => ({ read: never, readInto: (buffer, offset) => into(buffer, offset, Infinity) }),
  "readInto at once, short": () => ({ read: never, readInto: (buffer, offset) => into(buffer, offset, 777) }),
  "readInto later": () => ({
    read: never,
    readInto: async (buffer, offset) => {
      await Promise.resolve();
      return into(buffer, offset, 100_000);
    },
  }),
  "readInto, a method that needs its object": () => new OwnBasis(),
  "read at once": () => ({ read: (offset, length) => basis.subarray(offset, offset + length) }),
  "read later, short": () => ({
    read: (offset, length) => Promise.resolve(basis.subarray(offset, offset + Math.min(777, length))),
  }),
  "read, a thenable that is no Promise": () => ({
    read: (offset, length) =>
      ({
        then: (resolve: (bytes: Uint8Array) => void) => resolve(basis.subarray(offset, offset + length)),
      }) as unknown as Promise<Uint8Array>,
  }),
};

class OwnBasis implements BasisSource {
  #basis = basis;
  read = never;
  readInto(buffer: Uint8Array, offset: number) {
    assert.equal(this.#basis, basis);
    return into(buffer, offset, 5000);
  }
}

class Seekable {
  #at = 0;
  seek(offset: number) {
    this.#at = offset;
  }
  read(buffer: Uint8Array, length: number) {
    const count = into(buffer.subarray(0, length), this.#at, 5000);
    this.#at += count;
    return count;
  }
}

const BASES: Record<string, () => Basis> = {
  ...SOURCES,
  "seek and read, methods that need their object": () => new Seekable(),
};

for (const [name, make] of Object.entries(BASES)) {
  Deno.test(`patchStream() copies from a basis with ${name}`, async () => {
    assert.deepEqual(await patch(make(), delta), target);
  });
}

Deno.test("patchStream() gives no two chunks with one buffer, and none with the basis's", async () => {
  for (const make of Object.values(BASES)) {
    const seen = new Set<ArrayBuffer>([basis.buffer]);
    for await (const { buffer } of source(delta).pipeThrough(patchStream(make()))) {
      assert.equal(seen.has(buffer), false);
      seen.add(buffer);
    }
    assert.ok(seen.size > 2);
  }
});

const WRONG: Record<string, [BasisSource, RegExp]> = {
  "read, too much": [
    { read: (_, length) => new Uint8Array(length + 1) },
    /returned \d+ bytes at offset \d+, at most \d+ were expected/,
  ],
  "read, nothing": [
    { read: () => undefined as unknown as Uint8Array },
    /returned undefined at offset \d+, a Uint8Array was expected/,
  ],
  "readInto, too much": [{ read: never, readInto: (buffer) => buffer.length + 1 }, /a count from 0 to \d+/],
  "readInto, less than nothing": [{ read: never, readInto: () => -1 }, /a count from 0 to \d+/],
  "readInto, no number": [
    { read: never, readInto: () => Promise.resolve("3" as unknown as number) },
    /a count from 0 to \d+/,
  ],
};

for (const [name, [wrong, message]] of Object.entries(WRONG)) {
  Deno.test(`patchStream() rejects what a basis gives: ${name}`, async () => {
    await assert.rejects(
      patch(wrong, delta),
      (error: Error) => error instanceof TypeError && message.test(error.message),
    );
  });
}

Deno.test("patchStream() ends with basis-short-read where readInto gives nothing", async () => {
  await assert.rejects(
    patch({ read: never, readInto: () => 0 }, delta),
    (error) => error instanceof RsyncError && error.code === "basis-short-read",
  );
});

Deno.test("patchStream() reads a basis no more after a cancel during a read", async () => {
  const starts: number[] = [];
  const under: (() => void)[] = [];
  const slow: BasisSource = {
    read: (offset) => {
      starts.push(offset);
      return new Promise((resolve) => under.push(() => resolve(basis.slice(offset, offset + 1))));
    },
  };
  const { readable, writable } = patchStream(slow);
  const writer = writable.getWriter();
  writer.write(delta).catch(() => {});
  writer.closed.catch(() => {});
  const reader = readable.getReader();
  const pending = reader.read();
  await until("a read of the basis", () => starts.length > 0);
  await reader.cancel();
  assert.deepEqual(await pending, { done: true, value: undefined });
  for (let i = 0; i < 10; i++) {
    under.splice(0).forEach((answer) => answer());
    await turn();
  }
  assert.equal(starts.length, 1);
});

Deno.test("patchStream() carries out a million copies of a byte, each read by itself", async () => {
  const copy = [3, 0]; // one byte, from where the last copy ended
  const head = [0x92, 0x52, 0x53, 0x44, 1, 0, 0, 0];
  const count = 2 ** 20;
  const bytes = new Uint8Array(head.length + 2 * count + 4);
  bytes.set(head);
  for (let i = 0; i < count; i++) bytes.set(copy, head.length + 2 * i);
  bytes.set([0, 0x80, 0x80, 0x40], head.length + 2 * count);
  let reads = 0;
  const counted: BasisSource = {
    read: (offset, length) => {
      reads++;
      return Promise.resolve(basis.subarray(offset, offset + length));
    },
  };
  const patched = await toBytes(source(bytes).pipeThrough(patchStream(counted)));
  assert.deepEqual(patched, basis.subarray(0, count));
  assert.equal(reads, count);
});

Deno.test("a Blob of size 0 is read, so that one whose file is gone says so itself", async () => {
  const gone = new Error("the file is gone");
  const blob = { size: 0, stream: () => {}, slice: () => ({ arrayBuffer: () => Promise.reject(gone) }) };
  // A copy of one byte, in the format of librsync.
  const delta = new Blob([Uint8Array.of(0x72, 0x73, 0x02, 0x36, 0x45, 0, 1, 0)]);
  const patched = delta.stream().pipeThrough(patchStream(blob as unknown as Blob));
  await assert.rejects(Array.fromAsync(patched), (error) => error === gone);
});
