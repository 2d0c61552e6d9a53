import assert from "node:assert/strict";
import {
  decodeDeltaStream,
  type DeltaCommand,
  type DeltaStreamOptions,
  minStrongLength,
  patchStream,
  recommendedBlockLength,
  RsyncError,
  type RsyncErrorCode,
  type SigStreamOptions,
  type WeakSum,
} from "rsync-streams";
import { assertBytes, encode, hex, makeDelta, makeSig, makeSigs, patch, source, toBytes } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";
import { PortableKernel } from "../src/kernel/portable/kernel.ts";
import { RabinKarp } from "../src/kernel/portable/rabinkarp.ts";
import { Rollsum } from "../src/kernel/portable/rollsum.ts";

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.replaceAll(" ", "").match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

async function decode(delta: Uint8Array): Promise<DeltaCommand[]> {
  return await Array.fromAsync(source(delta).pipeThrough(decodeDeltaStream()));
}

function fails(code: RsyncErrorCode, offset?: number) {
  return (error: unknown) => {
    assert.ok(error instanceof RsyncError, String(error));
    assert.equal(error.code, code, error.message);
    if (offset !== undefined) assert.equal(error.offset, offset, error.message);
    return true;
  };
}

Deno.test("encodeDeltaStream() writes copies of librsync in their shortest form", async () => {
  const copies: [number, number, string][] = [
    [0, 1, "45 00 01"],
    [255, 255, "45 ff ff"],
    [255, 256, "46 ff 0100"],
    [0, 65_535, "46 00 ffff"],
    [0, 65_536, "47 00 00010000"],
    [7, 2 ** 32 - 1, "47 07 ffffffff"],
    [7, 2 ** 32, "48 07 0000000100000000"],
    [256, 1, "49 0100 01"],
    [65_535, 65_536, "4b ffff 00010000"],
    [65_536, 2, "4d 00010000 02"],
    [2 ** 32 - 1, 300, "4e ffffffff 012c"],
    [2 ** 32, 9, "51 0000000100000000 09"],
    [2 ** 51, 2 ** 50, "54 0008000000000000 0004000000000000"],
  ];
  for (const [offset, length, expected] of copies) {
    const delta = await encode([{ copy: { offset, length } }], { format: "librsync" });
    assert.equal(hex(delta), hex(bytesOf(`72730236 ${expected} 00`)));
    assert.deepEqual(await decode(delta), [{ copy: { offset, length } }]);
  }
});

Deno.test("encodeDeltaStream() writes literals of librsync in their shortest form", async () => {
  const heads: [number, string][] = [
    [1, "01"],
    [64, "40"],
    [65, "41 41"],
    [255, "41 ff"],
    [256, "42 0100"],
    [65_535, "42 ffff"],
    [65_536, "43 00010000"],
  ];
  for (const [length, head] of heads) {
    const data = randomBytes(length, length);
    const delta = await encode([{ data: new Uint8Array(0) }, { data }], { format: "librsync" });
    assertBytes(delta, concat([bytesOf(`72730236 ${head}`), data, bytesOf("00")]));
  }
});

Deno.test("decodeDeltaStream() refuses integers of librsync above 2^53 - 1, and takes those below", async () => {
  const most = "001fffffffffffff";
  const more = "0020000000000000";
  const refused: [string, RsyncErrorCode][] = [
    [`44 ${more}`, "unsupported"],
    [`48 00 ${more}`, "unsupported"],
    [`51 ${more} 01`, "unsupported"],
    [`54 7fffffffffffffff 7fffffffffffffff`, "unsupported"],
    [`51 ${most} 01`, "copy-out-of-range"],
    [`51 ffffffffffffffff 01`, "copy-out-of-range"],
    [`48 00 ffffffffffffffff`, "unknown-command"],
    [`44 8000000000000000`, "unknown-command"],
    // Together they make a target longer than that.
    [`48 00 ${most} 45 00 01`, "unsupported"],
  ];
  for (const [commands, code] of refused) {
    const offset = commands.includes(" 45 00") ? 14 : 4;
    await assert.rejects(decode(bytesOf(`72730236 ${commands} 00`)), fails(code, offset), commands);
  }
  const [{ copy } = {}] = await decode(bytesOf(`72730236 54 001ffffffffffffe 0000000000000001 00`));
  assert.deepEqual(copy, { offset: 2 ** 53 - 2, length: 1 });
});

Deno.test("decodeDeltaStream() refuses each command that librsync reserves", async () => {
  for (let opcode = 0x55; opcode <= 0xff; opcode++) {
    const delta = concat([bytesOf("72730236 0141"), Uint8Array.of(opcode), new Uint8Array(20)]);
    await assert.rejects(decode(delta), fails("unknown-command", 6));
  }
});

