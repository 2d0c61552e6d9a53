/** Bytes that arrive in chunks, and items that lie across them: compared with the bytes in one piece. */
import assert from "node:assert/strict";
import { RsyncError } from "rsync-streams";
import { ByteReader, MAX_DATA_LENGTH } from "../src/formats/bytes/byte_reader.ts";
import { assertBytes, chunks } from "./_helpers.ts";
import { randomBytes, xorshift } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A reader with its chunks, each of which is overwritten when the next one comes. */
class Fed {
  readonly reader = new ByteReader("the test");
  readonly #chunks: Bytes[];
  #lent: Bytes | undefined;

  constructor(bytes: Bytes, longest: number) {
    this.#chunks = [...chunks(bytes, { seed: longest, most: longest })];
  }

  /** Asks again and again, with more bytes each time, until there is an answer. */
  until<T>(ask: () => T | undefined): T {
    for (;;) {
      const answer = ask();
      if (answer !== undefined) return answer;
      this.#lent?.fill(0xee);
      this.#lent = this.#chunks.shift();
      if (this.#lent) this.reader.push(this.#lent);
      else this.reader.end();
    }
  }

  get isAllPushed(): boolean {
    return this.#chunks.length === 0;
  }
}

for (const longest of [1, 3, 17, 100, 1000]) {
  Deno.test(`ByteReader gives the bytes in order, whatever is asked: chunks of up to ${longest} bytes`, () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { below } = xorshift(seed * longest);
      const bytes = randomBytes(seed, 3000);
      const fed = new Fed(bytes, longest);
      const { reader } = fed;
      let at = 0;
      while (at < bytes.length) {
        assert.equal(reader.position, at);
        assert.equal(reader.isAtEnd, false);
        const count = Math.min(bytes.length - at, 1 + below(below(2) === 0 ? 8 : 200));
        const expected = bytes.subarray(at, at + count);
        const what = below(5);
        if (what === 0) {
          assertBytes(fed.until(() => reader.peek(count)), expected, "bytes that are peeked at");
          continue;
        }
        if (what === 1) {
          assert.equal(fed.until(() => reader.peekByte(count - 1)), expected.at(-1), "a byte that is peeked at");
          continue;
        }
        if (what === 2) {
          assertBytes(fed.until(() => reader.take(count)), expected, "bytes that are taken");
          at += count;
        } else if (what === 3) {
          const data = fed.until(() => reader.data(count));
          assertBytes(data, expected, "data");
          assert.equal(data.buffer.byteLength, count, "data has a buffer of its own, and no longer one");
          at += count;
        } else {
          const length = 1 + below(4);
          if (bytes.length - at < length) continue;
          const most = 1 + below(30);
          const items = fed.until(() => reader.itemsAvailable(length, most) || undefined);
          assert.ok(items <= most);
          assertBytes(reader.peek(items * length)!, bytes.subarray(at, at + items * length), "items");
          reader.skip(items * length);
          at += items * length;
        }
        assert.equal(reader.position, at);
      }
      assert.equal(fed.until(() => reader.expectEnd()), true);
      assert.ok(reader.isAtEnd && fed.isAllPushed);
    }
  });
}

Deno.test("ByteReader has as many items as lie together, as many as are asked for, and one that lies across", () => {
  const reader = new ByteReader("the test");
  assert.equal(reader.itemsAvailable(4, 10), 0);
  reader.push(new Uint8Array(22));
  assert.equal(reader.itemsAvailable(4, 10), 5);
  assert.equal(reader.itemsAvailable(4, 3), 3);
  reader.skip(20);
  assert.equal(reader.itemsAvailable(4, 10), 0);
  reader.push(new Uint8Array(6));
  assert.equal(reader.itemsAvailable(4, 10), 1);
  reader.skip(4);
  assert.equal(reader.itemsAvailable(4, 10), 1);
  assert.equal(reader.itemsAvailable(2, 10), 2);
});

