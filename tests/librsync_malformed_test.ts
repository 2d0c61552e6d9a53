import assert from "node:assert/strict";
import { loadSigs, RsyncError, type RsyncErrorCode, type Signature } from "rsync-streams";
import { budgetOf } from "./_budget.ts";
import { assertBytes, type Chunking, fromBase64, makeDelta, patch, sha256, source } from "./_helpers.ts";
import { type Gen, generate } from "./_librsync_recipes.ts";
import malformed from "./vectors/librsync_malformed.json" with { type: "json" };

interface Entry {
  id: string;
  kind: string;
  file: string;
  new?: Gen;
  basis?: Gen;
  outcome: string;
  out: { len: number; sha256: string };
}

const CHUNKINGS: Chunking[] = ["whole", 1, { seed: 11, most: 7 }];

/** What a refusal of rdiff's is called here, unless an entry of its own says otherwise. */
const CODES: Record<string, Record<string, RsyncErrorCode>> = {
  signature: {
    truncated: "truncated",
    corrupt: "unsupported",
    "bad-magic": "bad-magic",
    "bad-parameter": "unsupported",
  },
  delta: { truncated: "truncated", corrupt: "unknown-command", "bad-magic": "bad-magic" },
};

/** Where the first thing that is wrong is another one here, or where rdiff accepts and a strict reader does not. */
const OTHER_CODES: Record<string, RsyncErrorCode> = {
  // The magic is looked at first.
  "s-bad-magic-short": "bad-magic",
  "s-bad-magic-le": "bad-magic",
  "s-bad-magic-and-block": "bad-magic",
  // The header is read as one.
  "s-block-zero-8-bytes": "truncated",
  // Quirks of rdiff (format page, section 1.4).
  "s-magic-zero": "bad-magic",
  "s-strong-zero": "unsupported",
  "s-strong-zero-no-sums": "unsupported",
  "s-tail-1": "truncated",
  "s-tail-3": "truncated",
  "s-cut-9": "truncated",
  // A block length above 2^30.
  "s-block-7fffffff": "unsupported",
  // Copies are compared with the length of the basis before they are begun.
  "d-copy-at-eof": "copy-out-of-range",
  "d-copy-past-eof": "copy-out-of-range",
  "d-copy-far": "copy-out-of-range",
  "d-empty-basis-copy": "copy-out-of-range",
  "d-copy-negative-position": "copy-out-of-range",
  "f-16": "copy-out-of-range",
  "f-19": "copy-out-of-range",
  "f-31": "copy-out-of-range",
  "f-32": "copy-out-of-range",
  "f-37": "copy-out-of-range",
  // Integers above 2^53 - 1.
  "d-literal-N8-huge": "unsupported",
  "d-copy-max-position": "unsupported",
  "d-copy-max-length": "unsupported",
  "d-copy-overflow": "unsupported",
  "f-59": "unsupported",
};

/** What an entry makes: the delta or the target. */
async function run({ kind, file, new: target, basis }: Entry, chunking: Chunking): Promise<Uint8Array> {
  const bytes = fromBase64(file);
  if (kind === "delta") return await patch(generate(basis!), bytes, {}, chunking);
  const sigs = await loadSigs(source(bytes, chunking));
  return (await makeDelta(generate(target!), sigs, { rdiffExact: true }, chunking)).bytes;
}

Deno.test("the file of malformed librsync files has all its entries", () => {
  assert.equal(malformed.entries.length, 79);
  assert.equal(malformed.fuzz.length, 60);
  assert.equal(malformed.hostile.length, 3);
});

for (const entry of [...malformed.entries, ...malformed.fuzz] as Entry[]) {
  const { id, kind, outcome, out } = entry;
  // rdiff dies of an overflow of its own there: the file is good.
  const isTaken = outcome === "abort" || outcome === "accepted" && !(id in OTHER_CODES);
  if (isTaken) {
    Deno.test(`a ${kind} that rdiff takes is taken: ${id}`, async () => {
      for (const chunking of CHUNKINGS) {
        const made = await run(entry, chunking);
        if (outcome === "accepted") assert.equal(await sha256(Uint8Array.from(made)), out.sha256);
        else assert.equal(made.length, 4 + 3 + generate(entry.new!).length + 1, "a delta of one literal");
      }
    });
  } else {
    Deno.test(`a ${kind} that is damaged is refused: ${id}`, async () => {
      const code = OTHER_CODES[id] ?? CODES[kind]![outcome];
      const offsets = new Set<number | undefined>();
      for (const chunking of CHUNKINGS) {
        await assert.rejects(run(entry, chunking), (error) => {
          assert.ok(error instanceof RsyncError, String(error));
          assert.equal(error.code, code, error.message);
          offsets.add(error.offset);
          return true;
        });
      }
      assert.equal(offsets.size, 1, "chunking does not change where the trouble is");
    });
  }
}

