import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type BasisSource,
  decodeDeltaStream,
  type DeltaCommand,
  type DeltaFormatOptions,
  deltaStream,
  loadSigs,
  patchStream,
  RsyncError,
} from "rsync-streams";
import { assertBytes, type Chunking, encode, makeSig, patch, source } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const GIB = 2 ** 30;
/** Copies end here at most. */
const MOST_END = Number.MAX_SAFE_INTEGER;
/** Bytes of a copy at most, and from the end of a copy to the next: twice as many and one still fit a varint. */
const MOST = 2 ** 52 - 1;

/** A byte that tells an offset from the one 2^32, and 2^31, before it. */
function byteAt(offset: number): number {
  return (offset % 251 + 3 * (Math.floor(offset / 2 ** 31) % 83)) % 256;
}

function bytesAt(offset: number, length: number): Bytes {
  return Uint8Array.from({ length }, (_, i) => byteAt(offset + i));
}

/** A basis of 6 GiB, or of any size, that answers from a formula; it keeps what it was asked for. */
class SparseBasis implements BasisSource {
  readonly reads: [offset: number, length: number][] = [];
  readonly size: number | undefined;

  constructor(size?: number) {
    this.size = size;
  }

  read(offset: number, length: number): Bytes {
    this.reads.push([offset, length]);
    return bytesAt(offset, length);
  }
}

async function decode(delta: Bytes, options?: DeltaFormatOptions, chunking?: Chunking): Promise<DeltaCommand[]> {
  return await Array.fromAsync(source(delta, chunking).pipeThrough(decodeDeltaStream(options)));
}

function targetOf(commands: DeltaCommand[]): Bytes {
  return concat(commands.map(({ copy, data }) => copy ? bytesAt(copy.offset, copy.length) : data));
}

Deno.test("patchStream() copies from beyond 4 GiB, forwards and backwards", async () => {
  const commands: DeltaCommand[] = [
    { copy: { offset: 5 * GIB + 123, length: 300_000 } },
    { data: Uint8Array.of(1, 2, 3) },
    { copy: { offset: 4 * GIB - 1000, length: 2000 } },
    { copy: { offset: 0, length: 10 } },
    { copy: { offset: 6 * GIB - 5, length: 5 } },
    { copy: { offset: 2 * GIB - 3, length: 6 } },
    { copy: { offset: 5 * GIB + 123, length: 7 } },
  ];
  const delta = await encode(commands);
  const basis = new SparseBasis(6 * GIB);
  for (const chunking of ["whole", 1] as Chunking[]) {
    assertBytes(await patch(basis, delta, {}, chunking), targetOf(commands), "target bytes");
    assert.deepEqual(await decode(delta, {}, chunking), commands);
  }
  const beyond = await encode([{ copy: { offset: 6 * GIB - 5, length: 6 } }]);
  await assert.rejects(
    patch(basis, beyond),
    (error) => error instanceof RsyncError && error.code === "copy-out-of-range",
  );
});

Deno.test("patchStream() reads each offset of a copy across 4 GiB once, in order", async () => {
  const basis = new SparseBasis(6 * GIB);
  await patch(basis, await encode([{ copy: { offset: 4 * GIB - MIB, length: 2 * MIB } }]));
  let offset = 4 * GIB - MIB;
  for (const [at, length] of basis.reads) {
    assert.equal(at, offset);
    offset += length;
  }
  assert.equal(offset, 4 * GIB + MIB);
});

Deno.test("patchStream() and decodeDeltaStream() take luapower block numbers above 2^22", async () => {
  const cases: [blockLength: number, block: number, count: number][] = [
    [1024, 2 ** 22 + 1, 3],
    [1024, 5 * MIB, 255],
    [64 * KIB, 2 ** 31 + 5, 2],
    [700, 2 ** 32 - 1, 1],
    [MIB, 2 ** 32 - 1, 1],
  ];
  for (const [blockLength, block, count] of cases) {
    const options = { format: "luapower", blockLength } as const;
    const commands = [
      { copy: { offset: block * blockLength, length: count * blockLength } },
      { data: Uint8Array.of(9) },
      { copy: { offset: 0, length: blockLength } },
    ];
    const delta = await encode(commands, options);
    assert.equal(new DataView(delta.buffer).getUint32(1, true), block);
    assert.deepEqual(await decode(delta, options, 1), commands);
    if (blockLength <= 64 * KIB) {
      assertBytes(await patch(new SparseBasis(), delta, options), targetOf(commands), "target bytes");
    }
  }
});

