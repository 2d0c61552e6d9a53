/** The parts that a client is made of: runs, ranges in bodies, pieces of files. */
import assert from "node:assert/strict";
import { RsyncError } from "rsync-streams";
import type { SyncRun } from "rsync-streams/sync";
import { toPatchBasis } from "../../src/basis/basis_source.ts";
import { assemble } from "../../src/basis/assemble.ts";
import { boundaryOf, readParts } from "../../src/http/client/multipart_reader.ts";
import { dropBytes, joinNear, Picker, RunQueue } from "../../src/http/client/runs.ts";
import { copiesOf, literalLength, measure } from "../../src/http/client/upload_commands.ts";
import { uploadBody } from "../../src/http/client/upload_body.ts";
import { lengthOf } from "../../src/http/protocol/run_list.ts";
import { givesWay } from "../_clock.ts";
import { assertBytes } from "../_helpers.ts";
import { replace } from "../_cli_inside.ts";
import { concat, randomBytes } from "../_recipes.ts";

const RUNS = [[10, 5], [20, 1], [30, 4]].map(([offset, length]) => ({ offset: offset!, length: length! }));
const pairs = (runs: readonly { offset: number; length: number }[]) => runs.map((run) => [run.offset, run.length]);
const FILE = randomBytes(1, 50);

Deno.test("runs lose their first bytes", () => {
  assert.equal(lengthOf(RUNS), 10);
  const left: [number, number[][]][] = [
    [0, [[10, 5], [20, 1], [30, 4]]],
    [4, [[14, 1], [20, 1], [30, 4]]],
    [5, [[20, 1], [30, 4]]],
    [6, [[30, 4]]],
    [9, [[33, 1]]],
    [10, []],
  ];
  for (const [count, expected] of left) {
    assert.deepEqual(pairs(dropBytes(RUNS, count)), expected, `${count}`);
    const queue = new RunQueue(RUNS);
    for (let taken = 0; taken < count; taken++) queue.take(1);
    assert.deepEqual(pairs(queue.rest()), expected, `${count}, one at a time`);
    assert.deepEqual(queue.first && pairs([queue.first])[0], expected[0]);
  }
});

Deno.test("runs are joined up to a gap", () => {
  assert.deepEqual(pairs(joinNear(RUNS, 4)), [[10, 5], [20, 1], [30, 4]]);
  assert.deepEqual(pairs(joinNear(RUNS, 5)), [[10, 11], [30, 4]]);
  assert.deepEqual(pairs(joinNear(RUNS, 9)), [[10, 24]]);
  assert.deepEqual(joinNear([], 9), []);
});

Deno.test("what is picked holds no more memory than twice its bytes", () => {
  const file = randomBytes(3, 100_000);
  const runs = Array.from({ length: 10 }, (_, i) => ({ offset: 10_000 * i, length: 9 }));
  const picked = [...new Picker(runs).take(file, 0), ...new Picker([{ offset: 1, length: 60_000 }]).take(file, 0)];
  assertBytes(concat(picked.slice(0, 10)), concat(runs.map(({ offset }) => file.subarray(offset, offset + 9))));
  for (const { length, buffer } of picked) assert.ok(buffer.byteLength <= 2 * length, `${buffer.byteLength} bytes`);
});

Deno.test("runs are picked out of a file, however it is cut", () => {
  const expected = concat(RUNS.map(({ offset, length }) => FILE.subarray(offset, offset + length)));
  for (let size = 1; size <= 40; size++) {
    const picker = new Picker(RUNS);
    const pieces = [];
    for (let at = 0; at < FILE.length; at += size) {
      const before = picker.length;
      const picked = [...picker.take(FILE.subarray(at, at + size), at)];
      assert.ok(picked.every(({ length }) => length > 0));
      assert.equal(picker.length - before, picked.reduce((sum, { length }) => sum + length, 0));
      assert.deepEqual([...picker.take(new Uint8Array(0), at + size)], []);
      assert.equal(picker.isDone, at + size >= 34);
      pieces.push(...picked);
    }
    assertBytes(concat(pieces), expected);
  }
  assert.throws(() => [...new Picker(RUNS).take(FILE.subarray(11), 11)], /^SyntaxError: the bytes at 10 were left out/);
});

