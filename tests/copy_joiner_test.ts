/** Copies and data that wait for more of their kind, compared with a plain model. */
import assert from "node:assert/strict";
import { CopyJoiner } from "../src/formats/bytes/copy_joiner.ts";
import { PendingCopy, PendingData } from "../src/formats/bytes/pending.ts";
import { DeltaWriter } from "../src/formats/bytes/writer.ts";
import { assertBytes, hex } from "./_helpers.ts";
import { concat, randomBytes, xorshift } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Notes what it is told. */
class Noted extends DeltaWriter<string[]> {
  #parts: string[] = [];
  get length(): number {
    return this.#parts.length;
  }
  take(): string[] {
    const parts = this.#parts;
    this.#parts = [];
    return parts;
  }
  start(hasDigest: boolean): void {
    this.#parts.push(`start ${hasDigest}`);
  }
  copy(offset: number, length: number): void {
    this.#parts.push(`copy ${offset} ${length}`);
  }
  data(bytes: Uint8Array): void {
    this.#parts.push(`data ${hex(bytes)}`);
  }
  end(targetLength: number, digest: Uint8Array | undefined): void {
    this.#parts.push(`end ${targetLength} ${digest && hex(digest)}`);
  }
}

Deno.test("a writer of parts hands each kind to its method", () => {
  const noted = new Noted();
  noted.write({ type: "start", hasDigest: true });
  noted.write({ type: "copy", offset: 3, length: 4 });
  noted.write({ type: "data", bytes: Uint8Array.of(5) });
  noted.write({ type: "end", targetLength: 5, digest: Uint8Array.of(6) });
  assert.deepEqual(noted.take(), ["start true", "copy 3 4", "data 05", "end 5 06"]);
});

Deno.test("PendingCopy joins a copy to the one that ends where it begins, and to no other", () => {
  const noted = new Noted();
  const copy = new PendingCopy(noted);
  copy.flush();
  for (const [offset, length] of [[0, 5], [5, 3], [8, 1], [8, 1], [10, 2], [0, 10], [10, 1]] as const) {
    copy.add(offset, length);
  }
  assert.deepEqual(noted.take(), ["copy 0 9", "copy 8 1", "copy 10 2"]);
  copy.flush();
  copy.flush();
  // What was written is not gone on with.
  copy.add(11, 4);
  copy.flush();
  assert.deepEqual(noted.take(), ["copy 0 11", "copy 11 4"]);
});

Deno.test("PendingData holds what was appended and not dropped, in a buffer of its capacity at most", () => {
  const { below } = xorshift(9);
  const data = new PendingData(1000);
  let expected: Bytes = new Uint8Array(0);
  for (let i = 1; i < 500; i++) {
    const bytes = randomBytes(i, below(Math.min(100, 1000 - expected.length) + 1));
    data.append(bytes);
    expected = concat([expected, bytes]);
    bytes.fill(0);
    assert.equal(data.length, expected.length);
    assertBytes(data.view(), expected);
    const [from, to] = [below(expected.length + 1), expected.length];
    assertBytes(data.view(from, to), expected.subarray(from, to));
    assert.ok(data.view().buffer.byteLength <= 1000);
    const count = below(3) === 0 ? below(expected.length + 1) : 0;
    data.drop(count);
    expected = expected.slice(count);
  }
});

/** What joins as the rules say, by a plain model: the longest commands there can be. */
function joined(parts: (Bytes | [offset: number, length: number])[], maxData: number): string[] {
  const commands: string[] = [];
  let data = "";
  let copy: [number, number] | undefined;
  const flushData = () => {
    for (; data !== ""; data = data.slice(2 * maxData)) commands.push(`data ${data.slice(0, 2 * maxData)}`);
  };
  const flushCopy = () => {
    if (copy) commands.push(`copy ${copy[0]} ${copy[1]}`);
    copy = undefined;
  };
  for (const part of parts) {
    if (part instanceof Uint8Array) {
      if (part.length > 0) flushCopy();
      data += hex(part);
    } else {
      flushData();
      if (copy && copy[0] + copy[1] === part[0]) copy[1] += part[1];
      else {
        flushCopy();
        copy = [part[0], part[1]];
      }
    }
  }
  flushData();
  flushCopy();
  return commands;
}

for (const maxData of [1, 5, 64]) {
  Deno.test(`CopyJoiner makes the longest commands there can be, with data of up to ${maxData} bytes`, () => {
    for (let seed = 1; seed <= 40; seed++) {
      const { below } = xorshift(seed);
      const noted = new Noted();
      const joiner = new CopyJoiner(noted, maxData);
      joiner.start(true);
      const parts = Array.from({ length: below(30) }, (_, i): Bytes | [number, number] => {
        return below(3) > 0 ? randomBytes(i + 1, below(below(2) * 3 * maxData + 3)) : [below(4), 1 + below(3)];
      });
      for (const part of parts) {
        if (!(part instanceof Uint8Array)) joiner.copy(...part);
        else {
          const lent = part.slice();
          joiner.data(lent);
          lent.fill(0);
        }
      }
      joiner.end(77, undefined);
      assert.equal(joiner.length, noted.length);
      assert.deepEqual(joiner.take(), ["start true", ...joined(parts, maxData), "end 77 undefined"]);
    }
  });
}
