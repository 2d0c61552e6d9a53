import assert from "node:assert/strict";
import { decodeDeltaStream, type DeltaCommand, encodeDeltaStream, RsyncError } from "rsync-streams";
import { assertBytes, encode, source, toBytes } from "./_helpers.ts";
import { concat } from "./_recipes.ts";

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

/** The bytes of a luapower command that copies. */
function luapowerCopy(block: number, count: number): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.of(2, 0, 0, 0, 0, count);
  new DataView(bytes.buffer).setUint32(1, block, true);
  return bytes;
}

for (const blockLength of [1, 700, 2 ** 20]) {
  Deno.test(`decodeDeltaStream() and encodeDeltaStream() agree on the last block of ${blockLength}`, async () => {
    const options = { format: "luapower", blockLength } as const;
    const last = 2 ** 32 - 1;
    const most = Math.min(255, Math.floor(MAX / blockLength) - last);
    const delta = concat(
      [[last, 1], [last, most], [last - 1, 1], [last - 254, 255]].flatMap(([block, count]) =>
        count! > 0 ? [luapowerCopy(block!, count!)] : []
      ),
    );
    const again = source(delta).pipeThrough(decodeDeltaStream(options)).pipeThrough(encodeDeltaStream(options));
    assertBytes(await toBytes(again), delta);
  });
}

Deno.test("encodeDeltaStream() refuses a luapower copy with a command that starts at block 2^32", async () => {
  const options = { format: "luapower", blockLength: 1 } as const;
  const fits = { offset: 2 ** 32 - 256, length: 255 + 255 };
  assertBytes(
    await encode([{ copy: fits }], options),
    concat([luapowerCopy(2 ** 32 - 256, 255), luapowerCopy(2 ** 32 - 1, 255)]),
  );
  for (const copy of [{ ...fits, length: fits.length + 1 }, { offset: 2 ** 32, length: 1 }]) {
    await assert.rejects(
      encode([{ copy }], options),
      (error) => error instanceof RsyncError && error.code === "unsupported" && /2\^32/.test(error.message),
    );
  }
});

Deno.test("encodeDeltaStream() refuses 2^32 bytes of data in one luapower command", async () => {
  // Pages of zeros, none of which is touched.
  const data = new Uint8Array(2 ** 32);
  await assert.rejects(
    encode([{ data }], { format: "luapower", blockLength: 700 }),
    (error) => error instanceof RsyncError && error.code === "unsupported" && /4294967296/.test(error.message),
  );
});

Deno.test("decodeDeltaStream() refuses a luapower delta whose target is longer than 2^53 - 1", async () => {
  const options = { format: "luapower", blockLength: 2 ** 30 } as const;
  const count = Math.ceil(2 ** 53 / (255 * 2 ** 30));
  const delta = concat(Array.from({ length: count }, () => luapowerCopy(0, 255)));
  await assert.rejects(
    Array.fromAsync(source(delta).pipeThrough(decodeDeltaStream(options))),
    (error) => error instanceof RsyncError && error.code === "unsupported" && error.offset === 6 * (count - 1),
  );
});

Deno.test("decodeDeltaStream() then encodeDeltaStream() is closed at a step of -2^52: rsync-streams", async () => {
  // A copy to 2^52, one that ends at 2^53 - 1, and one that starts 2^52 bytes before that.
  const header = Uint8Array.of(...(await encode([])).subarray(0, 8));
  const varint = (value: bigint) => {
    const bytes: number[] = [];
    for (; value >= 128n; value >>= 7n) bytes.push(Number(value & 127n) | 128);
    return [...bytes, Number(value)];
  };
  const [one, most] = [3n, 2n ** 52n - 1n];
  const commands = [one, 2n * (most - 1n), one, 2n * most, one, 2n ** 53n - 1n, 0n, 3n].flatMap(varint);
  const delta = concat([header, Uint8Array.from(commands)]);
  assert.deepEqual((await Array.fromAsync(source(delta).pipeThrough(decodeDeltaStream())))[2], {
    copy: { offset: Number(2n * most + 1n - 2n ** 52n), length: 1 },
  });
  assertBytes(await toBytes(source(delta).pipeThrough(decodeDeltaStream()).pipeThrough(encodeDeltaStream())), delta);
});

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
