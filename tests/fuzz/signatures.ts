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
import {
  assertSameOutcome,
  type Bytes,
  damaged,
  damages,
  type Outcome,
  outcomeOf,
  type Target,
  through,
} from "./property.ts";

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

/** Bytes that may be a signature. Luapower's do not say the block length. */
export interface SigBytes {
  readonly format: Format;
  readonly blockLength: number;
  readonly bytes: Bytes;
  readonly seed: number;
}

/** Loads them in both backends, whole and in pieces. Returns two of the signatures, or the error of them all. */
async function loadAlike({ format, blockLength, bytes, seed }: SigBytes): Promise<Outcome<[Signature, Signature]>> {
  const [first, ...others] = await Promise.all(
    BACKENDS.flatMap((backend) =>
      (["whole", { seed, most: 50 }] as const).map((chunking) => {
        return outcomeOf(load(bytes, format, blockLength, backend, chunking));
      })
    ),
  );
  for (const other of others) {
    assertSameOutcome(first!, other, (a, b) => assert.deepEqual(describe(b), describe(a)), "loads");
  }
  return first!.error ? first! : { value: [first!.value, others.at(-1)!.value!] };
}

/** Whatever loads has small indexes, and both backends make the same delta with it. Returns that, or why not. */
export async function checkSigBytes(input: SigBytes, target: Bytes): Promise<Outcome<Bytes>> {
  const loaded = await loadAlike(input);
  if (loaded.error) return loaded;
  for (const { byteLength, sigCount, strongLength } of loaded.value) {
    assert.ok(byteLength <= BYTES_PER_RECORD * sigCount + BYTES_IN_ALL, `${byteLength} for ${sigCount}`);
    assert.ok(sigCount * (4 + strongLength) <= input.bytes.length);
  }
  const [wasm, portable] = loaded.value;
  const first = await deltaOf(wasm, target);
  const second = await deltaOf(portable, target, { seed: input.seed, most: 300 });
  assert.deepEqual(second.stats, first.stats);
  assertBytes(second.bytes, first.bytes, "deltas of both backends");
  return { value: first.bytes };
}

export const signatures: Target<SigInput> = {
  name: "signatures",
  inputs: fc.record({ options, basis: file, target: file, list: damages, seed }),
  async check({ options, basis, target, list, seed }) {
    const { format, blockLength } = options;
    const bytes = damaged(await through(basis, sigStream(options)), list);
    const delta = await checkSigBytes({ format, blockLength: blockLength!, bytes, seed }, target);
    if (list.length > 0) return;
    assert.equal(delta.error, undefined);
    const told = format === "luapower" ? { format, blockLength } : {};
    assertBytes(await through(delta.value!, patchStream(basis, told), { seed, most: 200 }), target, "target");
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

/** A plan by bytes that may be a layered signature, whose runs join up. Both backends load them, or neither does. */
export async function checkLayeredBytes(
  bytes: Bytes,
  local: Bytes,
  remote: Bytes,
  seed: number,
): Promise<Outcome<{ made: Bytes; sigs: Signature }>> {
  const plan = await outcomeOf((async () => {
    const sig = await LayeredSig.open(bytes);
    const plan = await planSync(sig, local, { literalCost: 100, readCost: 10, maxInputLength: 2 ** 20 });
    assert.ok(plan.sigBytes <= 2 * bytes.length + 4_096, `${plan.sigBytes} bytes of ${bytes.length} were read`);
    return plan;
  })());
  // Of a file whose length was damaged, runs join up all the same.
  const made = plan.value && plan.value.runs.length < 10_000 ? assemble(plan.value, local, remote) : new Uint8Array(0);
  const loaded = await loadAlike({ format: "rsync-streams", blockLength: 0, bytes, seed });
  if (plan.error) return plan;
  return loaded.error ? loaded : { value: { made, sigs: loaded.value[0] } };
}

export const layered: Target<LayeredInput> = {
  name: "layered signatures",
  inputs: fc.record({ remote: file, local: file, layers, list: damages, seed }),
  async check({ remote, local, layers, list, seed }) {
    const pair = layeredSigStream({ layers, salt: SALT, entityTag: '"1"', modifiedMs: 1_000 });
    const bytes = damaged(await through(remote, pair, { seed, most: 100 }), list);
    const { value, error } = await checkLayeredBytes(bytes, local, remote, seed);
    if (list.length > 0) return;
    assert.equal(error, undefined);
    assertBytes(value!.made, remote, "file");
    const delta = await deltaOf(value!.sigs, local, { seed, most: 300 });
    assertBytes(await through(delta.bytes, patchStream(remote)), local, "target");
  },
};
