import assert from "node:assert/strict";
import {
  decodeDeltaStream,
  type DeltaCommand,
  encodeDeltaStream,
  loadSigs,
  minStrongLength,
  recommendedBlockLength,
  RsyncError,
  type SigStreamOptions,
  type StrongSum,
  type WeakSum,
} from "rsync-streams";
import {
  assertBytes,
  type Chunking,
  fromBase64,
  hex,
  makeDelta,
  makeSig,
  patch,
  sha256,
  source,
  toBytes,
} from "./_helpers.ts";
import { basisOf, type Edit, edited, type Gen, generate } from "./_librsync_recipes.ts";
import vectors from "./vectors/librsync.json" with { type: "json" };
import { Blake2b } from "../src/kernel/portable/blake2b.ts";
import { Md4 } from "../src/kernel/portable/md4.ts";
import { RabinKarp } from "../src/kernel/portable/rabinkarp.ts";
import { Rollsum } from "../src/kernel/portable/rollsum.ts";

type SumNames = { weakSum: WeakSum; strongSum: StrongSum };

/** The sums that a magic names. */
const KINDS: Record<string, SumNames> = {
  "0x72730136": { weakSum: "rollsum", strongSum: "md4" },
  "0x72730137": { weakSum: "rollsum", strongSum: "blake2b" },
  "0x72730146": { weakSum: "rabinkarp", strongSum: "md4" },
  "0x72730147": { weakSum: "rabinkarp", strongSum: "blake2b" },
};

/** A chunk costs some 20 µs and a byte of BLAKE2b some 60 ns: longer files are cut less. */
function chunkings(length: number): Chunking[] {
  if (length <= 5000) return ["whole", 1, { seed: 3, most: 700 }];
  return length <= 250_000 ? ["whole", 1009, { seed: 7, most: 9000 }] : ["whole"];
}

async function decode(delta: Uint8Array): Promise<DeltaCommand[]> {
  return await Array.fromAsync(source(delta).pipeThrough(decodeDeltaStream()));
}

/** A command as the golden file writes it. */
function name({ copy, data }: DeltaCommand): string {
  return copy ? `C${copy.offset}+${copy.length}` : `L${data.length}`;
}

/** "C0+2000*2" is the same command twice. */
function repeated(op: string): string[] {
  const [command, times = "1"] = op.split("*");
  return new Array(Number(times)).fill(command);
}

const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);

/** What commands amount to, as the golden files tell it. */
function count(commands: DeltaCommand[]) {
  const copies = commands.flatMap(({ copy }) => copy ? [copy.length] : []);
  const literals = commands.flatMap(({ data }) => data ? [data.length] : []);
  return {
    literals: literals.length,
    literalBytes: sum(literals),
    copies: copies.length,
    copyBytes: sum(copies),
  };
}

Deno.test("the librsync golden file has all its rows", () => {
  assert.equal(vectors.cases.length, 59);
  assert.equal(vectors.handmade.length, 37);
  assert.equal(vectors.checksums.length, 32);
  assert.equal(vectors.sigArgs.length, 75);
});

for (const golden of vectors.cases) {
  const { weakSum, strongSum } = KINDS[golden.header.magic]!;
  const { blockLen: blockLength, strongLen: strongLength, blocks } = golden.header;
  const basis = () => generate(golden.old as Gen);
  const target = () => edited(basis(), golden.edits as Edit[]);
  /** In two cases rdiff takes a wrong block for the right one, and so do we. */
  const patchedSha256 = golden.patch.equalsNew ? golden.newSha256 : (golden.patch as { outSha256: string }).outSha256;

  Deno.test(`streams give rdiff's files: ${golden.id}`, async () => {
    const old = basis();
    const fresh = target();
    assert.equal(await sha256(old), golden.oldSha256);
    assert.equal(await sha256(fresh), golden.newSha256);
    for (const chunking of chunkings(Math.max(old.length, fresh.length))) {
      const what = `chunks ${JSON.stringify(chunking)}`;
      const options: SigStreamOptions = { format: "librsync", weakSum, strongSum, blockLength, strongLength };
      const sig = await makeSig(old, options, chunking);
      if (golden.sig.base64) assertBytes(sig.bytes, fromBase64(golden.sig.base64), `signature bytes, ${what}`);
      assert.equal(await sha256(sig.bytes), golden.sig.sha256, `signature, ${what}`);
      assert.equal(sig.stats.sigCount, blocks);

      const sigs = await loadSigs(source(sig.bytes, chunking));
      assert.equal(sigs.format, "librsync");
      assert.equal(sigs.sigCount, blocks);
      const delta = await makeDelta(fresh, sigs, { rdiffExact: true }, chunking);
      if (golden.delta.base64) assertBytes(delta.bytes, fromBase64(golden.delta.base64), `delta bytes, ${what}`);
      assert.equal(await sha256(delta.bytes), golden.delta.sha256, `delta, ${what}`);
      const patched = await patch(old, delta.bytes, {}, chunking);
      assert.equal(await sha256(Uint8Array.from(patched)), patchedSha256, `patched, ${what}`);
    }
  });

  Deno.test(`a delta that need not be rdiff's own is as good: ${golden.id}`, async () => {
    const old = basis();
    const fresh = target();
    const options: SigStreamOptions = { format: "librsync", weakSum, strongSum, blockLength, strongLength };
    const sigs = await loadSigs((await makeSig(old, options)).bytes);
    const delta = await makeDelta(fresh, sigs, {});
    const { list: _, ...rdiffs } = golden.ops as typeof golden.ops & { list?: string[] };
    const ours = count(await decode(delta.bytes));
    assert.equal(ours.copyBytes, rdiffs.copyBytes);
    assert.equal(ours.literalBytes, rdiffs.literalBytes);
    assert.ok(ours.copies <= rdiffs.copies, `${ours.copies} copies, rdiff has ${rdiffs.copies}`);
    assert.ok(ours.literals <= rdiffs.literals, `${ours.literals} literals, rdiff has ${rdiffs.literals}`);
    assert.equal(await sha256(Uint8Array.from(await patch(old, delta.bytes))), patchedSha256);

    const exact = await makeDelta(fresh, sigs, { rdiffExact: true });
    assert.deepEqual(count(await decode(exact.bytes)), rdiffs);
    const there = source(exact.bytes).pipeThrough(decodeDeltaStream()).pipeThrough(encodeDeltaStream());
    const back = there.pipeThrough(decodeDeltaStream()).pipeThrough(encodeDeltaStream({ format: "librsync" }));
    assertBytes(await toBytes(back), exact.bytes, "delta bytes, by way of the rsync-streams format");
  });

  Deno.test(`recommended lengths are rdiff's: ${golden.id}`, () => {
    const { block, strong, via } = golden.args;
    const fileLength = via === "pipe" ? undefined : golden.oldLen;
    if (block === 0) assert.equal(recommendedBlockLength(fileLength), blockLength);
    if (strong === -1) assert.equal(minStrongLength(fileLength, blockLength), strongLength);
  });
}

