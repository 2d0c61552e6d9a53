import assert from "node:assert/strict";
import { decodeRuns, encodeRuns } from "../../src/http/protocol/run_list.ts";

Deno.test("a list of runs is read as it was written", () => {
  const lists = [
    [],
    [{ offset: 0, length: 1 }],
    [{ offset: 127, length: 128 }, { offset: 255, length: 16_384 }, { offset: 2 ** 40, length: 2 ** 33 + 1 }],
    [{ offset: Number.MAX_SAFE_INTEGER - 1, length: 1 }],
  ];
  for (const runs of lists) assert.deepEqual(decodeRuns(encodeRuns(runs)), runs);
  assert.deepEqual([...encodeRuns([{ offset: 300, length: 5 }, { offset: 306, length: 1 }])], [0xac, 2, 5, 1, 1]);
});

Deno.test("what is no list of runs is undefined", () => {
  assert.equal(decodeRuns(Uint8Array.of(1)), undefined, "no length");
  assert.equal(decodeRuns(Uint8Array.of(1, 0)), undefined, "a length of 0");
  assert.equal(decodeRuns(Uint8Array.of(0x80)), undefined, "a varint that is cut");
  assert.equal(decodeRuns(new Uint8Array(20).fill(0xff)), undefined, "a varint that is too long");
  assert.equal(decodeRuns(Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127, 1)), undefined, "past 2^53");
});