Deno.test("a librsync delta cut anywhere is refused", async () => {
  const delta = bytesOf("72730236 03616263 4101 78 460a0100 54 0000000000000001 0000000000000002 00");
  for (let length = 0; length < delta.length; length++) {
    await assert.rejects(patch(new Uint8Array(1000), delta.slice(0, length)), fails("truncated"), `${length} bytes`);
  }
  assert.equal((await patch(new Uint8Array(1000), delta)).length, 3 + 1 + 256 + 2);
});

Deno.test("patchStream() reads what follows the end of a librsync delta, and ignores it", async () => {
  const delta = bytesOf("72730236 03616263 00");
  const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
  const writer = writable.getWriter();
  const patched = toBytes(readable.pipeThrough(patchStream(new Uint8Array(0))));
  await writer.write(delta);
  for (let i = 0; i < 50; i++) await writer.write(randomBytes(i + 1, 10_000));
  await writer.close();
  assert.equal(hex(await patched), "616263");
});

const basis = randomBytes(1, 20_480 + 300);
const target = concat([basis.slice(5000, 11_000), randomBytes(2, 100), basis.slice(0, 4096), basis.slice(15_000)]);

const SIGS: SigStreamOptions[] = [
  { format: "librsync" },
  { format: "librsync", weakSum: "rollsum", strongSum: "md4", strongLength: 8 },
  { format: "rsync-streams" },
  { format: "rsync-streams", weakSum: "rollsum", strongSum: "blake2b" },
  { format: "luapower" },
];

for (const sig of SIGS) {
  for (const format of ["librsync", "rsync-streams", "luapower"] as const) {
    Deno.test(`a ${format} delta is made with a signature ${JSON.stringify(sig)}`, async () => {
      const sigs = await makeSigs(basis, { ...sig, blockLength: 512 });
      const delta = await makeDelta(target, sigs, { format });
      const told = format === "luapower" ? { format, blockLength: 512 } : {};
      assertBytes(await patch(basis, delta.bytes, told), target, "patched bytes");
      // Whole blocks, and the short last one where neither format is without.
      const hasShort = format !== "luapower" && sig.format !== "luapower";
      assert.equal(delta.stats.copiedBytes, 5632 + 4096 + 5120 + (hasShort ? 300 : 0));
    });
  }
}

Deno.test("deltaStream() writes SHA-256 as digest whatever the sums of the signature", async () => {
  const sigs = await makeSigs(basis, { format: "librsync", strongSum: "md4", blockLength: 512 });
  const { bytes } = await makeDelta(target, sigs, { format: "rsync-streams" });
  const commands = await decode(bytes);
  assert.equal(commands[0]!.data && commands[0]!.digest?.algorithm, "sha-256");
  assertBytes(await patch(basis, bytes), target);
  const wrong = basis.slice();
  wrong.fill(0, 6000, 7000);
  await assert.rejects(patch(wrong, bytes), fails("digest-mismatch"));
});

Deno.test("encodeDeltaStream() writes no digest but SHA-256", async () => {
  const digest = { algorithm: "md4" as "sha-256" };
  const commands: DeltaCommand[] = [
    { data: new Uint8Array(0), digest },
    { data: new Uint8Array(0), digest: { ...digest, sum: new Uint8Array(16) } },
  ];
  await assert.rejects(encode(commands), /by md4 was given/);
  assert.equal(hex(await encode(commands, { format: "librsync" })), "7273023600");
});

Deno.test("sigStream() checks the options of librsync's format", async () => {
  const refused: [SigStreamOptions, ErrorConstructor][] = [
    [{ strongSum: "md4", strongLength: 17 }, RangeError],
    [{ strongLength: 33 }, RangeError],
    [{ strongLength: 0 }, RangeError],
    [{ blockLength: 0 }, RangeError],
    [{ blockLength: 2 ** 30 + 1 }, RangeError],
    [{ weakSum: "adler32" as WeakSum }, TypeError],
    [{ strongSum: "blake2sp" }, TypeError],
    [{ digest: true }, TypeError],
  ];
  for (const [options, kind] of refused) {
    await assert.rejects(makeSig(basis, { format: "librsync", ...options }), kind, JSON.stringify(options));
  }
  await assert.rejects(makeSig(basis, { strongSum: "md4" }), TypeError, "md4 in the rsync-streams format");
  const { bytes } = await makeSig(basis, { format: "librsync", blockLength: 1, strongLength: 1 });
  assert.equal(bytes.length, 12 + 5 * basis.length);
});

