/** Small things to do with bytes, and what a value is called in messages. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  byteLengthOf,
  changedLengthError,
  copyBytes,
  fromHex,
  growBytes,
  hex,
  isArrayBuffer,
  isBlob,
  isBytes,
  joined,
  kindOf,
  requireAttached,
  startsWith,
  toUint8Array,
  viewOf,
} from "../src/common/bytes.ts";
import { RsyncError } from "rsync-streams";
import { isPromise } from "../src/common/is_promise.ts";

const BYTES = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

function detached(): ArrayBuffer {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}

class Derived extends Uint8Array {}

Deno.test("toUint8Array() views bytes of each kind, and copies none", () => {
  const { buffer } = BYTES;
  assert.equal(toUint8Array(BYTES), BYTES);
  const views = [new DataView(buffer, 2, 3), new Uint8ClampedArray(buffer, 2, 3), new Derived(buffer, 2, 3)];
  for (const view of [...views, Buffer.from(buffer, 2, 3), new Int8Array(buffer, 2, 3)]) {
    const bytes = toUint8Array(view);
    assert.equal(bytes.constructor, Uint8Array);
    assert.deepEqual([bytes.buffer, bytes.byteOffset, bytes.length], [buffer, 2, 3]);
  }
  const whole = toUint8Array(buffer);
  assert.deepEqual([whole.buffer, whole.length], [buffer, 8]);
  assert.equal(toUint8Array(new Uint8Array(0)).length, 0);
  assert.equal(toUint8Array(new Uint16Array(buffer, 8, 0)).length, 0);
});

Deno.test("toUint8Array() refuses what is no bytes, and bytes that are gone", () => {
  for (const chunk of ["text", 5, null, undefined, {}, [1, 2], new Blob(), new SharedArrayBuffer(4)]) {
    assert.throws(() => toUint8Array(chunk), {
      name: "TypeError",
      message: /^Cannot take the chunk as bytes: .* was seen/,
    });
  }
  const gone = detached();
  const view = new Uint8Array(4);
  structuredClone(view.buffer, { transfer: [view.buffer] });
  for (const chunk of [gone, view]) {
    assert.throws(() => toUint8Array(chunk), { name: "TypeError", message: /their buffer is detached/ });
  }
  assert.throws(() => requireAttached(gone), TypeError);
  requireAttached(new ArrayBuffer(0));
});

Deno.test("kindOf() names a value in words", () => {
  const named: [unknown, string][] = [
    [null, "null"],
    [undefined, "undefined"],
    ["text", "a string"],
    [5, "a number"],
    [5n, "a bigint"],
    [true, "a boolean"],
    [Symbol("a"), "a symbol"],
    [() => {}, "a function"],
    [{}, "an object of Object"],
    [[], "an object of Array"],
    [new Date(), "an object of Date"],
    [Object.create(null), "an object"],
    [{ constructor: undefined }, "an object"],
    [Promise.resolve(), "a promise, which nobody awaited"],
    [{ then: () => {} }, "a promise, which nobody awaited"],
  ];
  for (const [value, name] of named) assert.equal(kindOf(value), name);
});

Deno.test("isPromise() takes each thenable, and nothing else", () => {
  for (const value of [Promise.resolve(), { then: () => {} }]) assert.equal(isPromise(value), true);
  for (const value of [undefined, null, 0, 5, "then", {}, { then: 5 }, []]) assert.equal(isPromise(value), false);
});

Deno.test("isBlob() takes what has slice, stream and size, and isBytes() and isArrayBuffer() what they name", () => {
  const [slice, stream, size] = [() => {}, () => {}, 0];
  for (const value of [new Blob(), new File([], "a"), { slice, stream, size }]) assert.equal(isBlob(value), true);
  const none = [null, undefined, {}, { slice, stream }, { slice, size }, { stream, size }, {
    slice,
    stream,
    size: "0",
  }];
  for (const value of [...none, BYTES, "text"]) assert.equal(isBlob(value), false);
  for (const value of [BYTES, Buffer.from("a"), new Derived(1)]) assert.equal(isBytes(value), true);
  for (const value of [BYTES.buffer, new DataView(BYTES.buffer), new Int8Array(1), [1], null, undefined, "text"]) {
    assert.equal(isBytes(value), false);
  }
  assert.equal(isArrayBuffer(new ArrayBuffer(1)), true);
  for (const value of [BYTES, new SharedArrayBuffer(1), null, undefined, {}]) assert.equal(isArrayBuffer(value), false);
});

Deno.test("byteLengthOf() is that of a view or buffer, and 0 of all else", () => {
  const known: [unknown, number][] = [[BYTES, 8], [BYTES.buffer, 8], [new Uint16Array(3), 6]];
  for (const [value, length] of known) assert.equal(byteLengthOf(value), length);
  for (const value of [detached(), "text", null, undefined, { byteLength: 5 }]) assert.equal(byteLengthOf(value), 0);
});

Deno.test("hex() and fromHex() are each other's reverse", () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  assert.equal(hex(Uint8Array.of(0, 9, 15, 16, 255)), "00090f10ff");
  assert.equal(hex(Uint8Array.of(0, 255), " "), "00 ff");
  assert.equal(hex([]), "");
  assert.deepEqual(fromHex(hex(all)), all);
  assert.equal(hex(all).length, 512);
});

Deno.test("startsWith() compares each byte of a magic, and takes bytes that are as short", () => {
  const magic = Uint8Array.of(1, 2, 3);
  for (const bytes of [BYTES, magic]) assert.equal(startsWith(bytes, magic), true);
  for (const bytes of [[0, 2, 3], [1, 0, 3], [1, 2, 0], [1, 2], []]) {
    assert.equal(startsWith(Uint8Array.from(bytes), magic), false);
  }
  assert.equal(startsWith(BYTES, undefined), false);
});

Deno.test("viewOf() sees the bytes of a view alone, and copyBytes() copies as many as it is told", () => {
  const view = viewOf(BYTES.subarray(2, 5));
  assert.deepEqual([view.byteLength, view.getUint8(0)], [3, 3]);
  const to = new Uint8Array(6);
  copyBytes(BYTES, 2, to, 1, 3);
  assert.deepEqual(to, Uint8Array.of(0, 3, 4, 5, 0, 0));
  copyBytes(BYTES, 2, to, 1, 0);
  assert.deepEqual(to, Uint8Array.of(0, 3, 4, 5, 0, 0));
});

Deno.test("joined() puts chunks one after the other", () => {
  const chunks = [BYTES.subarray(0, 2), new Uint8Array(0), BYTES.subarray(5), BYTES.subarray(1, 2)];
  assert.deepEqual(joined(chunks, 6), Uint8Array.of(1, 2, 6, 7, 8, 2));
  assert.deepEqual(joined([], 0), new Uint8Array(0));
});

Deno.test("growBytes() returns the same buffer while it is long enough, and then one of twice its length", () => {
  const bytes = BYTES.slice();
  for (const length of [0, 7, 8]) assert.equal(growBytes(bytes, 3, length), bytes);
  const lengths = [[9, Infinity], [16, Infinity], [17, Infinity], [40, Infinity], [9, 12], [9, 9], [12, 12]] as const;
  const grown = lengths.map(([length, max]) => growBytes(bytes, 3, length, max));
  assert.deepEqual(grown.map(({ length }) => length), [16, 16, 17, 40, 12, 9, 12]);
  for (const longer of grown) {
    assert.deepEqual(longer.subarray(0, 3), Uint8Array.of(1, 2, 3));
    assert.ok(longer.subarray(3).every((byte) => byte === 0), "only what is used is kept");
  }
  const made = new Uint8Array(16);
  assert.equal(growBytes(bytes, 3, 9, 100, (length) => made.subarray(0, length)).buffer, made.buffer);
});

Deno.test("an error says how many bytes are left of how many", () => {
  assert.match(changedLengthError(10, 3).message, /3 bytes are left of the 10 that were written/);
  assert.ok(changedLengthError(10, 3) instanceof TypeError);
});

Deno.test("RsyncError has code, offset, cause and name, and its message the offset", () => {
  const cause = new Error("the platform's");
  const error = new RsyncError("limit", "Cannot do it", { offset: 5, cause });
  assert.deepEqual([error.name, error.code, error.offset, error.cause], ["RsyncError", "limit", 5, cause]);
  assert.ok(error instanceof Error && error.message.startsWith("Cannot do it") && error.message.includes("5"));
  const zero = new RsyncError("limit", "Cannot do it", { offset: 0 });
  assert.ok(zero.offset === 0 && zero.message.includes("0"));
  const plain = new RsyncError("limit", "Cannot do it");
  assert.deepEqual([plain.message, plain.offset, "cause" in plain], ["Cannot do it", undefined, false]);
});