Deno.test("encodeDeltaStream() splits long copies into as many luapower copies as it takes", async () => {
  const options = { format: "luapower", blockLength: MIB } as const;
  const length = 600 * MIB;
  const commands = await decode(await encode([{ copy: { offset: 5 * GIB, length } }], options), options);
  assert.deepEqual(commands, [
    { copy: { offset: 5 * GIB, length: 255 * MIB } },
    { copy: { offset: 5 * GIB + 255 * MIB, length: 255 * MIB } },
    { copy: { offset: 5 * GIB + 510 * MIB, length: 90 * MIB } },
  ]);
});

Deno.test("encodeDeltaStream() refuses a luapower block number of 2^32 and more", async () => {
  const commands = [{ copy: { offset: 2 ** 32 * KIB, length: KIB } }];
  const encoded = encode(commands, { format: "luapower", blockLength: KIB });
  await assert.rejects(encoded, (error) => error instanceof RsyncError && error.code === "unsupported");
});

Deno.test("encodeDeltaStream() and decodeDeltaStream() take copies up to 2^53 - 1, in steps under 2^52", async () => {
  const commands: DeltaCommand[] = [
    { copy: { offset: MOST, length: 1 } },
    { copy: { offset: MOST_END - 1, length: 1 } },
    { copy: { offset: MOST_END - MOST, length: 5 } },
    { copy: { offset: MOST_END - MOST + 5 - MOST, length: MOST } },
    { copy: { offset: 7, length: 1 } },
    { copy: { offset: 0, length: 8 } },
    { copy: { offset: MOST + 8, length: 3 } },
  ];
  const delta = await encode(commands);
  for (const chunking of ["whole", 1] as Chunking[]) assert.deepEqual(await decode(delta, {}, chunking), commands);
  const short = commands.filter(({ copy }) => copy!.length < 100);
  assertBytes(await patch(new SparseBasis(), await encode(short)), targetOf(short), "target bytes");
});

Deno.test("encodeDeltaStream() writes copies of any length to 2^53 - 1 in the librsync format", async () => {
  const options = { format: "librsync" } as const;
  for (const copy of [{ offset: 0, length: MOST_END }, { offset: MOST_END - 1, length: 1 }]) {
    assert.deepEqual(await decode(await encode([{ copy }], options), options, 1), [{ copy }]);
  }
});

/** Commands whose copies are so near each other, and so short, that the rsync-streams format can write them. */
function inReach(commands: DeltaCommand[]): DeltaCommand[] {
  let expected = 0;
  return commands.map((command) => {
    if (!command.copy) return command;
    const { offset, length } = command.copy;
    const at = Math.max(expected - MOST, Math.min(offset, expected + MOST, MOST_END - 1));
    const copy = { offset: at, length: Math.min(length, MOST, MOST_END - at) };
    expected = copy.offset + copy.length;
    return { copy };
  });
}

Deno.test("decodeDeltaStream() gives back what encodeDeltaStream() was given, at any offsets and lengths", async () => {
  const big = fc.oneof(
    fc.nat(300),
    fc.integer({ min: 2 ** 31 - 9, max: 2 ** 33 }),
    fc.maxSafeNat().map((n) => Math.floor(n / 2)),
    fc.maxSafeNat(),
  );
  const copy = fc.tuple(big, big).map(([offset, length]) => ({ copy: { offset, length: Math.max(1, length) } }));
  const data = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((data) => ({ data }));
  const commands = fc.array<DeltaCommand>(fc.oneof(copy, data), { maxLength: 12 }).map(inReach).filter((all) =>
    all.reduce((sum, { copy, data }) => sum + (copy?.length ?? data!.length), 0) <= Number.MAX_SAFE_INTEGER
  );
  await fc.assert(fc.asyncProperty(commands, fc.integer({ min: 1, max: 20 }), async (commands, chunking) => {
    const given = await decode(await encode(commands), {}, chunking);
    assert.deepEqual(given.map(({ copy, data }) => copy ? { copy } : { data: [...data] }), [
      ...commands.map(({ copy, data }) => copy ? { copy } : { data: [...data] }),
    ]);
  }));
});

Deno.test("encodeDeltaStream() refuses copies that end beyond 2^53 - 1, or have no bytes", async () => {
  const wrong = [
    { offset: 0, length: 2 ** 53 },
    { offset: 1, length: MOST_END },
    { offset: MOST_END, length: 1 },
    { offset: 2 ** 53, length: 1 },
    { offset: 1, length: Infinity },
    { offset: NaN, length: 1 },
    { offset: 0.5, length: 1 },
    { offset: -1, length: 1 },
    { offset: 0, length: 0 },
  ];
  for (const format of ["rsync-streams", "librsync"] as const) {
    for (const copy of wrong) await assert.rejects(encode([{ copy }], { format }), RangeError, JSON.stringify(copy));
  }
});

