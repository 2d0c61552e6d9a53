/** Bytes that are written, compared with a DataView, and what a writer holds on its way. */
import assert from "node:assert/strict";
import { ByteWriter } from "../src/formats/bytes/byte_writer.ts";
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
