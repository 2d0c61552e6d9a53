/** Bytes that are written, compared with a DataView, and what a writer holds on its way. */
import assert from "node:assert/strict";
import { ByteWriter } from "../src/formats/bytes/byte_writer.ts";
import { PendingCopy, PendingData } from "../src/formats/bytes/pending.ts";
import { CopyJoiner } from "../src/formats/bytes/copy_joiner.ts";
import { DeltaPartWriter } from "../src/formats/bytes/writer.ts";
import { assertBytes, hex } from "./_helpers.ts";
import { concat, randomBytes, xorshift } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;
const MAX = Number.MAX_SAFE_INTEGER;

function written(write: (out: ByteWriter) => void): string {
  const out = new ByteWriter();
  write(out);
  const { length } = out;
  const bytes = out.take();
  assert.equal(bytes.length, length);
  return hex(bytes);
}

Deno.test("ByteWriter writes integers of each width, in both orders", () => {
  assert.equal(written((out) => out.u8(0xfe)), "fe");
  assert.equal(written((out) => out.u16(0x1234, true)), "3412");
  assert.equal(written((out) => out.u16(0x1234, false)), "1234");
  assert.equal(written((out) => out.u32(0xfedcba98, true)), "98badcfe");
  assert.equal(written((out) => out.u32(0xfedcba98, false)), "fedcba98");
  assert.equal(written((out) => out.u64(2 ** 52 + 2 ** 32 + 3, true)), "0300000001001000");
  assert.equal(written((out) => out.u64(2 ** 52 + 2 ** 32 + 3, false)), "0010000100000003");
  assert.equal(written((out) => out.u64(MAX, true)), "ffffffffffff1f00");
  assert.equal(written((out) => out.i64(-2n, true)), "feffffffffffffff");
  assert.equal(written((out) => out.i64(2n ** 62n + 1n, false)), "4000000000000001");
});

Deno.test("ByteWriter writes LEB128 at each border", () => {
  for (let value = 0n; value <= BigInt(MAX); value = value * 2n + 1n) {
    for (const near of [value - 1n, value, value + 1n]) {
      if (near < 0n || near > BigInt(MAX)) continue;
      const expected: number[] = [];
      let rest = near;
      for (; rest >= 128n; rest >>= 7n) expected.push(Number(rest & 127n) | 128);
      expected.push(Number(rest));
      assert.equal(written((out) => out.varint(Number(near))), hex(Uint8Array.from(expected)), `${near}`);
    }
  }
});

Deno.test("ByteWriter holds what was written until it is taken, and what was taken is nobody else's", () => {
  const { below } = xorshift(5);
  const out = new ByteWriter();
  const taken: Bytes[] = [];
  const all: Uint8Array[] = [];
  for (let i = 1; i <= 2000; i++) {
    const bytes = randomBytes(i, below(below(50) === 0 ? 5000 : 40));
    const before = out.length;
    if (below(2) === 0) {
      out.bytes(bytes);
      all.push(bytes);
    } else {
      const from = below(bytes.length + 1);
      out.few(bytes, from, bytes.length - from);
      out.few(bytes, 0, from);
      all.push(bytes.subarray(from), bytes.subarray(0, from));
    }
    assert.equal(out.length, before + bytes.length);
    if (below(20) === 0) {
      taken.push(out.take());
      assert.equal(out.length, 0);
    }
  }
  taken.push(out.take());
  assertBytes(concat(taken), concat(all));
  assert.equal(new Set(taken.map(({ buffer }) => buffer)).size, taken.length);
  assert.ok(taken.every(({ buffer, length }) => buffer.byteLength === length));
});

/** Notes what it is told. */
class Noted extends DeltaPartWriter<string[]> {
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
