/** Signatures of all formats, and layered ones, well-made and damaged: what reads and searches them. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Backend,
  deltaStream,
  loadSigs,
  patchStream,
  type Signature,
  sigStream,
  type SigStreamOptions,
} from "rsync-streams";
import { LayeredSig, layeredSigStream, planSync, type SyncPlan } from "rsync-streams/sync";
import { assertBytes, type Chunking, SALT, source } from "../_helpers.ts";
import { concat, randomBytes } from "../_recipes.ts";
import { assertSameOutcome, type Bytes, damaged, damages, outcomeOf, type Target, through } from "./property.ts";

const BACKENDS: readonly Backend[] = ["wasm", "portable"];
/** Bytes that the index may take for each record, and for no record. */
const BYTES_PER_RECORD = 64;
const BYTES_IN_ALL = 4_096;

/** A file, of pieces that others are made of too: random, of zeros, of a short period. */
const file: fc.Arbitrary<Bytes> = fc.array(
  fc.record({ kind: fc.nat(11), length: fc.nat(900) }),
  { maxLength: 9 },
).map((pieces) =>
  concat(pieces.map(({ kind, length }) => {
    if (kind === 0) return new Uint8Array(length);
    if (kind === 1) return Uint8Array.from({ length }, (_, i) => i % 7);
    return randomBytes(kind, length);
  }))
);

type Format = "rsync-streams" | "librsync" | "luapower";

const options: fc.Arbitrary<SigStreamOptions & { format: Format }> = fc.oneof(
  fc.record({
    format: fc.constant<Format>("rsync-streams"),
    blockLength: fc.integer({ min: 16, max: 200 }),
    weakSum: fc.constantFrom("rollsum", "rabinkarp"),
    strongSum: fc.constantFrom("blake3", "blake2b"),
    strongLength: fc.integer({ min: 2, max: 32 }),
    salt: fc.constant(SALT),
    digest: fc.boolean(),
  }),
  fc.record({
    format: fc.constant<Format>("librsync"),
    blockLength: fc.integer({ min: 1, max: 200 }),
    weakSum: fc.constantFrom("rollsum", "rabinkarp"),
    strongSum: fc.constantFrom("blake2b", "md4"),
    strongLength: fc.integer({ min: 8, max: 16 }),
  }),
  fc.record({ format: fc.constant<Format>("luapower"), blockLength: fc.integer({ min: 1, max: 200 }) }),
) as fc.Arbitrary<SigStreamOptions & { format: Format }>;

async function load(bytes: Uint8Array, format: Format, blockLength: number, backend: Backend, chunking?: Chunking) {
  const told = format === "luapower" ? { format, blockLength } : {};
  return await loadSigs(source(bytes, chunking), { ...told, maxInputLength: 2 ** 20, backend });
}

async function deltaOf(sigs: Signature, target: Uint8Array, chunking?: Chunking) {
  const pair = deltaStream(sigs);
  const bytes = await through(target, pair, chunking);
  return { bytes, stats: { ...pair.stats } };
}

const describe = (sigs: Signature) => ({ text: `${sigs}`, count: sigs.sigCount, digest: sigs.digest });

interface SigInput {
  readonly options: SigStreamOptions & { format: Format };
  readonly basis: Bytes;
  readonly target: Bytes;
  readonly list: Parameters<typeof damaged>[1];
  readonly seed: number;
}

const seed = fc.integer({ min: 1, max: 2 ** 31 - 1 });

