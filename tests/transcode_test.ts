import assert from "node:assert/strict";
import { decodeDeltaStream, type DeltaCommand, encodeDeltaStream, RsyncError } from "rsync-streams";
import { assertBytes, source, toBytes } from "./_helpers.ts";

async function encode(commands: DeltaCommand[], options?: Parameters<typeof encodeDeltaStream>[0]) {
  return await toBytes(ReadableStream.from(commands).pipeThrough(encodeDeltaStream(options)));
}

const MAX = Number.MAX_SAFE_INTEGER;

for (const format of ["rsync-streams", "librsync"] as const) {
  Deno.test(`decodeDeltaStream() then encodeDeltaStream() is closed up to 2^53 - 1: ${format}`, async () => {
    const half = 2 ** 52 - 1;
    const commands: DeltaCommand[] = [
      { copy: { offset: half, length: 1 } },
      { copy: { offset: MAX - 10, length: 10 } },
      { copy: { offset: half + 7, length: 3 } },
    ];
    const delta = await encode(commands, { format });
    const again = source(delta).pipeThrough(decodeDeltaStream()).pipeThrough(encodeDeltaStream({ format }));
    assertBytes(await toBytes(again), delta);
    assert.deepEqual(await Array.fromAsync(source(delta).pipeThrough(decodeDeltaStream())), commands);
  });
}

Deno.test("encodeDeltaStream() refuses with a typed error what a format cannot write, and another can", async () => {
  const commands: DeltaCommand[] = [{ copy: { offset: MAX - 10, length: 10 } }];
  assert.ok((await encode(commands, { format: "librsync" })).length > 0);
  await assert.rejects(
    encode(commands),
    (error) => error instanceof RsyncError && error.code === "unsupported" && /under 2\^52/.test(error.message),
  );
});

Deno.test("encodeDeltaStream() rejects a copy past 2^53 - 1", async () => {
  await assert.rejects(encode([{ copy: { offset: MAX, length: 1 } }]), RangeError);
});

for (const length of [0, 16, 31, 33]) {
  Deno.test(`encodeDeltaStream() rejects a digest of ${length} bytes`, async () => {
    const algorithm = "sha-256";
    const commands: DeltaCommand[] = [
      { data: new Uint8Array(0), digest: { algorithm } },
      { data: Uint8Array.of(1) },
      { data: new Uint8Array(0), digest: { algorithm, sum: new Uint8Array(length) } },
    ];
    await assert.rejects(encode(commands), { name: "TypeError", message: new RegExp(`digest of ${length} bytes`) });
  });
}

Deno.test("encodeDeltaStream() writes a copy that becomes many commands in pieces", async () => {
  const length = 255 * 200_000 + 7;
  const stream = encodeDeltaStream({ format: "luapower", blockLength: 1 });
  let total = 0, longest = 0;
  for await (const chunk of ReadableStream.from([{ copy: { offset: 3, length } }]).pipeThrough(stream)) {
    total += chunk.length;
    longest = Math.max(longest, chunk.length);
  }
  assert.equal(total, 6 * 200_001);
  assert.ok(longest <= 2 ** 16, `a chunk of ${longest} bytes`);
});

Deno.test("encodeDeltaStream() stops at maxOutputLength", async () => {
  const commands: DeltaCommand[] = [{ copy: { offset: 0, length: 2 ** 40 } }];
  const options = { format: "luapower", blockLength: 256, maxOutputLength: 100_000 } as const;
  await assert.rejects(encode(commands, options), (error) => error instanceof RsyncError && error.code === "limit");
});