/** The deltas that are too long for the golden file: what comes before the literal, and the literal. */
const LONG_LITERALS: Record<string, Gen[]> = {
  "m-literal-N2-max": [{ gen: "hex", hex: "7273023642ffff" }, { gen: "prng", seed: 710, len: 65_535 }],
  "m-literal-N4-70000": [{ gen: "hex", hex: "727302364300011170" }, { gen: "fill", byte: 122, len: 70_000 }],
};

for (const { id, basis, delta, out, ops } of vectors.handmade) {
  Deno.test(`patchStream() takes what rdiff takes: ${id}`, async () => {
    const parts = LONG_LITERALS[id];
    const bytes = parts
      ? generate({ gen: "concat", parts: [...parts, { gen: "hex", hex: "00" }] })
      : Uint8Array.from(fromBase64(delta.base64!));
    assert.equal(await sha256(bytes), delta.sha256);
    for (const chunking of ["whole", 1, { seed: 5, most: 40 }] as Chunking[]) {
      if (chunking === 1 && bytes.length > 10_000) continue;
      const patched = await patch(basisOf(basis as Gen), bytes, {}, chunking);
      assert.equal(patched.length, out.len);
      assert.equal(await sha256(Uint8Array.from(patched)), out.sha256, `chunks ${JSON.stringify(chunking)}`);
    }
    if (ops) assert.deepEqual((await decode(bytes)).map(name), ops.flatMap(repeated));
  });
}

Deno.test("Rollsum, RabinKarp, Md4 and BLAKE2b agree with rdiff's sums", () => {
  for (const row of vectors.checksums) {
    const bytes = generate(row.data as Gen);
    for (const [weak, expected] of [[new Rollsum(), row.rollsum], [new RabinKarp(), row.rabinkarp]] as const) {
      weak.update(bytes, bytes.length);
      assert.equal(weak.digest(), Number(expected));
    }
    for (const [strong, expected] of [[new Md4(), row.md4], [new Blake2b(), row.blake2]] as const) {
      // In two pieces, and a second time after a reset.
      const cut = bytes.length >> 1;
      for (const at of [0, cut, Math.min(64, bytes.length)]) {
        strong.reset();
        strong.update(bytes, at);
        strong.update(bytes.subarray(at), bytes.length - at);
        assert.equal(hex(strong.digest()), expected);
      }
    }
  }
});

for (const { fileSize, magic, block, strong, result, ...expected } of vectors.sigArgs) {
  Deno.test(`lengths are those of rs_sig_args(${fileSize}, ${magic}, ${block}, ${strong})`, async () => {
    const fileLength = fileSize < 0 ? undefined : fileSize;
    const sums = magic === "0x00000000" ? {} : KINDS[magic];
    if (!sums) {
      assert.equal(result, 104);
      const sig = generate({ gen: "hex", hex: `${magic.slice(2)}0000000100000001` });
      return await assert.rejects(loadSigs(sig), (error) => error instanceof RsyncError && error.code === "bad-magic");
    }
    const blockLength = block || recommendedBlockLength(fileLength);
    const strongLength = { "-1": minStrongLength(fileLength, blockLength), 0: undefined }[strong] ?? strong;
    const options: SigStreamOptions = {
      format: "librsync",
      ...sums,
      blockLength,
      ...(strong !== 0 && { strongLength }),
    };
    if (result !== 0) {
      assert.equal(result, 108);
      return await assert.rejects(makeSig(new Uint8Array(0), options), RangeError);
    }
    const { outMagic, outBlock, outStrong } = expected as { outMagic: string; outBlock: number; outStrong: number };
    assert.equal(blockLength, outBlock);
    if (blockLength > 2 ** 30) return assert.equal(strongLength, outStrong);
    const { bytes } = await makeSig(new Uint8Array(0), options);
    const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    assert.equal(header.byteLength, 12);
    assert.equal(header.getUint32(0), Number(outMagic));
    assert.equal(header.getUint32(4), outBlock);
    assert.equal(header.getUint32(8), outStrong);
  });
}