const HEAD = "Content-Range: bytes 2-4/50\r\n\r\n";
const parse = (text: string) => {
  const { parts, isWhole } = readParts(new TextEncoder().encode(text), "b");
  return [parts.map(({ offset, total, bytes }) => [offset, total, new TextDecoder().decode(bytes)]), isWhole];
};

Deno.test("parts of a body are read, with any line ends, and up to where it is cut", () => {
  const one = [[2, 50, "abc"]];
  for (const end of ["\r\n", "\n", ""]) {
    assert.deepEqual(parse(`--b${end}${HEAD}abc${end}--b--`), [one, true], JSON.stringify(end));
  }
  assert.deepEqual(parse(`before --b --b\r\n${HEAD}abc\r\n--b--`), [one, true]);
  assert.deepEqual(parse(`--b\nX: 1\ncontent-range: bytes 2-4/*\n\nabc--b--behind`), [[[2, undefined, "abc"]], true]);
  assert.deepEqual(parse(`--b\n${HEAD}abc\n--b\n${HEAD}def\n--b--`), [[...one, [2, 50, "def"]], true]);
  const whole = `--b\r\n${HEAD}abc\r\n--b--`;
  const last = whole.length - "\r\n--b--".length;
  for (let length = 0; length < whole.length; length++) {
    assert.deepEqual(parse(whole.slice(0, length)), [length < last ? [] : one, false], `${length} bytes`);
  }
});

Deno.test("what are no parts is refused, and so is a head of 8 KiB that does not end", () => {
  assert.throws(() => parse(`--b\r\n${HEAD}abcd\r\n--b--`), /a part does not end where its range does/);
  assert.throws(() => parse("--b\r\nX: 1\r\n\r\nabc\r\n--b--"), /a part has no Content-Range/);
  assert.throws(() => parse(`--b${"x".repeat(8192)}`), /the head of a part is too long/);
  assert.deepEqual(parse(`--b${"x".repeat(8191)}`), [[], false]);
  const filled = `--b\n${`X: ${"x".repeat(8192)}`.slice(0, 8192 - 1 - HEAD.length - 1)}\n${HEAD}abc`;
  assert.deepEqual(parse(filled), [[[2, 50, "abc"]], false]);
  assert.throws(() => parse(filled.replace("X", "XX")), /the head of a part is too long/);
});

Deno.test("a boundary is read with and without quotes, and of no other type", () => {
  assert.equal(boundaryOf('multipart/byteranges; boundary="a b"'), "a b");
  assert.equal(boundaryOf("Multipart/ByteRanges;charset=x; Boundary=ab"), "ab");
  for (const other of [null, "", "multipart/mixed; boundary=ab", "multipart/byteranges"]) {
    assert.equal(boundaryOf(other), undefined);
  }
});

const MISSING = [FILE.subarray(10, 13), new Uint8Array(0), FILE.subarray(13, 20)];
const SYNC_RUNS: SyncRun[] = [
  { offset: 0, length: 10, from: 30 },
  { offset: 10, length: 10, from: undefined },
  { offset: 20, length: 5, from: 2 },
];

async function assembled(runs: readonly SyncRun[], basis: Uint8Array, missing: readonly Uint8Array[]) {
  return await Array.fromAsync(assemble(runs, toPatchBasis(basis), missing.values()));
}

Deno.test("a file is put together in chunks of 256 KiB with buffers of their own", async () => {
  const short = await assembled(SYNC_RUNS, FILE, MISSING);
  assert.equal(short.length, 1);
  assertBytes(short[0]!, concat([FILE.subarray(30, 40), FILE.subarray(10, 20), FILE.subarray(2, 7)]));
  const basis = randomBytes(2, 600_000);
  for (const length of [2 ** 18 - 1, 2 ** 18, 2 ** 18 + 1, 2 ** 19]) {
    const chunks = await assembled([{ offset: 0, length: 7, from: undefined }, { offset: 7, length, from: 9 }], basis, [
      FILE.subarray(0, 7),
    ]);
    assert.deepEqual(chunks.map((chunk) => chunk.length).slice(0, -1), chunks.slice(0, -1).map(() => 2 ** 18));
    assert.equal(new Set(chunks.map(({ buffer }) => buffer)).size, chunks.length);
    assertBytes(concat(chunks), concat([FILE.subarray(0, 7), basis.subarray(9, 9 + length)]));
  }
});