Deno.test("encodeDeltaStream() refuses lengths and distances past 2^52 in the rsync-streams format", async () => {
  const far = [
    [{ offset: 0, length: 2 ** 52 }],
    [{ offset: 1, length: 2 ** 52 }],
    [{ offset: 0, length: MOST_END }],
    [{ offset: 2 ** 52, length: 1 }],
    [{ offset: MOST_END - 1, length: 1 }],
    [{ offset: MOST, length: 2 }, { offset: 0, length: 1 }],
    [{ offset: MOST, length: 3 }, { offset: 1, length: 1 }],
  ];
  for (const copies of far) {
    await assert.rejects(
      encode(copies.map((copy) => ({ copy }))),
      (error) => error instanceof RsyncError && error.code === "unsupported",
      JSON.stringify(copies),
    );
  }
});

Deno.test("encodeDeltaStream() takes each distance that decodeDeltaStream() does: 2^52 backwards too", async () => {
  const copies = [{ copy: { offset: MOST, length: 1 } }, { copy: { offset: 0, length: 1 } }];
  assert.deepEqual(await decode(await encode(copies)), copies);
});

Deno.test("encodeDeltaStream() refuses a target longer than 2^53 - 1", async () => {
  const whole = { copy: { offset: 0, length: MOST } };
  const rest = { copy: { offset: 0, length: 1 } };
  // Twice 2^52 - 1 and one are 2^53 - 1.
  assert.deepEqual(await decode(await encode([whole, whole, rest])), [whole, whole, rest]);
  await assert.rejects(encode([whole, whole, rest, rest]), RangeError);
  await assert.rejects(encode([whole, whole, rest, { data: Uint8Array.of(1) }]), RangeError);
});

/** A signature of a basis of more than 4 GiB: blocks of noise, save for one that is real. */
async function farSig(block: Bytes, number: number, last: Bytes): Promise<Bytes> {
  const blockLength = block.length;
  const options = { blockLength, strongSum: "blake3", strongLength: 16 } as const;
  const RECORD = 4 + 16;
  const recordOf = async (bytes: Bytes) => (await makeSig(bytes, options)).bytes.slice(36, 36 + RECORD);
  const header = (await makeSig(new Uint8Array(), options)).bytes.slice(0, 32);
  const records = randomBytes(5, (number + 1) * RECORD);
  records.set(await recordOf(block), number * RECORD);
  const count = Uint32Array.of(number + 2);
  const fileLength = BigUint64Array.of(BigInt((number + 1) * blockLength + last.length));
  const end = [new Uint8Array(4), new Uint8Array(fileLength.buffer)];
  return concat([header, new Uint8Array(count.buffer), records, await recordOf(last), ...end]);
}

Deno.test("deltaStream() copies from beyond 4 GiB", async () => {
  const block = randomBytes(6, MIB);
  const last = randomBytes(7, 1000);
  const number = 5 * KIB + 7;
  const sigs = await loadSigs(await farSig(block, number, last));
  assert.equal(sigs.sigCount, number + 2);
  assert.equal(sigs.fileLength, (number + 1) * MIB + 1000);

  const target = concat([randomBytes(8, 333), block, last, randomBytes(9, 44), last]);
  const delta = source(target, 50_000).pipeThrough(deltaStream(sigs));
  const commands = await Array.fromAsync(delta.pipeThrough(decodeDeltaStream()));
  assert.deepEqual(commands.flatMap(({ copy }) => copy ? [copy] : []), [
    { offset: number * MIB, length: MIB },
    { offset: (number + 1) * MIB, length: 1000 },
  ]);
});

Deno.test({
  name: "patchStream() gives a target of more than 4 GiB (SKIPPED unless RSYNC_STREAMS_SLOW=1)",
  ignore: Deno.env.get("RSYNC_STREAMS_SLOW") !== "1",
  fn: async () => {
    const length = 4 * GIB + MIB;
    const zeros = new Uint8Array(256 * KIB);
    const basis = { read: (_: number, wanted: number) => zeros.subarray(0, wanted) };
    const pair = patchStream(basis);
    let received = 0;
    for await (const chunk of source(await encode([{ copy: { offset: 0, length } }])).pipeThrough(pair)) {
      received += chunk.length;
    }
    assert.equal(received, length);
    assert.equal(pair.stats.bytesOut, length);
    assert.equal(pair.stats.copiedBytes, length);
  },
});
