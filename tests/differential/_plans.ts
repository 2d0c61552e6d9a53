/** Compares `planSync` with the model of it. */
import assert from "node:assert/strict";
import { type Layer, LayeredSig, layeredSigStream, planSync } from "rsync-streams/sync";
import { assertBytes, source, toBytes } from "../_helpers.ts";
import { concat } from "../_recipes.ts";
import { pairOf, pick, type Random, randomOf } from "./_pairs.ts";
import { modelPlan } from "./_plan_model.ts";

/**
 * Compares the plans of the pairs with the numbers `from` to `to`: runs, layers, bytes and reads of the signature are
 * those of the model, and the file that a plan makes is the remote one.
 *
 * @returns How many bytes the plans copy.
 * @throws {Error} That names the pair, if a plan differs.
 */
export async function comparePlans({ seed, from, to }: { seed: number; from: number; to: number }): Promise<number> {
  let copied = 0;
  for (let number = from; number < to; number++) {
    const { basis: local, target: remote } = pairOf(seed, number);
    const random = randomOf(seed, number, 2);
    const layers = layersOf(random);
    const options = {
      literalCost: pick(random, [1, 0, random.below(300) / 100]),
      // Some are what so many records cost.
      readCost: pick(random, [200, random.below(3000), ...[1, 2, 3, 5].map((k) => k * (4 + layers[0]!.strongLength))]),
      maxInputLength: pick(random, [2 ** 25, 2 ** 25, 2 ** 25, 1 + random.below(2000)]),
    };
    const what = `the plan of pair ${number} of seed ${seed}, ${JSON.stringify({ layers, ...options })}`;
    const published = await toBytes(source(remote).pipeThrough(layeredSigStream({ layers })));
    const plan = await planSync(await LayeredSig.open(published), local, options);
    const { fileLength, digest: _, ...seen } = plan;
    assert.equal(fileLength, remote.length, what);
    assert.deepEqual(seen, modelPlan({ remote, local, layers, ...options }), what);
    const pieces = plan.runs.map(({ offset, length, from }) =>
      from === undefined ? remote.subarray(offset, offset + length) : local.subarray(from, from + length)
    );
    assertBytes(concat(pieces), remote, what);
    copied += plan.fileLength - plan.missingLength;
  }
  return copied;
}

/** One to five layers. Strong sums are so long that chance makes no two equal. */
function layersOf(random: Random): Layer[] {
  let blockLength = 16 + random.below(100);
  const strongLength = 8 + random.below(9);
  const areEqual = random.below(2) === 0;
  const layers: Layer[] = [];
  for (let count = 1 + random.below(5); count > 0; count--) {
    layers.unshift({ blockLength, strongLength: areEqual ? strongLength : 8 + random.below(9) });
    blockLength *= 2 + random.below(2);
  }
  return layers;
}