Deno.test("putting a file together gives way to others, and says where bytes are missing", async () => {
  const basis = new Uint8Array(2 ** 20);
  assert.ok(await givesWay(() => assembled([{ offset: 0, length: basis.length, from: 0 }], basis, [])));
  const fails = async (runs: readonly SyncRun[], missing: readonly Uint8Array[], code: string, why: string) => {
    await assert.rejects(assembled(runs, FILE, missing), (error) => {
      return error instanceof RsyncError && error.code === code && error.message === `Cannot read the file: ${why}`;
    });
  };
  await fails(SYNC_RUNS, MISSING.slice(0, 1), "truncated", "the missing bytes end before byte 13 of it");
  const past = [{ offset: 0, length: 9, from: 45 }];
  await fails(past, [], "basis-short-read", "the basis has no bytes at offset 50");
});

Deno.test("copies of an upload ascend in the local file and do not overlap", () => {
  const runs: SyncRun[] = [
    { offset: 100, length: 10, from: 5 },
    { offset: 0, length: 10, from: 0 },
    { offset: 10, length: 3, from: 7 },
    { offset: 20, length: 5, from: undefined },
    { offset: 200, length: 5, from: 10 },
    { offset: 300, length: 4, from: 15 },
  ];
  const copies = copiesOf(runs);
  assert.deepEqual(copies, [
    { from: 0, offset: 0, length: 10 },
    { from: 10, offset: 105, length: 5 },
    { from: 15, offset: 300, length: 4 },
  ]);
  assert.equal(literalLength({ length: 50, digest: new Uint8Array(32) }, copies), 31);
});

Deno.test("a local file is measured until a signal ends that, and its sum is let go of", async () => {
  const aborter = new AbortController();
  const reason = new Error("enough");
  const calls: string[] = [];
  const sum = {
    update: (bytes: Uint8Array) => void calls.push(`update ${bytes.length}`),
    digest: () => new Uint8Array(32),
    release: () => void calls.push("release"),
  };
  const source = toPatchBasis(new Uint8Array(300_000));
  const onRead = (count: number) => void calls.push(`read ${count}`);
  assert.equal((await measure(source, sum, aborter.signal, onRead)).length, 300_000);
  assert.deepEqual(calls.splice(0), ["update 262144", "read 262144", "update 37856", "read 37856", "release"]);
  const aborting = toPatchBasis({
    read(offset: number, length: number) {
      aborter.abort(reason);
      return new Uint8Array(offset < 2 ** 20 ? length : 0);
    },
  });
  await assert.rejects(measure(aborting, sum, aborter.signal, onRead), (error) => error === reason);
  assert.deepEqual(calls, ["update 262144", "read 262144", "release"]);
});

Deno.test("other tasks run while a file in memory is measured", async () => {
  let now = 0;
  const undo = replace(performance, "now", () => now += 60);
  let others = 0;
  const timer = setInterval(() => others++, 0);
  try {
    const sum = { update: () => {}, digest: () => new Uint8Array(32), release: () => {} };
    await measure(toPatchBasis(new Uint8Array(2 ** 26)), sum, undefined, () => {});
  } finally {
    undo();
    clearInterval(timer);
  }
  assert.ok(others > 0);
});

Deno.test("32 MiB of an upload are gathered, and a byte more is a stream", async () => {
  const half = new Uint8Array(2 ** 24);
  const body = (end: number, onCancel?: (reason: unknown) => void) => {
    const chunks = [half, half, new Uint8Array(end)];
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        const chunk = chunks.shift();
        if (chunk) controller.enqueue(chunk);
        else controller.close();
      },
      cancel: onCancel ?? (() => {}),
    }, { highWaterMark: 0 });
  };
  let sent = 0;
  const count = (length: number) => sent += length;
  const gathered = await uploadBody(body(0), count);
  assert.ok(gathered.body instanceof Blob);
  assert.deepEqual([gathered.length, gathered.body.size, sent], [2 ** 25, 2 ** 25, 0]);

  const streamed = await uploadBody(body(1), count);
  assert.ok(streamed.body instanceof ReadableStream);
  assert.equal(streamed.length, undefined);
  let seen = 0;
  for await (const chunk of streamed.body) {
    seen += chunk.length;
    assert.equal(sent, seen);
  }
  assert.equal(seen, 2 ** 25 + 1);

  const reason = new Error("enough");
  let why: unknown;
  const left = await uploadBody(body(1, (reason) => why = reason), count);
  await (left.body as ReadableStream).cancel(reason);
  assert.equal(why, reason);
});
