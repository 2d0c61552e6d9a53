/** A short run of each fuzz target, with a seed that is printed, and all of the corpus. Long runs: deno task fuzz. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BYTE_TARGETS, readCorpus } from "./fuzz/byte_targets.ts";
import { check, parse, TARGETS } from "./fuzz/targets.ts";

const CORPUS = fileURLToPath(new URL("fuzz/corpus/", import.meta.url));
const isSlow = Deno.env.get("RSYNC_STREAMS_SLOW") === "1";
/** Inputs for each target, and for each seed. */
const RUNS = isSlow ? 2_000 : 150;
/** One seed that is the same each time, and another one. FUZZ_SEED repeats a run. */
const told = Deno.env.get("FUZZ_SEED");
const SEEDS = [1, told ? Number(told) : crypto.getRandomValues(new Int32Array(1))[0]!];

Deno.test("fuzz: each file of the corpus is of a target", () => {
  const prefixes = [
    ...TARGETS.map(({ name }) => `${name.replaceAll(" ", "-")}_`),
    ...BYTE_TARGETS.map(({ name }) => `bytes_${name}.json`),
  ];
  for (const { name } of Deno.readDirSync(CORPUS)) {
    assert.ok(name === ".keep" || prefixes.some((prefix) => name.startsWith(prefix)), name);
  }
});

for (const target of TARGETS) {
  const prefix = `${target.name.replaceAll(" ", "-")}_`;
  const names = [...Deno.readDirSync(CORPUS)].map(({ name }) => name).filter((name) => name.startsWith(prefix));
  for (const name of names.sort()) {
    Deno.test(`fuzz: what ${name} has keeps the rules of ${target.name}`, async () => {
      await target.check(parse(await Deno.readTextFile(join(CORPUS, name))));
    });
  }

  for (const seed of new Set(SEEDS)) {
    Deno.test(`fuzz: ${target.name} of seed ${seed} keep the rules`, async () => {
      const { failure } = await check(target, seed, RUNS);
      assert.equal(failure, undefined, `FUZZ_SEED=${seed} repeats it:\n${failure}`);
    });
  }
}

for (const target of BYTE_TARGETS) {
  Deno.test(`fuzz: the bytes of the corpus keep the rules of ${target.name}`, async () => {
    const inputs = await readCorpus(target);
    assert.ok(inputs.length > 0, "the corpus is empty");
    for (const [i, bytes] of inputs.entries()) {
      await target.check(bytes).catch((error) => {
        throw new Error(`Input ${i} of ${inputs.length} fails: ${error.message}`, { cause: error });
      });
    }
  });
}