export const signatures: Target<SigInput> = {
  name: "signatures",
  inputs: fc.record({ options, basis: file, target: file, list: damages, seed }),
  async check({ options, basis, target, list, seed }) {
    const { format, blockLength } = options;
    const whole = await through(basis, sigStream(options));
    const bytes = damaged(whole, list);
    const [first, ...others] = await Promise.all(
      BACKENDS.flatMap((backend) =>
        (["whole", { seed, most: 50 }] as const).map((chunking) => {
          return outcomeOf(load(bytes, format, blockLength!, backend, chunking));
        })
      ),
    );
    for (const other of others) {
      assertSameOutcome(first!, other, (a, b) => assert.deepEqual(describe(b), describe(a)), "loads");
    }
    if (first!.error) return assert.ok(list.length > 0, `a signature was refused: ${first!.error.message}`);
    const sigs = [first!.value, others.at(-1)!.value!];
    for (const { byteLength, sigCount, strongLength } of sigs) {
      assert.ok(byteLength <= BYTES_PER_RECORD * sigCount + BYTES_IN_ALL, `${byteLength} for ${sigCount}`);
      assert.ok(sigCount * (4 + strongLength) <= bytes.length);
    }
    const deltas = [await deltaOf(sigs[0]!, target), await deltaOf(sigs[1]!, target, { seed, most: 300 })];
    assert.deepEqual(deltas[1]!.stats, deltas[0]!.stats);
    assertBytes(deltas[1]!.bytes, deltas[0]!.bytes, "deltas of both backends");
    if (bytes !== whole && list.length > 0) return;
    const told = format === "luapower" ? { format, blockLength } : {};
    assertBytes(await through(deltas[0]!.bytes, patchStream(basis, told), { seed, most: 200 }), target, "target");
  },
};

interface LayeredInput {
  readonly remote: Bytes;
  readonly local: Bytes;
  /** From the coarsest on. Each is a multiple of the next. */
  readonly layers: readonly { blockLength: number; strongLength: number }[];
  readonly list: Parameters<typeof damaged>[1];
  readonly seed: number;
}

const layers = fc.tuple(
  fc.constantFrom(16, 24, 50),
  fc.array(fc.integer({ min: 2, max: 4 }), { maxLength: 3 }),
  fc.integer({ min: 6, max: 20 }),
).map(([finest, factors, strongLength]) => {
  const lengths = factors.reduce((lengths, factor) => [lengths[0]! * factor, ...lengths], [finest as number]);
  return lengths.map((blockLength) => ({ blockLength, strongLength }));
});

/** What a plan makes of the local file; undefined for what is missing. Rejects if its runs do not join up. */
function assemble({ runs, fileLength, missingLength, missingCount }: SyncPlan, local: Bytes, remote: Bytes): Bytes {
  const parts: Uint8Array[] = [];
  let end = 0;
  let missing = 0;
  for (const { offset, length, from } of runs) {
    assert.equal(offset, end, "runs join up");
    assert.ok(length >= 1);
    end += length;
    if (from === undefined) {
      missing += length;
      parts.push(remote.subarray(offset, end));
    } else {
      assert.ok(from >= 0 && from + length <= local.length, "a run is of the local file");
      parts.push(local.subarray(from, from + length));
    }
  }
  assert.equal(end, fileLength, "runs make the file");
  assert.deepEqual([missingLength, missingCount], [missing, runs.filter(({ from }) => from === undefined).length]);
  return concat(parts);
}

export const layered: Target<LayeredInput> = {
  name: "layered signatures",
  inputs: fc.record({ remote: file, local: file, layers, list: damages, seed }),
  async check({ remote, local, layers, list, seed }) {
    const pair = layeredSigStream({ layers, salt: SALT, entityTag: '"1"', modifiedMs: 1_000 });
    const bytes = damaged(await through(remote, pair, { seed, most: 100 }), list);
    const plan = await outcomeOf((async () => {
      const sig = await LayeredSig.open(bytes);
      const plan = await planSync(sig, local, { literalCost: 100, readCost: 10, maxInputLength: 2 ** 20 });
      assert.ok(plan.sigBytes <= 2 * bytes.length + 4_096, `${plan.sigBytes} bytes of ${bytes.length} were read`);
      return plan;
    })());
    // Of a file whose length was damaged, runs join up all the same.
    if (plan.value && plan.value.runs.length < 10_000) assemble(plan.value, local, remote);
    const [wasm, portable] = await Promise.all(
      BACKENDS.map((backend) => outcomeOf(load(bytes, "rsync-streams", 0, backend, { seed, most: 64 }))),
    );
    assertSameOutcome(wasm!, portable!, (a, b) => assert.deepEqual(describe(b), describe(a)), "loads");
    if (list.length > 0) return;
    assert.equal(plan.error ?? wasm!.error, undefined);
    assertBytes(assemble(plan.value!, local, remote), remote, "file");
    const delta = await deltaOf(wasm!.value!, local, { seed, most: 300 });
    assertBytes(await through(delta.bytes, patchStream(remote)), local, "target");
  },
};
