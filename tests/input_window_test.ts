/** The window over what arrives, compared with a plain array, and what it holds in memory. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { InputWindow } from "../src/engine/input_window.ts";
import { concat, randomBytes, xorshift } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

function assertEqual(actual: Uint8Array, expected: Uint8Array, what: string): void {
  assert.ok(Buffer.from(actual.buffer, actual.byteOffset, actual.length).equals(expected), `${what} differ`);
}

/** All that a window says of itself has to be what the bytes are. */
function assertHolds(window: InputWindow, bytes: Bytes): void {
  assert.equal(window.length, bytes.length);
  assert.ok(window.pieces.every(({ length }) => length > 0) || bytes.length === 0, "a piece is empty");
  assertEqual(concat(window.pieces), bytes, "the bytes held");
}

/** Views from each of some places have to be what is there, and have at least a byte. */
function assertViews(window: InputWindow, bytes: Bytes, below: (n: number) => number): void {
  for (let i = 0; i < 5 && bytes.length > 0; i++) {
    const start = below(bytes.length);
    const end = start + 1 + below(bytes.length - start);
    const view = window.view(start, end);
    assert.ok(view.length >= 1 && view.length <= end - start, `${view.length} bytes from ${start} to ${end}`);
    assertEqual(view, bytes.subarray(start, start + view.length), `the bytes from ${start} on`);
  }
  assert.equal(window.view(bytes.length, bytes.length + 5).length, 0, "there is nothing behind the end");
}

for (const longest of [3, 900, 3000, 20_000]) {
  Deno.test(`InputWindow holds what was added and not dropped, in chunks of up to ${longest} bytes`, () => {
    const { below } = xorshift(longest);
    const window = new InputWindow();
    let bytes: Bytes = new Uint8Array(0);
    let lent: Bytes[] = [];
    for (let step = 0; step < 300; step++) {
      const what = below(4);
      if (what <= 1) {
        const chunk = randomBytes(step + 1, 1 + below(longest));
        bytes = concat([bytes, chunk]);
        window.add(chunk);
        lent.push(chunk);
      } else if (what === 2) {
        window.keep();
        // From now on their owner may do with them what he likes.
        for (const chunk of lent) chunk.fill(0xee);
        lent = [];
      } else {
        const count = below(3) === 0 ? bytes.length : below(Math.min(bytes.length, 3 * longest) + 1);
        window.drop(count);
        bytes = bytes.slice(count);
      }
      assertHolds(window, bytes);
      assertViews(window, bytes, below);
    }
  });
}

Deno.test("InputWindow copies nothing before keep(), and copies nothing twice", () => {
  const window = new InputWindow();
  const chunk = randomBytes(1, 5000);
  window.add(chunk);
  assert.equal(window.pieces[0], chunk);
  window.keep();
  const [kept] = window.pieces;
  assert.notEqual(kept!.buffer, chunk.buffer);
  window.keep();
  assert.equal(window.pieces[0], kept);
  // What was not kept when the start was dropped is still the caller's, and is copied by the next keep().
  const next = randomBytes(2, 100);
  window.add(next);
  window.drop(5000);
  assert.equal(window.pieces[0], next);
  window.keep();
  const wanted = next.slice();
  next.fill(0);
  assertHolds(window, wanted);
});

Deno.test("InputWindow joins small copies, in buffers that double from 1 KiB to 1 MiB", () => {
  const window = new InputWindow();
  for (let i = 0; i < 5000; i++) {
    window.add(Uint8Array.of(i));
    window.keep();
  }
  // Each is as long as what is held when the one before is full.
  assert.deepEqual(window.pieces.map(({ length }) => length), [1024, 1025, 2050, 901]);
  assert.deepEqual(window.pieces.map(({ buffer }) => buffer.byteLength), [1024, 1025, 2050, 4100]);
  window.add(randomBytes(3, 3 * 2 ** 20));
  window.keep();
  assert.deepEqual(window.pieces.map(({ buffer }) => buffer.byteLength).slice(4), [2 ** 20, 2 ** 20, 2 ** 20]);
  assert.equal(window.length, 5000 + 3 * 2 ** 20);
});

Deno.test("InputWindow uses a buffer again from its start once no copy is left", () => {
  const window = new InputWindow();
  const buffers = new Set<ArrayBuffer>();
  for (let i = 0; i < 50; i++) {
    window.add(randomBytes(i + 1, 300));
    window.keep();
    buffers.add(window.pieces[0]!.buffer);
    assert.equal(window.pieces[0]!.byteOffset, 0);
    window.drop(300);
    assert.deepEqual(window.pieces, []);
  }
  assert.equal(buffers.size, 1);
});
