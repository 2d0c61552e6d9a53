/** The bytes of the rsync-streams format, against tests/vectors/rsync_streams.json, which another program has made. */
import assert from "node:assert/strict";
import { decodeDeltaStream, type DeltaCommand, loadSigs } from "rsync-streams";
import { encode, fromBase64, hex, makeDelta, makeSig, patch, source } from "./_helpers.ts";
import { make } from "./_recipes.ts";
import vectors from "./vectors/rsync_streams.json" with { type: "json" };
import {
  assertGolden,
  CHUNKINGS,
  fromHex,
  type Golden,
  type Input,
  inputOf,
  type Recipe,
  type Sums,
} from "./_golden.ts";

interface SigCase extends Sums {
  basis: Input;
  digest: boolean;
  salt: string;
  sig: Golden;
}

interface DeltaCase {
  commands: { copy?: { offset: number; length: number }; data?: Recipe }[];
  digest: boolean;
  targetLength: number;
  basis?: Input;
  target?: Golden;
  /** Sums of a signature whose search finds these commands. */
  search?: Sums;
  delta: Golden;
}

const signatures = vectors.signatures as SigCase[];

const deltas = vectors.deltas as DeltaCase[];

Deno.test("the golden file of the rsync-streams format has all its cases", () => {
  assert.deepEqual([signatures.length, deltas.length, vectors.layered.length], [143, 58, 16]);
  assert.equal(deltas.filter(({ basis }) => basis).length, 56);
});

for (const strongSum of ["blake3", "blake2b"]) {
  for (const weakSum of ["rollsum", "rabinkarp"]) {
    const cases = signatures.filter((one) => one.strongSum === strongSum && one.weakSum === weakSum);
    Deno.test(`sigStream() writes the golden signatures: ${strongSum}, ${weakSum}`, async () => {
      assert.ok(cases.length >= 35, `${cases.length} cases`);
      for (const { basis, salt, sig, ...options } of cases) {
        const bytes = await inputOf(basis);
        for (const chunking of CHUNKINGS) {
          const made = await makeSig(bytes, { ...options, salt: fromHex(salt) }, chunking);
          await assertGolden(made.bytes, sig, `signature, ${JSON.stringify({ ...options, length: basis.len })},`);
        }
      }
    });

    Deno.test(`loadSigs() reads the golden signatures: ${strongSum}, ${weakSum}`, async () => {
      const short = cases.filter(({ sig }) => sig.base64 !== undefined);
      assert.ok(short.length >= 20, `${short.length} cases`);
      for (const { basis, sig, digest, ...sums } of short) {
        for (const chunking of ["whole", 1] as const) {
          const sigs = await loadSigs(source(fromBase64(sig.base64!), chunking));
          assert.deepEqual([sigs.weakSum, sigs.strongSum], [sums.weakSum, sums.strongSum]);
          assert.deepEqual([sigs.blockLength, sigs.strongLength], [sums.blockLength, sums.strongLength]);
          assert.deepEqual([sigs.fileLength, sigs.sigCount], [basis.len, Math.ceil(basis.len / sums.blockLength)]);
          assert.equal(sigs.digest, digest ? basis.sha256 : undefined);
        }
      }
    });
  }
}

/** The commands of a case, as `decodeDeltaStream()` gives them. */
function commandsOf({ commands, digest, target }: DeltaCase): DeltaCommand[] {
  const all = commands.map(({ copy, data }): DeltaCommand => copy ? { copy } : { data: make(data!) });
  if (!digest) return all;
  const [data, algorithm] = [new Uint8Array(), "sha-256"] as const;
  return [{ data, digest: { algorithm } }, ...all, { data, digest: { algorithm, sum: fromHex(target!.sha256) } }];
}

/** A command as text: a difference between many bytes would take long to show. */
function show(command: DeltaCommand): string {
  if (command.copy) return `copy ${command.copy.offset} ${command.copy.length}`;
  const { data, digest } = command;
  return `data ${hex(data)} ${digest?.algorithm} ${digest?.sum && hex(digest.sum)}`;
}

Deno.test("encodeDeltaStream() writes the golden deltas", async () => {
  for (const one of deltas) {
    await assertGolden(await encode(commandsOf(one)), one.delta, `delta of ${JSON.stringify(one.commands)}`);
  }
});

Deno.test("decodeDeltaStream() reads the golden deltas", async () => {
  for (const one of deltas) {
    const expected = commandsOf(one);
    const delta = await encode(expected);
    for (const chunking of delta.length < 1000 ? ["whole", 1] as const : ["whole", 61] as const) {
      const pair = decodeDeltaStream();
      const commands = await Array.fromAsync(source(delta, chunking).pipeThrough(pair));
      // Literal bytes come as one command, however they arrive.
      assert.deepEqual(commands.map(show), expected.map(show));
      assert.equal(pair.stats.bytesOut, one.targetLength);
    }
  }
});

Deno.test("patchStream() makes the targets of the golden deltas", async () => {
  for (const one of deltas) {
    if (!one.basis) continue;
    const basis = await inputOf(one.basis);
    const delta = await encode(commandsOf(one));
    for (const chunking of CHUNKINGS) {
      await assertGolden(await patch(basis, delta, {}, chunking), one.target!, "target");
    }
  }
});

Deno.test("deltaStream() writes the golden deltas that a search finds", async () => {
  const searches = deltas.filter(({ search }) => search);
  assert.equal(searches.length, 36);
  for (const one of searches) {
    const basis = await inputOf(one.basis!);
    const sigs = await loadSigs((await makeSig(basis, one.search)).bytes);
    const target = await patch(basis, await encode(commandsOf(one)));
    for (const chunking of CHUNKINGS) {
      const { bytes } = await makeDelta(target, sigs, { digest: one.digest }, chunking);
      await assertGolden(bytes, one.delta, `delta, ${JSON.stringify(one.search)},`);
    }
  }
});
