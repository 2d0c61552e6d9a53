/** How what is written comes out: in chunks worth their while, and up to a limit. */
import assert from "node:assert/strict";
import { deltaStream, encodeDeltaStream, loadSigs } from "rsync-streams";
import { DONE } from "../src/engine/stage.ts";
import { deltaEncodings } from "../src/formats/mod.ts";
import { createEncodeStage } from "../src/stages/transcoder.ts";
import { hex, makeSig, source } from "./_helpers.ts";
import { randomBytes } from "./_recipes.ts";

/** A stage that writes commands, one for one. */
function encoding(maxOutputLength = Infinity) {
  return createEncodeStage(deltaEncodings["rsync-streams"], true, {}, maxOutputLength);
}

const COPY = { copy: { offset: 3, length: 4 } };

Deno.test("what is written comes out part by part, before more input is needed, and is counted", () => {
  const stage = encoding();
  assert.equal(stage.next(), undefined);
  const chunks: string[] = [];
  const takeAll = () => {
    let chunk = stage.next();
    for (; chunk instanceof Uint8Array; chunk = stage.next()) chunks.push(hex(chunk));
    return chunk;
  };
  for (const command of [COPY, { data: new Uint8Array(0) }, COPY]) {
    stage.write(command);
    assert.equal(takeAll(), undefined);
  }
  stage.end();
  assert.equal(takeAll(), DONE);
  assert.deepEqual(chunks, ["9252534401000000", "0906", "0907", "0008"]);
  assert.deepEqual([stage.next(), stage.next()], [DONE, DONE]);
  assert.equal(stage.stats.bytesOut, 14);
});

Deno.test("what is written may be as long as its limit, and fails before a byte more comes out", () => {
  for (const [limit, count] of [[7, 0], [8, 1], [9, 1], [10, 2], [11, 2], [12, 3]] as const) {
    const stage = encoding(limit);
    stage.write(COPY);
    stage.end();
    for (let i = 0; i < count; i++) assert.ok(stage.next() instanceof Uint8Array);
    const message = new RegExp(`maxOutputLength, which is ${limit} bytes`);
    if (limit === 12) assert.equal(stage.next(), DONE);
    else assert.throws(() => stage.next(), { code: "limit", message });
  }
});

Deno.test("encodeDeltaStream() writes as many bytes as maxOutputLength says", async () => {
  const encode = (maxOutputLength: number) => {
    return Array.fromAsync(
      ReadableStream.from([{ data: randomBytes(1, 100) }]).pipeThrough(encodeDeltaStream({ maxOutputLength })),
    );
  };
  const length = 8 + 2 + 100 + 1 + 1;
  assert.equal((await encode(length)).reduce((sum, chunk) => sum + chunk.length, 0), length);
  await assert.rejects(encode(length - 1), { code: "limit" });
});

Deno.test("encodeDeltaStream() writes 4096 commands at a time of a luapower copy that becomes many", async () => {
  const { readable, writable } = encodeDeltaStream({ format: "luapower", blockLength: 2 });
  const copy = { offset: 0, length: 2 * 255 * 10_000 };
  const lengths: number[] = [];
  for await (const { length } of ReadableStream.from([{ copy }]).pipeThrough({ readable, writable })) {
    lengths.push(length);
  }
  assert.deepEqual(lengths, [6 * 4096, 6 * 4096, 6 * (10_000 - 2 * 4096)]);
});

Deno.test("deltaStream() yields chunks of 256 KiB, full with the first command past it", async () => {
  const sigs = await loadSigs((await makeSig(randomBytes(1, 100))).bytes);
  const lengths: number[] = [];
  const target = randomBytes(2, 1_100_000);
  for await (const { length } of source(target).pipeThrough(deltaStream(sigs, { digest: false }))) lengths.push(length);
  // Data of 64 KiB, each with a head of three bytes.
  const full = 4 * (65_536 + 3);
  assert.ok(lengths[0]! >= full);
  assert.deepEqual(lengths.slice(1, 3), [full, full]);
});

Deno.test("sigStream() writes a frame for each MiB of the basis, and records come as they are made", async () => {
  const { bytes } = await makeSig(new Uint8Array(2 ** 21 + 1), { blockLength: 1024, strongLength: 2 });
  const counts: number[] = [];
  const fields = new DataView(bytes.buffer);
  for (let at = 32; at < bytes.length - 12; at += 4 + 6 * counts.at(-1)!) counts.push(fields.getUint32(at, true));
  assert.deepEqual(counts, [1024, 1024, 1]);
  for (const blockLength of [2 ** 20 + 1, 2 ** 21]) {
    const { bytes } = await makeSig(new Uint8Array(2 ** 21 + 2), { blockLength, strongLength: 2 });
    assert.equal(new DataView(bytes.buffer).getUint32(32, true), 1, "a frame has a block at least");
  }
});