Deno.test("patchStream() finds copies past the end of a basis of unknown length", async () => {
  for (const id of ["d-copy-at-eof", "d-copy-past-eof", "d-copy-far", "d-empty-basis-copy"]) {
    const { file, basis } = malformed.entries.find((one) => one.id === id)! as Entry;
    const bytes = generate(basis!);
    const unsized = { read: (offset: number, length: number) => bytes.subarray(offset, offset + length) };
    await assert.rejects(
      patch(unsized, fromBase64(file)),
      (error) => error instanceof RsyncError && error.code === "basis-short-read",
      id,
    );
  }
});

/** The signature of a recipe, with more records if asked for. */
function hostileSig(id: string, records?: number): Uint8Array<ArrayBuffer> {
  const { signature } = malformed.hostile.find((one) => one.id === id)!;
  const { blockLen, strongLen } = signature;
  const count = records ?? signature.records;
  const out = new Uint8Array(12 + count * (4 + strongLen));
  const fields = new DataView(out.buffer);
  fields.setUint32(0, Number(signature.magic));
  fields.setUint32(4, blockLen);
  fields.setUint32(8, strongLen);
  const weak = Number(/u32be\((0x[0-9a-f]+)\)/.exec(signature.record)![1]);
  for (let i = 0, at = 12; i < count; i++, at += 4 + strongLen) {
    fields.setUint32(at, weak);
    if (id === "x-flood") fields.setBigUint64(at + 4, BigInt.asUintN(64, BigInt(i) * 0x9e3779b97f4a7c15n));
    else out.fill(0xaa, at + 4, at + 4 + strongLen);
  }
  return out;
}

for (const { id, sigSha256, new: target, delta } of malformed.hostile) {
  Deno.test(`deltaStream() gives rdiff's delta for hostile records: ${id}`, async () => {
    const sig = hostileSig(id);
    assert.equal(await sha256(sig), sigSha256);
    const made = await makeDelta(generate(target as Gen), await loadSigs(sig), { rdiffExact: true });
    assert.equal(made.bytes.length, delta.len);
    assert.equal(await sha256(made.bytes), delta.sha256);
  });
}

/** Asserts that the delta is right, and that false alarms cost no more strong sums than the budget of work allows. */
async function assertBounded(sigs: Signature, target: Uint8Array<ArrayBuffer>): Promise<void> {
  const { bytes, stats } = await makeDelta(target, sigs);
  const { blockLength } = sigs;
  const most = budgetOf(blockLength, target.length) + blockLength;
  assert.ok(stats.falseAlarms * blockLength <= most, `${stats.falseAlarms} false alarms with blocks of ${blockLength}`);
  assert.equal(stats.literalBytes, target.length);
  assertBytes(await patch(new Uint8Array(0), bytes), target, "patched bytes");
}

Deno.test("loadSigs() and deltaStream() take 200,000 records with one weak sum", async () => {
  const sigs = await loadSigs(hostileSig("x-flood", 200_000));
  assert.equal(sigs.sigCount, 200_000);
  await assertBounded(sigs, new Uint8Array(500_000));
});

for (const id of ["x-weak-2048", "x-weak-16384"]) {
  Deno.test(`deltaStream() keeps to its budget for a million windows with a known weak sum: ${id}`, async () => {
    await assertBounded(await loadSigs(hostileSig(id)), new Uint8Array(1_000_000));
  });
}

Deno.test("deltaStream() takes a signature whose header promises huge blocks", async () => {
  const sig = Uint8Array.from([0x72, 0x73, 0x01, 0x47, 0x40, 0, 0, 0, 0, 0, 0, 32]);
  const sigs = await loadSigs(sig);
  assert.equal(sigs.blockLength, 2 ** 30);
  await assertBounded(sigs, new Uint8Array(100_000));
});