Deno.test("deltaStream() takes rdiffExact for librsync's format alone", async () => {
  const sigs = await makeSigs(new Uint8Array(10_240), { format: "librsync" });
  for (const options of [{ format: "rsync-streams", rdiffExact: true }, { rdiffExact: 1 }]) {
    await assert.rejects(makeDelta(basis, sigs, options as DeltaStreamOptions), TypeError);
  }
  const zeros = new Uint8Array(10_240);
  assert.equal((await decode((await makeDelta(zeros, sigs)).bytes)).length, 1);
  assert.equal((await decode((await makeDelta(zeros, sigs, { rdiffExact: true })).bytes)).length, 10);
  const none = await makeSigs(new Uint8Array(0), { format: "librsync", blockLength: 100 });
  assert.equal((await decode((await makeDelta(zeros, none)).bytes)).length, 1);
  assert.equal((await decode((await makeDelta(zeros, none, { rdiffExact: true })).bytes)).length, 103);
});

Deno.test("recommendedBlockLength() and minStrongLength() are right next to squares and powers of two", () => {
  const root = 94_906_240;
  assert.equal(root % 128, 0);
  assert.equal(recommendedBlockLength(root * root), root);
  assert.equal(recommendedBlockLength(root * root - 1), root - 128);
  // 2 + floor((49 + 22 + 7) / 8), and one bit less with one byte less.
  const length = 2 ** 49 - 2 ** 24;
  assert.equal(minStrongLength(length, 2 ** 27), 2 + Math.floor((49 + 21 + 7) / 8));
  assert.equal(minStrongLength(2 ** 50 - 2 ** 24 - 1, 2 ** 27), 2 + Math.floor((49 + 22 + 7) / 8));
  for (const value of [-1, 0.5, 2 ** 63, NaN]) assert.throws(() => recommendedBlockLength(value), RangeError);
  assert.throws(() => minStrongLength(100, 0), RangeError);
  assert.throws(() => recommendedBlockLength("1" as unknown as number), TypeError);
});

const ROLLING = { rollsum: () => new Rollsum(), rabinkarp: () => new RabinKarp() };

for (const [weakSum, create] of Object.entries(ROLLING) as [WeakSum, () => Rollsum | RabinKarp][]) {
  Deno.test(`${weakSum} shrinks to the sum of each suffix, also after it was rotated`, () => {
    const bytes = randomBytes(9, 300);
    const sum = create();
    sum.update(bytes, 200);
    for (let i = 0; i < 100; i++) sum.rotate(bytes[i]!, bytes[200 + i]!);
    for (let start = 100; start <= bytes.length; start++) {
      const fresh = create();
      fresh.update(bytes.subarray(start), bytes.length - start);
      assert.equal(sum.digest(), fresh.digest(), `suffix from ${start} on`);
      if (start < bytes.length) sum.shrink(bytes[start]!);
    }
  });

  Deno.test(`deltaStream() finds a short last block of 3 MiB at the end, by ${weakSum}`, async () => {
    const length = 3 * 2 ** 20;
    const old = randomBytes(4, length);
    const sigs = await makeSigs(old, { format: "librsync", weakSum, strongSum: "md4", blockLength: 2 ** 22 });
    const fresh = concat([randomBytes(5, 500_000), old]);
    const { bytes, stats } = await makeDelta(fresh, sigs);
    assert.equal(stats.copiedBytes, length);
    assertBytes(await patch(old, bytes), fresh);
    // Nothing to be found: each of the suffixes is looked up. Summed anew each, they would be 2^43 bytes.
    assert.equal((await makeDelta(randomBytes(6, 2 ** 22 - 1), sigs)).stats.copiedBytes, 0);
  });
}

Deno.test("a weak sum that cannot shrink finds short blocks too, and is not quadratic", () => {
  const weak = () => {
    const sum = new RabinKarp();
    return {
      reset: () => sum.reset(),
      update: (bytes: Uint8Array, length: number) => sum.update(bytes, length),
      rotate: (out: number, into: number) => sum.rotate(out, into),
      digest: () => sum.digest(),
    };
  };
  const kernel = new PortableKernel({ weak });
  for (const [blockLength, isFound] of [[1500, true], [2 ** 21, false]] as const) {
    const params = { weakSum: "rabinkarp", strongSum: "md4", strongLength: 16, blockLength } as const;
    const block = randomBytes(7, 1000);
    const summer = kernel.summer(params);
    assert.equal(summer.sum(block).count, 0);
    const builder = kernel.index(params, "first");
    builder.add(summer.finish(true));
    const searcher = builder.finish(undefined)!.searcher({ tail: "any", preferNext: true });
    const target = randomBytes(8, blockLength - 1);
    target.set(block, target.length - 1000);
    let count = searcher.search([target], true);
    while (searcher.isCutShort) count += searcher.search([target], true);
    assert.equal(count, isFound ? 1 : 0);
    assert.equal(searcher.settled, target.length);
  }
});
