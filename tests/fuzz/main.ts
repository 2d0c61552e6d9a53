/**
 * Checks properties on inputs that know the formats, for some minutes.
 *
 *     deno task fuzz              ten minutes
 *     deno task fuzz 60           an hour
 *     deno task fuzz 5 deltas     five minutes of the targets with that word in their name
 *
 * Each round has a seed of its own, which a failure prints. What failed is written to `tests/fuzz/corpus/`, as small as
 * it could be made: `tests/fuzz_test.ts` checks everything there.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { check, corpusName, stringify, TARGETS } from "./targets.ts";

const CORPUS = fileURLToPath(new URL("corpus/", import.meta.url));
/** Inputs of a round. */
const RUNS = 300;

const [minutes = "10", ...words] = Deno.args;
const end = performance.now() + Number(minutes) * 60_000;
const targets = TARGETS.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
const counts = new Map(targets.map(({ name }) => [name, 0]));
let failures = 0;
while (performance.now() < end && failures === 0) {
  for (const target of targets) {
    const seed = crypto.getRandomValues(new Int32Array(1))[0]!;
    const { failure, input } = await check(target, seed, RUNS);
    counts.set(target.name, counts.get(target.name)! + RUNS);
    if (!failure) continue;
    failures++;
    const path = join(CORPUS, corpusName(target));
    await Deno.writeTextFile(path, stringify(input));
    console.error(`${target.name}, seed ${seed}: ${failure}\nIts input is in ${path}`);
  }
}
for (const [name, count] of counts) console.log(`${name}: ${count} inputs`);
if (failures > 0) Deno.exit(1);