Deno.test("ByteReader.take() returns the first of the bytes that were peeked at across chunks", () => {
  const reader = new ByteReader("the test");
  reader.push(Uint8Array.of(1, 2));
  assert.equal(reader.peek(4), undefined);
  reader.push(Uint8Array.of(3, 4, 5));
  assert.deepEqual(reader.peek(4), Uint8Array.of(1, 2, 3, 4));
  assert.deepEqual(reader.take(2), Uint8Array.of(1, 2));
  assert.deepEqual(reader.take(3), Uint8Array.of(3, 4, 5));
  assert.equal(reader.position, 5);
});

Deno.test("ByteReader says what was expected, what came, and where, if bytes are missing", () => {
  const asks: Record<string, [(reader: ByteReader) => unknown, expected: number, seen: number]> = {
    "peek()": [(reader) => reader.peek(9), 9, 4],
    "peekByte()": [(reader) => reader.peekByte(6), 7, 4],
    "take()": [(reader) => reader.take(5), 5, 4],
    "itemsAvailable()": [(reader) => reader.itemsAvailable(8, 3), 8, 4],
    "data()": [(reader) => reader.data(10), 6, 0],
  };
  for (const [name, [ask, expected, seen]] of Object.entries(asks)) {
    const reader = new ByteReader("the test");
    reader.push(randomBytes(1, 10));
    reader.skip(6);
    assert.ok(!ask(reader), name);
    reader.end();
    const position = name === "data()" ? 10 : 6;
    assert.throws(() => ask(reader), (error) => {
      assert.ok(error instanceof RsyncError, name);
      assert.deepEqual([error.code, error.offset], ["truncated", position], name);
      const why = `${expected} bytes were expected, and it ends after ${seen} of them`;
      assert.ok(error.message.startsWith(`Cannot read the test: ${why}`), error.message);
      return true;
    });
  }
});

Deno.test("ByteReader knows the end when it was told and everything was read, and not before", () => {
  const reader = new ByteReader("the test");
  assert.deepEqual([reader.hasBytes, reader.isAtEnd, reader.expectEnd()], [false, false, undefined]);
  reader.push(Uint8Array.of(1));
  assert.equal(reader.hasBytes, true);
  const fails = (offset: number) => (error: unknown) => {
    return error instanceof RsyncError && error.code === "trailing-data" && error.offset === offset;
  };
  assert.throws(() => reader.expectEnd(), fails(0));
  reader.skip(1);
  assert.deepEqual([reader.hasBytes, reader.isAtEnd, reader.expectEnd()], [false, false, undefined]);
  reader.push(Uint8Array.of(2, 3));
  reader.peek(3); // carries them
  reader.end();
  assert.deepEqual([reader.hasBytes, reader.isAtEnd], [true, false]);
  assert.throws(() => reader.expectEnd(), fails(1));
  reader.skip(2);
  assert.deepEqual([reader.hasBytes, reader.isAtEnd, reader.expectEnd()], [false, true, true]);
});

Deno.test("ByteReader returns long data in pieces of 1 MiB, and takes no memory for what has not come", () => {
  assert.equal(MAX_DATA_LENGTH, 2 ** 20);
  const bytes = randomBytes(2, 2 ** 20 + 2 ** 19);
  for (const length of [2 ** 20, 300_000]) {
    const reader = new ByteReader("the test");
    const parts: Bytes[] = [];
    let left = bytes.length;
    for (const chunk of chunks(bytes, length)) {
      reader.push(chunk);
      for (let data = reader.data(left); data; data = left > 0 ? reader.data(left) : undefined) {
        parts.push(data);
        left -= data.length;
      }
      chunk.fill(0);
    }
    assert.deepEqual(parts.map((part) => part.length), [2 ** 20, 2 ** 19]);
    assert.deepEqual(parts.map((part) => part.buffer.byteLength), [2 ** 20, 2 ** 19]);
    assertBytes(parts[0]!, bytes.subarray(0, 2 ** 20));
    assertBytes(parts[1]!, bytes.subarray(2 ** 20));
    assert.equal(reader.position, bytes.length);
  }
});
